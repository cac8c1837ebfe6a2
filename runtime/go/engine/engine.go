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
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
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
		random: options.Random, settings: DefaultSettings(), watched: map[string]*Run{},
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

// opening and closing

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
	e.state.Store(stateOpen)
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
			logger.Error("a task cannot be read", "run_id", effect.RunID, "task", effect.Key, "error", err.Error())
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

// what became of writes

// durable carries out what these writes ask for.
func (e *Engine) durable(settled []pending) {
	epoch, open := e.pipeline.now()
	now := e.clock.Now()
	for index := range settled {
		of := &settled[index]
		run := of.run
		if run == nil {
			continue
		}
		run.mutex.Lock()
		run.inFlight--
		ended := run.ended()
		listeners := run.listeners
		var row store.RunRow
		if ended {
			row = run.row
		}
		run.mutex.Unlock()
		if !open || of.epoch != epoch {
			// the store was found broken meanwhile: the recovery reads what is to be done
			continue
		}
		e.carryOutSafely(of, now)
		if len(of.history) > 0 {
			e.metrics.recordHistory(run.workflow, of.history)
			if e.traces != nil {
				e.traces.Record(run, of.history)
			}
			for _, each := range listeners {
				each.hear(of.history)
			}
		}
		if ended {
			e.runEnded(run, &row)
		}
	}
}

// carryOutSafely: a defect holds up this run and nobody else.
func (e *Engine) carryOutSafely(of *pending, now int64) {
	defer func() {
		if problem := recover(); problem != nil {
			of.run.mutex.Lock()
			e.poison(of.run, problem)
			of.run.mutex.Unlock()
		}
	}()
	e.carryOut(of, now)
}

func (e *Engine) carryOut(of *pending, now int64) {
	run, tasks := of.run, of.tasks
	for _, command := range of.commands {
		switch command := command.(type) {
		case *core.ScheduleTask:
			task := tasks[0]
			tasks = tasks[1:]
			task.scheduled, task.epoch = now, of.epoch
			e.dispatcher.schedule(task)
		case *core.CancelTask:
			e.dispatcher.cancel(TaskKey{run.id, command.TaskID}, command.Attempt, "cancelled", command.Wait)
		case *core.StartTimer:
			e.timers.start(run.id, command.TimerID, command.Due)
		case *core.CancelTimer:
			e.timers.cancel(run.id, command.TimerID)
		case *core.RunEnded:
			// what the grace did not wait for: nobody gets these tasks again
			for _, left := range of.left {
				e.dispatcher.cancel(TaskKey{run.id, left.taskID}, left.attempt, "the run has ended", false)
			}
		case *core.EmitEvent:
			e.effects.do(store.Effect{RunID: run.id, Kind: store.Event, Key: command.EventID}, command)
		case *core.StartChild:
			e.effects.do(store.Effect{RunID: run.id, Kind: store.Child, Key: command.ChildID}, command)
		case *core.CancelChild:
			e.effects.do(store.Effect{RunID: run.id, Kind: store.Stop, Key: command.ChildID}, command)
		case *core.StartRetry:
			e.effects.do(store.Effect{RunID: run.id, Kind: store.Retry, Key: "retry"}, command)
		}
	}
	if of.final != nil {
		e.effects.do(*of.final, nil)
	}
}

func (e *Engine) runEnded(run *Run, row *store.RunRow) {
	e.openRuns.Add(-1)
	e.metrics.runEnded(row)
	e.starts.leave(run)
	if run.parent != "" {
		e.effects.tellParent(run)
	}
	run.wake()
	e.runs.drop(run)
}

