package core

import (
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// How a run ends: stop what is in flight, compensate, say so once.
//
//	begin ──▶ stopping ──▶ undoing ──▶ ended
//	          (waits for    (newest
//	          tasks, at     first, one
//	          most the      at a time)
//	          grace)
//
// A phase that has nothing to do is passed over within the same event.

var tops = [...]string{root, plan.HandlingID}

// notification is the event of a run that did not end well.
const notification = "io.magicflow.notification"

// outcome is how a run shall end.
//
// undo: registered compensation runs first. patient: every task and child in flight may
// still report, for the grace; otherwise only tasks whose effects are to be undone are
// waited for, because undoing what is still being done would lose it. failedAt: the root
// block's node at which a retried run begins. retry: a new run follows.
type outcome struct {
	status   string
	err      Error
	output   any
	undo     bool
	failedAt string
	patient  bool
	retry    bool
}

// begin lets the run end with an outcome.
func (tx *transition) begin(with outcome) {
	run := &tx.run
	tx.dropOps()
	run.Ending = &Ending{Status: with.status, Undo: with.undo, Retry: with.retry, Error: with.err, Output: with.output}
	run.Phase = PhaseStopping
	if with.failedAt != "" {
		run.FailedAt = with.failedAt
	}
	tx.cancelDeadline()
	waits := false
	for _, top := range tops {
		if tx.frame(top) != nil && tx.stop(top, with.patient, with.undo) {
			waits = true
		}
	}
	if !waits {
		tx.unwind()
		return
	}
	run.Grace = true
	tx.send(&StartTimer{TimerID: graceTimerID, Due: tx.now + tx.plan.Limits.CancelGrace})
}

func (tx *transition) cancelDeadline() {
	if tx.run.Timer != "" {
		tx.run.Timer = ""
		tx.send(&CancelTimer{TimerID: timeoutTimerID})
	}
}

// stop takes down what need not be waited for. It gives true when something below is
// still open: its frames stay, because its result needs them.
func (tx *transition) stop(path string, patient, undo bool) bool {
	frame := tx.openFrame(path)
	node := tx.node(frame)
	if stop := kinds[node.Kind].stop; stop != nil && stop(tx, frame, node, patient, undo) {
		return true
	}
	open := false
	for _, below := range tx.children(frame, node) {
		if tx.stop(below, patient, undo) {
			open = true
		}
	}
	if !open {
		tx.drop(path)
		return false
	}
	if len(frame.Timers) > 0 {
		tx.stopTimers(frame)
		tx.editFrame(path).Timers = nil
	}
	return true
}

// settled: a task or child that was waited for has ended; go on when it was the last.
func (tx *transition) settled() {
	if tx.run.Waits == 0 {
		tx.unwind()
	}
}

// unwind: nothing is waited for any more; drop the rest, then compensate or end.
func (tx *transition) unwind() {
	run := &tx.run
	run.Waits = 0
	if run.Grace {
		run.Grace = false
		tx.send(&CancelTimer{TimerID: graceTimerID})
	}
	for _, top := range tops {
		tx.drop(top)
	}
	if !run.Ending.Undo || run.Undo == 0 {
		tx.finish()
		return
	}
	run.Phase = PhaseUndoing
	frame := &Frame{Path: plan.UndoID, Node: plan.UndoID, node: tx.plan.Undo, Seldom: &Seldom{At: run.Undo + 1}}
	tx.frames.set(plan.UndoID, frame)
	enterUndo(tx, frame, frame.node)
}

// finish is the one place where a run ends.
func (tx *transition) finish() {
	run := &tx.run
	ending := run.Ending
	run.Ending, run.Paused, run.Held = nil, false, 0
	run.Phase, run.Status, run.EndedAt = PhaseEnded, ending.Status, tx.now
	if ending.Error != nil {
		run.Error = ending.Error
	}
	if ending.Output != nil {
		run.Output = ending.Output
	}
	for key := range tx.state.Inbox {
		tx.inbox.set(key, nil)
	}
	tx.record(HistoryRow{Type: "run_" + ending.Status, Error: ending.Error})
	if ending.Status != statusCompleted {
		tx.notify(ending)
	}
	if ending.Retry {
		tx.send(&StartRetry{RetryOf: run.ID, Input: tx.start.Input, Metadata: tx.start.Metadata})
	}
	tx.send(&RunEnded{Status: ending.Status, Output: ending.Output, Error: ending.Error})
}

func (tx *transition) notify(ending *Ending) {
	var err any
	if ending.Error != nil {
		err = ending.Error
	}
	for index, entry := range tx.plan.Notifications {
		data := map[string]any{
			"run_id": tx.run.ID, "workflow": tx.plan.Name, "version": tx.plan.Version, "status": ending.Status,
			"error": err, "notification": entry,
		}
		eventID := tx.run.ID + ":@notification/" + strconv.Itoa(index+1)
		tx.send(&EmitEvent{EventID: eventID, Event: notification, Data: data})
	}
}

// handle stops everything and runs a node instead: a rule's steps (then is the outcome of
// the run behind them), or the run timeout's fallback (its result is the run's).
func (tx *transition) handle(node *plan.Node, errors []Error, then *Then) {
	tx.dropOps()
	tx.cancelDeadline()
	for _, top := range tops {
		tx.drop(top)
	}
	tx.run.Phase = PhaseHandling
	frame := &Frame{
		Path: plan.HandlingID, Node: plan.HandlingID, node: tx.plan.Handling,
		Seldom: &Seldom{Run: node.ID, Errors: errors, Then: then},
	}
	tx.frames.set(plan.HandlingID, frame)
	enterHandling(tx, frame, frame.node)
}
