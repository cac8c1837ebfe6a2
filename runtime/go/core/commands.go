package core

import (
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// Command is something to be done, in the order in which it takes effect; a driver writes
// it to its outbox in the transaction of the delta. The concrete types are pointers to
// those of this module.
type Command interface {
	// Type is the command's type as in docs/core.md.
	Type() string
	// AppendJSON writes the command as canonical JSON.
	AppendJSON(out []byte) []byte
}

// ScheduleTask is a TaskMessage. Step is "" for a task that works for no step (a
// compensation). A task of HTTP has Request, all others Input.
type ScheduleTask struct {
	RunID, TaskID, Step string
	Attempt             int64
	IdempotencyKey      string
	Input               any
	Request             map[string]any
	// Secrets are JSON pointers into the input or request.
	Secrets []string
	// Settings are the plan's, equal for all tasks of the node; nobody changes them.
	Settings *plan.TaskSettings
}

// CancelTask: with Wait the run is stopping and the core waits for the answer.
type CancelTask struct {
	TaskID  string
	Attempt int64
	Wait    bool
}

// StartTimer: Due in milliseconds since 1970.
type StartTimer struct {
	TimerID string
	Due     int64
}

// CancelTimer takes a timer back.
type CancelTimer struct{ TimerID string }

// Listen waits for an event whose data has the members of Correlate.
type Listen struct {
	ListenID, Event string
	Correlate       map[string]any
}

// Unlisten takes a listener back.
type Unlisten struct{ ListenID string }

// OpenHumanTask asks a person. Task has assignee, title and description where they are;
// Form is a TypeRef.
type OpenHumanTask struct {
	TaskID, Step string
	Form         map[string]any
	Task         map[string]any
	Due          *int64
}

// CloseHumanTask: nobody waits for the answer any more.
type CloseHumanTask struct{ TaskID string }

// EmitEvent: EventID is constant over deliveries.
type EmitEvent struct {
	EventID, Event string
	Data           any
}

// StartChild starts another workflow.
type StartChild struct {
	ChildID, Workflow, Version string
	Input                      any
	IdempotencyKey             string
	Deadline                   *int64
}

// CancelChild: with Wait the core waits for child_ended.
type CancelChild struct {
	ChildID string
	Wait    bool
}

// StartRetry starts a new run of the same plan.
type StartRetry struct {
	RetryOf  string
	Input    any
	Metadata map[string]any
}

// RunEnded is always the last command of a run.
type RunEnded struct {
	Status string
	Output any
	Error  Error
}

// The types of commands.
const (
	TypeScheduleTask   = "schedule_task"
	TypeCancelTask     = "cancel_task"
	TypeStartTimer     = "start_timer"
	TypeCancelTimer    = "cancel_timer"
	TypeListen         = "listen"
	TypeUnlisten       = "unlisten"
	TypeOpenHumanTask  = "open_human_task"
	TypeCloseHumanTask = "close_human_task"
	TypeEmitEvent      = "emit_event"
	TypeStartChild     = "start_child"
	TypeCancelChild    = "cancel_child"
	TypeStartRetry     = "start_retry"
	TypeRunEnded       = "run_ended"
)

func (*ScheduleTask) Type() string   { return TypeScheduleTask }
func (*CancelTask) Type() string     { return TypeCancelTask }
func (*StartTimer) Type() string     { return TypeStartTimer }
func (*CancelTimer) Type() string    { return TypeCancelTimer }
func (*Listen) Type() string         { return TypeListen }
func (*Unlisten) Type() string       { return TypeUnlisten }
func (*OpenHumanTask) Type() string  { return TypeOpenHumanTask }
func (*CloseHumanTask) Type() string { return TypeCloseHumanTask }
func (*EmitEvent) Type() string      { return TypeEmitEvent }
func (*StartChild) Type() string     { return TypeStartChild }
func (*CancelChild) Type() string    { return TypeCancelChild }
func (*StartRetry) Type() string     { return TypeStartRetry }
func (*RunEnded) Type() string       { return TypeRunEnded }

func (c *ScheduleTask) AppendJSON(out []byte) []byte {
	o, s := object{out: out}, c.Settings
	o.integer("attempt", c.Attempt)
	o.members("circuit_breaker", s.CircuitBreaker)
	o.text("executor", s.Executor)
	o.text("function", s.Function)
	o.optional("heartbeat_timeout", s.HeartbeatTimeout)
	o.text("idempotency_key", c.IdempotencyKey)
	if c.Request == nil {
		o.value("input", c.Input)
	}
	o.optional("max_concurrency", s.MaxConcurrency)
	o.text("node", s.Node)
	o.optional("priority", s.Priority)
	o.optional("queue_timeout", s.QueueTimeout)
	o.members("request", c.Request)
	o.text("run_id", c.RunID)
	o.texts("secrets", c.Secrets)
	o.someText("step", c.Step)
	o.text("task_id", c.TaskID)
	o.optional("timeout", s.Timeout)
	o.text("type", TypeScheduleTask)
	return o.close()
}

func (c *CancelTask) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.integer("attempt", c.Attempt)
	o.text("task_id", c.TaskID)
	o.text("type", TypeCancelTask)
	o.flag("wait", c.Wait)
	return o.close()
}

func (c *StartTimer) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.integer("due", c.Due)
	o.text("timer_id", c.TimerID)
	o.text("type", TypeStartTimer)
	return o.close()
}

func (c *CancelTimer) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("timer_id", c.TimerID)
	o.text("type", TypeCancelTimer)
	return o.close()
}

