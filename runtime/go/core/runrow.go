package core

import "github.com/truongtu268/magic-flow/runtime/go/canonical"

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

// runMask names members of Run.
type runMask uint32

// in the order of canonical JSON
const (
	runBuffered runMask = 1 << iota
	runCompensation
	runDeadline
	runEndedAt
	runEnding
	runError
	runFailedAt
	runGrace
	runHeld
	runHistory
	runID
	runOccurrences
	runOutput
	runPaused
	runPhase
	runStartedAt
	runStatus
	runTasks
	runTimer
	runUndo
	runVersion
	runWaits
	runMembers = iota
)

var runNames = [runMembers]string{
	"buffered", "compensation", "deadline", "ended_at", "ending", "error", "failed_at", "grace", "held", "history", "id",
	"occurrences", "output", "paused", "phase", "started_at", "status", "tasks", "timer", "undo", "version", "waits",
}

// there is the members that the row has.
func (r *Run) there() runMask {
	mask := runPhase | runVersion
	for _, each := range [...]struct {
		is     bool
		member runMask
	}{
		{r.HasBuffered, runBuffered},
		{r.Compensation != "", runCompensation},
		{r.HasDeadline, runDeadline},
		{r.Phase == PhaseEnded, runEndedAt},
		{r.Ending != nil, runEnding},
		{r.Error != nil, runError},
		{r.FailedAt != "", runFailedAt},
		{r.Grace, runGrace},
		{r.Held != 0, runHeld},
		{r.Phase != PhaseNew, runHistory | runID | runOccurrences | runStartedAt | runTasks},
		{r.Output != nil, runOutput},
		{r.Paused, runPaused},
		{r.Status != "", runStatus},
		{r.Timer != "", runTimer},
		{r.Undo != 0, runUndo},
		{r.Waits != 0, runWaits},
	} {
		if each.is {
			mask |= each.member
		}
	}
	return mask
}

// same says whether a member that both rows have has one value.
func (r *Run) same(other *Run, member runMask) bool {
	switch member {
	case runBuffered:
		return r.Buffered == other.Buffered
	case runCompensation:
		return r.Compensation == other.Compensation
	case runDeadline:
		return r.Deadline == other.Deadline
	case runEndedAt:
		return r.EndedAt == other.EndedAt
	case runEnding:
		return r.Ending == other.Ending || string(r.Ending.appendJSON(nil)) == string(other.Ending.appendJSON(nil))
	case runError:
		return textOf(r.Error) == textOf(other.Error)
	case runFailedAt:
		return r.FailedAt == other.FailedAt
	case runHeld:
		return r.Held == other.Held
	case runHistory:
		return r.History == other.History
	case runID:
		return r.ID == other.ID
	case runOccurrences:
		return r.Occurrences == other.Occurrences
	case runOutput:
		return textOf(r.Output) == textOf(other.Output)
	case runPhase:
		return r.Phase == other.Phase
	case runStartedAt:
		return r.StartedAt == other.StartedAt
	case runStatus:
		return r.Status == other.Status
	case runTasks:
		return r.Tasks == other.Tasks
	case runTimer:
		return r.Timer == other.Timer
	case runUndo:
		return r.Undo == other.Undo
	case runVersion:
		return r.Version == other.Version
	case runWaits:
		return r.Waits == other.Waits
	}
	return true // runGrace, runPaused: true where they are there
}

// take makes a member what it is in another row: also absent.
func (r *Run) take(from *Run, member runMask) {
	switch member {
	case runBuffered:
		r.Buffered, r.HasBuffered = from.Buffered, from.HasBuffered
	case runCompensation:
		r.Compensation = from.Compensation
	case runDeadline:
		r.Deadline, r.HasDeadline = from.Deadline, from.HasDeadline
	case runEndedAt:
		r.EndedAt = from.EndedAt
	case runEnding:
		r.Ending = from.Ending
	case runError:
		r.Error = from.Error
	case runFailedAt:
		r.FailedAt = from.FailedAt
	case runGrace:
		r.Grace = from.Grace
	case runHeld:
		r.Held = from.Held
	case runHistory:
		r.History = from.History
	case runID:
		r.ID = from.ID
	case runOccurrences:
		r.Occurrences = from.Occurrences
	case runOutput:
		r.Output = from.Output
	case runPaused:
		r.Paused = from.Paused
	case runPhase:
		r.Phase = from.Phase
	case runStartedAt:
		r.StartedAt = from.StartedAt
	case runStatus:
		r.Status = from.Status
	case runTasks:
		r.Tasks = from.Tasks
	case runTimer:
		r.Timer = from.Timer
	case runUndo:
		r.Undo = from.Undo
	case runVersion:
		r.Version = from.Version
	case runWaits:
		r.Waits = from.Waits
	}
}

