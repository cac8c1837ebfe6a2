// Package engine is the embedded engine: one process, one store.
//
// An event is decided on the state in memory, its transition goes to the writer, and only
// when the transition is durable are its callers answered and its commands carried out.
// Later events of the run may be decided meanwhile: the writer keeps the order, and when a
// write fails nothing behind it is written.
//
// After a failed write nobody knows what the store has. Everything that waited is answered
// *Unavailable, everything in memory is forgotten, and as soon as the store works again
// the engine reads the truth back from it, exactly as after a restart.
//
// Locks, in the order in which they are taken: starts, a run, and then those that hold no
// other (runs in memory, pipeline, dispatcher, timers). None is held over a commit. What
// became of writes is told by one goroutine at a time, in their order; a recovery runs in
// its place, when nothing is under way.
package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// The states of an engine.
const (
	stateNew int32 = iota
	stateOpen
	stateRecovering
	stateDraining
	stateClosed
)

var stateNames = [...]string{"new", "open", "recovering", "draining", "closed"}

// Traces makes spans of runs, steps and attempts. It must not block.
type Traces interface {
	// Record hears of a run's history rows once they are durable.
	Record(run *Run, rows []core.HistoryRow)
	// Traceparent is the trace context that an attempt carries; given is the run's.
	Traceparent(runID, taskID string, attempt int64, given string) string
	Close()
}

// Options are what an engine is made of; what is absent has a default.
type Options struct {
	Clock    Clock
	Settings *Settings
	Metrics  *Metrics
	Faults   *Faults
	Traces   Traces
	// Writer makes the writer; a GroupWriter by default.
	Writer MakeWriter
	// Spawn begins work beside what is being done; a goroutine by default.
	Spawn func(func())
	// Await waits, in what Spawn began, until a channel is closed or the context ends. A
	// simulation gives others their turn meanwhile.
	Await func(ctx context.Context, ready <-chan struct{}) error
	// Random are the random parts of ids.
	Random func() uint64
}

// Engine runs workflows.
type Engine struct {
	store    store.Store
	clock    Clock
	settings Settings
	metrics  *Metrics
	traces   Traces
	spawn    func(func())
	await    func(ctx context.Context, ready <-chan struct{}) error
	ids      *ids
	random   func() uint64

	catalog    *Catalog
	runs       *liveRuns
	pipeline   *pipeline
	timers     *timers
	dispatcher *dispatcher
	effects    *effects
	schedules  *schedules
	starts     *starts
	retention  *retention

	state     atomic.Int32
	openRuns  atomic.Int64
	tasksGone atomic.Bool // the dispatcher has forgotten its tasks and not got them back

	// of the goroutine that settles
	recoveryDelay time.Duration
	watched       map[string]*Run

	workers workers
}

// New is an engine on a store, which it closes at its end.
func New(of store.Store, options Options) *Engine {
	e := &Engine{
		store: of, clock: options.Clock, metrics: options.Metrics, traces: options.Traces, spawn: options.Spawn,
		await: options.Await, random: options.Random, settings: DefaultSettings(), watched: map[string]*Run{},
	}
	if e.clock == nil {
		e.clock = SystemClock{}
	}
	if options.Settings != nil {
		e.settings = *options.Settings
	}
	if e.metrics == nil {
		e.metrics = NewMetrics()
	}
	if e.spawn == nil {
		e.spawn = e.workers.begin
	}
	if e.await == nil {
		e.await = await
	}
	faults := options.Faults
	if faults == nil {
		faults = &Faults{}
	}
	writer := options.Writer
	if writer == nil {
		writer = func(of store.Store, done store.Done) store.Writer { return store.NewGroupWriter(of, done) }
	}
	e.newIDs("")
	e.catalog = newCatalog(of)
	e.pipeline = newPipeline(of, writer, e, faults, e.spawn)
	e.runs = newLiveRuns(of, e.catalog, e.pipeline.now, e.settings.MaxLiveRuns)
	e.timers = newTimers(e.clock, e.timerFired)
	e.dispatcher = newDispatcher(e.clock, e, &e.settings, faults, e.spawn, func(executor string) { e.metrics.LeasesExpired.add(1, executor) })
	e.effects = newEffects(e)
	e.schedules = newSchedules(e)
	e.starts = newStarts(e)
	e.retention = &retention{engine: e}
	e.recoveryDelay = e.settings.RecoveryDelay
	return e
}

