package core

import (
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `fork`: branches side by side, until all, any or the first of them ended.
//
// The frame counts (Next branch to start, Open and Ended ones); what each branch came to
// is a cell: {value} or {error}.

func enterFork(tx *transition, frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	frame.Open = 0
	frame.has |= hasNext | hasOpen | hasEnded
	if len(node.Fork.Branches) > 0 {
		tx.startBranches(frame, node)
	} else {
		tx.finishFork(frame, node, map[string]any{})
	}
}

// startBranches starts as many branches as may run at once.
func (tx *transition) startBranches(frame *Frame, node *plan.Node) {
	branches := node.Fork.Branches
	limit := node.Fork.MaxConcurrency
	if limit == 0 {
		limit = int64(len(branches))
	}
	first := frame.Next
	count := min(limit-frame.Open, int64(len(branches))-first)
	if count <= 0 {
		return
	}
	frame = tx.editFrame(frame.Path)
	frame.seldom().Next = first + count
	frame.Open += count
	for number := first + count - 1; number >= first; number-- {
		body := branches[number].Body
		tx.push(op{
			node: body, parent: frame.Path, scope: frame.Scope, path: branchPath(frame, body),
			extra: extra{number: number, has: hasBranch},
		})
	}
}

func branchPath(frame *Frame, body *plan.Node) string {
	return partPath(frame.Path, partOf(body.ID, frame.Node))
}

// noteBranch keeps what a branch came to, and gives the frame.
func (tx *transition) noteBranch(frame, branch *Frame, cell map[string]any) *Frame {
	tx.cells.set(branchKey(frame, branch.Branch), cell)
	frame = tx.editFrame(frame.Path)
	frame.Open--
	frame.seldom().Ended++
	return frame
}

func branchKey(frame *Frame, number int64) string {
	return frame.Path + "#branch/" + strconv.FormatInt(number, 10)
}

func forkCompleted(tx *transition, frame *Frame, node *plan.Node, ended child, value any, _ string) {
	value = orNull(value)
	if node.Fork.Mode != "all" {
		tx.dropChildren(frame)
		tx.finishFork(frame, node, map[string]any{node.Fork.Branches[ended.frame.Branch].Name: value})
		return
	}
	frame = tx.noteBranch(frame, ended.frame, map[string]any{"value": value})
	tx.goOnFork(frame, node)
}

func forkFailed(tx *transition, frame *Frame, node *plan.Node, ended child, err Error, _, _ bool) {
	if node.Fork.Mode == "race" || (node.Fork.Mode == "all" && node.Fork.FailFast) {
		tx.fail(frame, node, err, false, false)
		return
	}
	frame = tx.noteBranch(frame, ended.frame, map[string]any{"error": err})
	tx.goOnFork(frame, node)
}

func (tx *transition) goOnFork(frame *Frame, node *plan.Node) {
	branches := node.Fork.Branches
	if frame.Ended < int64(len(branches)) {
		tx.startBranches(frame, node)
		return
	}
	var errors []Error
	values := make(map[string]any, len(branches))
	for number, branch := range branches {
		cell := asMembers(tx.cell(branchKey(frame, int64(number))))
		if err, failed := cell["error"]; failed {
			errors = append(errors, asMembers(err))
		}
		values[branch.Name] = cell["value"]
	}
	if len(errors) > 0 {
		tx.fail(frame, node, withSuppressed(errors), false, false)
		return
	}
	tx.finishFork(frame, node, values)
}

func (tx *transition) finishFork(frame *Frame, node *plan.Node, branches map[string]any) {
	in := newScope(tx, frame)
	in.branches = branches
	tx.completeMapped(in, frame, node, branches, "")
}

func releaseFork(tx *transition, frame *Frame, _ *plan.Node) {
	for number := range frame.Next {
		tx.clearCell(branchKey(frame, number))
	}
}

func forkChildren(tx *transition, frame *Frame, node *plan.Node) []string {
	var paths []string
	for _, branch := range node.Fork.Branches[:frame.Next] {
		if path := branchPath(frame, branch.Body); tx.frame(path) != nil {
			paths = append(paths, path)
		}
	}
	return paths
}
