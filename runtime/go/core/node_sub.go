package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `sub`: another workflow as a child run. A frame with a child is marked so.

func enterSub(tx *transition, frame *Frame, node *plan.Node) {
	if !tx.hold(frame) {
		startSub(tx, frame, node)
	}
}

func startSub(tx *transition, frame *Frame, node *plan.Node) {
	path := frame.Path
	frame = tx.editFrame(path)
	frame.has |= isChild
	tx.waitFor(frame, HistoryRow{})
	tx.record(HistoryRow{Type: "child_started", Path: path, Words: &Words{Workflow: node.Sub.Workflow}})
	given, _ := tx.inputOf(frame)
	tx.send(&StartChild{
		ChildID: path, Workflow: node.Sub.Workflow, Version: node.Sub.Version, Input: given,
		IdempotencyKey: tx.run.ID + ":" + path, Deadline: tx.childDeadline(node),
	})
}

// childDeadline is the run's or the step's, whichever is earlier; nil is none.
func (tx *transition) childDeadline(node *plan.Node) *int64 {
	var deadline *int64
	if tx.run.HasDeadline {
		at := tx.run.Deadline
		deadline = &at
	}
	if node.Timeout != nil {
		if own := tx.now + *node.Timeout; deadline == nil || own < *deadline {
			deadline = &own
		}
	}
	return deadline
}

// subEnded: the child has ended, or could not be started.
func subEnded(tx *transition, frame *Frame, node *plan.Node, event *Event) {
	frame = tx.editFrame(frame.Path)
	frame.has &^= isChild
	tx.record(HistoryRow{Type: "child_ended", Path: frame.Path, Words: &Words{Status: event.Status}})
	value, err := tx.childResult(frame, node, event)
	switch {
	case tx.run.Phase == PhaseStopping:
		tx.settleSub(frame, node, value, err)
	case err != nil:
		tx.fail(frame, node, err, false, false)
	default:
		tx.complete(frame, node, value)
	}
}

func (tx *transition) childResult(frame *Frame, node *plan.Node, event *Event) (any, Error) {
	in := newScope(tx, frame)
	if event.Status != statusCompleted {
		return nil, tx.childFailure(event, in.stepName())
	}
	raw := event.Output
	if tx.isLarge(raw) {
		return nil, tx.tooLarge("the child's output", in.stepName())
	}
	if failed := unfit(node.Sub.ResultCheck, raw, "the child's output", in.stepName); failed != nil {
		return nil, failed
	}
	return tx.mapOutput(newScope(tx, frame).withResponse(raw), node, raw)
}

// childFailure is the child's own error; its end without one still has a code.
func (tx *transition) childFailure(event *Event, step string) Error {
	code := ""
	switch event.Status {
	case statusTimedOut:
		code = codeTimeout
	case statusCancelled:
		code = codeCancelled
	}
	if event.Error == nil {
		if code == "" {
			code = codeInternal
		}
		return newError(code, "the child run ended "+event.Status, step)
	}
	made := reportedError(event.Error, step, 1, nil, tx.plan.Limits.ValueBytes)
	if code != "" {
		made["code"] = code
	}
	return made
}

// settleSub: in a run that stops a child's end is recorded and nothing follows from it.
func (tx *transition) settleSub(frame *Frame, node *plan.Node, value any, err Error) {
	tx.run.Waits--
	if err == nil && node.Step != "" {
		tx.remove(frame, node)
		tx.endStep(frame.Path, statusCompleted, nil, value, false)
	}
	tx.settled()
}

func releaseSub(tx *transition, frame *Frame, _ *plan.Node) {
	if frame.has&isChild != 0 && frame.has&isStopping == 0 {
		tx.send(&CancelChild{ChildID: frame.Path})
	}
}

func stopSub(tx *transition, frame *Frame, _ *plan.Node, patient, _ bool) bool {
	if frame.has&isChild == 0 || !patient {
		return false
	}
	tx.run.Waits++
	tx.editFrame(frame.Path).has |= isStopping
	tx.send(&CancelChild{ChildID: frame.Path, Wait: true})
	return true
}
