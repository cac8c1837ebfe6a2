package core

import (
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// Error is an error as a value: {code, message, step, attempt, retryable, details?,
// retry_after?, cause?, suppressed?}. `step` and `attempt` are null where there is none.
// Nothing changes one after it was made.
type Error = map[string]any

// Frame is a node that is being executed. Which members a kind uses is told in the
// module of the kind.
type Frame struct {
	Path, Node, Parent string
	Scope              string // the chain of loop iterations, "" outside of loops
	Owner              string // the occurrence that an attempt works for
	Timers             []string
	Attempt, Try       int64  // from 1; 0 is absent
	Index              int64  // with has: of the iteration
	Open               int64  // with has: what a loop, fork or DAG has open
	Last               string // of a block whose value somebody reads
	Input              any    // with has
	// Seldom is never nil. It is shared by copies of the frame: write through `seldom`.
	*Seldom
	has  frameMask
	node *plan.Node // of Node, when it was entered by this process
}

// Seldom are the members that few frames have.
type Seldom struct {
	Errors          []Error // what a handler answers, the newest last
	Failed          string  // the node whose failure was the first of Errors
	Branch          int64   // with has
	Next, Ended     int64   // with has: what a loop or fork counts
	Total, Clause   int64   // with has
	Held, At        int64   // 0 is absent
	Body            string
	Undo, Run       string
	Error           Error
	Ran             []string
	Data            []any
	Correlate, Task map[string]any
	Place           *Place
	Then            *Then
}

// noSeldom is what most frames have. Nobody writes to it.
var noSeldom Seldom

// seldom is the frame's own copy of what few frames have, to be written to.
func (f *Frame) seldom() *Seldom {
	own := *f.Seldom
	f.Seldom = &own
	return &own
}

// frameMask says which of the members are there whose zero is a value, and is the flags.
type frameMask uint16

const (
	hasIndex frameMask = 1 << iota
	hasBranch
	hasNext
	hasOpen
	hasEnded
	hasTotal
	hasClause
	hasInput
	isDone
	isStopping
	isOpened
	isChild
)

// Place is where a listener stands in a queue of listeners.
type Place struct {
	Queue  string
	Number int64
}

// Then is the outcome of the run behind a rule's steps.
type Then struct {
	Status string
	Error  Error
}

// AppendJSON writes the row as canonical JSON.
func (f *Frame) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.some("at", f.At)
	o.some("attempt", f.Attempt)
	o.someText("body", f.Body)
	if f.has&hasBranch != 0 {
		o.integer("branch", f.Branch)
	}
	o.flag("child", f.has&isChild != 0)
	if f.has&hasClause != 0 {
		o.integer("clause", f.Clause)
	}
	o.members("correlate", f.Correlate)
	if f.Data != nil {
		o.value("data", f.Data)
	}
	o.flag("done", f.has&isDone != 0)
	if f.has&hasEnded != 0 {
		o.integer("ended", f.Ended)
	}
	o.members("error", f.Error)
	if len(f.Errors) > 0 {
		o.key("errors")
		o.out = appendErrors(o.out, f.Errors)
	}
	o.someText("failed", f.Failed)
	o.some("held", f.Held)
	if f.has&hasIndex != 0 {
		o.integer("index", f.Index)
	}
	if f.has&hasInput != 0 {
		o.value("input", f.Input)
	}
	o.someText("last", f.Last)
	if f.has&hasNext != 0 {
		o.integer("next", f.Next)
	}
	o.text("node", f.Node)
	if f.has&hasOpen != 0 {
		o.integer("open", f.Open)
	}
	o.flag("opened", f.has&isOpened != 0)
	o.someText("owner", f.Owner)
	o.text("parent", f.Parent)
	o.text("path", f.Path)
	if f.Place != nil {
		o.key("place")
		place := object{out: o.out}
		place.integer("number", f.Place.Number)
		place.text("queue", f.Place.Queue)
		o.out = place.close()
	}
	o.texts("ran", f.Ran)
	o.someText("run", f.Run)
	o.someText("scope", f.Scope)
	o.flag("stopping", f.has&isStopping != 0)
	o.members("task", f.Task)
	if f.Then != nil {
		o.key("then")
		then := object{out: o.out}
		then.value("error", f.Then.Error)
		then.text("status", f.Then.Status)
		o.out = then.close()
	}
	o.texts("timers", f.Timers)
	if f.has&hasTotal != 0 {
		o.integer("total", f.Total)
	}
	o.some("try", f.Try)
	o.someText("undo", f.Undo)
	return o.close()
}

