package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `wait`: for a duration, or until a time.

const waitTimerPurpose = "wait"

func enterWait(tx *transition, frame *Frame, node *plan.Node) {
	due, failed := tx.waitDue(frame, node)
	if failed != nil {
		tx.fail(frame, node, failed, false, true)
		return
	}
	if due <= tx.now {
		tx.completeWait(frame, node)
		return
	}
	tx.waitFor(frame, HistoryRow{Due: due, has: hasDue})
	tx.startTimer(frame.Path, waitTimerPurpose, due)
}

func (tx *transition) waitDue(frame *Frame, node *plan.Node) (int64, Error) {
	if node.Wait.Duration != nil {
		return tx.now + *node.Wait.Duration, nil
	}
	until, failed := tx.valueOf(newScope(tx, frame), node.Wait.Until, "`until`")
	if failed != nil {
		return 0, failed
	}
	if text, is := until.(string); is {
		if due, is := parseDateTime(text); is {
			return due, nil
		}
	}
	return 0, newError(codeExpression, "`until` is not a date-time with an offset", newScope(tx, frame).stepName())
}

func waitTimer(tx *transition, frame *Frame, node *plan.Node, purpose string) {
	tx.completeWait(tx.forgetTimer(frame.Path, purpose), node)
}

func (tx *transition) completeWait(frame *Frame, node *plan.Node) {
	tx.completeMapped(newScope(tx, frame).withResponse(nil), frame, node, nil, "")
}
