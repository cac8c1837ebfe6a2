package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
)

// Task is one attempt of one step occurrence.
//
// IdempotencyKey is the same for all attempts and deliveries: give it to whatever the
// handler calls, and the effect happens once.
type Task struct {
	ID             string          `json:"id"`
	RunID          string          `json:"run_id"`
	TaskID         string          `json:"task_id"`
	Workflow       string          `json:"workflow_id"`
	Step           string          `json:"step_id"`
	Executor       string          `json:"executor"`
	Function       string          `json:"function"`
	Attempt        int             `json:"attempt"`
	Delivery       int             `json:"delivery"`
	IdempotencyKey string          `json:"idempotency_key"`
	PlanHash       string          `json:"plan_hash"`
	Traceparent    string          `json:"traceparent"`
	Timeout        int64           `json:"timeout"` // milliseconds, 0 is none
	Input          json.RawMessage `json:"context"`
	// Secrets are the places (JSON pointers) where the workflow put placeholders.
	Secrets []string `json:"secrets"`

	beat func()
}

type taskKey struct{}

// WithTask is a context in which a handler finds a task: what the worker gives, and
// what tests of handlers use.
func WithTask(ctx context.Context, task *Task) context.Context {
	return observe.WithTraceparent(context.WithValue(ctx, taskKey{}, task), task.Traceparent)
}

// TaskFrom is the task that a handler works on; an empty one outside a worker.
func TaskFrom(ctx context.Context) *Task {
	if task, ok := ctx.Value(taskKey{}).(*Task); ok {
		return task
	}
	return &Task{Attempt: 1, Delivery: 1}
}

// Heartbeat says that the work goes on: it prolongs the lease and the heartbeat
// timeout. The worker beats by itself as long as the handler runs; a step with a
// heartbeat_timeout wants to hear of progress from the handler.
func Heartbeat(ctx context.Context) {
	if task := TaskFrom(ctx); task.beat != nil {
		task.beat()
	}
}

// Logger writes with run, step and attempt on every line.
func Logger(ctx context.Context) *slog.Logger {
	task := TaskFrom(ctx)
	logger := slog.Default().With(
		"run_id", task.RunID, "task_id", task.TaskID, "step", task.Step, "executor", task.Executor,
		"function", task.Function, "attempt", task.Attempt,
	)
	if trace := observe.TraceID(task.Traceparent); trace != "" {
		logger = logger.With("trace_id", trace)
	}
	return logger
}

var errTimedOut = errors.New("the step's timeout is over")

// deadline bounds a handler by the step's timeout, which counts from the lease. Without
// one the context is the attempt's, which ends with the handler as well.
func (t *Task) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, time.Duration(t.Timeout)*time.Millisecond, errTimedOut)
}

// timedOut is what the server says of an attempt that reached the step's timeout. Both
// measure it, and whoever comes first says the same.
func (t *Task) timedOut() *Failure {
	message := fmt.Sprintf("the task was not finished within %d ms of its lease", t.Timeout)
	return &Failure{Code: "TIMEOUT", Message: message, Details: json.RawMessage(`{"kind":"lease"}`)}
}