func (e *Engine) newIDs(newest string) {
	e.ids = newIDs(e.clock.Now, newest)
	if e.random != nil {
		e.ids.random = e.random
	}
}

// Open takes up every open run. The engine answers when this returns.
func (e *Engine) Open() error {
	rows, err := e.store.Runs(store.RunFilter{}, "", 1)
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		e.newIDs(rows[0].ID)
	}
	return e.load()
}

// Deploy makes a plan startable.
func (e *Engine) Deploy(planJSON []byte) (*Deployed, error) {
	deployed, err := e.catalog.deploy(planJSON)
	if err != nil {
		return nil, err
	}
	if e.state.Load() == stateOpen {
		e.pipeline.writeNow(deployed.row(e.clock.Now()), pending{})
		if err := e.schedules.load(); err != nil {
			e.unknown(err)
			return nil, err
		}
		e.retention.arm()
	}
	return deployed, nil
}

// AddExecutor runs the tasks of an executor in this process. Call it before Open.
func (e *Engine) AddExecutor(name string, runner LocalRunner) {
	e.dispatcher.mutex.Lock()
	defer e.dispatcher.mutex.Unlock()
	e.dispatcher.runners[name] = runner
}

// load reads timers and tasks from the outbox; runs are read when something happens.
func (e *Engine) load() error {
	open, err := e.store.CountOpen()
	if err != nil {
		return err
	}
	e.openRuns.Store(open)
	rows, err := e.store.Timers()
	if err != nil {
		return err
	}
	due := make(map[timerID]int64, len(rows))
	for _, row := range rows {
		due[timerID{row.RunID, row.Key}] = row.Due
	}
	if err := e.starts.load(due); err != nil {
		return err
	}
	// from here on what is handed out may report at once
	if !e.state.CompareAndSwap(stateNew, stateOpen) && !e.state.CompareAndSwap(stateRecovering, stateOpen) {
		return errNotOpen // it was closed meanwhile
	}
	e.timers.load(due)
	now := e.clock.Now()
	for _, deployed := range e.catalog.known() {
		known, err := e.store.Plan(deployed.Plan.Hash)
		if err != nil {
			return err
		}
		if known == nil {
			e.pipeline.writeNow(deployed.row(now), pending{})
		}
	}
	if err := e.loadTasks(now); err != nil {
		return err
	}
	e.tasksGone.Store(false)
	e.dispatcher.recovered()
	e.starts.letIn()
	effects, err := e.store.Effects([]string{store.Event, store.Child, store.Stop, store.Retry, store.Webhook}, "")
	if err != nil {
		return err
	}
	for index := range effects {
		e.effects.redo(&effects[index])
	}
	if err := e.schedules.load(); err != nil {
		return err
	}
	e.retention.arm()
	return nil
}

func (e *Engine) loadTasks(now int64) error {
	effects, err := e.store.Effects([]string{store.Task}, "")
	if err != nil {
		return err
	}
	epoch, _ := e.pipeline.now()
	for _, effect := range effects {
		message, err := taskMessageOf(effect.Payload)
		if err != nil {
			e.standStill(effect.RunID, "task "+effect.Key, err)
			continue
		}
		e.dispatcher.schedule(&Task{
			message: *message, effect: effect, epoch: epoch, scheduled: now, delivery: effect.Delivery,
		})
	}
	return nil
}

// Close stops: no new work, handlers get so long to end, what is decided is written.
func (e *Engine) Close(drain time.Duration) {
	before := e.state.Swap(stateDraining)
	if before == stateClosed {
		e.state.Store(stateClosed)
		return
	}
	e.silence()
	e.dispatcher.stopPolls()
	e.dispatcher.drain(drain)
	e.effects.close()
	e.state.Store(stateClosed)
	e.pipeline.close()
	for _, run := range e.runs.clear() {
		run.wake()
	}
	for _, run := range e.watched {
		run.wake() // of a recovery that did not come
	}
	e.workers.close()
	if e.traces != nil {
		e.traces.Close()
	}
	if err := e.store.Close(); err != nil {
		logger.Error("the store does not close", "error", err.Error())
	}
}

func (e *Engine) silence() {
	e.timers.clear()
	e.schedules.clear()
	e.retention.clear()
}
