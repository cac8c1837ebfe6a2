package core

import (
	"maps"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// What runs instead of the root block: a failure rule's steps, or the fallback of the
// workflow's timeout.

func enterHandling(tx *transition, frame *Frame, _ *plan.Node) {
	tx.push(op{node: tx.plan.Nodes[frame.Run], parent: frame.Path, path: frame.Run})
}

func handlingCompleted(tx *transition, frame *Frame, _ *plan.Node, _ child, _ any, _ string) {
	if then := frame.Then; then == nil {
		tx.completeRun()
	} else {
		tx.begin(outcome{status: then.Status, err: then.Error})
	}
}

func handlingFailed(tx *transition, frame *Frame, _ *plan.Node, _ child, err Error, _, _ bool) {
	then := frame.Then
	if then == nil {
		tx.begin(outcome{status: statusFailed, err: withCause(err, frame.Errors[0]), undo: true})
		return
	}
	told := maps.Clone(then.Error)
	told["suppressed"] = []any{err}
	tx.begin(outcome{status: then.Status, err: told})
}

func handlingChildren(tx *transition, frame *Frame, _ *plan.Node) []string {
	target, path := tx.plan.Nodes[frame.Run], frame.Run
	if target.Step != "" {
		path = tx.openChild(frame, target)
	} // else a rule's steps, which stand where enterHandling put them
	if path == "" || tx.frame(path) == nil {
		return nil
	}
	return []string{path}
}
