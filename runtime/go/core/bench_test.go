package core

import (
	"fmt"
	"strings"
	"testing"
)

// chainPlan is a run of three durable steps with retries and mappings: what the bench of
// the whole server runs.
func chainPlan(t testing.TB, steps int) *Plan {
	t.Helper()
	var nodes, names, described []string
	for number := range steps {
		name, next := fmt.Sprintf("step-%d", number), fmt.Sprintf("step-%d", number+1)
		if number == steps-1 {
			next = "@block"
		}
		names = append(names, `"`+name+`"`)
		described = append(described, fmt.Sprintf(`%q: {"name": %q, "handler": false}`, name, name))
		nodes = append(nodes,
			fmt.Sprintf(`%q: {"kind": "try", "step": %q, "body": "%s/do", "next": %q, "catch": [],
				"input": {"op": "object", "members": {
					"order": {"op": "path", "root": "input", "singular": true, "segments": [{"selectors": [{"member": "order"}]}]},
					"amount": {"op": "path", "root": "input", "singular": true, "segments": [{"selectors": [{"member": "amount"}]}]}}},
				"retry": {"max_attempts": 3, "backoff": "exponential", "initial_delay": 100, "max_delay": 1000, "jitter": true}}`,
				name, name, name, next),
			fmt.Sprintf(`"%s/do": {"kind": "call", "executor": "svc", "function": "work", "timeout": 30000}`, name))
	}
	text := fmt.Sprintf(`{"plan_version": 1, "hash": "h", "workflow": {"name": "chain", "version": "1.0.0"},
		"input": {"type": "order"}, "output": {"type": {"type": "any"}, "value": {"op": "object", "members": {
			"first": {"op": "path", "root": "step", "name": "step-0", "field": "output", "singular": true, "segments": []}}}},
		"root": "/", "nodes": {"/": {"kind": "seq", "start": "step-0", "nodes": [%s]}, %s},
		"steps": {%s}, "functions": {}, "events": {}, "rules": [], "types": {"order": {"kind": "object", "name": {"words": ["order"]},
			"fields": {"order": {"type": {"type": "string"}, "required": true}, "amount": {"type": {"type": "number"}, "required": true}},
			"extra": {"allow": "forbid"}}},
		"limits": {"visits_per_block": 1000, "occurrences_per_run": 10000, "value_bytes": 262144, "cancel_grace": 30000}}`,
		strings.Join(names, ","), strings.Join(nodes, ","), strings.Join(described, ","))
	plan, err := LoadPlan([]byte(text), LimitOverrides{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// chainEvents are those of a run in which every step completes.
func chainEvents(steps int) []*Event {
	const id = "00000000-0000-4000-8000-000000000001"
	events := []*Event{{
		Type: RunStarted, ID: id, At: 1_700_000_000_000, RunID: "0190b2f0-0000-7000-8000-000000000001",
		Input: map[string]any{"order": "A-1001", "amount": 12.5},
	}}
	for number := range steps {
		events = append(events, &Event{
			Type: TaskResult, ID: id, At: 1_700_000_000_001, TaskID: fmt.Sprintf("step-%d", number), Attempt: 1,
			Output: map[string]any{"ok": true, "number": float64(number)},
		})
	}
	return events
}

func runChain(t testing.TB, plan *Plan, events []*Event, written func(*Event, Decision)) *State {
	state := NewState()
	for _, event := range events {
		decision, err := Decide(plan, state, event)
		if err != nil || decision.Refused != nil {
			t.Fatal(err, decision.Refused)
		}
		if written != nil {
			written(event, decision)
		}
		Apply(state, decision.Delta)
	}
	return state
}

// BenchmarkDecide is a decision of a plain step: three durable steps in four events.
func BenchmarkDecide(b *testing.B) {
	plan, events := chainPlan(b, 3), chainEvents(3)
	if state := runChain(b, plan, events, nil); state.Run.Status != statusCompleted {
		b.Fatal(state.Run.Status, state.Run.Error)
	}
	b.ReportAllocs()
	for b.Loop() {
		runChain(b, plan, events, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/decision")
}

// BenchmarkDecideAndEncode adds the texts that a store keeps.
func BenchmarkDecideAndEncode(b *testing.B) {
	plan, events := chainPlan(b, 3), chainEvents(3)
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		runChain(b, plan, events, func(event *Event, decision Decision) {
			out = event.AppendJSON(out[:0])
			out = decision.Delta.AppendChanges(out)
			out = decision.Delta.AppendHistory(out)
			for _, command := range decision.Commands {
				out = command.AppendJSON(out)
			}
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/decision")
}

// BenchmarkFold is the restart of a run: its deltas read and folded.
func BenchmarkFold(b *testing.B) {
	plan, events := chainPlan(b, 3), chainEvents(3)
	var texts [][]byte
	runChain(b, plan, events, func(_ *Event, decision Decision) {
		texts = append(texts, decision.Delta.AppendChanges(nil))
	})
	b.ReportAllocs()
	for b.Loop() {
		state := NewState()
		for _, text := range texts {
			delta, err := DecodeDelta(text)
			if err != nil {
				b.Fatal(err)
			}
			Apply(state, delta)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/delta")
}
