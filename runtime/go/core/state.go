package core

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// State is a run: eight sections, as in docs/core.md. Rows are shared with the deltas
// that brought them; nobody changes one. A goroutine at a time may work with a State.
type State struct {
	Run    Run
	Start  Start
	Frames map[string]*Frame    // by path: nodes that are being executed
	Steps  map[string]*Step     // by path: occurrences of steps
	Visits map[string]*Visit    // by scope + step: the latest of several occurrences
	Cells  map[string]any       // `<frame path>#<name>` → a small value of a frame that has many
	Undo   map[string]*Undo     // by dispatch number: registered compensation
	Inbox  map[string]*Received // by event id
}

// NewState is a run of which nothing is known yet; run_started makes it a run.
func NewState() *State { return &State{Run: Run{Phase: PhaseNew}} }

// Change is a row that a transition wrote, or removed when it is nil.
type Change[T any] struct {
	Key string
	Row T
}

// Delta is what a decision changes. Its rows belong to the decision: apply them, store
// them, and change none.
type Delta struct {
	Run    RunChange
	Start  *Start // nil when it stays
	Frames []Change[*Frame]
	Steps  []Change[*Step]
	Visits []Change[*Visit]
	Cells  []Change[any]
	Undo   []Change[*Undo]
	Inbox  []Change[*Received]
	// History is what a person reads, in order; it is no part of the state.
	History []HistoryRow
	// rawHistory is the history of a delta that was read from JSON.
	rawHistory []any
}

// Apply changes the state by a delta. It takes the delta's rows over without copying.
// A nil delta (of a refused event) changes nothing.
func Apply(state *State, delta *Delta) {
	if delta == nil {
		return
	}
	delta.Run.apply(&state.Run)
	if delta.Start != nil {
		state.Start = *delta.Start
	}
	applyRows(&state.Frames, delta.Frames, func(row *Frame) bool { return row == nil })
	applyRows(&state.Steps, delta.Steps, func(row *Step) bool { return row == nil })
	applyRows(&state.Visits, delta.Visits, func(row *Visit) bool { return row == nil })
	applyRows(&state.Cells, delta.Cells, func(row any) bool { return row == nil })
	applyRows(&state.Undo, delta.Undo, func(row *Undo) bool { return row == nil })
	applyRows(&state.Inbox, delta.Inbox, func(row *Received) bool { return row == nil })
}

func applyRows[T any](rows *map[string]T, changes []Change[T], removed func(T) bool) {
	for _, change := range changes {
		switch {
		case removed(change.Row):
			delete(*rows, change.Key)
		case *rows == nil:
			*rows = map[string]T{change.Key: change.Row}
		default:
			(*rows)[change.Key] = change.Row
		}
	}
}

// Fold is the state after these deltas, from nothing.
func Fold(deltas ...*Delta) *State {
	state := NewState()
	for _, delta := range deltas {
		Apply(state, delta)
	}
	return state
}

// AppendJSON writes the whole delta as canonical JSON.
func (d *Delta) AppendJSON(out []byte) []byte { return d.appendJSON(out, true) }

// AppendChanges writes the delta without its history: what a store folds.
func (d *Delta) AppendChanges(out []byte) []byte { return d.appendJSON(out, false) }

// AppendHistory writes the rows of the history as a list.
func (d *Delta) AppendHistory(out []byte) []byte {
	if d == nil || len(d.History) == 0 {
		if d != nil && d.rawHistory != nil {
			return appendValue(out, d.rawHistory)
		}
		return append(out, "[]"...)
	}
	for index := range d.History {
		out = append(out, "[,"[min(index, 1)])
		out = d.History[index].AppendJSON(out)
	}
	return append(out, ']')
}

// in the order of canonical JSON; a nil delta is that of a refused event
func (d *Delta) appendJSON(out []byte, history bool) []byte {
	o := object{out: out}
	if d == nil {
		return o.close()
	}
	if len(d.Cells) > 0 {
		o.key("cells")
		o.out = appendRows(o.out, d.Cells, func(out []byte, row any) []byte { return appendValue(out, row) })
	}
	if len(d.Frames) > 0 {
		o.key("frames")
		o.out = appendRows(o.out, d.Frames, func(out []byte, row *Frame) []byte {
			if row == nil {
				return append(out, "null"...)
			}
			return row.AppendJSON(out)
		})
	}
	if history && (len(d.History) > 0 || d.rawHistory != nil) {
		o.key("history")
		o.out = d.AppendHistory(o.out)
	}
	if len(d.Inbox) > 0 {
		o.key("inbox")
		o.out = appendRows(o.out, d.Inbox, func(out []byte, row *Received) []byte {
			if row == nil {
				return append(out, "null"...)
			}
			return row.AppendJSON(out)
		})
	}
	o.key("run")
	o.out = d.Run.Run.appendMembers(o.out, d.Run.set, d.Run.removed)
	if d.Start != nil {
		o.key("start")
		o.out = d.Start.AppendJSON(o.out)
	}
	if len(d.Steps) > 0 {
		o.key("steps")
		o.out = appendRows(o.out, d.Steps, func(out []byte, row *Step) []byte { return row.AppendJSON(out) })
	}
	if len(d.Undo) > 0 {
		o.key("undo")
		o.out = appendRows(o.out, d.Undo, func(out []byte, row *Undo) []byte { return row.AppendJSON(out) })
	}
	if len(d.Visits) > 0 {
		o.key("visits")
		o.out = appendRows(o.out, d.Visits, func(out []byte, row *Visit) []byte { return row.AppendJSON(out) })
	}
	return o.close()
}