func (c *Listen) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.members("correlate", c.Correlate)
	o.text("event", c.Event)
	o.text("listen_id", c.ListenID)
	o.text("type", TypeListen)
	return o.close()
}

func (c *Unlisten) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("listen_id", c.ListenID)
	o.text("type", TypeUnlisten)
	return o.close()
}

func (c *OpenHumanTask) AppendJSON(out []byte) []byte {
	o := object{out: out}
	c.appendPart(&o, "assignee")
	c.appendPart(&o, "description")
	o.optional("due", c.Due)
	o.value("form", c.Form)
	if c.Step == "" {
		o.null("step")
	} else {
		o.text("step", c.Step)
	}
	o.text("task_id", c.TaskID)
	c.appendPart(&o, "title")
	o.text("type", TypeOpenHumanTask)
	return o.close()
}

func (c *OpenHumanTask) appendPart(o *object, name string) {
	if value, there := c.Task[name]; there {
		o.value(name, value)
	}
}

func (c *CloseHumanTask) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("task_id", c.TaskID)
	o.text("type", TypeCloseHumanTask)
	return o.close()
}

func (c *EmitEvent) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.value("data", c.Data)
	o.text("event", c.Event)
	o.text("event_id", c.EventID)
	o.text("type", TypeEmitEvent)
	return o.close()
}

func (c *StartChild) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("child_id", c.ChildID)
	o.optional("deadline", c.Deadline)
	o.text("idempotency_key", c.IdempotencyKey)
	o.value("input", c.Input)
	o.text("type", TypeStartChild)
	o.text("version", c.Version)
	o.text("workflow", c.Workflow)
	return o.close()
}

func (c *CancelChild) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("child_id", c.ChildID)
	o.text("type", TypeCancelChild)
	o.flag("wait", c.Wait)
	return o.close()
}

func (c *StartRetry) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.value("input", c.Input)
	o.value("metadata", c.Metadata)
	o.text("retry_of", c.RetryOf)
	o.text("type", TypeStartRetry)
	return o.close()
}

func (c *RunEnded) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if c.Error == nil {
		o.null("error")
	} else {
		o.value("error", c.Error)
	}
	o.value("output", c.Output)
	o.text("status", c.Status)
	o.text("type", TypeRunEnded)
	return o.close()
}

// DecodeCommand reads a command that a server of any language wrote to its outbox. It
// fails for a text that is none.
func DecodeCommand(data []byte) (Command, error) {
	value, err := decodeStored(data)
	if err != nil {
		return nil, fmt.Errorf("the command is no JSON: %w", err)
	}
	row := asMembers(value)
	text := func(name string) string { return asText(row[name]) }
	wait, _ := row["wait"].(bool)
	switch text("type") {
	case TypeScheduleTask:
		return scheduleTaskOf(row), nil
	case TypeCancelTask:
		return &CancelTask{text("task_id"), asInteger(row["attempt"]), wait}, nil
	case TypeStartTimer:
		return &StartTimer{text("timer_id"), asInteger(row["due"])}, nil
	case TypeCancelTimer:
		return &CancelTimer{text("timer_id")}, nil
	case TypeListen:
		return &Listen{text("listen_id"), text("event"), asMembers(row["correlate"])}, nil
	case TypeUnlisten:
		return &Unlisten{text("listen_id")}, nil
	case TypeOpenHumanTask:
		task := map[string]any{}
		for _, name := range [...]string{"assignee", "title", "description"} {
			if value, there := row[name]; there {
				task[name] = value
			}
		}
		return &OpenHumanTask{text("task_id"), text("step"), asMembers(row["form"]), task, asOptional(row, "due")}, nil
	case TypeCloseHumanTask:
		return &CloseHumanTask{text("task_id")}, nil
	case TypeEmitEvent:
		return &EmitEvent{text("event_id"), text("event"), row["data"]}, nil
	case TypeStartChild:
		return &StartChild{
			text("child_id"), text("workflow"), text("version"), row["input"], text("idempotency_key"),
			asOptional(row, "deadline"),
		}, nil
	case TypeCancelChild:
		return &CancelChild{text("child_id"), wait}, nil
	case TypeStartRetry:
		return &StartRetry{text("retry_of"), row["input"], asMembers(row["metadata"])}, nil
	case TypeRunEnded:
		return &RunEnded{text("status"), row["output"], asMembers(row["error"])}, nil
	}
	return nil, fmt.Errorf("there is no command of type %q", text("type"))
}

func asOptional(row map[string]any, name string) *int64 {
	if number, is := row[name].(float64); is {
		whole := int64(number)
		return &whole
	}
	return nil
}

func scheduleTaskOf(row map[string]any) *ScheduleTask {
	text := func(name string) string { return asText(row[name]) }
	made := &ScheduleTask{
		RunID: text("run_id"), TaskID: text("task_id"), Step: text("step"), Attempt: asInteger(row["attempt"]),
		IdempotencyKey: text("idempotency_key"), Input: row["input"], Request: asMembers(row["request"]),
		Settings: &plan.TaskSettings{
			Executor: text("executor"), Function: text("function"), Node: text("node"),
			Timeout: asOptional(row, "timeout"), QueueTimeout: asOptional(row, "queue_timeout"),
			HeartbeatTimeout: asOptional(row, "heartbeat_timeout"), Priority: asOptional(row, "priority"),
			MaxConcurrency: asOptional(row, "max_concurrency"), CircuitBreaker: asMembers(row["circuit_breaker"]),
		},
	}
	if secrets, there := row["secrets"]; there {
		made.Secrets = asTexts(secrets)
	}
	return made
}
