package engine

import (
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

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
		listeners := run.listening()
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
				if !each.gone.Load() {
					each.hear(of.history)
				}
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
	run.gone, run.loose = true, true
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
	e.forgotten(e.runs.clear())
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
