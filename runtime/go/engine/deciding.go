package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

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
	if command.Step == "" {
		// a compensation works for no step of its own; its node's name is no step's
		named := *command
		named.Step = command.Settings.Node
		command = &named
	}
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

// standStill: data that cannot be read hold up their run; everybody sees it, others go on.
func (e *Engine) standStill(runID, what string, err error) {
	e.metrics.Poisoned.add(1)
	logger.Error("a run stands still", "run_id", runID, "at", what, "error", err.Error())
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
	var missing *NotFound
	if errors.As(err, &missing) {
		// the row stays: the next start hands the task out again
		e.standStill(task.message.RunID, "task "+task.effect.Key, err)
		return &Stale{"the run cannot take a result"}
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
		e.standStill(runID, "timer "+timerID, err)
	case err != nil:
		e.lost(epoch, err)
		_ = e.heard(err) // the recovery arms it again
	}
}