// refused: a write met another state. The run in memory was wrong, or its key is taken;
// the store has the truth.
func (e *Engine) refused(of *pending, conflict *store.Conflict) {
	run := of.run
	if run == nil {
		return
	}
	run.mutex.Lock()
	run.inFlight--
	run.gone = true
	first := run.row.Version <= 1
	run.mutex.Unlock()
	if conflict.Reason == store.ConflictVersion {
		logger.Error("a run was changed by somebody else", "run_id", run.id)
	} else if first {
		e.openRuns.Add(-1)
	}
	e.runs.drop(run)
	e.starts.forget(run)
	run.wake()
}

// unknown: a write or read failed. Nothing is known any more until the store is read
// again.
func (e *Engine) unknown(err error) {
	if !e.state.CompareAndSwap(stateOpen, stateRecovering) {
		return
	}
	logger.Error("the store failed, recovering", "error", err.Error())
	e.metrics.StoreFailures.add(1)
	e.tasksGone.Store(true)
	e.silence()
	e.dispatcher.reset()
	e.pipeline.fail()
}

// recover reads the truth back. It is called in the place of settling, when nothing is
// under way.
func (e *Engine) recover() (again time.Duration, done bool) {
	if e.state.Load() != stateRecovering {
		return 0, true
	}
	for _, run := range e.runs.clear() {
		e.watched[run.id] = run
	}
	// once more: what was being carried out when the store failed may have come behind
	e.silence()
	e.dispatcher.reset()
	err := e.pipeline.reopen()
	if err == nil {
		err = e.load()
	}
	if err == nil {
		err = e.takeOver()
	}
	if err != nil {
		e.state.CompareAndSwap(stateOpen, stateRecovering)
		e.tasksGone.Store(true)
		e.silence()
		e.dispatcher.reset()
		e.pipeline.stop()
		logger.Warn("the store still fails", "error", err.Error())
		again = e.recoveryDelay
		e.recoveryDelay = min(2*e.recoveryDelay, 5*time.Second)
		return again, false
	}
	e.recoveryDelay = e.settings.RecoveryDelay
	e.metrics.Recoveries.add(1)
	logger.Warn("recovered", "open_runs", e.openRuns.Load())
	return 0, true
}

// takeOver: whoever waited for a run waits for what the store has of it.
func (e *Engine) takeOver() error {
	for id, old := range e.watched {
		run, err := e.runs.get(id)
		if err != nil {
			return err
		}
		delete(e.watched, id)
		if run == nil || run.Ended() {
			old.wake()
			continue
		}
		old.mutex.Lock()
		waiters, listeners := old.waiters, old.listeners
		old.waiters = nil
		old.mutex.Unlock()
		run.mutex.Lock()
		run.waiters = append(run.waiters, waiters...)
		run.listeners = append(run.listeners, listeners...)
		run.mutex.Unlock()
	}
	return nil
}

// deciding

// feed decides an event of a run. done ends when the transition is durable. When it fails
// with a *Refused nothing changed.
func (e *Engine) feed(run *Run, event *core.Event, done *Settled) error {
	for {
		run.mutex.Lock()
		if !run.gone {
			defer run.mutex.Unlock()
			return e.feedLocked(run, event, done)
		}
		id := run.id
		run.mutex.Unlock()
		again, err := e.runs.get(id)
		if err != nil {
			return err
		}
		if again == nil {
			return &NotFound{fmt.Sprintf("there is no run `%s`", id)}
		}
		run = again
	}
}

func (e *Engine) feedLocked(run *Run, event *core.Event, done *Settled) error {
	if state := e.state.Load(); state != stateOpen && state != stateDraining {
		return errNotOpen
	}
	if epoch, open := e.pipeline.now(); !open || epoch != run.epoch {
		return errNotOpen // a refusal would be one of a state that perhaps never was
	}
	event.ID = e.ids.next()
	event.At = e.clock.Now()
	decision, err := decide(run.deployed.Plan, run.state, event)
	if err != nil {
		// the state was not changed, so only this event of this run is lost, and everybody
		// can see it
		e.poison(run, err)
		return &Refused{Code: "INTERNAL", Message: "the event could not be decided"}
	}
	if decision.Refused != nil {
		return refusedBy(decision.Refused)
	}
	core.Apply(run.state, decision.Delta)
	then := pending{run: run, commands: decision.Commands, history: decision.Delta.History, done: done}
	transition := run.transitionOf(event, &decision, &then, func(command *core.ScheduleTask) TaskMessage {
		return e.message(run, command)
	})
	if transition.EndedAt != 0 {
		e.effects.addFinal(run, transition, &then)
	}
	run.inFlight++
	if !e.pipeline.write(run.epoch, transition, then) {
		// what the run is now will never be durable: it stays in flight for ever, and
		// the recovery forgets it
		return errNotOpen
	}
	return nil
}

