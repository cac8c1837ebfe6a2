package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// Whoever waits for a run is woken by its end, whatever became of the object that it had
// in its hand meanwhile.

func waitsForGo(t testing.TB) []byte {
	nodes := map[string]members{"l": {"kind": "listen", "event": "go", "correlate": members{}, "type": members{"type": "any"}}}
	return planOf(t, "listening", []string{"l"}, nodes, members{
		"events": members{"go": members{"name": "go", "type": members{"type": "any"}, "listens": true}},
	})
}

func sendGo(t testing.TB, engine *Engine, runID string) {
	event := &core.Event{Type: core.EventReceived, EventID: "e-" + runID, Event: "go"}
	if _, err := engine.Send(patience(t), runID, event); err != nil {
		t.Error(err)
	}
}

// endsSoon waits on a run whose event comes a little later.
func endsSoon(t *testing.T, engine *Engine, run *Run) {
	t.Helper()
	later := time.AfterFunc(50*time.Millisecond, func() { sendGo(t, engine, run.ID()) })
	defer later.Stop()
	begun := time.Now()
	found, err := engine.Wait(patience(t), run, 20*time.Second)
	if err != nil || !found.Ended() {
		t.Fatal("the run has not ended", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("who waited was not woken: %v", took)
	}
}

// evicted starts a run and others until it is not in memory any more.
func evicted(t *testing.T, engine *Engine) *Run {
	t.Helper()
	run := start(t, engine, &StartRequest{Workflow: "listening"})
	for engine.runs.inMemory(run.ID()) != nil {
		start(t, engine, &StartRequest{Workflow: "listening"})
	}
	return run
}

func smallEngine(t *testing.T, of store.Store) *Engine {
	t.Helper()
	quiet(t)
	settings := DefaultSettings()
	settings.MaxLiveRuns = 10
	return openEngine(t, of, Options{Settings: &settings}, waitsForGo(t))
}

func TestWaitOnAnEvictedRun(t *testing.T) {
	engine := smallEngine(t, store.NewMemory())
	endsSoon(t, engine, evicted(t, engine))
}

func TestListenToAnEvictedRun(t *testing.T) {
	engine := smallEngine(t, store.NewMemory())
	run := evicted(t, engine)
	var heard atomic.Int64
	stop, err := engine.Listen(run.ID(), func([]core.HistoryRow) { heard.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	sendGo(t, engine, run.ID())
	for end := time.Now().Add(10 * time.Second); heard.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody hears of the run")
		}
	}
	stop()
}

// recoverOnce has the engine lose what it has in memory.
func recoverOnce(t *testing.T, engine *Engine, of *onceBroken) {
	t.Helper()
	of.commit.Store(true)
	if _, done, err := engine.Begin(&StartRequest{Workflow: "listening"}); err == nil && done.Wait(patience(t)) == nil {
		t.Fatal("the store did not fail")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if engine.Metrics().Recoveries.Values()[0].Value >= 1 && engine.State() == "open" {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the engine does not recover")
		}
	}
}

func TestWaitOnARunOfBeforeARecovery(t *testing.T) {
	of := &onceBroken{Memory: store.NewMemory()}
	engine := smallEngine(t, of)
	run := start(t, engine, &StartRequest{Workflow: "listening"})
	recoverOnce(t, engine, of)
	endsSoon(t, engine, run)
}

func TestWaitOnWhatWasReadDuringARecovery(t *testing.T) {
	of := &onceBroken{Memory: store.NewMemory()}
	engine := smallEngine(t, of)
	run := start(t, engine, &StartRequest{Workflow: "listening"})
	of.reopen.Store(true) // so that the recovery takes a while
	of.commit.Store(true)
	if _, done, err := engine.Begin(&StartRequest{Workflow: "listening"}); err == nil {
		_ = done.Wait(patience(t))
	}
	loose, err := engine.Find(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for engine.State() != "open" {
		time.Sleep(time.Millisecond)
	}
	endsSoon(t, engine, loose)
}

func TestStopListeningAfterARecovery(t *testing.T) {
	of := &onceBroken{Memory: store.NewMemory()}
	engine := smallEngine(t, of)
	run := start(t, engine, &StartRequest{Workflow: "listening"})
	stop, err := engine.Listen(run.ID(), func([]core.HistoryRow) {})
	if err != nil {
		t.Fatal(err)
	}
	recoverOnce(t, engine, of)
	now, err := engine.Find(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	idle := func() bool {
		now.mutex.Lock()
		defer now.mutex.Unlock()
		return now.idle()
	}
	if idle() {
		t.Error("the listener did not go over")
	}
	if stop(); !idle() {
		t.Error("a listener that is gone keeps its run in memory")
	}
}

// TestCloseWakesWhoWaits: also those who wait for a recovery that does not come.
func TestCloseWakesWhoWaits(t *testing.T) {
	of := &onceBroken{Memory: store.NewMemory()}
	engine := smallEngine(t, of)
	run := start(t, engine, &StartRequest{Workflow: "listening"})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = engine.Wait(context.Background(), run, 20*time.Second)
	}()
	time.Sleep(20 * time.Millisecond)
	for range 3 {
		of.reopen.Store(true)
		of.commit.Store(true)
		if _, done, err := engine.Begin(&StartRequest{Workflow: "listening"}); err == nil {
			_ = done.Wait(patience(t))
		}
	}
	engine.Close(0)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("who waits is not woken by the end of the engine")
	}
}
