package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// harness is an engine in virtual time, with goroutines of its own.
type harness struct {
	t      *testing.T
	clock  *VirtualClock
	store  store.Store
	engine *Engine
	plans  [][]byte
	runner LocalRunner
	// before is done to every engine before it opens.
	before func(*Engine)
}

func newHarness(t *testing.T, plans ...[]byte) *harness {
	t.Helper()
	quiet(t)
	h := &harness{t: t, clock: NewVirtualClock(), store: store.NewMemory(), plans: plans, runner: adder()}
	t.Cleanup(func() {
		if h.engine != nil {
			h.engine.Close(0)
		}
	})
	return h
}

func (h *harness) open() *harness {
	h.t.Helper()
	h.engine = New(h.store, Options{Clock: h.clock})
	for _, plan := range h.plans {
		if _, err := h.engine.Deploy(plan); err != nil {
			h.t.Fatal(err)
		}
	}
	h.engine.AddExecutor("svc", h.runner)
	if h.before != nil {
		h.before(h.engine)
	}
	if err := h.engine.Open(); err != nil {
		h.t.Fatal(err)
	}
	return h
}

// restart is another engine on the same store, as after a crash.
func (h *harness) restart() {
	h.t.Helper()
	h.engine.Close(0)
	h.open()
}

func (h *harness) start(request *StartRequest) *Run {
	h.t.Helper()
	return start(h.t, h.engine, request)
}

// settle waits until nothing is under way.
func (h *harness) settle() {
	for calm := 0; calm < 3; {
		time.Sleep(500 * time.Microsecond)
		h.engine.dispatcher.mutex.Lock()
		busy := h.engine.dispatcher.local.busy["svc"]
		h.engine.dispatcher.mutex.Unlock()
		if calm++; busy > 0 || h.engine.pipeline.waiting() > 0 {
			calm = 0
		}
	}
}

func (h *harness) pass(milliseconds int64) { h.clock.Advance(milliseconds, h.settle) }

// until lets time pass until something holds.
func (h *harness) until(what string, holds func() bool) {
	h.t.Helper()
	for range 400 {
		h.settle()
		if holds() {
			return
		}
		if at, there := h.clock.NextAlarm(); there && at-h.clock.Now() < 3_600_000 {
			h.pass(max(at-h.clock.Now(), 0))
		}
	}
	h.t.Fatalf("never: %s", what)
}

func (h *harness) row(runID string) store.RunRow {
	h.t.Helper()
	row, err := h.store.Run(runID)
	if err != nil || row == nil {
		h.t.Fatal(row, err)
	}
	return *row
}

func (h *harness) finish(run *Run) View {
	h.t.Helper()
	h.until("run "+run.ID()+" ends", func() bool { return h.row(run.ID()).EndedAt != 0 })
	checkStored(h.t, h.store, run.ID())
	checkRun(h.t, h.store, run.ID(), map[string]*seenTask{})
	run, err := h.engine.Read(patience(h.t), run.ID())
	if err != nil {
		h.t.Fatal(err)
	}
	var found View
	run.View(func(view View) { found = view })
	return found
}

func (h *harness) send(runID string, event *core.Event) error {
	_, err := h.engine.Send(patience(h.t), runID, event)
	return err
}

func (h *harness) effects(kinds ...string) []store.Effect {
	h.t.Helper()
	found, err := h.store.Effects(kinds, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h *harness) publish(cloud members) []string {
	h.t.Helper()
	reached, err := h.engine.Publish(patience(h.t), cloud)
	if err != nil {
		h.t.Fatal(err)
	}
	return reached
}

func refusedWith(t *testing.T, err error, code string) *Refused {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || refused.Code != code {
		t.Fatalf("not refused with %s: %v", code, err)
	}
	return refused
}

var anyType = members{"type": "any"}

func lit(value any) members { return members{"op": "lit", "value": value} }

func waits(t testing.TB, duration int) []byte {
	return planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": duration}}, nil)
}

func listening(t testing.TB) []byte {
	node := members{"kind": "listen", "event": "paid", "correlate": members{"order": path("input", "order")}, "type": anyType}
	more := output(object(members{"got": stepOutput("l")}))
	more["events"] = members{"paid": members{"name": "paid", "type": anyType, "listens": true}}
	return planOf(t, "listens", []string{"l"}, map[string]members{"l": node}, more)
}

func parentOf(t testing.TB, version string, input members) []byte {
	node := members{"kind": "sub", "workflow": "three", "version": version, "input": object(input)}
	return planOf(t, "parent", []string{"s"}, map[string]members{"s": node}, output(object(members{"child": stepOutput("s")})))
}

func cloudEvent(kind string, data any, id string) members {
	return members{"specversion": "1.0", "id": id, "type": kind, "source": "/t", "data": data}
}
