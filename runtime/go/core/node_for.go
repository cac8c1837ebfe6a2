package core

import (
	"fmt"
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `for`: the body once per item, or while a condition holds, or both.
//
// The frame counts (Next iteration to start, Open ones, Total items); the items and the
// collected values are cells, so the frame stays small.

func enterFor(tx *transition, frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	frame.seldom().Next, frame.Open = 0, 0
	frame.has |= hasNext | hasOpen
	if node.For.Items != nil {
		items, failed := tx.loopItems(frame, node)
		if failed != nil {
			tx.fail(frame, node, failed, false, true)
			return
		}
		frame.seldom().Total = int64(len(items))
		frame.has |= hasTotal
		tx.cells.set(itemsKey(frame), []any{items})
	}
	tx.goOnFor(frame, node)
}

// loopItems fails when they are no list, or more than the bound.
func (tx *transition) loopItems(frame *Frame, node *plan.Node) ([]any, Error) {
	value, failed := tx.valueOf(newScope(tx, frame), node.For.Items, "`iterate_over`")
	if failed != nil {
		return nil, failed
	}
	items, is := value.([]any)
	if !is {
		return nil, newError(codeExpression, "`iterate_over` is not a list", newScope(tx, frame).stepName())
	}
	if int64(len(items)) > node.For.MaxIterations && node.For.Condition == nil {
		return nil, tx.beyondBound(frame, node)
	}
	return items, nil
}

func (tx *transition) beyondBound(frame *Frame, node *plan.Node) Error {
	message := fmt.Sprintf("the loop has more than %d iterations", node.For.MaxIterations)
	return newError(codeLimit, message, newScope(tx, frame).stepName())
}

// goOnFor starts what may run now; when nothing is left, the loop is done.
func (tx *transition) goOnFor(frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	window := int64(1)
	if node.For.Parallel {
		if window = node.For.BatchSize; window == 0 {
			window = node.For.MaxIterations + 1
		}
	}
	first, own := frame.Next, frame.seldom()
	for frame.Open < window {
		is, failed := tx.hasNextRound(frame, node)
		if failed != nil {
			tx.fail(frame, node, failed, false, false)
			return
		}
		if !is {
			break
		}
		frame.Open++
		own.Next++
	}
	for index := frame.Next - 1; index >= first; index-- {
		tx.push(op{
			node: node.For.Body, parent: frame.Path, scope: iterationScope(frame, index),
			path: iterationPath(frame, index), extra: extra{number: index, has: hasIndex},
		})
	}
	if frame.Open == 0 {
		tx.finishFor(frame, node)
	}
}

// hasNextRound says whether another iteration is due; one beyond the bound fails.
func (tx *transition) hasNextRound(frame *Frame, node *plan.Node) (bool, Error) {
	index := frame.Next
	if frame.has&isDone != 0 || (frame.has&hasTotal != 0 && index >= frame.Total) {
		return false, nil
	}
	if node.For.Condition != nil {
		is, failed := holds(tx.roundScope(frame, node, index), node.For.Condition, "`while`")
		if failed != nil {
			return false, failed
		}
		if !is {
			frame.has |= isDone
			return false, nil
		}
	}
	if index >= node.For.MaxIterations {
		return false, tx.beyondBound(frame, node)
	}
	return true, nil
}

// roundScope is what `while` sees: item and index of the round to come, the steps of the
// one before it.
func (tx *transition) roundScope(frame *Frame, node *plan.Node, index int64) *scope {
	body := node.For.Body
	made := newScope(tx, &Frame{Node: body.ID, Parent: frame.Path, Index: index, has: hasIndex, node: body, Seldom: &noSeldom})
	made.prefix = iterationScope(frame, max(index-1, 0))
	return made
}

// loopBase is what an iteration's path begins with: the step, or a later attempt of it.
func loopBase(frame *Frame) string {
	if frame.Try != 0 || frame.Owner == "" {
		return frame.Path
	}
	return frame.Owner
}

func iterationPath(frame *Frame, index int64) string {
	return loopBase(frame) + "[" + strconv.FormatInt(index, 10) + "]"
}

func iterationScope(frame *Frame, index int64) string { return iterationPath(frame, index) + "/" }

func itemsKey(frame *Frame) string { return frame.Path + "#items" }

func collectedKey(frame *Frame, index int64) string { return itemKey(frame.Path, index) }

func forCompleted(tx *transition, frame *Frame, node *plan.Node, ended child, value any, _ string) {
	if node.For.Collect != nil {
		var failed Error
		if value, failed = tx.valueOf(newScope(tx, ended.frame), node.For.Collect, "`collect`"); failed != nil {
			tx.fail(frame, node, failed, false, false)
			return
		}
	}
	tx.cells.set(collectedKey(frame, ended.frame.Index), []any{orNull(value)})
	tx.editFrame(frame.Path).Open--
	tx.goOnFor(frame, node)
}

func (tx *transition) finishFor(frame *Frame, node *plan.Node) {
	collected := make([]any, frame.Next)
	for index := range collected {
		if cell, is := tx.cell(collectedKey(frame, int64(index))).([]any); is && len(cell) > 0 {
			collected[index] = cell[0]
		}
	}
	in := newScope(tx, frame)
	in.iterations = collected
	tx.completeMapped(in, frame, node, map[string]any{"items": collected}, "")
}

func releaseFor(tx *transition, frame *Frame, _ *plan.Node) {
	tx.clearCell(itemsKey(frame))
	for index := range frame.Next {
		tx.clearCell(collectedKey(frame, index))
	}
}

// clearCell removes a cell that is there.
func (tx *transition) clearCell(key string) {
	if tx.cell(key) != nil {
		tx.cells.set(key, nil)
	}
}

func forChildren(tx *transition, frame *Frame, _ *plan.Node) []string {
	var paths []string
	for index := range frame.Next {
		if path := iterationPath(frame, index); tx.frame(path) != nil {
			paths = append(paths, path)
		}
	}
	return paths
}