// decide turns a defect of the core into an error.
func decide(plan *core.Plan, state *core.State, event *core.Event) (decision core.Decision, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v\n%s", problem, debug.Stack())
		}
	}()
	return core.Decide(plan, state, event)
}

func refusedBy(refusal *core.Refusal) *Refused {
	return &Refused{refusal.Code, refusal.Message, refusal.Details}
}

// message adds what the core does not know and a worker may want.
func (e *Engine) message(run *Run, command *core.ScheduleTask) TaskMessage {
	made := TaskMessage{
		ScheduleTask: command, Workflow: run.workflow, WorkflowVersion: run.row.WorkflowVersion,
		PlanHash: run.deployed.Plan.Hash, Traceparent: run.info.traceparent,
	}
	if e.traces != nil {
		made.Traceparent = e.traces.Traceparent(run.id, command.TaskID, command.Attempt, made.Traceparent)
	}
	return made
}

// poison: a defect that an event of a run met, for everybody to see. The run's lock is
// held.
func (e *Engine) poison(run *Run, problem any) {
	text := fmt.Sprint(problem)
	run.poisoned, _, _ = strings.Cut(text, "\n")
	e.metrics.Poisoned.add(1)
	logger.Error("an event was not decided", "run_id", run.id, "error", text)
}

// Begin starts a run, or finds the one that the idempotency key already started. The start
// is durable when the *Settled is; nil when it is already.
//
// It fails with *NotFound, *Refused, *Overloaded, *Unavailable or *store.Error.
func (e *Engine) Begin(request *StartRequest) (*Run, *Settled, error) {
	if e.state.Load() != stateOpen {
		return nil, nil, errNotOpen
	}
	if err := e.overloaded(); err != nil {
		return nil, nil, err
	}
	run, done, err := e.starts.begin(request)
	return run, done, e.heard(err)
}

// heard has the engine recover from what a reader met.
func (e *Engine) heard(err error) error {
	var failed *store.Error
	if errors.As(err, &failed) {
		e.unknown(err)
	}
	return err
}

// started: a new run was decided on.
func (e *Engine) started(run *Run) {
	e.openRuns.Add(1)
	e.metrics.RunsStarted.add(1, run.workflow)
}

// reports of the dispatcher and the timers

func (e *Engine) taskEvent(task *Task, event *core.Event, done *Settled) error {
	run, err := e.runs.get(task.message.RunID)
	if err == nil && run == nil {
		return &Stale{"the run is no longer there"}
	}
	if err == nil && run.epoch != task.epoch {
		err = errNotOpen // the recovery gives the task back
	}
	if err == nil {
		err = e.feed(run, event, done)
	}
	var refused *Refused
	if errors.As(err, &refused) {
		// late: the outbox row goes, if the run itself has not removed it
		e.closeRow(store.EffectID{RunID: task.message.RunID, Kind: store.Task, Key: task.effect.Key})
		return &Stale{"the run no longer waits for this task"}
	}
	if err != nil {
		e.lost(task.epoch, err)
	}
	return e.heard(err)
}

// lost: an event of an epoch was not taken. The next recovery makes up for it; there has
// to be one.
func (e *Engine) lost(epoch int64, err error) {
	if now, open := e.pipeline.now(); open && now == epoch && e.state.Load() == stateOpen {
		e.unknown(err)
	}
}

