package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `set`: computes a value.

func enterSet(tx *transition, frame *Frame, node *plan.Node) {
	value, failed := tx.valueOf(newScope(tx, frame), node.Set, "the value")
	switch {
	case failed != nil:
		tx.fail(frame, node, failed, false, false)
	case node.Output == nil:
		tx.complete(frame, node, value)
	default:
		tx.completeMapped(newScope(tx, frame).withResponse(value), frame, node, value, "")
	}
}
