//go:build unix

package core

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
)

// TestScale: ten times the steps or items cost about ten times as much.
func TestScale(t *testing.T) {
	loop, err := LoadPlan([]byte(loopPlan), LimitOverrides{})
	if err != nil {
		t.Fatal(err)
	}
	for what, run := range map[string]func(count int) func(){
		"steps": func(count int) func() {
			plan, events := chainPlan(t, count), chainEvents(count)
			return func() { runChain(t, plan, events, nil) }
		},
		"items": func(count int) func() {
			events := loopEvents(count)
			return func() {
				if state := runChain(t, loop, events, nil); state.Run.Status != statusCompleted {
					t.Fatal(state.Run.Status, state.Run.Error)
				}
			}
		},
	} {
		few, many := run(200), run(2_000)
		ratio := 10 * costOf(10, many) / costOf(100, few)
		if t.Logf("%s: %.1f", what, ratio); ratio > 20 {
			t.Errorf("ten times the %s cost %.1f times as much", what, ratio)
		}
	}
}

// costOf is the processor time of some runs; that of a clock on the wall would be that of
// other programs too.
func costOf(times int, run func()) float64 {
	runtime.GC()
	begin := processorTime()
	for range times {
		run()
	}
	return processorTime() - begin
}

func processorTime() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return float64(used.Utime.Nano())
}

const loopPlan = `{"plan_version": 1, "hash": "h", "workflow": {"name": "wf", "version": "1.0.0"}, "input": {"type": "any"},
	"output": {"type": {"type": "any"}, "value": {"op": "lit", "value": null}}, "root": "/", "functions": {}, "events": {}, "rules": [], "types": {},
	"steps": {}, "limits": {"visits_per_block": 5, "occurrences_per_run": 10000, "value_bytes": 262144, "cancel_grace": 100},
	"nodes": {
		"/": {"kind": "seq", "nodes": ["each"], "start": "each"},
		"each": {"kind": "for", "step": "each", "items": {"op": "path", "root": "input", "singular": true, "segments": []},
			"variable": "item", "parallel": true, "max_iterations": 10000, "body": "each/body"},
		"each/body": {"kind": "seq", "nodes": ["work"], "start": "work"},
		"work": {"kind": "call", "step": "work", "executor": "svc", "function": "work",
			"input": {"op": "object", "members": {"item": {"op": "path", "root": "local", "name": "item", "singular": true, "segments": []}}}}}}`

func loopEvents(count int) []*Event {
	items := make([]any, count)
	for index := range items {
		items[index] = float64(index)
	}
	events := []*Event{{Type: RunStarted, ID: "e", RunID: "r", Input: items}}
	for index := range items {
		events = append(events, &Event{
			Type: TaskResult, ID: "e", TaskID: fmt.Sprintf("each[%d]/work", index), Attempt: 1, Output: 1.0,
		})
	}
	return events
}
