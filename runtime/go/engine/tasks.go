package engine

import (
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// TaskKey names a task; an attempt of it is in flight at a time.
type TaskKey struct{ RunID, TaskID string }

type attemptKey struct {
	TaskKey
	attempt int64
}

// limitKey is whom max_concurrency counts together: the step, over all runs.
type limitKey struct{ workflow, node string }

// TaskMessage is what whoever works on a task gets: the core's command, and what the core
// does not know. Nobody changes it.
type TaskMessage struct {
	*core.ScheduleTask
	Workflow        string
	WorkflowVersion string
	PlanHash        string
	Traceparent     string
}

// appendJSON writes what the outbox keeps: the command with the members that were added.
func (m *TaskMessage) appendJSON(out []byte) []byte {
	out = m.ScheduleTask.AppendJSON(out)
	out = out[:len(out)-1] // an object with members
	for _, each := range [...][2]string{
		{"workflow", m.Workflow}, {"workflow_version", m.WorkflowVersion}, {"plan_hash", m.PlanHash},
		{"traceparent", m.Traceparent},
	} {
		if each[1] != "" {
			out = append(append(append(out, ',', '"'), each[0]...), '"', ':')
			out = canonical.AppendQuoted(out, each[1])
		}
	}
	return append(out, '}')
}

// taskMessageOf reads a row of the outbox, whoever wrote it.
func taskMessageOf(payload string) (*TaskMessage, error) {
	command, err := core.DecodeCommand([]byte(payload))
	if err != nil {
		return nil, err
	}
	task, is := command.(*core.ScheduleTask)
	if !is {
		return nil, &NotFound{"the row is no task"}
	}
	if task.Settings == nil {
		task.Settings = &plan.TaskSettings{}
	}
	value, err := types.DecodeValue([]byte(payload), 8)
	if err != nil {
		return nil, err
	}
	members, _ := value.(map[string]any)
	text := func(name string) string {
		text, _ := members[name].(string)
		return text
	}
	return &TaskMessage{
		ScheduleTask: task, Workflow: text("workflow"), WorkflowVersion: text("workflow_version"),
		PlanHash: text("plan_hash"), Traceparent: text("traceparent"),
	}, nil
}

type taskState uint8

const (
	queued taskState = iota
	leased
	running
	over
)

// Task is one attempt, as the dispatcher keeps it. (run, task, attempt, delivery) is the
// fencing token: only who holds the newest may report. All of it is under the dispatcher's
// lock, but what never changes: message, effect and epoch.
type Task struct {
	message   TaskMessage
	effect    store.Effect // its outbox row; the delivery in it is the one of the schedule
	epoch     int64
	scheduled int64

	delivery   int64
	state      taskState
	worker     string
	cancelling bool
	reason     string
	counted    bool // it takes one of the step's max_concurrency
	admitted   bool // a circuit breaker waits to hear how it ends
	alarms     []Handle
	renewed    []Handle // alarms that a heartbeat starts again
}

func (t *Task) key() TaskKey { return TaskKey{t.message.RunID, t.message.TaskID} }

func (t *Task) attemptKey() attemptKey { return attemptKey{t.key(), t.message.Attempt} }

func (t *Task) limitKey() limitKey {
	return limitKey{t.message.Workflow, t.message.Settings.Node}
}

func (t *Task) executor() string { return t.message.Settings.Executor }

// silence: no alarm of this task rings any more.
func (t *Task) silence() {
	for _, alarm := range t.alarms {
		alarm.Cancel()
	}
	t.alarms = nil
	t.silenceRenewed()
}

func (t *Task) silenceRenewed() {
	for _, alarm := range t.renewed {
		alarm.Cancel()
	}
	t.renewed = t.renewed[:0]
}

// Outcome is what a handler came to: Output, or Error with its code and message.
type Outcome struct {
	Output any
	Error  map[string]any // nil for a success
}

func failure(code, message string) Outcome {
	return Outcome{Error: map[string]any{"code": code, "message": message}}
}

// taskRowKey is the key of a task's outbox row.
func taskRowKey(taskID string, attempt int64) string {
	out := make([]byte, 0, len(taskID)+4)
	return string(canonical.AppendInteger(append(append(out, taskID...), '@'), attempt))
}

// taskOfRowKey is taskRowKey back.
func taskOfRowKey(key string) leftTask {
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return leftTask{taskID: key}
	}
	var attempt int64
	for _, digit := range key[at+1:] {
		attempt = attempt*10 + int64(digit-'0')
	}
	return leftTask{key[:at], attempt}
}
