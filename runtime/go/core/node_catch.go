package core

import (
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// The clauses of a `try`: which one answers a failure, and what it does.

// answer lets the first clause from `from` on answer that takes this failure; with none
// the node fails. A handler that ran in this occurrence does not run again.
func (tx *transition) answer(frame *Frame, node *plan.Node, err Error, own bool, from int64) {
	clauses := node.Try.Catch
	for index := int(from); index < len(clauses); index++ {
		clause := &clauses[index]
		if clause.Target != "" {
			if block, _ := tx.findBlock(frame, clause.Target); block == nil {
				continue
			}
		}
		if !takes(clause, err, own) || (clause.Handler != nil && slices.Contains(frame.Ran, clause.Handler.ID)) {
			continue
		}
		switch clause.Action {
		case "run":
			tx.runFallback(frame, clause.Handler, err, index)
		case "goto":
			tx.gotoHandler(frame, node, clause.Target, err)
		case "ignore":
			tx.ignore(frame, node, err)
		default:
			tx.endRun(frame, node, err)
		}
		return
	}
	tx.fail(frame, node, err, own, false)
}

func takes(clause *plan.Catch, err Error, own bool) bool {
	if clause.BeforeRetry && !own {
		return false
	}
	return clause.Any || (clause.Timeout && own) || (clause.CircuitOpen && err["code"] == codeCircuitOpen)
}

// runFallback: a fallback's value becomes the step's.
func (tx *transition) runFallback(frame *Frame, handler *plan.Node, err Error, index int) {
	frame = tx.editFrame(frame.Path)
	tx.stopTimers(frame) // the limit was on the attempts
	frame.Timers = nil
	own := frame.seldom()
	own.Clause, own.Error, own.Ran = int64(index), err, append(slices.Clip(frame.Ran), handler.ID)
	frame.has |= hasClause
	tx.record(HistoryRow{Type: "fallback_started", Path: frame.Path, Error: err, Words: &Words{Handler: handler.ID}})
	tx.push(op{
		node: handler, parent: frame.Path, scope: frame.Scope,
		path: partPath(frame.Path, partOf(handler.ID, frame.Node)), extra: extra{errors: []Error{err}},
	})
}

// gotoHandler: the step has failed, and the block goes on at a handler of it. From a
// fallback the jump leaves the step that it stood in for, and what is around that, up to
// the handler's block.
func (tx *transition) gotoHandler(frame *Frame, node *plan.Node, target string, err Error) {
	var before []Error
	if node.Handler {
		before = frame.Errors
	}
	block, top := tx.findBlock(frame, target)
	failed := top.Node
	if top.Failed != "" && tx.node(top).Handler {
		failed = top.Failed
	}
	for current := frame; current != nil && tx.node(current).Try != nil; {
		above := tx.frame(current.Parent)
		tx.leave(current, err)
		current = above
	}
	tx.drop(top.Path)
	tx.record(HistoryRow{Type: "handler_started", Path: frame.Path, Error: err, Words: &Words{Handler: target}})
	tx.beginNode(block, tx.plan.Nodes[target], extra{errors: extended(before, err), failed: failed})
}

// leave: the step failed; or the step that it stood in for did.
func (tx *transition) leave(frame *Frame, err Error) {
	node := tx.node(frame)
	tx.dropChildren(frame)
	tx.remove(frame, node)
	if node.Step != "" {
		if frame.Error != nil {
			err = withCause(err, frame.Error)
		}
		tx.endStep(frame.Path, statusFailed, err, absent, false)
	}
}

// findBlock is the block that has the handler, and the frame in it that this stands in;
// nil when no block around has it.
func (tx *transition) findBlock(frame *Frame, target string) (block, top *Frame) {
	below, above := frame, tx.frame(frame.Parent)
	for above != nil {
		if seq := tx.node(above).Seq; seq != nil {
			for _, node := range seq.Nodes {
				if node.ID == target {
					return above, below
				}
			}
		}
		below, above = above, tx.frame(above.Parent)
	}
	return nil, nil
}

func (tx *transition) endRun(frame *Frame, node *plan.Node, err Error) {
	failedAt := tx.rootNode(frame)
	tx.remove(frame, node)
	if node.Step != "" {
		tx.endStep(frame.Path, statusTimedOut, err, absent, false)
	}
	tx.begin(outcome{status: statusTimedOut, err: err, undo: true, failedAt: failedAt})
}
