package server

import (
	"context"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// inProcess is how many tasks of an executor run at once in the server's process.
const inProcess = 100

// localExecutor is an executor whose functions run in the server's process.
type localExecutor struct{ functions *worker.InProcess }

// Concurrency is how many tasks run at once.
func (l *localExecutor) Concurrency() int { return inProcess }

// Close leaves functions that are at work to themselves.
func (l *localExecutor) Close() {}

// Run calls the function of a task.
func (l *localExecutor) Run(ctx context.Context, task *engine.TaskMessage, delivery int64, beat func()) engine.Outcome {
	input, err := types.AppendValue(nil, task.Input)
	if err != nil {
		return engine.Outcome{Error: wireError(err)}
	}
	given := &worker.Task{
		ID: task.RunID + ":" + task.TaskID, RunID: task.RunID, TaskID: task.TaskID, Workflow: task.Workflow, Step: task.Step,
		Executor: task.Settings.Executor, Function: task.Settings.Function, Attempt: int(task.Attempt), Delivery: int(delivery),
		IdempotencyKey: task.IdempotencyKey, PlanHash: task.PlanHash, Traceparent: task.Traceparent, Input: input,
		Secrets: task.Secrets,
	}
	if task.Settings.Timeout != nil {
		given.Timeout = *task.Settings.Timeout
	}
	output, failure := l.functions.Run(ctx, given, beat)
	if failure != nil {
		return engine.Outcome{Error: wireError(failure)}
	}
	value, err := types.DecodeValue(output, 0)
	if err != nil {
		return engine.Outcome{Error: wireError(err)}
	}
	return engine.Outcome{Output: value}
}
