package core

import (
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// Compensation: what calls registered at their first dispatch, newest first, one at a
// time, each once.

// The outcomes of a call that has compensation.
const (
	outcomeCompleted = "completed"
	outcomeUnknown   = "unknown"
	outcomeOpen      = "open"
	outcomeFailed    = "failed"
)

// register remembers, at a call's first dispatch, what undoes it, and what that will read
// when the frames are gone.
func (tx *transition) register(frame *Frame, node *plan.Node) {
	path := ownerPath(frame)
	tx.run.Undo++
	row := &Undo{
		N: tx.run.Undo, Path: path, Node: node.Call.Compensation.Node.ID, On: node.Call.Compensation.On,
		Outcome: outcomeOpen, Scope: frame.Scope,
	}
	if frame.Scope != "" {
		newScope(tx, frame).keepLoops(row)
	}
	step := tx.step(path)
	if given, by := tx.inputOf(frame); by != nil && !(step != nil && step.HasInput) {
		row.Input, row.HasInput = given, true
	}
	tx.undo.set(strconv.FormatInt(row.N, 10), row)
	tx.editStep(path).Undo = row.N
}

// note says how an attempt of the call went. An attempt of unknown outcome stays unknown
// when later attempts fail, and so does one that was done although its result is refused.
func (tx *transition) note(path, became string) {
	step := tx.step(path)
	if step == nil || step.Undo == 0 {
		return
	}
	row := tx.editUndo(strconv.FormatInt(step.Undo, 10))
	if became != outcomeFailed || row.Outcome != outcomeUnknown {
		row.Outcome = became
	}
}

func (tx *transition) isRegistered(path string) bool {
	step := tx.step(path)
	return step != nil && step.Undo != 0
}

func isDue(row *Undo) bool {
	if row.Outcome == outcomeCompleted {
		return true
	}
	return (row.Outcome == outcomeUnknown || row.Outcome == outcomeOpen) && row.On == outcomeUnknown
}

// enterUndo begins the next compensation that is due, or ends the run.
func enterUndo(tx *transition, frame *Frame, _ *plan.Node) {
	for number := frame.At - 1; number > 0; number-- {
		key := strconv.FormatInt(number, 10)
		if row := tx.undoRow(key); isDue(row) {
			tx.editFrame(frame.Path).seldom().At = number
			tx.beginUndo(frame.Path, key, row)
			return
		}
	}
	tx.frames.set(frame.Path, nil)
	tx.finish()
}

func (tx *transition) beginUndo(parent, key string, row *Undo) {
	node := tx.plan.Nodes[row.Node]
	name := tx.undoneStep(row)
	if tx.run.Compensation == "" {
		tx.run.Compensation = "complete"
	}
	tx.record(ofUndone("compensation_started", row, name))
	tx.push(op{
		node: node, parent: parent, scope: row.Scope, path: row.Path + "/" + partOf(node.ID, name),
		extra: extra{undo: key},
	})
}

// undoneStep is the name of the step that is undone, "" when its row is not there.
func (tx *transition) undoneStep(row *Undo) string {
	if step := tx.step(row.Path); step != nil {
		return step.Step
	}
	return ""
}

func ofUndone(event string, row *Undo, step string) HistoryRow {
	made := HistoryRow{Type: event, Path: row.Path, Step: step}
	if step == "" {
		made.has = hasNoStep
	}
	return made
}

func undoCompleted(tx *transition, frame *Frame, node *plan.Node, ended child, _ any, _ string) {
	row := tx.editUndo(ended.frame.Undo)
	row.State = "done"
	step := tx.editStep(row.Path)
	step.Status = statusCompensated
	tx.record(ofUndone("compensation_completed", row, step.Step))
	enterUndo(tx, tx.openFrame(frame.Path), node)
}

func undoFailed(tx *transition, frame *Frame, node *plan.Node, ended child, err Error, _, _ bool) {
	row := tx.editUndo(ended.frame.Undo)
	row.State, row.Error = "failed", err
	tx.run.Compensation = "incomplete"
	told := ofUndone("compensation_failed", row, tx.undoneStep(row))
	told.Error = err
	tx.record(told)
	enterUndo(tx, tx.openFrame(frame.Path), node)
}
