package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

// functions are those of the executor svc: an effect on the outside world that can be
// counted, one line of a file, and an answer.
type functions struct{ effects *os.File }

func newFunctions(effects string) (*functions, error) {
	file, err := os.OpenFile(effects, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	return &functions{file}, nil
}

// Concurrency is more than the harness starts at once.
func (f *functions) Concurrency() int { return 100 }

// Close leaves the file to the process's end.
func (f *functions) Close() {}

// Run carries out one task.
func (f *functions) Run(ctx context.Context, task *engine.TaskMessage, _ int64, _ func()) engine.Outcome {
	input, _ := task.Input.(map[string]any)
	function := task.Settings.Function
	switch function {
	case "echo":
		return engine.Outcome{Output: task.Input}
	case "decline":
		return engine.Outcome{Error: map[string]any{"code": "DECLINED", "message": "never", "retryable": false}}
	case "slow":
		milliseconds, _ := input["ms"].(float64)
		if !sleep(ctx, time.Duration(milliseconds*float64(time.Millisecond))) {
			return cancelled
		}
	}
	if !f.have(ctx, task, function) {
		return cancelled
	}
	switch function {
	case "undo":
		return engine.Outcome{Output: map[string]any{}}
	case "flaky":
		if task.Attempt == 1 {
			return engine.Outcome{Error: map[string]any{"code": "BUSY", "message": "not the first time", "retryable": true}}
		}
	}
	number, _ := input["n"].(float64)
	return engine.Outcome{Output: map[string]any{"n": number + 1}}
}

var cancelled = engine.Outcome{Error: map[string]any{"code": "CANCELLED", "message": "nobody wants it any more"}}

// have the effect, with a little time around it in which things may go wrong.
func (f *functions) have(ctx context.Context, task *engine.TaskMessage, function string) bool {
	if !sleep(ctx, rand.N(4*time.Millisecond)) {
		return false
	}
	if _, err := fmt.Fprintf(f.effects, "%s %d %s\n", task.IdempotencyKey, task.Attempt, function); err != nil {
		panic(err)
	}
	return sleep(ctx, rand.N(4*time.Millisecond))
}

func sleep(ctx context.Context, long time.Duration) bool {
	select {
	case <-time.After(long):
		return true
	case <-ctx.Done():
		return false
	}
}
