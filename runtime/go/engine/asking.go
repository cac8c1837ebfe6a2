package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// Find is the run as it is decided.
func (e *Engine) Find(runID string) (*Run, error) {
	run, err := e.runs.get(runID)
	if err != nil {
		return nil, e.heard(err)
	}
	if run == nil {
		return nil, &NotFound{fmt.Sprintf("there is no run `%s`", runID)}
	}
	return run, nil
}

// Read is the run, with nothing in it that could still be lost.
func (e *Engine) Read(ctx context.Context, runID string) (*Run, error) {
	run, err := e.Find(runID)
	if err != nil {
		return nil, err
	}
	run.mutex.Lock()
	inFlight := run.inFlight
	run.mutex.Unlock()
	if inFlight == 0 {
		return run, nil
	}
	return run, e.pipeline.fence().Wait(ctx)
}

// Submit feeds an event from outside; it is durable when the *Settled is.
//
// It fails with *NotFound, *Refused, *Unavailable or *store.Error.
func (e *Engine) Submit(runID string, event *core.Event) (*Run, *Settled, error) {
	run, err := e.Find(runID)
	if err != nil {
		return nil, nil, err
	}
	if event.Type == core.CancelRequested {
		run.mutex.Lock()
		waits := run.queued != nil
		run.mutex.Unlock()
		if waits {
			// only a run that has begun can be ended
			e.timers.cancel(runID, startTimer)
			e.starts.admit(runID)
		}
	}
	done := &Settled{}
	return run, done, e.heard(e.feed(run, event, done))
}

// Send is Submit that waits.
func (e *Engine) Send(ctx context.Context, runID string, event *core.Event) (*Run, error) {
	run, done, err := e.Submit(runID, event)
	if err != nil {
		return nil, err
	}
	return run, e.wait(ctx, done)
}

// Publish gives a CloudEvent to every run that listens for it with fitting correlation,
// and starts what it triggers. It gives the ids of the runs that it reached.
func (e *Engine) Publish(ctx context.Context, cloud map[string]any) ([]string, error) {
	reached, err := e.effects.publish(ctx, cloud)
	return reached, e.heard(err)
}

// writing what belongs to no transition

func (e *Engine) closeRow(id store.EffectID) { e.ChangeOutbox(nil, []store.EffectID{id}) }

// ChangeOutbox changes or closes outbox rows.
func (e *Engine) ChangeOutbox(changed []store.Effect, closed []store.EffectID) *Settled {
	if state := e.state.Load(); state != stateOpen && state != stateDraining {
		return settled(errNotOpen)
	}
	for _, id := range closed {
		if run := e.runs.inMemory(id.RunID); run != nil {
			run.mutex.Lock()
			run.open.remove(effectKey{id.Kind, id.Key})
			run.mutex.Unlock()
		}
	}
	done := &Settled{}
	if !e.pipeline.writeNow(&store.OutboxChange{Changed: changed, Closed: closed}, pending{done: done}) {
		done.settle(errNotOpen)
	}
	return done
}

// writeSetting keeps a value of the server's own.
func (e *Engine) writeSetting(name, value string) {
	if e.state.Load() == stateOpen {
		e.pipeline.writeNow(&store.Setting{Name: name, Value: &value}, pending{})
	}
}

// Erase removes everything that is kept of an ended run and of its child runs.
func (e *Engine) Erase(ctx context.Context, runID string) error {
	family := []string{runID}
	for index := 0; index < len(family); index++ {
		run, err := e.Find(family[index])
		if err != nil {
			return err
		}
		if !run.Ended() {
			return &Refused{
				Code: "CONFLICT", Message: "only a run that has ended, and whose children have, can be deleted",
			}
		}
		children, err := e.children(family[index])
		if err != nil {
			return err
		}
		family = append(family, children...)
	}
	for _, member := range family {
		if !e.forget(member) {
			return errNotOpen
		}
	}
	return e.pipeline.fence().Wait(ctx)
}

