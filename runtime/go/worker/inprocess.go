package worker

import (
	"context"
	"slices"
	"time"
)

// InProcess runs the functions of executors in the process of the server that gives them
// their tasks.
type InProcess struct{ calls poller }

// NewInProcess is what runs tasks of these executors. secrets is a folder with a file for
// every secret, or ""; tracer may be nil.
func NewInProcess(secrets string, tracer Tracer, executors ...*Executor) *InProcess {
	found := registry{map[string]*Executor{}}
	for _, each := range executors {
		found.workflows[each.workflow] = each
	}
	return &InProcess{poller{config: &Config{SecretsDirectory: secrets, Tracer: tracer}, registry: found}}
}

// Run carries out a task; beat hears of Heartbeat. The output is a JSON text, or the
// failure is what the workflow learns.
func (p *InProcess) Run(ctx context.Context, task *Task, beat func()) (output []byte, failure *Failure) {
	task.beat = beat
	made := p.calls.outcome(ctx, task)
	if made.Error == nil {
		return made.Result, nil
	}
	return nil, made.Error.failure()
}

// Names are the executors that these have functions for, sorted.
func Names(executors ...*Executor) []string {
	var names []string
	for _, each := range executors {
		names = append(names, each.executors()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (w *wireError) failure() *Failure {
	after := time.Duration(w.RetryAfter) * time.Millisecond
	return &Failure{Code: w.Code, Message: w.Message, Retryable: w.Retryable, Details: w.Details, RetryAfter: after}
}
