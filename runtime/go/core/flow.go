package core

import (
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// The envelope of a node, equal for all kinds: how it begins, completes and fails.
// Anything that begins a node goes through the transition's stack, so a chain of jumps
// needs no call depth; what ends travels upward by calls, as deep as blocks are nested.

const timeoutTimer = "timeout"

// enter begins a node under an open frame. A node that is no step has its path, a step
// gets its own.
func (tx *transition) enter(next *op) {
	if tx.frame(next.parent) == nil {
		return // the parent ended while this waited on the stack
	}
	node, path := next.node, next.path
	isStep := node.Step != ""
	if isStep {
		path = tx.occur(next.scope+node.Step, node.Step, next.parent)
	} else if tx.turnsInCircles() {
		return
	}
	frame := &Frame{
		Path: path, Node: node.ID, Parent: next.parent, Scope: next.scope, Owner: next.extra.owner,
		Try: next.extra.try, has: next.extra.has, node: node, Seldom: &noSeldom,
	}
	if frame.has&hasIndex != 0 {
		frame.Index = next.extra.number
	}
	if with := &next.extra; with.errors != nil || with.undo != "" || frame.has&hasBranch != 0 {
		own := frame.seldom()
		own.Errors, own.Failed, own.Undo, own.Branch = with.errors, with.failed, with.undo, with.number
	}
	tx.frames.set(path, frame)
	if isStep {
		if err, ofRun := tx.checkLimits(next.scope+node.Step, node); ofRun {
			tx.remove(frame, node)
			tx.endStep(path, statusFailed, err, absent, false)
			tx.begin(outcome{status: statusFailed, err: err, undo: true, failedAt: tx.rootNode(frame)})
			return
		} else if err != nil {
			tx.failEarly(frame, node, err)
			return
		}
	}
	if node.Guard != nil {
		passes, failed := holds(newScope(tx, frame), node.Guard, "the condition")
		if failed != nil {
			tx.failEarly(frame, node, failed)
			return
		}
		if !passes {
			tx.skip(frame, node)
			return
		}
	}
	if node.Input != nil {
		if failed := tx.mapInput(frame, node); failed != nil {
			tx.failEarly(frame, node, failed)
			return
		}
	}
	if node.Timed {
		tx.startTimer(path, timeoutTimer, tx.now+*node.Timeout)
	}
	if isStep && node.Kind != plan.KindCall && node.Kind != plan.KindTry {
		row := tx.editStep(path)
		row.Attempts, row.Status = 1, statusRunning
		if isComposite(node.Kind) {
			tx.record(HistoryRow{Type: "step_started", Path: path, Step: node.Step, Attempt: 1})
		}
	}
	kinds[node.Kind].enter(tx, frame, node)
}

// turnsInCircles: nodes that are no steps do not count as occurrences; what they may do
// within one event is bounded all the same.
func (tx *transition) turnsInCircles() bool {
	tx.nameless++
	if tx.nameless <= 10*tx.plan.Limits.OccurrencesPerRun {
		return false
	}
	if tx.isRunning() {
		tx.begin(outcome{status: statusFailed, err: newError(codeLimit, "the run turns in circles without a step", ""), undo: true})
	}
	return true
}

// isRunning says that the run is not ending.
func (tx *transition) isRunning() bool {
	return tx.run.Phase == PhaseRunning || tx.run.Phase == PhaseHandling
}

// occur writes the row of a new occurrence of a step, and gives its path.
func (tx *transition) occur(key, step, parent string) string {
	path := key
	if tx.visitOf(key) != 0 {
		known := tx.visit(key)
		if known == nil {
			block := root
			if first := tx.step(key); first != nil && first.Block != "" {
				block = first.Block
			}
			known = &Visit{Visit: 1, Entered: 1, Block: block}
		}
		visit, entered := known.Visit+1, int64(1)
		if known.Block == parent {
			entered = known.Entered + 1
		}
		tx.visits.set(key, &Visit{Visit: visit, Entered: entered, Block: parent})
		path = occurrencePath(key, visit)
	}
	tx.run.Occurrences++
	row := &Step{N: tx.run.Occurrences, Step: step, Path: path, Status: statusPending, StartedAt: tx.now}
	if parent != root {
		row.Block = parent
	}
	tx.steps.set(path, row)
	return path
}

// checkLimits gives the error of a node that is one too many. When it is of the run
// itself no handler may catch it, for that would be one more.
func (tx *transition) checkLimits(key string, node *plan.Node) (err Error, ofRun bool) {
	limits := &tx.plan.Limits
	if tx.run.Occurrences > limits.OccurrencesPerRun && tx.run.Phase != PhaseUndoing {
		message := fmt.Sprintf("the run has more than %d step occurrences", limits.OccurrencesPerRun)
		return newError(codeLimit, message, node.Step), true
	}
	if at := tx.visits.find(key); at >= 0 && tx.visits.changes[at].Row.Entered > limits.VisitsPerBlock {
		message := fmt.Sprintf("the step was entered more than %d times", limits.VisitsPerBlock)
		return newError(codeLimit, message, node.Step), false
	}
	return nil, false
}

func (tx *transition) mapInput(frame *Frame, node *plan.Node) Error {
	value, failed := tx.valueOf(newScope(tx, frame), node.Input, "the input")
	if failed != nil {
		return failed
	}
	if node.Step == "" {
		frame.Input = value
		frame.has |= hasInput
		return nil
	}
	row := tx.editStep(frame.Path)
	row.Input, row.HasInput = value, true
	return nil
}

// completing

// complete: the node has its value; end its step and hand the value to the parent.
func (tx *transition) complete(frame *Frame, node *plan.Node, value any) {
	tx.closeNode(frame, node, statusCompleted, value, "", nil)
}

// mapOutput is the node's value: its output mapping over what the scope holds, else raw.
func (tx *transition) mapOutput(in *scope, node *plan.Node, raw any) (any, Error) {
	if node.Output == nil {
		if tx.isLarge(raw) {
			return nil, tx.tooLarge("the output", in.stepName())
		}
		return raw, nil
	}
	return tx.valueOf(in, node.Output, "the output")
}

// completeMapped completes with the output mapping applied; when it fails, the attempt
// fails.
func (tx *transition) completeMapped(in *scope, frame *Frame, node *plan.Node, raw any, jump string) {
	value, failed := tx.mapOutput(in, node, raw)
	if failed != nil {
		tx.fail(frame, node, failed, false, false)
		return
	}
	tx.closeNode(frame, node, statusCompleted, value, jump, nil)
}

// skip: the guard said no.
func (tx *transition) skip(frame *Frame, node *plan.Node) {
	tx.closeNode(frame, node, statusSkipped, absent, node.GuardSkip, nil)
}

// ignore: the step timed out and the flow goes on without its outputs.
func (tx *transition) ignore(frame *Frame, node *plan.Node, err Error) {
	tx.closeNode(frame, node, statusTimedOut, absent, "", err)
}

// closeNode ends a node that ended well, or whose error is ignored.
func (tx *transition) closeNode(frame *Frame, node *plan.Node, status string, value any, jump string, ignored Error) {
	tx.remove(frame, node)
	if node.Step != "" {
		tx.endStep(frame.Path, status, ignored, value, ignored != nil)
	}
	if frame.Parent == "" {
		tx.completeRun()
		return
	}
	above := tx.openFrame(frame.Parent)
	aboveNode := tx.node(above)
	kinds[aboveNode.Kind].childCompleted(tx, above, aboveNode, child{frame, node}, value, jump)
}

// failing

// fail: the node fails for good; whatever it has below goes, its step is failed, and its
// parent decides. own: by its own timeout. early: before any attempt.
func (tx *transition) fail(frame *Frame, node *plan.Node, err Error, own, early bool) {
	tx.dropChildren(tx.openFrame(frame.Path))
	tx.remove(frame, node)
	if node.Step != "" {
		status := statusFailed
		if own {
			status = statusTimedOut
		}
		if early {
			tx.editStep(frame.Path).Attempts = 0
		}
		tx.endStep(frame.Path, status, err, absent, false)
	}
	if frame.Parent == "" {
		tx.begin(outcome{status: statusFailed, err: err, undo: true})
		return
	}
	above := tx.openFrame(frame.Parent)
	aboveNode := tx.node(above)
	kinds[aboveNode.Kind].childFailed(tx, above, aboveNode, child{frame, node}, err, own, early)
}

// failEarly: the node fails before it did anything; no attempt, no retry. A try answers
// by its clauses all the same.
func (tx *transition) failEarly(frame *Frame, node *plan.Node, err Error) {
	if node.Kind == plan.KindTry {
		tryFailed(tx, frame, node, child{frame, node}, err, false, true)
	} else {
		tx.fail(frame, node, err, false, true)
	}
}