func (e *Engine) saveLeases(tasks []Leased) *Settled {
	change := &store.OutboxChange{Changed: make([]store.Effect, len(tasks))}
	for index, each := range tasks {
		change.Changed[index] = each.of.effect
		change.Changed[index].Delivery = each.Delivery
	}
	done := &Settled{}
	if !e.pipeline.write(tasks[0].of.epoch, change, pending{done: done}) {
		done.settle(errNotOpen)
	}
	return done
}

func (e *Engine) tasksKnown() bool { return !e.tasksGone.Load() }

func (e *Engine) timerFired(runID, timerID string) {
	e.metrics.TimersFired.add(1)
	epoch, _ := e.pipeline.now()
	run, err := e.runs.get(runID)
	switch {
	case err != nil || run == nil:
	case timerID == startTimer:
		e.starts.comeDue(run)
		return
	default:
		err = e.feed(run, &core.Event{Type: core.TimerFired, TimerID: timerID}, nil)
	}
	var refused *Refused
	var notFound *NotFound
	switch {
	case errors.As(err, &refused):
		e.closeRow(store.EffectID{RunID: runID, Kind: store.Timer, Key: timerID})
	case errors.As(err, &notFound):
		logger.Error("a timer fired for nobody", "run_id", runID, "timer", timerID, "error", err.Error())
	case err != nil:
		e.lost(epoch, err)
		_ = e.heard(err) // the recovery arms it again
	}
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

// Erase removes everything that is kept of an ended run.
func (e *Engine) Erase(ctx context.Context, runID string) error {
	run, err := e.Find(runID)
	if err != nil {
		return err
	}
	if !run.Ended() {
		return &Refused{Code: "CONFLICT", Message: "only a run that has ended can be deleted"}
	}
	if !e.forget(runID) {
		return errNotOpen
	}
	return e.pipeline.fence().Wait(ctx)
}

// asking and acting

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

// Wait waits until the run's end is durable, at most so long. It gives the run as it is.
func (e *Engine) Wait(ctx context.Context, run *Run, patience time.Duration) (*Run, error) {
	waiter := make(chan struct{})
	run.mutex.Lock()
	if run.ended() {
		run.mutex.Unlock()
		return run, nil
	}
	run.waiters = append(run.waiters, waiter)
	run.mutex.Unlock()
	over := make(chan struct{})
	alarm := notBefore(e.clock, e.clock.Now()+patience.Milliseconds(), func() { close(over) })
	defer alarm.Cancel()
	select {
	case <-waiter:
	case <-over:
	case <-ctx.Done():
		e.stopWaiting(run.id, run, waiter)
		return nil, ctx.Err()
	}
	e.stopWaiting(run.id, run, waiter)
	if run.Ended() {
		return run, nil
	}
	return e.Read(ctx, run.id)
}

// stopWaiting: the waiter may have gone over to what a recovery read.
func (e *Engine) stopWaiting(runID string, run *Run, waiter chan struct{}) {
	for _, of := range [...]*Run{run, e.runs.inMemory(runID)} {
		if of == nil {
			continue
		}
		of.mutex.Lock()
		for index, each := range of.waiters {
			if each == waiter {
				of.waiters = append(of.waiters[:index], of.waiters[index+1:]...)
				break
			}
		}
		of.mutex.Unlock()
	}
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
	return run, done.Wait(ctx)
}

// Publish gives a CloudEvent to every run that listens for it with fitting correlation,
// and starts what it triggers. It gives the ids of the runs that it reached.
func (e *Engine) Publish(ctx context.Context, cloud map[string]any) ([]string, error) {
	reached, err := e.effects.publish(ctx, cloud)
	return reached, e.heard(err)
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

func cut(parent string) (runID, childID string, there bool) { return strings.Cut(parent, ":") }
