package engine

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// stuckStore is a disk that does not come back for a while.
type stuckStore struct {
	*store.Memory
	gate chan struct{}
}

func (s *stuckStore) Commit(writes []store.Write) error {
	<-s.gate
	return s.Memory.Commit(writes)
}

func TestAFloodIsRefusedAndMemoryStaysFlat(t *testing.T) {
	quiet(t)
	const limit, starts = 200, 20_000
	of := &stuckStore{store.NewMemory(), make(chan struct{})}
	settings := DefaultSettings()
	settings.MaxWaitingWrites = limit
	engine := New(of, Options{Settings: &settings})
	if _, err := engine.Deploy(threeSteps(t)); err != nil {
		t.Fatal(err)
	}
	engine.AddExecutor("svc", adder())
	if err := engine.Open(); err != nil {
		t.Fatal(err)
	}
	var taken []*Settled
	refused := 0
	flood := func(count int) {
		for range count {
			_, done, err := engine.Begin(&StartRequest{Workflow: "three", Input: members{"n": 1.0}})
			var overloaded *Overloaded
			switch {
			case errors.As(err, &overloaded) && overloaded.RetryAfter >= 1:
				refused++
			case err != nil:
				t.Fatal(err)
			default:
				taken = append(taken, done)
			}
		}
	}
	heap := func() int64 {
		var found runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&found)
		return int64(found.HeapAlloc)
	}
	flood(1_000)
	before := heap()
	flood(starts)
	if grown := heap() - before; grown > 1_000_000 {
		t.Errorf("%d bytes for %d starts", grown, starts)
	}
	// the plan's row waits too
	if len(taken) != limit-1 || refused != starts+1_000-len(taken) {
		t.Errorf("%d were taken, %d refused", len(taken), refused)
	}
	if counted := engine.Metrics().Overloaded.Values()[0].Value; counted != float64(refused) {
		t.Errorf("%v were counted", counted)
	}
	close(of.gate)
	for _, each := range taken {
		if err := each.Wait(patience(t)); err != nil {
			t.Fatal(err)
		}
	}
	for end := patience(t); engine.Health().OpenRuns > 0; time.Sleep(time.Millisecond) {
		if end.Err() != nil {
			t.Fatalf("%+v", engine.Health())
		}
	}
	rows, err := of.Runs(store.RunFilter{Status: []string{"completed"}}, "", 1_000)
	if len(rows) != len(taken) || err != nil {
		t.Errorf("%d completed, %v", len(rows), err)
	}
	engine.Close(0)
}

// Starts with one key that meet are one run. The second is answered when the first one's
// start is durable, and not before.
func TestASecondStartIsNotAnsweredBeforeTheFirstIsDurable(t *testing.T) {
	of := &stuckStore{store.NewMemory(), make(chan struct{})}
	h := newHarness(t, waits(t, 1_000))
	h.store = of
	h.open()
	request := &StartRequest{Workflow: "waits", IdempotencyKey: "k"}
	first, one, err := h.engine.Begin(request)
	if err != nil {
		t.Fatal(err)
	}
	second, two, err := h.engine.Begin(request)
	if err != nil || first.ID() != second.ID() || one == nil || two == nil {
		t.Fatal(first.ID(), second.ID(), one, two, err)
	}
	time.Sleep(20 * time.Millisecond)
	select {
	case <-one.Done():
		t.Error("acknowledged, and not written")
	case <-two.Done():
		t.Error("acknowledged, and not written")
	default:
	}
	close(of.gate)
	for _, each := range []*Settled{one, two} {
		if err := each.Wait(patience(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnEndIsToldWhenItIsDurableAndNotBefore(t *testing.T) {
	of := &stuckStore{store.NewMemory(), make(chan struct{}, 100)}
	of.gate <- struct{}{} // the plan's row with the start, or before it
	of.gate <- struct{}{}
	h := newHarness(t, waits(t, 60_000))
	h.store = of
	h.open()
	run, done, err := h.engine.Begin(&StartRequest{Workflow: "waits"})
	if err == nil {
		err = done.Wait(patience(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	for len(of.gate) > 0 { // one of the two may be left
		<-of.gate
	}
	_, ended, err := h.engine.Submit(run.ID(), &core.Event{Type: core.CancelRequested})
	if err != nil {
		t.Fatal(err)
	}
	if run.Ended() {
		t.Error("an end is told before it is durable")
	}
	close(of.gate)
	if err := ended.Wait(patience(t)); err != nil {
		t.Error(err)
	}
	// the write is settled a moment before its run hears of it
	for limit := patience(t); !run.Ended() && limit.Err() == nil; {
		time.Sleep(time.Millisecond)
	}
	if !run.Ended() {
		t.Error("the end is durable, and the run does not end")
	}
}
