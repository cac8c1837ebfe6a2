package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `switch`: the first case that holds, a block or a jump.

func enterSwitch(tx *transition, frame *Frame, node *plan.Node) {
	way, failed := choose(newScope(tx, frame), node.Switch)
	if failed != nil {
		tx.fail(frame, node, failed, false, true)
		return
	}
	if way == nil || way.Body == nil {
		jump := ""
		if way != nil {
			jump = way.Goto
		}
		tx.completeMapped(newScope(tx, frame), frame, node, nil, jump)
		return
	}
	frame = tx.editFrame(frame.Path)
	frame.seldom().Body = partPath(frame.Path, partOf(way.Body.ID, frame.Node))
	tx.push(op{node: way.Body, parent: frame.Path, scope: frame.Scope, path: frame.Body})
}

func choose(in *scope, of *plan.Switch) (*plan.Branching, Error) {
	for _, each := range of.Cases {
		is, failed := holds(in, each.When, "the condition of a case")
		if failed != nil {
			return nil, failed
		}
		if is {
			return each.Then, nil
		}
	}
	return of.Default, nil
}

func switchCompleted(tx *transition, frame *Frame, node *plan.Node, _ child, value any, _ string) {
	tx.completeMapped(newScope(tx, frame), frame, node, value, "")
}

func switchChildren(tx *transition, frame *Frame, _ *plan.Node) []string {
	if frame.Body != "" && tx.frame(frame.Body) != nil {
		return []string{frame.Body}
	}
	return nil
}