func (r *Run) appendMember(out []byte, member runMask) []byte {
	switch member {
	case runBuffered:
		return canonical.AppendInteger(out, r.Buffered)
	case runCompensation:
		return canonical.AppendQuoted(out, r.Compensation)
	case runDeadline:
		return canonical.AppendInteger(out, r.Deadline)
	case runEndedAt:
		return canonical.AppendInteger(out, r.EndedAt)
	case runEnding:
		return r.Ending.appendJSON(out)
	case runError:
		return appendValue(out, r.Error)
	case runFailedAt:
		return canonical.AppendQuoted(out, r.FailedAt)
	case runGrace, runPaused:
		return append(out, "true"...)
	case runHeld:
		return canonical.AppendInteger(out, r.Held)
	case runHistory:
		return canonical.AppendInteger(out, r.History)
	case runID:
		return canonical.AppendQuoted(out, r.ID)
	case runOccurrences:
		return canonical.AppendInteger(out, r.Occurrences)
	case runOutput:
		return appendValue(out, r.Output)
	case runPhase:
		return canonical.AppendQuoted(out, r.Phase)
	case runStartedAt:
		return canonical.AppendInteger(out, r.StartedAt)
	case runStatus:
		return canonical.AppendQuoted(out, r.Status)
	case runTasks:
		return canonical.AppendInteger(out, r.Tasks)
	case runTimer:
		return canonical.AppendQuoted(out, r.Timer)
	case runUndo:
		return canonical.AppendInteger(out, r.Undo)
	case runVersion:
		return canonical.AppendInteger(out, r.Version)
	}
	return canonical.AppendInteger(out, r.Waits)
}

// read takes a member from stored JSON.
func (r *Run) read(member runMask, value any) {
	switch member {
	case runBuffered:
		r.Buffered, r.HasBuffered = asInteger(value), true
	case runCompensation:
		r.Compensation = asText(value)
	case runDeadline:
		r.Deadline, r.HasDeadline = asInteger(value), true
	case runEndedAt:
		r.EndedAt = asInteger(value)
	case runEnding:
		r.Ending = endingOf(asMembers(value))
	case runError:
		r.Error = asMembers(value)
	case runFailedAt:
		r.FailedAt = asText(value)
	case runGrace:
		r.Grace = true
	case runHeld:
		r.Held = asInteger(value)
	case runHistory:
		r.History = asInteger(value)
	case runID:
		r.ID = asText(value)
	case runOccurrences:
		r.Occurrences = asInteger(value)
	case runOutput:
		r.Output = value
	case runPaused:
		r.Paused = true
	case runPhase:
		r.Phase = asText(value)
	case runStartedAt:
		r.StartedAt = asInteger(value)
	case runStatus:
		r.Status = asText(value)
	case runTasks:
		r.Tasks = asInteger(value)
	case runTimer:
		r.Timer = asText(value)
	case runUndo:
		r.Undo = asInteger(value)
	case runVersion:
		r.Version = asInteger(value)
	case runWaits:
		r.Waits = asInteger(value)
	}
}

// AppendJSON writes the row as canonical JSON.
func (r *Run) AppendJSON(out []byte) []byte {
	return r.appendMembers(out, r.there(), 0)
}

func (r *Run) appendMembers(out []byte, set, removed runMask) []byte {
	o := object{out: out}
	for index, name := range runNames {
		member := runMask(1) << index
		switch {
		case set&member != 0:
			o.key(name)
			o.out = r.appendMember(o.out, member)
		case removed&member != 0:
			o.null(name)
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
	was, is := before.there(), now.there()
	change := RunChange{Run: *now, set: is &^ was, removed: was &^ is}
	for index := range runMembers {
		if member := runMask(1) << index; was&is&member != 0 && !now.same(before, member) {
			change.set |= member
		}
	}
	return change
}

func (c *RunChange) apply(run *Run) {
	for index := range runMembers {
		if member := runMask(1) << index; (c.set|c.removed)&member != 0 {
			run.take(&c.Run, member)
		}
	}
}

func runChangeOf(row map[string]any) RunChange {
	change := RunChange{}
	for index, name := range runNames {
		member := runMask(1) << index
		value, there := row[name]
		switch {
		case !there:
		case value == nil:
			change.removed |= member
		default:
			change.set |= member
			change.Run.read(member, value)
		}
	}
	return change
}
