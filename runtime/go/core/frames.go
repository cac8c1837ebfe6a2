package core

import (
	"slices"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// Paths and timers of the core's own.
const (
	root           = "/"
	timeoutTimerID = "@run#timeout"
	graceTimerID   = "@run#grace"
)

// The states of a step's occurrence.
const (
	statusPending     = "pending"
	statusRunning     = "running"
	statusWaiting     = "waiting"
	statusRetrying    = "retrying"
	statusCompleted   = "completed"
	statusFailed      = "failed"
	statusTimedOut    = "timed_out"
	statusCancelled   = "cancelled"
	statusSkipped     = "skipped"
	statusCompensated = "compensated"
)

var endEvents = map[string]string{
	statusCompleted: "step_completed",
	statusFailed:    "step_failed",
	statusTimedOut:  "step_timed_out",
	statusCancelled: "step_cancelled",
	statusSkipped:   "step_skipped",
}

// startTimer starts a timer of a frame; it goes with the frame.
func (tx *transition) startTimer(path, purpose string, due int64) {
	frame := tx.editFrame(path)
	frame.Timers = append(slices.Clip(frame.Timers), purpose)
	tx.send(&StartTimer{TimerID: path + "#" + purpose, Due: min(due, maxMillis)})
}

// stopTimers takes back the timers of a frame that stays or goes.
func (tx *transition) stopTimers(frame *Frame) {
	for _, purpose := range frame.Timers {
		tx.send(&CancelTimer{TimerID: frame.Path + "#" + purpose})
	}
}

// forgetTimer: a timer has fired. Gives the frame.
func (tx *transition) forgetTimer(path, purpose string) *Frame {
	frame := tx.editFrame(path)
	left := make([]string, 0, len(frame.Timers))
	for _, name := range frame.Timers {
		if name != purpose {
			left = append(left, name)
		}
	}
	frame.Timers = left
	return frame
}

// waitFor: the step waits, for a time, an event, a person or a child run.
func (tx *transition) waitFor(frame *Frame, row HistoryRow) {
	path := ownerPath(frame)
	if tx.step(path) != nil {
		tx.editStep(path).Status = statusWaiting
	}
	row.Type, row.Path = "step_waiting", path
	tx.record(row)
}

// endStep writes the final state of a step's occurrence and its history row. Output is
// absent where there is none; err is nil where it ended well.
func (tx *transition) endStep(path, status string, err Error, output any, ignored bool) {
	row := tx.editStep(path)
	row.Status, row.EndedAt, row.HasEnded = status, tx.now, true
	if output != absent {
		row.Output, row.HasOutput = output, true
	}
	if ignored {
		row.Ignored = true
	}
	if err != nil {
		row.Error = err
	}
	tx.record(HistoryRow{Type: endEvents[status], Path: path, Step: row.Step, Error: err})
}

// remove: the frame goes, with its timers, its cells and what it still has in flight.
func (tx *transition) remove(frame *Frame, node *plan.Node) {
	path := frame.Path
	frame = tx.openFrame(path) // the kind may have changed it meanwhile
	tx.stopTimers(frame)
	if release := kinds[node.Kind].release; release != nil {
		release(tx, frame, node)
	}
	tx.frames.set(path, nil)
}

// drop takes a frame and everything under it down: their steps are cancelled.
func (tx *transition) drop(path string) {
	frame := tx.frame(path)
	if frame == nil {
		return
	}
	tx.dropChildren(frame)
	node := tx.node(frame)
	tx.remove(frame, node)
	if node.Step != "" {
		tx.endStep(path, statusCancelled, newError(codeCancelled, "the step was cancelled", ""), absent, false)
	}
}

func (tx *transition) dropChildren(frame *Frame) {
	for _, child := range tx.children(frame, tx.node(frame)) {
		tx.drop(child)
	}
}

// children are the paths of the open children of a frame, in a fixed order.
func (tx *transition) children(frame *Frame, node *plan.Node) []string {
	if children := kinds[node.Kind].children; children != nil {
		return children(tx, frame, node)
	}
	return nil
}

// rootNode is the id of the root block's node that a frame stands in, "" when none.
func (tx *transition) rootNode(frame *Frame) string {
	for frame.Parent != root {
		if frame = tx.frame(frame.Parent); frame == nil {
			return ""
		}
	}
	return frame.Node
}

// ownerPath is the path of the occurrence that a call works for: of the try around it.
func ownerPath(frame *Frame) string {
	if frame.Owner != "" {
		return frame.Owner
	}
	return frame.Path
}

// inputOf is what a node receives: its own mapped input, else the nearest above, else the
// run's; and the node whose mapping made it, nil for the run's own.
func (tx *transition) inputOf(frame *Frame) (any, *plan.Node) {
	for current := frame; current != nil; current = tx.frame(current.Parent) {
		if current.has&hasInput != 0 {
			return current.Input, tx.node(current)
		}
		if row := tx.step(current.Path); row != nil && row.HasInput {
			return row.Input, tx.node(current)
		}
	}
	return tx.start.Input, nil
}

// openChild is the open frame of a node directly under a block's frame, "" when none.
func (tx *transition) openChild(frame *Frame, node *plan.Node) string {
	if node.Step == "" {
		path := partPath(frame.Path, partOf(node.ID, frame.Node))
		if tx.frame(path) != nil {
			return path
		}
		return ""
	}
	key := frame.Scope + node.Step
	for visit := tx.visitOf(key); visit > 0; visit-- {
		// nearly always the latest; a fallback with blocks that two steps share can be
		// open twice
		path := occurrencePath(key, visit)
		if child := tx.frame(path); child != nil && child.Parent == frame.Path {
			return path
		}
	}
	return ""
}

func occurrencePath(key string, visit int64) string {
	if visit == 1 {
		return key
	}
	return key + "~" + strconv.FormatInt(visit, 10)
}

// partOf is the last part of a node's path: its id without the parent's, or without that
// of the step that both are parts of.
func partOf(nodeID, parentID string) string {
	for _, prefix := range [...]string{parentID, parentID[:max(strings.LastIndexByte(parentID, '/'), 0)]} {
		if len(nodeID) > len(prefix) && nodeID[len(prefix)] == '/' && nodeID[:len(prefix)] == prefix {
			return nodeID[len(prefix)+1:]
		}
	}
	return nodeID
}

func partPath(parent, part string) string {
	if parent == root {
		return part
	}
	return parent + "/" + part
}