func appendErrors(out []byte, errors []Error) []byte {
	for index, each := range errors {
		out = append(out, "[,"[min(index, 1)])
		out = appendValue(out, each)
	}
	return append(out, ']')
}

func frameOf(row map[string]any) *Frame {
	f := &Frame{Seldom: &noSeldom}
	for name, value := range row {
		switch name {
		case "path":
			f.Path = asText(value)
		case "node":
			f.Node = asText(value)
		case "parent":
			f.Parent = asText(value)
		case "scope":
			f.Scope = asText(value)
		case "owner":
			f.Owner = asText(value)
		case "timers":
			f.Timers = asTexts(value)
		case "attempt":
			f.Attempt = asInteger(value)
		case "try":
			f.Try = asInteger(value)
		case "last":
			f.Last = asText(value)
		case "index":
			f.Index = asInteger(value)
			f.has |= hasIndex
		case "open":
			f.Open = asInteger(value)
			f.has |= hasOpen
		case "input":
			f.Input = value
			f.has |= hasInput
		case "done":
			f.has |= isDone
		case "stopping":
			f.has |= isStopping
		case "opened":
			f.has |= isOpened
		case "child":
			f.has |= isChild
		default:
			if f.Seldom == &noSeldom {
				f.Seldom = &Seldom{}
			}
			f.has |= f.Seldom.read(name, value)
		}
	}
	return f
}

// read takes a member from stored JSON and gives the flag that goes with it.
func (s *Seldom) read(name string, value any) frameMask {
	switch name {
	case "errors":
		items, _ := value.([]any)
		for _, each := range items {
			s.Errors = append(s.Errors, asMembers(each))
		}
	case "failed":
		s.Failed = asText(value)
	case "branch":
		s.Branch = asInteger(value)
		return hasBranch
	case "next":
		s.Next = asInteger(value)
		return hasNext
	case "ended":
		s.Ended = asInteger(value)
		return hasEnded
	case "total":
		s.Total = asInteger(value)
		return hasTotal
	case "clause":
		s.Clause = asInteger(value)
		return hasClause
	case "held":
		s.Held = asInteger(value)
	case "at":
		s.At = asInteger(value)
	case "body":
		s.Body = asText(value)
	case "undo":
		s.Undo = asText(value)
	case "run":
		s.Run = asText(value)
	case "error":
		s.Error = asMembers(value)
	case "ran":
		s.Ran = asTexts(value)
	case "data":
		s.Data, _ = value.([]any)
	case "correlate":
		s.Correlate = asMembers(value)
	case "task":
		s.Task = asMembers(value)
	case "place":
		place := asMembers(value)
		s.Place = &Place{asText(place["queue"]), asInteger(place["number"])}
	case "then":
		then := asMembers(value)
		s.Then = &Then{asText(then["status"]), asMembers(then["error"])}
	}
	return 0
}

// Step is an occurrence of a step that was entered.
type Step struct {
	N            int64 // the order in which occurrences were entered
	Step, Path   string
	Status       string
	Attempts     int64
	StartedAt    int64
	EndedAt      int64 // with HasEnded
	Input        any   // with HasInput
	Output       any   // with HasOutput
	Error        Error
	Block        string // "" is the root block
	Request      map[string]any
	Undo         int64 // dispatch number, 0 is none
	HasEnded     bool
	HasInput     bool
	HasOutput    bool
	FallbackUsed bool
	Ignored      bool
}

// AppendJSON writes the row as canonical JSON.
func (s *Step) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.integer("attempts", s.Attempts)
	o.someText("block", s.Block)
	if s.HasEnded {
		o.integer("ended_at", s.EndedAt)
	}
	o.members("error", s.Error)
	o.flag("fallback_used", s.FallbackUsed)
	o.flag("ignored", s.Ignored)
	if s.HasInput {
		o.value("input", s.Input)
	}
	o.integer("n", s.N)
	if s.HasOutput {
		o.value("output", s.Output)
	}
	o.text("path", s.Path)
	o.members("request", s.Request)
	o.integer("started_at", s.StartedAt)
	o.text("status", s.Status)
	o.text("step", s.Step)
	o.some("undo", s.Undo)
	return o.close()
}

