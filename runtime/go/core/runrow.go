package core

import (
	"bytes"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// The phases of a run.
const (
	PhaseNew      = "new"
	PhaseRunning  = "running"
	PhaseHandling = "handling" // a rule's steps, or the fallback of the timeout
	PhaseStopping = "stopping"
	PhaseUndoing  = "undoing"
	PhaseEnded    = "ended"
)

// Run is the row that every transition changes. Where not said otherwise the zero value
// of a member says that it is absent.
type Run struct {
	ID      string
	Status  string // as people see it: running, waiting, paused; at the end the outcome
	Phase   string
	Version int64 // events applied: the compare-and-set value
	// History is the rows written, Occurrences the steps entered, Tasks those in flight;
	// like StartedAt they are there once the run has started.
	History, Occurrences, Tasks int64
	StartedAt                   int64
	Deadline                    int64 // with HasDeadline
	EndedAt                     int64 // with phase ended
	Held, Waits, Undo           int64
	Buffered                    int64  // with HasBuffered
	Timer                       string // own or inherited: the timeout is running
	Compensation                string
	FailedAt                    string
	Ending                      *Ending
	Output                      any
	Error                       Error
	Paused, Grace               bool
	HasDeadline, HasBuffered    bool
}

// Ending is the outcome to come of a run that is stopping or undoing.
type Ending struct {
	Status      string
	Undo, Retry bool
	Error       Error
	Output      any
}

func (e *Ending) appendJSON(out []byte) []byte {
	o := object{out: out}
	o.members("error", e.Error)
	if e.Output != nil {
		o.value("output", e.Output)
	}
	o.flag("retry", e.Retry)
	o.text("status", e.Status)
	o.value("undo", e.Undo)
	return o.close()
}

func endingOf(row map[string]any) *Ending {
	if row == nil {
		return nil
	}
	e := &Ending{Status: asText(row["status"]), Error: asMembers(row["error"]), Output: row["output"]}
	e.Undo, _ = row["undo"].(bool)
	e.Retry, _ = row["retry"].(bool)
	return e
}

// runMask names members of Run, by their places in runRow.
type runMask uint32

// runMember is how one member of the row is reached: it is an integer, a text, a flag or
// a value.
type runMember struct {
	name    string
	integer func(*Run) *int64
	text    func(*Run) *string
	flag    func(*Run) *bool
	value   *runValue
	// has is the flag that says whether the member is there, or nil.
	has func(*Run) *bool
	// there says whether the member is there, where neither `has` nor its zero does.
	there func(*Run) bool
}

// runValue is a member that is a JSON value. It is there when `get` does not give nil;
// `set` takes what came from a store.
type runValue struct {
	get    func(*Run) any
	set    func(*Run, any)
	append func(*Run, []byte) []byte
	take   func(run, from *Run)
}

func hasStarted(r *Run) bool { return r.Phase != PhaseNew }

// runRow is the members in the order of canonical JSON.
var runRow = [...]runMember{
	{name: "buffered", integer: func(r *Run) *int64 { return &r.Buffered }, has: func(r *Run) *bool { return &r.HasBuffered }},
	{name: "compensation", text: func(r *Run) *string { return &r.Compensation }},
	{name: "deadline", integer: func(r *Run) *int64 { return &r.Deadline }, has: func(r *Run) *bool { return &r.HasDeadline }},
	{name: "ended_at", integer: func(r *Run) *int64 { return &r.EndedAt }, there: func(r *Run) bool { return r.Phase == PhaseEnded }},
	{name: "ending", value: &runValue{
		get: func(r *Run) any {
			if r.Ending == nil {
				return nil
			}
			return r.Ending
		},
		set:    func(r *Run, value any) { r.Ending = endingOf(asMembers(value)) },
		append: func(r *Run, out []byte) []byte { return r.Ending.appendJSON(out) },
		take:   func(run, from *Run) { run.Ending = from.Ending },
	}},
	{name: "error", value: &runValue{
		get: func(r *Run) any {
			if r.Error == nil {
				return nil
			}
			return r.Error
		},
		set:    func(r *Run, value any) { r.Error = asMembers(value) },
		append: func(r *Run, out []byte) []byte { return appendValue(out, r.Error) },
		take:   func(run, from *Run) { run.Error = from.Error },
	}},
	{name: "failed_at", text: func(r *Run) *string { return &r.FailedAt }},
	{name: "grace", flag: func(r *Run) *bool { return &r.Grace }},
	{name: "held", integer: func(r *Run) *int64 { return &r.Held }},
	{name: "history", integer: func(r *Run) *int64 { return &r.History }, there: hasStarted},
	{name: "id", text: func(r *Run) *string { return &r.ID }, there: hasStarted},
	{name: "occurrences", integer: func(r *Run) *int64 { return &r.Occurrences }, there: hasStarted},
	{name: "output", value: &runValue{
		get:    func(r *Run) any { return r.Output },
		set:    func(r *Run, value any) { r.Output = value },
		append: func(r *Run, out []byte) []byte { return appendValue(out, r.Output) },
		take:   func(run, from *Run) { run.Output = from.Output },
	}},
	{name: "paused", flag: func(r *Run) *bool { return &r.Paused }},
	{name: "phase", text: func(r *Run) *string { return &r.Phase }},
	{name: "started_at", integer: func(r *Run) *int64 { return &r.StartedAt }, there: hasStarted},
	{name: "status", text: func(r *Run) *string { return &r.Status }},
	{name: "tasks", integer: func(r *Run) *int64 { return &r.Tasks }, there: hasStarted},
	{name: "timer", text: func(r *Run) *string { return &r.Timer }},
	{name: "undo", integer: func(r *Run) *int64 { return &r.Undo }},
	{name: "version", integer: func(r *Run) *int64 { return &r.Version }, there: func(*Run) bool { return true }},
	{name: "waits", integer: func(r *Run) *int64 { return &r.Waits }},
}

// isThere says whether a row has the member.
func (m *runMember) isThere(r *Run) bool {
	switch {
	case m.has != nil:
		return *m.has(r)
	case m.there != nil:
		return m.there(r)
	case m.integer != nil:
		return *m.integer(r) != 0
	case m.text != nil:
		return *m.text(r) != ""
	case m.flag != nil:
		return *m.flag(r)
	}
	return m.value.get(r) != nil
}

// isSame says whether a member that both rows have has one value.
func (m *runMember) isSame(one, other *Run) bool {
	switch {
	case m.integer != nil:
		return *m.integer(one) == *m.integer(other)
	case m.text != nil:
		return *m.text(one) == *m.text(other)
	case m.flag != nil:
		return true // both are true
	}
	return bytes.Equal(m.value.append(one, nil), m.value.append(other, nil))
}

// take makes the member what it is in another row: also absent.
func (m *runMember) take(run, from *Run) {
	switch {
	case m.integer != nil:
		*m.integer(run) = *m.integer(from)
	case m.text != nil:
		*m.text(run) = *m.text(from)
	case m.flag != nil:
		*m.flag(run) = *m.flag(from)
	default:
		m.value.take(run, from)
	}
	if m.has != nil {
		*m.has(run) = *m.has(from)
	}
}

func (m *runMember) append(r *Run, out []byte) []byte {
	switch {
	case m.integer != nil:
		return appendInteger(out, *m.integer(r))
	case m.text != nil:
		return canonical.AppendQuoted(out, *m.text(r))
	case m.flag != nil:
		return append(out, "true"...)
	}
	return m.value.append(r, out)
}

// read takes the member from stored JSON.
func (m *runMember) read(r *Run, value any) {
	switch {
	case m.integer != nil:
		*m.integer(r) = asInteger(value)
	case m.text != nil:
		*m.text(r) = asText(value)
	case m.flag != nil:
		*m.flag(r) = true
	default:
		m.value.set(r, value)
	}
	if m.has != nil {
		*m.has(r) = true
	}
}

// AppendJSON writes the row as canonical JSON.
func (r *Run) AppendJSON(out []byte) []byte {
	var there runMask
	for index := range runRow {
		if runRow[index].isThere(r) {
			there |= 1 << index
		}
	}
	return r.appendMembers(out, there, 0)
}

func (r *Run) appendMembers(out []byte, set, removed runMask) []byte {
	o := object{out: out}
	for index := range runRow {
		switch member := &runRow[index]; {
		case set&(1<<index) != 0:
			o.key(member.name)
			o.out = member.append(r, o.out)
		case removed&(1<<index) != 0:
			o.null(member.name)
		}
	}
	return o.close()
}

// RunChange is what changed of the run's row.
type RunChange struct {
	// Run is the row as it is now; read from a store, only what changed.
	Run          Run
	set, removed runMask
}

func changeOf(before, now *Run) RunChange {
	change := RunChange{Run: *now}
	for index := range runRow {
		member := &runRow[index]
		was, is := member.isThere(before), member.isThere(now)
		switch {
		case is && !(was && member.isSame(before, now)):
			change.set |= 1 << index
		case was && !is:
			change.removed |= 1 << index
		}
	}
	return change
}

func (c *RunChange) apply(run *Run) {
	for index := range runRow {
		if (c.set|c.removed)&(1<<index) != 0 {
			runRow[index].take(run, &c.Run)
		}
	}
}

func runChangeOf(row map[string]any) RunChange {
	change := RunChange{}
	for index := range runRow {
		member := &runRow[index]
		value, there := row[member.name]
		switch {
		case !there:
		case value == nil:
			change.removed |= 1 << index
		default:
			change.set |= 1 << index
			member.read(&change.Run, value)
		}
	}
	return change
}
