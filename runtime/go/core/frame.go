package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

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
