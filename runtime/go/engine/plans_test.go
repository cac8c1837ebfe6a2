package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"testing"
)

// Small plans, written by hand in the form of schemas/plan.schema.json.

type members = map[string]any

func path(root string, names ...string) members {
	segments := make([]any, len(names))
	for index, name := range names {
		segments[index] = members{"selectors": []any{members{"member": name}}}
	}
	return members{"op": "path", "root": root, "segments": segments, "singular": true}
}

func stepOutput(step string, names ...string) members {
	made := path("step", names...)
	made["name"], made["field"] = step, "output"
	return made
}

func object(of members) members { return members{"op": "object", "members": of} }

func call(function, executor string, more members) members {
	made := members{"kind": "call", "executor": executor, "function": function}
	maps.Copy(made, more)
	return made
}

// planOf chains nodes to a workflow; further nodes may stand in them. More are members of
// the plan itself.
func planOf(t testing.TB, name string, order []string, nodes map[string]members, more members) []byte {
	t.Helper()
	table := members{"/": members{"kind": "seq", "nodes": order, "start": order[0]}}
	steps, functions := members{}, members{}
	for id, node := range nodes {
		table[id] = node
	}
	for position, id := range order {
		made := members{"step": id, "next": "@block"}
		if position+1 < len(order) {
			made["next"] = order[position+1]
		}
		maps.Copy(made, nodes[id])
		table[id] = made
		steps[id] = members{"name": id, "type": "function", "node": id, "block": "/", "role": "main", "handler": false, "implicit": false}
	}
	for id, node := range table {
		of, _ := node.(members)
		if of["kind"] == "call" {
			key := of["executor"].(string) + "/" + of["function"].(string)
			functions[key] = members{
				"executor": of["executor"], "function": of["function"], "input": members{"type": "any"},
				"output": members{"type": "any"}, "declared": []any{}, "errors": members{}, "steps": []any{id},
			}
		}
	}
	made := members{
		"plan_version": 1, "profile": "mf-2026.1", "workflow": members{"name": name, "version": "1.0.0"},
		"input": members{"type": "any"}, "root": "/", "nodes": table, "steps": steps, "functions": functions,
		"output": members{"type": members{"type": "any"}, "value": members{"op": "lit", "value": nil}},
		"types":  members{}, "events": members{}, "rules": []any{}, "triggers": []any{},
		"limits":       members{"visits_per_block": 1000, "occurrences_per_run": 10000, "value_bytes": 262144, "cancel_grace": 30000},
		"presentation": members{"step_order": order, "field_order": members{}},
	}
	maps.Copy(made, more)
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	made["hash"] = hex.EncodeToString(sum[:])
	text, err = json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// output makes a plan's output of an expression.
func output(value members) members {
	return members{"output": members{"type": members{"type": "any"}, "value": value}}
}

// threeSteps add one, three times.
func threeSteps(t testing.TB) []byte {
	nodes := map[string]members{
		"a": call("add", "svc", members{"input": object(members{"n": path("input", "n")})}),
		"b": call("add", "svc", members{"input": object(members{"n": stepOutput("a", "n")})}),
		"c": call("add", "svc", members{"input": object(members{"n": stepOutput("b", "n")})}),
	}
	more := output(object(members{"n": stepOutput("c", "n")}))
	more["input"] = members{"type": "three#input"}
	more["types"] = members{"three#input": members{
		"extra": members{"allow": "forbid"}, "kind": "object", "name": members{"words": []any{"three", "input"}},
		"fields": members{
			"label": members{"required": false, "type": members{"type": "string"}},
			"n":     members{"required": true, "type": members{"type": "integer"}},
		},
	}}
	return planOf(t, "three", []string{"a", "b", "c"}, nodes, more)
}
