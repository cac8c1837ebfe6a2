package core

import (
	"bytes"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// everything is a block with one of each that waits, side by side.
const everything = `{"plan_version": 1, "hash": "h", "workflow": {"name": "wf", "version": "1.0.0"}, "input": {"type": "any"},
	"output": {"type": {"type": "any"}, "value": {"op": "lit", "value": null}}, "root": "/", "functions": {},
	"events": {"e": {"name": "e", "type": {"type": "any"}, "listens": true}}, "rules": [], "timeout": {"after": 5000, "action": "retry"},
	"types": {"form": {"kind": "object", "name": {"words": ["form"]}, "fields": {"ok": {"type": {"type": "boolean"}, "required": true}},
		"extra": {"allow": "forbid"}}},
	"steps": {"f": {"name": "f", "handler": true}},
	"limits": {"visits_per_block": 5, "occurrences_per_run": 50, "value_bytes": 2000, "cancel_grace": 100},
	"nodes": {
		"/": {"kind": "seq", "nodes": ["a", "l", "h", "w", "s"], "deps": {"a": [], "l": [], "h": [], "w": [], "s": []}},
		"a": {"kind": "try", "step": "a", "body": "a/do", "catch": [{"match": ["any"], "before_retry": false, "action": "run", "handler": "f"}],
			"retry": {"max_attempts": 3, "backoff": "linear", "initial_delay": 10, "max_delay": 100, "jitter": true}},
		"a/do": {"kind": "call", "executor": "svc", "function": "work", "timeout": 5, "compensation": {"node": "a/undo", "on": "unknown"},
			"output": {"op": "object", "members": {"v": {"op": "path", "root": "response", "singular": true, "segments": [{"selectors": [{"member": "v"}]}]}}}},
		"a/undo": {"kind": "call", "executor": "svc", "function": "undo", "input": {"op": "path", "root": "undo", "name": "output", "singular": true, "segments": []}},
		"f": {"kind": "call", "step": "f", "executor": "svc", "function": "f"},
		"l": {"kind": "listen", "step": "l", "event": "e", "correlate": {"k": {"op": "path", "root": "input", "singular": true, "segments": []}}, "type": {"type": "any"}},
		"h": {"kind": "listen", "step": "h", "event": "@task", "correlate": {}, "type": {"type": "form"}, "task": {}},
		"w": {"kind": "wait", "step": "w", "duration": 5},
		"s": {"kind": "sub", "step": "s", "workflow": "w", "version": "*"}}}`

// FuzzDecide holds that no event, whatever it says, makes Decide panic; that what is
// refused changes nothing; and that a state and a delta read back are the same.
//
//	go test ./core -fuzz FuzzDecide -fuzztime 60s
func FuzzDecide(f *testing.F) {
	plan, err := LoadPlan([]byte(everything), LimitOverrides{})
	if err != nil {
		f.Fatal(err)
	}
	const head = `"id": "e", "at": 2, `
	for _, rest := range []string{
		`"type": "task_result", "task_id": "a", "attempt": 1, "output": {"v": 1}`,
		`"type": "task_result", "task_id": "a", "attempt": 1, "error": {"code": "BOOM", "retry_after": 5}, "unknown": 1`,
		`"type": "timed_out", "task_id": "a", "attempt": 1, "kind": "lease"`,
		`"type": "task_stopped", "task_id": "a", "attempt": 1`,
		`"type": "timer_fired", "timer_id": "w#wait"`,
		`"type": "timer_fired", "timer_id": "@run#timeout"`,
		`"type": "event_received", "event_id": "1", "event": "e", "data": {"k": 1}, "expires_at": 5`,
		`"type": "human_completed", "task_id": "h", "data": {"ok": true}, "by": "me"`,
		`"type": "child_ended", "child_id": "s", "status": "failed", "error": {"cause": {}}`,
		`"type": "cancel_requested", "reason": "x"`,
		`"type": "pause"`, `"type": "resume"`, `"type": "nap"`, `"type": 1`,
		`"type": "run_started", "run_id": "r", "input": 1, "resume": {"steps": {}, "done": ["a"]}`,
	} {
		f.Add([]byte(`[{` + head + rest + `}, {` + head + `"type": "cancel_requested"}, {` + head + rest + `}]`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := types.DecodeValue(text, around)
		events, is := value.([]any)
		if err != nil || !is {
			return
		}
		state := NewState()
		first := &Event{Type: RunStarted, ID: "e", At: 1, RunID: "r", Input: 1.0}
		for index := -1; index < len(events); index++ {
			event := first
			if index >= 0 {
				members, is := events[index].(map[string]any)
				if !is {
					return
				}
				event = EventOf(members)
			}
			step(t, plan, state, event)
		}
	})
}

func step(t *testing.T, plan *Plan, state *State, event *Event) {
	t.Helper()
	before := state.AppendJSON(nil)
	decision, err := Decide(plan, state, event)
	if err != nil {
		t.Fatal(err)
	}
	if after := state.AppendJSON(nil); !bytes.Equal(before, after) {
		t.Fatalf("%+v changed the state", event)
	}
	if decision.Refused != nil {
		if decision.Delta != nil || decision.Commands != nil || decision.Refused.Code == "" {
			t.Fatalf("%+v", decision)
		}
		return
	}
	logged, err := DecodeEvent(event.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decide(plan, state, logged)
	if err != nil || again.Refused != nil || !bytes.Equal(again.Delta.AppendJSON(nil), decision.Delta.AppendJSON(nil)) {
		t.Fatalf("the event\n%s decides otherwise when it was logged: %v %+v", event.AppendJSON(nil), err, again)
	}
	for _, command := range decision.Commands {
		text := command.AppendJSON(nil)
		read, err := DecodeCommand(text)
		if err != nil || !bytes.Equal(read.AppendJSON(nil), text) {
			t.Fatalf("the command\n%s is read as %v, %v", text, read, err)
		}
	}
	Apply(state, decision.Delta)
	readBack(t, state)
}