// children are the runs that a run started for its steps, those that are still there.
func (e *Engine) children(runID string) ([]string, error) {
	log, err := e.store.Log(runID, 0, -1)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range log {
		if !strings.Contains(entry.History, `"child_started"`) {
			continue
		}
		var rows []struct{ Type, Path string }
		if err := json.Unmarshal([]byte(entry.History), &rows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.Type != "child_started" {
				continue
			}
			children, err := e.store.Runs(store.RunFilter{Parent: runID + ":" + row.Path}, "", 100)
			if err != nil {
				return nil, err
			}
			for _, child := range children {
				found = append(found, child.ID)
			}
		}
	}
	return found, nil
}

// workers of other processes

// Poll leases up to limit tasks of executors, waiting for the first. The leases are
// durable when it returns.
func (e *Engine) Poll(ctx context.Context, executors []string, limit int, wait time.Duration, worker string) ([]Leased, error) {
	return e.dispatcher.poll(ctx, executors, limit, wait, worker)
}

// Report is a worker's result: a *Stale unless attempt and delivery are the newest.
func (e *Engine) Report(key TaskKey, attempt, delivery int64, outcome Outcome) (*Settled, error) {
	return e.dispatcher.reportResult(key, attempt, delivery, outcome)
}

// Heartbeat prolongs a lease. It gives the reason when the task is to be cancelled.
func (e *Engine) Heartbeat(key TaskKey, attempt, delivery int64) (reason string, cancel bool, err error) {
	return e.dispatcher.heartbeat(key, attempt, delivery)
}

// StopPolls: nothing is handed out to workers any more; who waits for tasks gets none.
func (e *Engine) StopPolls() { e.dispatcher.stopPolls() }

// SetWebhook says how the end of a run is delivered. Call it before Open.
func (e *Engine) SetWebhook(webhook Webhook) {
	e.effects.mutex.Lock()
	defer e.effects.mutex.Unlock()
	e.effects.webhook = webhook
}

// AddSink adds somebody who gets every emitted event. Call it before Open.
func (e *Engine) AddSink(sink Sink) {
	e.effects.mutex.Lock()
	defer e.effects.mutex.Unlock()
	e.effects.sinks = append(e.effects.sinks, sink)
}

// looking

// State is new, open, recovering, draining or closed.
func (e *Engine) State() string { return stateNames[e.state.Load()] }

// Store is the engine's.
func (e *Engine) Store() store.Store { return e.store }

// Clock is the engine's.
func (e *Engine) Clock() Clock { return e.clock }

// NewID is an id for an event.
func (e *Engine) NewID() string { return e.ids.next() }

// Settings are the engine's.
func (e *Engine) Settings() Settings { return e.settings }

// Catalog has what can be started.
func (e *Engine) Catalog() *Catalog { return e.catalog }

// Metrics are what the engine counts.
func (e *Engine) Metrics() *Metrics { return e.metrics }

// Health is how the engine is doing.
type Health struct {
	State        string
	OpenRuns     int64
	Live         int64 // runs in memory
	Tasks        int64
	Timers       int64
	StaleReports int64
	Idle         []string          // executors with waiting tasks that nobody polls for
	Breakers     map[string]string // state by "executor/function"
	Queued       map[string]int    // tasks without a worker, by executor
}

// Health is how the engine is doing now.
func (e *Engine) Health() Health {
	health := Health{
		State: e.State(), OpenRuns: e.openRuns.Load(), Live: int64(e.runs.count()), Timers: int64(e.timers.count()),
		Idle: e.dispatcher.withoutWorkers(), Breakers: e.dispatcher.breakers.states(e.clock.Now()), Queued: map[string]int{},
	}
	d := e.dispatcher
	d.mutex.Lock()
	defer d.mutex.Unlock()
	health.Tasks, health.StaleReports = int64(len(d.tasks)), d.staleReports
	for name, queue := range d.queues {
		health.Queued[name] = queue.size
	}
	return health
}
