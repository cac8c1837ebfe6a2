package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// What has happened is taken out of the outbox with the transition that it led to, not
// only when the run ends.
func TestWhatHasHappenedIsNoLongerWanted(t *testing.T) {
	listen := func(event string, more members) members {
		made := members{"kind": "listen", "event": event, "correlate": members{}, "type": anyType}
		for name, value := range more {
			made[name] = value
		}
		return made
	}
	report := func(h *harness, _ *Run) {
		if err := h.report(h.lease(), Outcome{Output: 1.0}); err != nil {
			h.t.Fatal(err)
		}
	}
	passTime := func(h *harness, _ *Run) { h.pass(20) }
	for kind, each := range map[string]struct {
		step   members
		happen func(h *harness, run *Run)
	}{
		store.Timer:  {members{"kind": "wait", "duration": 20}, passTime},
		store.Task:   {call("work", "far", nil), report},
		store.Listen: {listen("paid", nil), func(h *harness, _ *Run) { h.publish(cloudEvent("paid", members{}, "e1")) }},
		store.Human: {listen("@task", members{"task": members{}}), func(h *harness, run *Run) {
			if err := h.send(run.ID(), &core.Event{Type: core.HumanCompleted, TaskID: "x", Data: true}); err != nil {
				h.t.Fatal(err)
			}
		}},
		store.Event: {members{"kind": "emit", "event": "paid", "data": lit(1)}, func(*harness, *Run) {}},
		store.Child: {members{"kind": "sub", "workflow": "child", "version": "*"}, report},
		store.Start: {nil, passTime},
	} {
		t.Run(kind, func(t *testing.T) {
			nodes := map[string]members{"rest": {"kind": "wait", "duration": 60_000}}
			order := []string{"rest"}
			request := &StartRequest{Workflow: "one"}
			if each.step == nil {
				request.Delay = 20
			} else {
				nodes["x"], order = each.step, []string{"x", "rest"}
			}
			events := members{"events": members{"paid": members{"name": "paid", "type": anyType, "listens": true}}}
			child := planOf(t, "child", []string{"c"}, map[string]members{"c": call("work", "far", nil)}, nil)
			h := newHarness(t, planOf(t, "one", order, nodes, events), child).open()
			run := h.start(request)
			if kind != store.Event && len(h.effects(kind)) == 0 { // which is told at once
				t.Fatalf("no row of kind %s", kind)
			}
			each.happen(h, run)
			h.settle()
			var left []store.Effect
			for _, row := range h.effects(effectKinds...) {
				if row.RunID == run.ID() {
					left = append(left, row)
				}
			}
			if len(left) != 1 || left[0].Kind != store.Timer || left[0].Key != "rest#wait" {
				t.Fatalf("%+v", left)
			}
			h.finish(run)
			if left := h.effects(effectKinds...); len(left) > 0 {
				t.Errorf("%+v", left)
			}
		})
	}
}

// An event that was emitted stands in the outbox until every sink has taken it.
func TestAnEmittedEventSurvivesARestart(t *testing.T) {
	nodes := map[string]members{"e": {"kind": "emit", "event": "paid", "data": lit("o1")}}
	h := newHarness(t, planOf(t, "emits", []string{"e"}, nodes, nil))
	var failing atomic.Bool
	var mutex sync.Mutex
	var taken []string
	h.before = func(of *Engine) {
		of.AddSink(func(_ context.Context, cloud map[string]any) error {
			if failing.Load() {
				return errors.New("nobody listens")
			}
			mutex.Lock()
			defer mutex.Unlock()
			taken = append(taken, fmt.Sprint(cloud["id"], cloud["data"]))
			return nil
		})
	}
	failing.Store(true)
	h.open()
	run := h.start(&StartRequest{Workflow: "emits"})
	h.finish(run)
	if rows := h.effects(store.Event); len(rows) != 1 {
		t.Fatalf("%+v", rows)
	}
	failing.Store(false)
	h.restart()
	h.until("the event is told", func() bool { return len(h.effects(store.Event)) == 0 })
	mutex.Lock()
	defer mutex.Unlock()
	if len(taken) != 1 || !strings.HasSuffix(taken[0], "o1") {
		t.Error(taken)
	}
}
