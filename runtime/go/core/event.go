package core

import (
	"fmt"
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
)

// The types of events.
const (
	RunStarted      = "run_started"
	TaskResult      = "task_result"
	TimedOut        = "timed_out"
	TaskStopped     = "task_stopped"
	TimerFired      = "timer_fired"
	EventReceived   = "event_received"
	HumanCompleted  = "human_completed"
	ChildEnded      = "child_ended"
	CancelRequested = "cancel_requested"
	PauseRequested  = "pause"
	ResumeRequested = "resume"
)

// Event is something that happened, as in docs/core.md: Type, ID (a UUID, unique in the
// run), At (milliseconds since 1970 UTC) and the members of its type.
type Event struct {
	Type, ID string
	At       int64

	// run_started
	RunID    string
	Input    any
	Metadata map[string]any
	Timeout  *int64 // overrides the plan's, milliseconds
	Deadline *int64 // absolute, from a parent run
	RetryOf  *string
	Resume   *Resume

	// task_result, timed_out, task_stopped, human_completed
	TaskID   string
	Attempt  int64
	Output   any // of child_ended too
	Error    any // a result with HasError has an error and no output; of child_ended too
	HasError bool
	Unknown  bool // beside an error: the work may have been done
	Kind     string
	Delivery any

	TimerID string // timer_fired

	// event_received; Data of human_completed too
	EventID, Event string
	Data           any
	ExpiresAt      *int64
	By             any

	ChildID, Status string // child_ended

	Reason string // cancel_requested

	// malformed is what is wrong with an event that came as JSON.
	malformed string
}

// AppendJSON writes the event as canonical JSON, for a log of events.
func (e *Event) AppendJSON(out []byte) []byte {
	o := object{out: out}
	switch e.Type {
	case RunStarted:
		e.appendStart(&o)
	case TaskResult:
		o.integer("at", e.At)
		o.integer("attempt", e.Attempt)
		if e.Delivery != nil {
			o.value("delivery", e.Delivery)
		}
		if e.hasError() {
			o.value("error", e.Error)
		}
		o.text("id", e.ID)
		if !e.hasError() {
			o.value("output", e.Output)
		}
		o.text("task_id", e.TaskID)
		o.text("type", e.Type)
		o.flag("unknown", e.Unknown)
	case TimedOut, TaskStopped:
		o.integer("at", e.At)
		o.integer("attempt", e.Attempt)
		o.text("id", e.ID)
		o.someText("kind", e.Kind)
		o.text("task_id", e.TaskID)
		o.text("type", e.Type)
	case TimerFired:
		o.integer("at", e.At)
		o.text("id", e.ID)
		o.text("timer_id", e.TimerID)
		o.text("type", e.Type)
	case EventReceived:
		o.integer("at", e.At)
		o.value("data", e.Data)
		o.text("event", e.Event)
		o.text("event_id", e.EventID)
		o.optional("expires_at", e.ExpiresAt)
		o.text("id", e.ID)
		o.text("type", e.Type)
	case HumanCompleted:
		o.integer("at", e.At)
		if e.By != nil {
			o.value("by", e.By)
		}
		o.value("data", e.Data)
		o.text("id", e.ID)
		o.text("task_id", e.TaskID)
		o.text("type", e.Type)
	case ChildEnded:
		o.integer("at", e.At)
		o.text("child_id", e.ChildID)
		if e.Error != nil {
			o.value("error", e.Error)
		}
		o.text("id", e.ID)
		if e.Output != nil {
			o.value("output", e.Output)
		}
		o.text("status", e.Status)
		o.text("type", e.Type)
	default:
		o.integer("at", e.At)
		o.text("id", e.ID)
		o.someText("reason", e.Reason)
		o.text("type", e.Type)
	}
	return o.close()
}

func (e *Event) appendStart(o *object) {
	o.integer("at", e.At)
	o.optional("deadline", e.Deadline)
	o.text("id", e.ID)
	o.value("input", e.Input)
	o.members("metadata", e.Metadata)
	if e.Resume != nil {
		o.key("resume")
		o.out = e.Resume.AppendJSON(o.out)
	}
	if e.RetryOf != nil {
		o.text("retry_of", *e.RetryOf)
	}
	o.text("run_id", e.RunID)
	o.optional("timeout", e.Timeout)
	o.text("type", e.Type)
}