func appendRows[T any](out []byte, changes []Change[T], row func([]byte, T) []byte) []byte {
	o := object{out: out}
	for _, change := range sortedByName(changes) {
		o.named(change.Key)
		o.out = row(o.out, change.Row)
	}
	return o.close()
}

// AppendJSON writes the whole state as canonical JSON.
func (s *State) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.key("cells")
	o.out = appendSection(o.out, s.Cells, func(out []byte, row any) []byte { return appendValue(out, row) })
	o.key("frames")
	o.out = appendSection(o.out, s.Frames, func(out []byte, row *Frame) []byte { return row.AppendJSON(out) })
	o.key("inbox")
	o.out = appendSection(o.out, s.Inbox, func(out []byte, row *Received) []byte { return row.AppendJSON(out) })
	o.key("run")
	o.out = s.Run.AppendJSON(o.out)
	o.key("start")
	o.out = s.Start.AppendJSON(o.out)
	o.key("steps")
	o.out = appendSection(o.out, s.Steps, func(out []byte, row *Step) []byte { return row.AppendJSON(out) })
	o.key("undo")
	o.out = appendSection(o.out, s.Undo, func(out []byte, row *Undo) []byte { return row.AppendJSON(out) })
	o.key("visits")
	o.out = appendSection(o.out, s.Visits, func(out []byte, row *Visit) []byte { return row.AppendJSON(out) })
	return o.close()
}

func appendSection[T any](out []byte, rows map[string]T, row func([]byte, T) []byte) []byte {
	o := object{out: out}
	for _, key := range canonical.SortedNames(rows) {
		o.named(key)
		o.out = row(o.out, rows[key])
	}
	return o.close()
}

// around is how many collections of a delta stand around a value at most.
const around = 8

// DecodeDelta reads a delta that a server of any language wrote. It fails for a text that
// is no delta.
func DecodeDelta(data []byte) (*Delta, error) {
	value, err := decodeStored(data)
	if err != nil {
		return nil, fmt.Errorf("the delta is no JSON: %w", err)
	}
	sections, is := value.(map[string]any)
	if !is {
		return nil, fmt.Errorf("the delta is no object")
	}
	delta := &Delta{Run: runChangeOf(asMembers(sections["run"]))}
	if start := asMembers(sections["start"]); start != nil {
		delta.Start = startOf(start)
	}
	delta.rawHistory, _ = sections["history"].([]any)
	delta.Frames = rowsOf(sections["frames"], frameOf)
	delta.Steps = rowsOf(sections["steps"], stepOf)
	delta.Visits = rowsOf(sections["visits"], visitOf)
	delta.Undo = rowsOf(sections["undo"], undoOf)
	delta.Inbox = rowsOf(sections["inbox"], receivedOf)
	cells := asMembers(sections["cells"])
	for _, key := range canonical.SortedNames(cells) {
		delta.Cells = append(delta.Cells, Change[any]{key, cells[key]})
	}
	return delta, nil
}

// decodeStored reads what a store has. An expression may have made a double that prints
// as an integer beyond the domain of what comes in from outside.
func decodeStored(data []byte) (any, error) {
	value, err := types.DecodeValue(data, around)
	if err == nil {
		return value, nil
	}
	var outside *types.DomainError
	if errors.As(err, &outside) && outside.Code == types.CodeIntegerRange {
		err = json.Unmarshal(data, &value)
		return value, err
	}
	return nil, err
}

func rowsOf[T any](section any, read func(map[string]any) *T) []Change[*T] {
	rows := asMembers(section)
	changes := make([]Change[*T], 0, len(rows))
	for _, key := range canonical.SortedNames(rows) {
		if row := asMembers(rows[key]); row != nil {
			changes = append(changes, Change[*T]{key, read(row)})
		} else {
			changes = append(changes, Change[*T]{Key: key})
		}
	}
	return changes
}

// DecodeState reads a whole state. It fails for a text that is none.
func DecodeState(data []byte) (*State, error) {
	delta, err := DecodeDelta(data)
	if err != nil {
		return nil, fmt.Errorf("the state: %w", err)
	}
	state := NewState()
	Apply(state, delta)
	if state.Start.Metadata == nil {
		state.Start = Start{}
	}
	return state, nil
}
