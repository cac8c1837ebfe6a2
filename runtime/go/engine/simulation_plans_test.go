package engine

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// What runs in a simulation: one workflow for each thing that an engine does, and of many
// others two at a time. These are the plans of the conformance cases, and those of the file
// that MAGICFLOW_PLANS names (tests/runtime/simulation/test_go.py writes random ones): one
// object a line, with the members of world.

// world is a plan, and what may happen around its runs.
type world struct {
	Plan    json.RawMessage
	Inputs  []any
	Outputs map[string][]any // of calls, by node; "" is for all others
	Errors  []any
	Events  []toldEvent
	Answers []any

	name      string
	deployed  *Deployed
	executors []string
}

type toldEvent struct {
	Type string
	Data any
}

// load gives the plan a name of its own. Schedules are left out, because their runs would
// never end, and retention, because what it erases looks lost.
func (w *world) load(name string) error {
	decoder := json.NewDecoder(bytes.NewReader(w.Plan))
	decoder.UseNumber()
	var plan map[string]any
	if err := decoder.Decode(&plan); err != nil {
		return err
	}
	if name != "" {
		workflow, _ := plan["workflow"].(map[string]any)
		workflow["name"] = name
		plan["triggers"] = []any{}
		delete(plan, "retention")
	}
	nodes, _ := plan["nodes"].(map[string]any)
	for _, each := range nodes {
		node, _ := each.(map[string]any)
		if executor, is := node["executor"].(string); is && !slices.Contains(w.executors, executor) {
			w.executors = append(w.executors, executor)
		}
	}
	slices.Sort(w.executors)
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	plan["hash"] = hex.EncodeToString(sum[:])
	if text, err = json.Marshal(plan); err != nil {
		return err
	}
	w.deployed, err = loadDeployed(text)
	if err == nil {
		w.name = w.deployed.Plan.Name
	}
	return err
}

var corpus = sync.OnceValues(func() ([]*world, error) {
	worlds, err := conformanceWorlds()
	if err != nil {
		return nil, err
	}
	if file := os.Getenv("MAGICFLOW_PLANS"); file != "" {
		more, err := worldsOfFile(file)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, more...)
	}
	for index, each := range worlds {
		if err := each.load(fmt.Sprintf("any-%d", index)); err != nil {
			return nil, fmt.Errorf("plan %d: %w", index, err)
		}
	}
	return worlds, nil
})

func worldsOfFile(name string) ([]*world, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var worlds []*world
	for decoder := json.NewDecoder(bufio.NewReader(file)); ; {
		made := &world{}
		if err := decoder.Decode(made); errors.Is(err, io.EOF) {
			return worlds, nil
		} else if err != nil {
			return nil, err
		}
		worlds = append(worlds, made)
	}
}

// conformanceWorlds take what happens from the events of the cases.
func conformanceWorlds() ([]*world, error) {
	files, err := filepath.Glob("../../conformance/*/*.json")
	if err != nil {
		return nil, err
	}
	var worlds []*world
	for _, file := range files {
		switch filepath.Base(filepath.Dir(file)) {
		case "expressions", "patterns", "types":
			continue // cases of other parts
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var of struct {
			Plan  json.RawMessage
			Steps []struct{ Event json.RawMessage }
		}
		if err := json.Unmarshal(text, &of); err != nil {
			return nil, err
		}
		made := &world{Plan: of.Plan, Outputs: map[string][]any{}}
		for _, step := range of.Steps {
			value, err := types.DecodeValue(step.Event, 0)
			if err != nil {
				continue // a hostile one
			}
			event, _ := value.(map[string]any)
			made.learn(event)
		}
		worlds = append(worlds, made)
	}
	if len(worlds) < 200 {
		return nil, fmt.Errorf("the conformance cases are not there: %d", len(worlds))
	}
	return worlds, nil
}

func (w *world) learn(event map[string]any) {
	switch event["type"] {
	case "run_started":
		w.Inputs = append(w.Inputs, event["input"])
	case "task_result":
		if failed, is := event["error"].(map[string]any); is {
			w.Errors = append(w.Errors, failed)
		} else {
			w.Outputs[""] = append(w.Outputs[""], event["output"])
		}
	case "event_received":
		name, _ := event["event"].(string)
		w.Events = append(w.Events, toldEvent{name, event["data"]})
	case "human_completed":
		w.Answers = append(w.Answers, event["data"])
	}
}

// fixedWorlds are one workflow for each thing that an engine does.
func fixedWorlds(t testing.TB) []*world {
	t.Helper()
	fixedOnce.Do(func() { fixed = makeFixedWorlds(t) })
	return fixed
}

var (
	fixedOnce sync.Once
	fixed     []*world
)

func makeFixedWorlds(t testing.TB) []*world {
	t.Helper()
	again := members{"max_attempts": 3, "backoff": "fixed", "initial_delay": 1_000, "max_delay": 60_000, "jitter": false}
	breaker := members{"failure_threshold": 2, "window": 60_000, "recovery_timeout": 3_000, "half_open_max_calls": 1}
	number := members{"input": object(members{"n": path("input", "n")})}
	steady := map[string]members{
		"local":     {"kind": "try", "body": "local/do", "retry": again, "catch": []any{}},
		"local/do":  call("work", "svc", number),
		"remote":    {"kind": "try", "body": "remote/do", "retry": again, "catch": []any{}},
		"remote/do": call("work", "far", members{"timeout": 40_000}),
		"pause":     {"kind": "wait", "duration": 5_000},
		"last":      call("work", "svc", members{"input": object(members{"n": stepOutput("local", "n")})}),
	}
	one := func(name string, node, more members) []byte {
		return planOf(t, name, []string{"a"}, map[string]members{"a": node}, more)
	}
	plans := [][]byte{
		planOf(t, "steady", []string{"local", "remote", "pause", "last"}, steady, output(object(members{"n": stepOutput("last", "n")}))),
		one("listening", members{
			"kind": "listen", "event": "ping", "type": anyType, "timeout": 50_000, "correlate": members{"k": path("input", "n")},
		}, members{"events": members{"ping": members{"name": "ping", "type": anyType, "listens": true}}}),
		one("asking", members{
			"kind": "listen", "event": "@task", "correlate": members{}, "task": members{}, "type": members{"type": "boolean"},
		}, nil),
		one("triggered", call("work", "svc", nil), members{
			"triggers": []any{members{"type": "event", "event": "told", "input": object(members{"n": lit(1)})}},
		}),
		one("child", call("work", "far", members{"heartbeat_timeout": 20_000}), nil),
		one("parent", members{"kind": "sub", "workflow": "child", "version": "*"}, nil),
		one("emitting", members{"kind": "emit", "event": "ping", "data": object(members{"k": lit(1)})}, nil),
		one("limited", call("work", "far", nil), members{"concurrency": members{"max_runs": 2}}),
		one("breaking", call("work", "svc", members{"circuit_breaker": breaker, "max_concurrency": 1, "priority": 3}), nil),
		one("unique", members{"kind": "wait", "duration": 20_000}, members{"unique": "running"}),
		one("again", members{"kind": "wait", "duration": 30_000}, members{"timeout": members{"after": 10_000, "action": "retry"}}),
	}
	worlds := make([]*world, len(plans))
	for index, each := range plans {
		worlds[index] = &world{Plan: each}
		if err := worlds[index].load(""); err != nil {
			t.Fatal(err)
		}
	}
	return worlds
}
