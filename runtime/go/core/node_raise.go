package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `raise`: fails; a handler's end rethrows, a final one ends the run.

func enterRaise(tx *transition, frame *Frame, node *plan.Node) {
	var err Error
	if node.Rethrow {
		err = caught(frame)
	} else {
		err = tx.makeRaised(frame, node)
	}
	if node.Raise.Final == "" {
		tx.fail(frame, node, err, false, false)
		return
	}
	failedAt := tx.rootNode(frame)
	tx.remove(frame, node)
	if node.Step != "" {
		tx.endStep(frame.Path, statusFailed, err, absent, false)
	}
	tx.begin(outcome{status: node.Raise.Final, err: err, undo: node.Raise.Compensate, failedAt: failedAt})
}

// caught is the block's error, with those of its handlers.
func caught(frame *Frame) Error {
	if len(frame.Errors) > 0 {
		return withSuppressed(frame.Errors)
	}
	return newError(codeWorkflowError, "there is no error to raise again", "")
}

// makeRaised is the error that the node says, or that of saying it.
func (tx *transition) makeRaised(frame *Frame, node *plan.Node) Error {
	in, message := newScope(tx, frame), ""
	var details any
	var failed Error
	if node.Raise.Message != nil {
		if message, failed = tx.textOf(in, node.Raise.Message, "the message"); failed != nil {
			return failed
		}
	}
	if node.Raise.Details != nil {
		if details, failed = tx.valueOf(in, node.Raise.Details, "the details"); failed != nil {
			return failed
		}
	}
	made := newError(node.Raise.Code, message, in.stepName())
	if details != nil {
		made["details"] = details
	}
	return made
}
