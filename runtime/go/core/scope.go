package core

import (
	"encoding/hex"
	"maps"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// scope is what an expression sees: the run's values from where a frame stands, looked up
// when they are read. A step's name is looked up in the frame's own loop iteration, then
// in the iterations around it, then outside all loops.
//
// The frame is nil for what the run itself evaluates. The roots are those that only some
// expressions have; prefix is the loop iterations to look from.
type scope struct {
	expr.Scope
	tx         *transition
	frame      *Frame
	prefix     string
	response   any
	branches   any
	iterations any
	err        Error // nil where the frames say what the error is
}

// newScope gives the transition's only scope: whoever makes the next has done with the
// one before.
func newScope(tx *transition, frame *Frame) *scope {
	made := &tx.scope
	*made = scope{tx: tx, frame: frame, response: absent, branches: absent, iterations: absent}
	if frame != nil {
		made.prefix = frame.Scope
	}
	made.World = made
	return made
}

func (s *scope) withResponse(value any) *scope {
	s.response = value
	return s
}

func (s *scope) withError(err Error) *scope {
	s.err = err
	return s
}

// Root implements expr.World.
func (s *scope) Root(root expr.Root) any {
	switch root {
	case expr.RootInput:
		return s.tx.start.Input
	case expr.RootMetadata:
		return s.tx.start.Metadata
	case expr.RootResponse:
		return s.response
	case expr.RootBranches:
		return s.branches
	case expr.RootIterations:
		return s.iterations
	case expr.RootError:
		return s.errorRoot()
	case expr.RootExecution:
		return s.executionRoot()
	case expr.RootIndex:
		if index, is := s.innermost(); is {
			return float64(index)
		}
		if row := s.undo(); row != nil && row.HasIndex {
			return row.Index
		}
	case expr.RootUndo:
		return s.undoRoot()
	}
	return absent
}

// errorRoot is the error that a handler or a rule answers.
func (s *scope) errorRoot() any {
	if s.err != nil {
		return s.err
	}
	for frame := s.frame; frame != nil; frame = s.tx.frame(frame.Parent) {
		if len(frame.Errors) > 0 {
			return frame.Errors[len(frame.Errors)-1]
		}
	}
	return absent
}

func (s *scope) executionRoot() any {
	tx := s.tx
	if tx.execution == nil {
		tx.execution = map[string]any{
			"id": tx.run.ID, "workflow": tx.plan.Name, "version": tx.plan.Version,
			"started_at": dateTime(tx.run.StartedAt), "duration": float64(max(tx.now-tx.run.StartedAt, 0)),
		}
	}
	return tx.execution
}

// undoRoot is {input, output} of the step that is being undone.
func (s *scope) undoRoot() any {
	row := s.undo()
	if row == nil {
		return absent
	}
	seen := map[string]any{"input": s.tx.start.Input}
	done := s.tx.step(row.Path)
	switch {
	case row.HasInput:
		seen["input"] = row.Input
	case done != nil && done.HasInput:
		seen["input"] = done.Input
	}
	if done != nil && done.HasOutput && row.Outcome == outcomeCompleted {
		// of an unknown outcome the step may have a fallback's output
		seen["output"] = done.Output
	}
	return seen
}

// StepField implements expr.World: a member of the latest occurrence of a step that is
// seen from here.
func (s *scope) StepField(step, field string) any {
	row := s.tx.findStep(s.prefix, step)
	if row == nil {
		return absent
	}
	switch field {
	case "output":
		if row.HasOutput {
			return row.Output
		}
	case "status":
		return row.Status
	case "error":
		if row.Error != nil {
			return row.Error
		}
	case "attempts":
		return float64(row.Attempts)
	case "input":
		if row.HasInput {
			return row.Input
		}
	case "started_at":
		return float64(row.StartedAt)
	case "ended_at":
		if row.HasEnded {
			return float64(row.EndedAt)
		}
	}
	return absent
}

// Local implements expr.World: the item of a loop around the frame.
func (s *scope) Local(variable string) any {
	if s.prefix != "" {
		found, around := absent, false
		s.eachLoop(func(frame *Frame, loop *plan.For, index int64) bool {
			items, is := s.tx.cell(frame.Path + "#items").([]any)
			if is && len(items) > 0 {
				around = true
				if loop.Variable == variable {
					found = itemAt(items[0], index)
					return false
				}
			}
			return true
		})
		if around {
			return found
		}
	}
	if row := s.undo(); row != nil {
		if value, there := row.Locals[variable]; there {
			return value
		}
	}
	return absent
}

func itemAt(items any, index int64) any {
	list, is := items.([]any)
	if !is || index < 0 || index >= int64(len(list)) {
		return nil
	}
	return list[index]
}

// Index implements expr.World: the index of a loop around the frame.
func (s *scope) Index(variable string) any {
	found, around := absent, false
	s.eachLoop(func(_ *Frame, loop *plan.For, index int64) bool {
		around = true
		if loop.Variable == variable {
			found = float64(index)
			return false
		}
		return true
	})
	if around {
		return found
	}
	if row := s.undo(); row != nil {
		if value, there := row.Indexes[variable]; there {
			return value
		}
	}
	return absent
}

// Now implements expr.World: the time of the event being decided.
func (s *scope) Now() string { return dateTime(s.tx.now) }

// UUID implements expr.World: the next UUID of the event being decided.
func (s *scope) UUID() string {
	s.tx.uuids++
	return expr.FormatUUID(expr.UUIDv5(namespaceOf(s.tx.event.ID), strconv.Itoa(s.tx.uuids)))
}

// stepName is the step that the expression belongs to, for errors; "" is none.
func (s *scope) stepName() string {
	for frame := s.frame; frame != nil; frame = s.tx.frame(frame.Parent) {
		if step := s.tx.node(frame).Step; step != "" {
			return step
		}
	}
	return ""
}

// eachLoop visits the loops around the frame with the current index, innermost first,
// until visit gives false.
func (s *scope) eachLoop(visit func(frame *Frame, loop *plan.For, index int64) bool) {
	for frame := s.frame; frame != nil; {
		above := s.tx.frame(frame.Parent)
		if frame.has&hasIndex != 0 && above != nil {
			if loop := s.tx.node(above).For; loop != nil && !visit(above, loop, frame.Index) {
				return
			}
		}
		frame = above
	}
}

func (s *scope) innermost() (int64, bool) {
	found, is := int64(0), false
	s.eachLoop(func(_ *Frame, _ *plan.For, index int64) bool {
		found, is = index, true
		return false
	})
	return found, is
}

// keepLoops notes what compensation needs of the loops around a call when they are gone.
func (s *scope) keepLoops(row *Undo) {
	row.Locals, row.Indexes = map[string]any{}, map[string]any{}
	s.eachLoop(func(frame *Frame, loop *plan.For, index int64) bool {
		if items, is := s.tx.cell(frame.Path + "#items").([]any); is && len(items) > 0 {
			setDefault(row.Locals, loop.Variable, itemAt(items[0], index))
		}
		setDefault(row.Indexes, loop.Variable, float64(index))
		return true
	})
	above := s.undo()
	if above != nil && len(row.Locals) == 0 {
		maps.Copy(row.Locals, above.Locals)
	}
	if above != nil && len(row.Indexes) == 0 {
		maps.Copy(row.Indexes, above.Indexes)
	}
	if index := s.Root(expr.RootIndex); index != absent {
		row.Index, row.HasIndex = index, true
	}
}

func setDefault(of map[string]any, name string, value any) {
	if _, there := of[name]; !there {
		of[name] = value
	}
}

// undo is the row of the compensation that the frame belongs to, nil when none.
func (s *scope) undo() *Undo {
	for frame := s.frame; frame != nil; frame = s.tx.frame(frame.Parent) {
		if frame.Undo != "" {
			return s.tx.undoRow(frame.Undo)
		}
	}
	return nil
}

// findStep is the latest occurrence of a step, seen from inside the iterations of prefix.
func (tx *transition) findStep(prefix, name string) *Step {
	row := tx.latest(prefix + name)
	for row == nil && prefix != "" {
		prefix = outerIterations(prefix)
		row = tx.latest(prefix + name)
	}
	return row
}

// outerIterations is a chain of loop iterations without the innermost.
func outerIterations(prefix string) string {
	if len(prefix) < 2 {
		return ""
	}
	at := strings.LastIndex(prefix[:len(prefix)-2], "]/")
	if at < 0 {
		return ""
	}
	return prefix[:at+2]
}

// lastMilli is the last millisecond of the year 9999, the last that a date-time can say.
const lastMilli = 253_402_300_799_999

// dateTime is RFC 3339 in UTC with milliseconds. Times beyond the year 9999 stay at its
// end.
func dateTime(millis int64) string { return expr.FormatTime(min(millis, lastMilli)) }

// namespaceOID is the namespace of what is no UUID (RFC 9562).
var namespaceOID = [16]byte{0x6b, 0xa7, 0xb8, 0x12, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// namespaceOf is the event's id as a namespace; an id that is no UUID is hashed into one.
func namespaceOf(eventID string) [16]byte {
	if len(eventID) == 36 && eventID[8] == '-' && eventID[13] == '-' && eventID[18] == '-' && eventID[23] == '-' {
		plain := eventID[:8] + eventID[9:13] + eventID[14:18] + eventID[19:23] + eventID[24:]
		if id, err := hex.DecodeString(plain); err == nil {
			return [16]byte(id)
		}
	}
	return expr.UUIDv5(namespaceOID, eventID)
}
