package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// brokenStore fails now and then, from any goroutine.
type brokenStore struct {
	*store.Memory
	rate atomic.Int64 // failures in a thousand commits

	commits atomic.Int64
}

func (b *brokenStore) Commit(writes []store.Write) error {
	thrown := rand.Int64N(1000)
	if b.commits.Add(1) == 20 {
		thrown = 0
	}
	if thrown < b.rate.Load()/2 {
		return &store.Error{Message: "nothing was written"}
	}
	if err := b.Memory.Commit(writes); err != nil {
		return err
	}
	if thrown < b.rate.Load() {
		return &store.Error{Message: "written, and nobody heard"}
	}
	return nil
}

// TestConcurrentPromises drives an engine from many goroutines while its store fails: for
// the race detector, and for what no schedule of turns shows.
func TestConcurrentPromises(t *testing.T) {
	quiet(t)
	of := &brokenStore{Memory: store.NewMemory()}
	of.rate.Store(30)
	settings := DefaultSettings()
	settings.RecoveryDelay, settings.MaxLiveRuns = time.Millisecond, 10
	settings.Lease, settings.MaxDeliveries = 300*time.Millisecond, 1_000
	engine := New(of, Options{Settings: &settings})
	nodes := map[string]members{
		"local":  {"kind": "try", "body": "local/do", "retry": members{"max_attempts": 50, "backoff": "fixed", "initial_delay": 1, "max_delay": 2, "jitter": false}, "catch": []any{}},
		"remote": call("work", "far", nil), "pause": {"kind": "wait", "duration": 3},
		"local/do": call("work", "svc", nil),
	}
	if _, err := engine.Deploy(planOf(t, "mixed", []string{"local", "remote", "pause"}, nodes, nil)); err != nil {
		t.Fatal(err)
	}
	engine.AddExecutor("svc", &runner{places: 8, functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"work": func(context.Context, *TaskMessage) Outcome {
			if rand.IntN(4) == 0 {
				return failure("BUSY", "again")
			}
			return Outcome{Output: true}
		},
	}})
	if err := engine.Open(); err != nil {
		t.Fatal(err)
	}
	var acknowledged sync.Map
	var callers, workers sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	for range 3 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for ctx.Err() == nil {
				taken, err := engine.Poll(ctx, []string{"far"}, 4, 20*time.Millisecond, "w")
				if err != nil {
					time.Sleep(time.Millisecond)
					continue
				}
				for _, each := range taken {
					key := TaskKey{each.Task.RunID, each.Task.TaskID}
					for ctx.Err() == nil {
						done, err := engine.Report(key, each.Task.Attempt, each.Delivery, Outcome{Output: 1.0})
						if err == nil {
							err = done.Wait(ctx)
						}
						if !mayFail(err) {
							break
						}
						time.Sleep(time.Millisecond)
					}
				}
			}
		}()
	}
	for caller := range 8 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for number := range 25 {
				key := fmt.Sprintf("%d-%d", caller%4, number) // two callers use each key
				for {
					run, done, err := engine.Begin(&StartRequest{Workflow: "mixed", IdempotencyKey: key})
					if err == nil {
						err = done.Wait(ctx)
					}
					if err == nil {
						if known, there := acknowledged.LoadOrStore(key, run.ID()); there && known != run.ID() {
							t.Errorf("one key, two runs: %s", key)
						}
						if number%5 == 0 {
							_, _ = engine.Send(ctx, run.ID(), &core.Event{Type: core.CancelRequested})
						}
						break
					}
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	callers.Wait()
	of.rate.Store(0)
	end := time.Now().Add(30 * time.Second)
	for {
		open, err := of.CountOpen()
		if err == nil && open == 0 {
			break
		}
		if time.Now().After(end) {
			left, _ := of.Effects(effectKinds, "")
			t.Fatalf("%d runs do not end: %+v\n%+v", open, engine.Health(), left[:min(len(left), 5)])
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	workers.Wait()
	if engine.Metrics().Recoveries.Values()[0].Value == 0 {
		t.Error("the store never failed")
	}
	engine.Close(time.Second)
	acknowledged.Range(func(key, id any) bool {
		runID, _ := id.(string)
		if row, err := of.Run(runID); row == nil || err != nil {
			t.Errorf("run %v of %v was acknowledged and lost", id, key)
			return true
		}
		checkRun(t, of, runID, map[string]*seenTask{})
		checkStored(t, of, runID)
		return true
	})
	if left, _ := of.Effects([]string{store.Task, store.Timer}, ""); len(left) > 0 {
		t.Errorf("left open: %+v", left)
	}
}
