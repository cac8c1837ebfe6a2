package core

import (
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `seq`: a block, as a list with jumps or as a DAG.

func enterSeq(tx *transition, frame *Frame, node *plan.Node) {
	block := node.Seq
	if !block.IsDAG {
		if block.Start == nil {
			tx.finishSeq(frame, node)
		} else {
			tx.beginNode(frame, block.Start, extra{})
		}
		return
	}
	frame.Open = int64(len(block.Deps))
	frame.has |= hasOpen
	if len(block.Deps) == 0 {
		tx.finishSeq(frame, node)
	}
	for _, first := range slices.Backward(block.Roots) {
		tx.beginNode(frame, first, extra{})
	}
}

// beginAfter begins a DAG of which some nodes have ended in an earlier run.
func (tx *transition) beginAfter(frame *Frame, node *plan.Node, done []string) {
	block, ended := node.Seq, map[string]bool{}
	for _, name := range done {
		ended[name] = true
	}
	frame.Open = int64(len(block.Deps) - len(ended))
	frame.has |= hasOpen
	if frame.Open == 0 {
		tx.finishSeq(frame, node)
	}
	var ready []*plan.Node
	for _, each := range block.Nodes {
		needs, waits := block.Deps[each.ID]
		if !waits || ended[each.ID] {
			continue
		}
		left := 0
		for _, need := range needs {
			if !ended[need] {
				left++
			}
		}
		if left == 0 {
			ready = append(ready, each)
		} else if left < len(needs) {
			tx.cells.set(waitingKey(frame, each.ID), float64(left))
		}
	}
	for _, each := range slices.Backward(ready) {
		tx.beginNode(frame, each, extra{})
	}
}

// beginNode enters a node of the block next.
func (tx *transition) beginNode(frame *Frame, node *plan.Node, with extra) {
	path := ""
	if node.Step == "" {
		path = partPath(frame.Path, partOf(node.ID, frame.Node))
	}
	tx.push(op{node: node, parent: frame.Path, scope: frame.Scope, path: path, extra: with})
}

func seqCompleted(tx *transition, frame *Frame, node *plan.Node, ended child, value any, jump string) {
	if len(ended.node.Rules) > 0 && tx.afterStep(ended.frame, ended.node) {
		return
	}
	tx.advance(frame, node, ended, value, jump)
}

// advance: what follows a node that ended well, or as if it had.
func (tx *transition) advance(frame *Frame, node *plan.Node, ended child, value any, jump string) {
	block := node.Seq
	if block.KeepsValue && value != absent && isMain(ended.node) {
		frame = tx.editFrame(frame.Path)
		frame.Last = ended.frame.Path
	}
	if block.IsDAG {
		if _, waits := block.Deps[ended.node.ID]; waits {
			tx.releaseDependents(frame, node, ended.node)
			return
		}
	}
	target := jump
	if target == "" {
		target = ended.node.Next
	}
	switch target {
	case "@run":
		tx.completeRun()
	case "", "@block":
		tx.finishSeq(frame, node)
	default:
		next := tx.plan.Nodes[target]
		tx.beginNode(frame, next, inherited(ended, next))
	}
}

func isMain(node *plan.Node) bool { return node.Step != "" && !node.Handler }

// inherited: a handler's errors go with it until it rejoins the main line.
func inherited(ended child, next *plan.Node) extra {
	if ended.node.Handler && len(ended.frame.Errors) > 0 && !isMain(next) {
		return extra{errors: ended.frame.Errors, failed: ended.frame.Failed}
	}
	return extra{}
}

// releaseDependents starts in a DAG what waited for nothing else.
func (tx *transition) releaseDependents(frame *Frame, node, ended *plan.Node) {
	frame = tx.editFrame(frame.Path)
	if frame.Open--; frame.Open == 0 {
		tx.finishSeq(frame, node)
		return
	}
	var ready []*plan.Node
	for _, each := range node.Seq.Dependents[ended.ID] {
		key := waitingKey(frame, each.ID)
		left := asInteger(tx.cell(key))
		if left == 0 {
			left = int64(len(node.Seq.Deps[each.ID]))
		}
		if left--; left == 0 {
			tx.cells.set(key, nil)
			ready = append(ready, each)
		} else {
			tx.cells.set(key, float64(left))
		}
	}
	for _, each := range slices.Backward(ready) {
		tx.beginNode(frame, each, extra{})
	}
}

func waitingKey(frame *Frame, name string) string { return frame.Path + "#waits/" + name }

func (tx *transition) finishSeq(frame *Frame, node *plan.Node) {
	var value any
	if frame.Last != "" {
		if row := tx.step(frame.Last); row != nil {
			value = row.Output
		}
	}
	tx.completeMapped(newScope(tx, frame), frame, node, value, "")
}

func seqFailed(tx *transition, frame *Frame, node *plan.Node, ended child, err Error, _, _ bool) {
	if ended.node.Handler && ended.frame.Failed != "" {
		err = withSuppressed(append(slices.Clip(ended.frame.Errors), err))
	} else if ended.node.Step != "" {
		switch tx.afterFailure(ended.frame, err) {
		case acted:
			return
		case goesOn:
			tx.advance(frame, node, ended, absent, "")
			return
		}
	}
	if frame.Path == root {
		tx.run.FailedAt = ended.node.ID
		if (ended.node.Handler || ended.node.Rethrow) && ended.frame.Failed != "" {
			tx.run.FailedAt = ended.frame.Failed
		}
	}
	tx.fail(frame, node, err, false, false)
}

func releaseSeq(tx *transition, frame *Frame, node *plan.Node) {
	if !node.Seq.IsDAG {
		return
	}
	for _, each := range node.Seq.Nodes {
		if _, waits := node.Seq.Deps[each.ID]; waits {
			tx.clearCell(waitingKey(frame, each.ID))
		}
	}
}

func seqChildren(tx *transition, frame *Frame, node *plan.Node) []string {
	var paths []string
	for _, each := range node.Seq.Nodes {
		if path := tx.openChild(frame, each); path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}