func (e *Event) hasError() bool { return e.HasError || e.Error != nil }

// DecodeEvent reads an event from JSON. It fails for a text that is no JSON object; an
// object that is no event is refused by Decide.
func DecodeEvent(data []byte) (*Event, error) {
	value, err := decodeStored(data)
	if err != nil {
		return nil, fmt.Errorf("the event is no JSON: %w", err)
	}
	members, is := value.(map[string]any)
	if !is {
		return nil, fmt.Errorf("the event is no object")
	}
	return EventOf(members), nil
}

// EventOf is an event from a JSON object. One that has not the members of its type is
// refused by Decide with MALFORMED.
func EventOf(members map[string]any) *Event {
	if problem := malformed(members); problem != "" {
		return &Event{malformed: problem}
	}
	e := &Event{
		Type: asText(members["type"]), ID: asText(members["id"]), At: asInteger(members["at"]),
		RunID: asText(members["run_id"]), Input: members["input"], Metadata: asMembers(members["metadata"]),
		TaskID: asText(members["task_id"]), Attempt: asInteger(members["attempt"]), Output: members["output"],
		Error: members["error"], Unknown: expr.IsTrue(members["unknown"]), Kind: asText(members["kind"]),
		Delivery: members["delivery"], TimerID: asText(members["timer_id"]), EventID: asText(members["event_id"]),
		Event: asText(members["event"]), Data: members["data"],
		By: members["by"], ChildID: asText(members["child_id"]), Status: asText(members["status"]),
		Reason: asText(members["reason"]),
	}
	_, e.HasError = members["error"]
	switch e.Type {
	case EventReceived:
		e.ExpiresAt = asOptional(members, "expires_at")
	case RunStarted:
		e.readStart(members)
	}
	return e
}

func (e *Event) readStart(members map[string]any) {
	e.Timeout, e.Deadline = asOptional(members, "timeout"), asOptional(members, "deadline")
	if of, is := members["retry_of"].(string); is {
		e.RetryOf = &of
	}
	if resume := asMembers(members["resume"]); resume != nil {
		e.Resume = resumeOf(resume)
	}
}

// Resume is where a new run begins that retries a failed one, and what it keeps: Start in
// a list of nodes, Done in a DAG.
type Resume struct {
	Start  string
	Done   []string
	Steps  map[string]*Step
	Visits map[string]*Visit
	isDAG  bool
	broken bool // read from JSON that resume_point did not give
}

// AppendJSON writes the member `resume` as canonical JSON.
func (r *Resume) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if r.isDAG {
		o.key("done")
		done := make([]any, len(r.Done))
		for index, name := range r.Done {
			done[index] = name
		}
		o.out = appendValue(o.out, done)
	} else {
		o.text("start", r.Start)
	}
	o.key("steps")
	o.out = appendSection(o.out, r.Steps, func(out []byte, row *Step) []byte { return row.AppendJSON(out) })
	o.key("visits")
	o.out = appendSection(o.out, r.Visits, func(out []byte, row *Visit) []byte { return row.AppendJSON(out) })
	return o.close()
}

func resumeOf(members map[string]any) *Resume {
	r := &Resume{Start: asText(members["start"]), Steps: map[string]*Step{}, Visits: map[string]*Visit{}}
	done, isDAG := members["done"]
	r.isDAG = isDAG
	if items, is := done.([]any); is {
		r.Done = asTexts(items)
		r.broken = slices.ContainsFunc(items, func(item any) bool { return !isText(item) })
	} else if isDAG {
		r.broken = true
	}
	steps, is := members["steps"].(map[string]any)
	r.broken = r.broken || !is
	for path, row := range steps {
		row := asMembers(row)
		r.Steps[path] = stepOf(row)
		r.broken = r.broken || !isCount(row["n"]) || row["path"] != path || !isText(row["step"]) || !isText(row["status"])
	}
	given, there := members["visits"]
	visits, is := given.(map[string]any)
	r.broken = r.broken || (there && !is)
	for key, row := range visits {
		row := asMembers(row)
		r.Visits[key] = visitOf(row)
		r.broken = r.broken || !isCount(row["visit"]) || !isCount(row["entered"]) || !isText(row["block"])
	}
	return r
}