func stepOf(row map[string]any) *Step {
	s := &Step{
		N: asInteger(row["n"]), Step: asText(row["step"]), Path: asText(row["path"]), Status: asText(row["status"]),
		Attempts: asInteger(row["attempts"]), StartedAt: asInteger(row["started_at"]), EndedAt: asInteger(row["ended_at"]),
		Input: row["input"], Output: row["output"], Error: asMembers(row["error"]), Block: asText(row["block"]),
		Request: asMembers(row["request"]), Undo: asInteger(row["undo"]),
	}
	_, s.HasEnded = row["ended_at"]
	_, s.HasInput = row["input"]
	_, s.HasOutput = row["output"]
	s.FallbackUsed, _ = row["fallback_used"].(bool)
	s.Ignored, _ = row["ignored"].(bool)
	return s
}

// Visit is the latest of several occurrences of a step: its number, and how often the
// step was entered in the same block.
type Visit struct {
	Visit, Entered int64
	Block          string
}

// AppendJSON writes the row as canonical JSON.
func (v *Visit) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("block", v.Block)
	o.integer("entered", v.Entered)
	o.integer("visit", v.Visit)
	return o.close()
}

func visitOf(row map[string]any) *Visit {
	return &Visit{asInteger(row["visit"]), asInteger(row["entered"]), asText(row["block"])}
}

// Undo is registered compensation. Outcome is open, completed, unknown or failed; State
// is done or failed once it ran.
type Undo struct {
	N                  int64
	Path, Node, On     string
	Outcome, State     string
	Scope              string
	Locals, Indexes    map[string]any // of the loops around, with Scope
	Index              any
	Input              any
	HasIndex, HasInput bool
	Error              Error
}

// AppendJSON writes the row as canonical JSON.
func (u *Undo) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.members("error", u.Error)
	if u.HasIndex {
		o.value("index", u.Index)
	}
	o.members("indexes", u.Indexes)
	if u.HasInput {
		o.value("input", u.Input)
	}
	o.members("locals", u.Locals)
	o.integer("n", u.N)
	o.text("node", u.Node)
	o.text("on", u.On)
	o.text("outcome", u.Outcome)
	o.text("path", u.Path)
	o.someText("scope", u.Scope)
	o.someText("state", u.State)
	return o.close()
}

func undoOf(row map[string]any) *Undo {
	u := &Undo{
		N: asInteger(row["n"]), Path: asText(row["path"]), Node: asText(row["node"]), On: asText(row["on"]),
		Outcome: asText(row["outcome"]), State: asText(row["state"]), Scope: asText(row["scope"]),
		Locals: asMembers(row["locals"]), Indexes: asMembers(row["indexes"]), Index: row["index"], Input: row["input"],
		Error: asMembers(row["error"]),
	}
	_, u.HasIndex = row["index"]
	_, u.HasInput = row["input"]
	return u
}

// Received is an event for the run: one that nobody has listened to yet, or with Taken
// the path of the listener that took it.
type Received struct {
	EventID, Event string
	Data           any
	ExpiresAt      *int64
	Taken          string
	IsTaken        bool
}

// AppendJSON writes the row as canonical JSON.
func (r *Received) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if r.IsTaken {
		o.text("event_id", r.EventID)
		o.text("taken", r.Taken)
		return o.close()
	}
	o.value("data", r.Data)
	o.text("event", r.Event)
	o.text("event_id", r.EventID)
	o.optional("expires_at", r.ExpiresAt)
	return o.close()
}

func receivedOf(row map[string]any) *Received {
	r := &Received{EventID: asText(row["event_id"]), Event: asText(row["event"]), Data: row["data"], Taken: asText(row["taken"])}
	_, r.IsTaken = row["taken"]
	if _, there := row["expires_at"]; there {
		at := asInteger(row["expires_at"])
		r.ExpiresAt = &at
	}
	return r
}

// Start is what a run was started with; it is written once.
type Start struct {
	Input    any
	Metadata map[string]any
	PlanHash string
	RetryOf  string
	IsRetry  bool
}

// AppendJSON writes the row as canonical JSON; that of a run that has not started is {}.
func (s *Start) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if s.Metadata == nil {
		return o.close()
	}
	o.value("input", s.Input)
	o.value("metadata", s.Metadata)
	o.text("plan_hash", s.PlanHash)
	if s.IsRetry {
		o.text("retry_of", s.RetryOf)
	}
	return o.close()
}

func startOf(row map[string]any) *Start {
	s := &Start{
		Input: row["input"], Metadata: asMembers(row["metadata"]), PlanHash: asText(row["plan_hash"]),
		RetryOf: asText(row["retry_of"]),
	}
	_, s.IsRetry = row["retry_of"]
	return s
}
