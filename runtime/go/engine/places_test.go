package engine

import (
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

func limited(t testing.TB, version string, places int) []byte {
	return planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 60_000}}, members{
		"workflow":    members{"name": "waits", "version": version},
		"concurrency": members{"max_runs": places, "on_limit": "queue"},
	})
}

func statusOf(run *Run) (status string) {
	run.View(func(view View) { status = view.Row.Status })
	return status
}

// TestAFreePlaceIsTakenAtTheStart: nobody was there when it became free.
func TestAFreePlaceIsTakenAtTheStart(t *testing.T) {
	h := newHarness(t, limited(t, "1.0.0", 1)).open()
	h.start(&StartRequest{Workflow: "waits"})
	second := h.start(&StartRequest{Workflow: "waits"})
	if status := statusOf(second); status != statusQueued {
		t.Fatal("the second run is", status)
	}
	h.plans = append(h.plans, limited(t, "1.1.0", 2))
	h.restart()
	h.settle() // no time passes: the first run has not ended
	run, err := h.engine.Find(second.ID())
	if err != nil {
		t.Fatal(err)
	}
	if status := statusOf(run); status != "waiting" {
		t.Error("the second run is", status)
	}
}

// TestACancelMeetsAQueuedRunOrOneThatHasStarted, never one in between.
func TestACancelMeetsAQueuedRunOrOneThatHasStarted(t *testing.T) {
	quiet(t)
	engine := openEngine(t, store.NewMemory(), Options{}, limited(t, "1.0.0", 1))
	for range 200 {
		first := start(t, engine, &StartRequest{Workflow: "waits"})
		second := start(t, engine, &StartRequest{Workflow: "waits"})
		cancelled := make(chan error, 1)
		go func() {
			_, err := engine.Send(patience(t), first.ID(), &core.Event{Type: core.CancelRequested})
			cancelled <- err
		}()
		if _, err := engine.Send(patience(t), second.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
			t.Fatal("a queued run cannot be cancelled:", err)
		}
		if err := <-cancelled; err != nil {
			t.Fatal(err)
		}
		end(t, engine, first)
		end(t, engine, second)
	}
}
