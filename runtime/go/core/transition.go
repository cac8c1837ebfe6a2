package core

import (
	"strconv"
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// absent is no value at all, as opposed to null.
var absent = expr.Missing

// layer is the rows that a transition has written over those of the state. Transitions
// write few rows, so looking through them is mostly faster than a map.
type layer[T any] struct {
	changes []Change[T]
	index   map[string]int
}

const indexedFrom = 12

func (l *layer[T]) find(key string) int {
	if l.index != nil {
		if at, there := l.index[key]; there {
			return at
		}
		return -1
	}
	for at := range l.changes {
		if l.changes[at].Key == key {
			return at
		}
	}
	return -1
}

func (l *layer[T]) set(key string, row T) {
	if at := l.find(key); at >= 0 {
		l.changes[at].Row = row
		return
	}
	if l.changes == nil {
		l.changes = make([]Change[T], 0, 4)
	}
	l.changes = append(l.changes, Change[T]{key, row})
	switch {
	case l.index != nil:
		l.index[key] = len(l.changes) - 1
	case len(l.changes) == indexedFrom:
		l.index = make(map[string]int, 4*indexedFrom)
		for at, change := range l.changes {
			l.index[change.Key] = at
		}
	}
}

// op is work to do next: a node to enter, or without one a frame that a pause held back.
type op struct {
	node                *plan.Node
	parent, scope, path string
	extra               extra
}

// extra is members for the frame of a node that is entered.
type extra struct {
	errors []Error
	failed string
	owner  string
	undo   string
	try    int64
	number int64     // with has
	has    frameMask // hasIndex or hasBranch
}

// transition is one event's work: a layer over the state that collects what changes.
//
// Rows of the state are never changed. `edit…` copies a row on its first write; the
// copies, the new rows and the removed ones are the delta. `ops` is a stack of work still
// to be done; what ends the run or leaves the root block clears it.
type transition struct {
	plan     *Plan
	state    *State
	event    *Event
	now      int64
	run      Run
	start    *Start
	newStart *Start
	frames   layer[*Frame]
	steps    layer[*Step]
	visits   layer[*Visit]
	cells    layer[any]
	undo     layer[*Undo]
	inbox    layer[*Received]
	commands []Command
	history  []HistoryRow
	ops      []op
	uuids    int
	nameless int64 // nodes entered in this event that are no steps
	scope    scope
	// execution is the root of that name, once somebody has read it.
	execution map[string]any
}

// transitions are used again, for their memory.
var transitions = sync.Pool{New: func() any { return &transition{ops: make([]op, 0, 4)} }}

func newTransition(plan *Plan, state *State, event *Event) *transition {
	tx := transitions.Get().(*transition)
	tx.plan, tx.state, tx.event, tx.now, tx.run, tx.start = plan, state, event, event.At, state.Run, &state.Start
	return tx
}

// done gives the transition back; what it made is the decision's.
func (tx *transition) done() {
	tx.dropOps()
	ops := tx.ops
	if cap(ops) > 64 {
		ops = nil // what a loop of thousands needed
	}
	*tx = transition{ops: ops}
	transitions.Put(tx)
}

// dropOps forgets what was still to be done.
func (tx *transition) dropOps() {
	clear(tx.ops)
	tx.ops = tx.ops[:0]
}

// reading

func (tx *transition) frame(path string) *Frame {
	if at := tx.frames.find(path); at >= 0 {
		return tx.frames.changes[at].Row
	}
	return tx.state.Frames[path]
}

// openFrame is a frame that is known to be there.
func (tx *transition) openFrame(path string) *Frame {
	frame := tx.frame(path)
	if frame == nil {
		panic("the frame " + path + " has ended")
	}
	return frame
}

func (tx *transition) node(frame *Frame) *plan.Node {
	if frame.node != nil {
		return frame.node
	}
	return tx.plan.Nodes[frame.Node]
}

func (tx *transition) step(path string) *Step {
	if at := tx.steps.find(path); at >= 0 {
		return tx.steps.changes[at].Row
	}
	return tx.state.Steps[path]
}

func (tx *transition) visit(key string) *Visit {
	if at := tx.visits.find(key); at >= 0 {
		return tx.visits.changes[at].Row
	}
	return tx.state.Visits[key]
}

// visitOf is the number of a step's latest visit, 0 when it was not entered.
func (tx *transition) visitOf(key string) int64 {
	if visit := tx.visit(key); visit != nil {
		return visit.Visit
	}
	if tx.step(key) == nil {
		return 0
	}
	return 1
}

// latest is the latest occurrence of a step.
func (tx *transition) latest(key string) *Step {
	if visit := tx.visit(key); visit != nil {
		return tx.step(key + "~" + strconv.FormatInt(visit.Visit, 10))
	}
	return tx.step(key)
}

// cell is a cell's value, nil when it is not there: null is wrapped to be a value.
func (tx *transition) cell(key string) any {
	if at := tx.cells.find(key); at >= 0 {
		return tx.cells.changes[at].Row
	}
	return tx.state.Cells[key]
}

func (tx *transition) undoRow(key string) *Undo {
	if at := tx.undo.find(key); at >= 0 {
		return tx.undo.changes[at].Row
	}
	return tx.state.Undo[key]
}

// writing

func (tx *transition) editFrame(path string) *Frame {
	at := tx.frames.find(path)
	if at >= 0 && tx.frames.changes[at].Row != nil {
		return tx.frames.changes[at].Row
	}
	row := *tx.state.Frames[path]
	tx.frames.set(path, &row)
	return &row
}

func (tx *transition) editStep(path string) *Step {
	if at := tx.steps.find(path); at >= 0 {
		return tx.steps.changes[at].Row
	}
	row := *tx.state.Steps[path]
	tx.steps.set(path, &row)
	return &row
}

func (tx *transition) editUndo(key string) *Undo {
	if at := tx.undo.find(key); at >= 0 {
		return tx.undo.changes[at].Row
	}
	row := *tx.state.Undo[key]
	tx.undo.set(key, &row)
	return &row
}

// record adds a row to the history.
func (tx *transition) record(row HistoryRow) {
	tx.run.History++
	row.N, row.At = tx.run.History, tx.now
	if tx.history == nil {
		tx.history = make([]HistoryRow, 0, 4)
	}
	tx.history = append(tx.history, row)
}

func (tx *transition) send(command Command) {
	if tx.commands == nil {
		tx.commands = make([]Command, 0, 4)
	}
	tx.commands = append(tx.commands, command)
}

// push is work to do next; the last pushed comes first.
func (tx *transition) push(next op) { tx.ops = append(tx.ops, next) }

func (tx *transition) work() {
	for len(tx.ops) > 0 {
		last := len(tx.ops) - 1
		next := tx.ops[last]
		tx.ops[last] = op{}
		tx.ops = tx.ops[:last]
		if next.node != nil {
			tx.enter(&next)
		} else {
			tx.activate(next.path)
		}
	}
}

// the result

func (tx *transition) delta() *Delta {
	state := tx.state
	return &Delta{
		Run: changeOf(&state.Run, &tx.run), Start: tx.newStart,
		Frames: withoutBrief(tx.frames.changes, func(change Change[*Frame]) bool {
			return change.Row != nil || state.Frames[change.Key] != nil
		}),
		Steps: tx.steps.changes, Visits: tx.visits.changes,
		Cells: withoutBrief(tx.cells.changes, func(change Change[any]) bool {
			return change.Row != nil || state.Cells[change.Key] != nil
		}),
		Undo: tx.undo.changes,
		Inbox: withoutBrief(tx.inbox.changes, func(change Change[*Received]) bool {
			return change.Row != nil || state.Inbox[change.Key] != nil
		}),
		History: tx.history,
	}
}

// withoutBrief leaves out the rows that came and went in between.
func withoutBrief[T any](changes []Change[T], lasts func(Change[T]) bool) []Change[T] {
	kept := changes[:0]
	for _, change := range changes {
		if lasts(change) {
			kept = append(kept, change)
		}
	}
	return kept
}
