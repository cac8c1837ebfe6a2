package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// kind is what a node kind does, as a record of functions. Dispatch through the table is
// what lets a kind call the flow and the flow call the kinds. A nil function does nothing.
type kind struct {
	// enter: the envelope is done; complete, fail, or stay.
	enter func(tx *transition, frame *Frame, node *plan.Node)
	// childCompleted: the child's frame is gone; value may be absent, goto is a switch's
	// jump.
	childCompleted func(tx *transition, frame *Frame, node *plan.Node, ended child, value any, jump string)
	// childFailed: own when the child ended by its own timeout, early when it failed
	// before any attempt.
	childFailed func(tx *transition, frame *Frame, node *plan.Node, ended child, err Error, own, early bool)
	// release: the frame goes; take back what it started, remove its cells.
	release func(tx *transition, frame *Frame, node *plan.Node)
	// children are the paths of the open children, in a fixed order.
	children func(tx *transition, frame *Frame, node *plan.Node) []string
	// activate does what a pause held back.
	activate func(tx *transition, frame *Frame, node *plan.Node)
	// timer: one other than the envelope's timeout fired.
	timer func(tx *transition, frame *Frame, node *plan.Node, purpose string)
	// timedOut: that one fired; nil: the node fails.
	timedOut func(tx *transition, frame *Frame, node *plan.Node, purpose string)
	// stop: the run ends; ask the leaf to stop and say whether to wait for it.
	stop func(tx *transition, frame *Frame, node *plan.Node, patient, undo bool) bool
}

// child is a node that has ended under a frame.
type child struct {
	frame *Frame
	node  *plan.Node
}

// kinds is filled by init: the functions and the table need each other.
var kinds [plan.KindCount]kind

func init() {
	kinds = [plan.KindCount]kind{
		plan.KindCall:   {enter: enterCall, release: releaseCall, activate: dispatchCall, stop: stopCall},
		plan.KindEmit:   {enter: enterEmit, activate: activateEmit},
		plan.KindFor:    {enter: enterFor, childCompleted: forCompleted, childFailed: failWithChild, release: releaseFor, children: forChildren},
		plan.KindFork:   {enter: enterFork, childCompleted: forkCompleted, childFailed: forkFailed, release: releaseFork, children: forkChildren},
		plan.KindListen: {enter: enterListen, release: releaseListen, activate: openTask},
		plan.KindRaise:  {enter: enterRaise},
		plan.KindSeq:    {enter: enterSeq, childCompleted: seqCompleted, childFailed: seqFailed, release: releaseSeq, children: seqChildren},
		plan.KindSet:    {enter: enterSet},
		plan.KindSub:    {enter: enterSub, release: releaseSub, activate: startSub, stop: stopSub},
		plan.KindSwitch: {enter: enterSwitch, childCompleted: switchCompleted, childFailed: failWithChild, children: switchChildren},
		plan.KindTry:    {enter: enterTry, childCompleted: tryCompleted, childFailed: tryFailed, children: tryChildren, timer: tryTimer, timedOut: tryTimedOut},
		plan.KindWait:   {enter: enterWait, timer: waitTimer},
		// not of the plan: what stands above the blocks
		plan.KindHandling: {enter: enterHandling, childCompleted: handlingCompleted, childFailed: handlingFailed, children: handlingChildren},
		plan.KindUndo:     {enter: enterUndo, childCompleted: undoCompleted, childFailed: undoFailed},
	}
}

// isComposite says that a kind's start is worth a row of history: what it starts comes
// after it.
func isComposite(of plan.Kind) bool {
	return of == plan.KindSeq || of == plan.KindSwitch || of == plan.KindFork || of == plan.KindFor
}

// failWithChild fails a node whose child failed.
func failWithChild(tx *transition, frame *Frame, node *plan.Node, _ child, err Error, _, _ bool) {
	tx.fail(frame, node, err, false, false)
}
