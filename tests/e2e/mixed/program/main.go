// Command scripted is both ends of a mixed run: `work` runs the steps of all workflows by
// a script, `drive` runs workflows for whoever writes requests to it. The tables of
// workflows are in tables.go, which the tests write.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/client"
	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

func main() {
	run := map[string]func() error{"work": work, "drive": drive}[os.Args[1]]
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// act is what one attempt of a step does.
type act struct {
	Sleep  int             `json:"sleep"` // milliseconds
	Output json.RawMessage `json:"output"`
	Error  *struct {
		Code      string          `json:"code"`
		Message   string          `json:"message"`
		Retryable *bool           `json:"retryable"`
		Details   json.RawMessage `json:"details"`
	} `json:"error"`
}

// scriptOf is where the script of a run is: whoever starts the run writes it then.
func scriptOf(run string) string { return filepath.Join(os.Getenv("SCRIPTS"), run+".json") }

// next is the act of this attempt: the script has a list for each step, whose last act
// repeats.
func next(ctx context.Context) (act, error) {
	task := worker.TaskFrom(ctx)
	data, err := os.ReadFile(scriptOf(task.RunID))
	for errors.Is(err, os.ErrNotExist) && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
		data, err = os.ReadFile(scriptOf(task.RunID))
	}
	if err != nil {
		return act{}, err
	}
	var script map[string][]act
	if err := json.Unmarshal(data, &script); err != nil {
		return act{}, err
	}
	acts := script[task.Step]
	if len(acts) == 0 {
		return act{}, fmt.Errorf("the script has no step %s", task.Step)
	}
	return acts[min(task.Attempt, len(acts))-1], nil
}

func play[In, Out any](_ *mf.Codec[In], of *mf.Codec[Out]) func(context.Context, *In) (*Out, error) {
	return func(ctx context.Context, _ *In) (*Out, error) {
		now, err := next(ctx)
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(now.Sleep) * time.Millisecond)
		if now.Error != nil {
			return nil, &worker.Failure{
				Code: now.Error.Code, Message: now.Error.Message, Retryable: now.Error.Retryable, Details: now.Error.Details,
			}
		}
		return mf.Example(of, string(now.Output))
	}
}

func work() error {
	config, err := worker.DefaultConfig().FromEnvironment()
	if err != nil {
		return err
	}
	return worker.Start(config, executors()...)
}

type request struct {
	Key      string          `json:"key"`
	Workflow string          `json:"workflow"`
	Input    json.RawMessage `json:"input"`
	Script   json.RawMessage `json:"script"`
}

// told is what the typed client has to say: first the id of a run, then what became of
// it.
type told struct {
	Key     string          `json:"key"`
	ID      string          `json:"id"`
	Output  json.RawMessage `json:"output,omitempty"`
	Status  string          `json:"status,omitempty"`
	Code    string          `json:"code,omitempty"`
	Step    string          `json:"step,omitempty"`
	Invalid bool            `json:"invalid,omitempty"`
	Failure string          `json:"failure,omitempty"`
	Events  []string        `json:"events"`
}

var printing sync.Mutex

func (t *told) print() {
	data, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(data))
}

// drive carries out requests, one line each, all at once.
func drive() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	known := workflows()
	var running sync.WaitGroup
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		running.Add(1)
		go func() {
			defer running.Done()
			ended := told{Key: asked.Key}
			if err := known[asked.Workflow](asked, &ended); err != nil {
				ended.Failure = err.Error()
			}
			ended.print()
		}()
	}
	running.Wait()
	return lines.Err()
}

// run is a typed client that runs its workflow and follows the run.
func run[In, Out any](of *client.Workflow[In, Out], in *mf.Codec[In], out *mf.Codec[Out]) func(request, *told) error {
	return func(asked request, ended *told) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		input, err := mf.Example(in, string(asked.Input))
		if err != nil {
			ended.Invalid = true
			return nil
		}
		run, err := of.Start(ctx, input, client.WithMetadata(map[string]string{"by": "go"}))
		if err != nil {
			return err
		}
		if err := os.WriteFile(scriptOf(run.ID)+".new", asked.Script, 0o600); err != nil {
			return err
		}
		if err := os.Rename(scriptOf(run.ID)+".new", scriptOf(run.ID)); err != nil {
			return err
		}
		ended.ID = run.ID
		ended.print()
		for event, err := range of.Events(ctx, run.ID, 0) {
			if err != nil {
				return err
			}
			ended.Events = append(ended.Events, event.Type)
		}
		output, err := of.Result(ctx, run.ID)
		var failed *client.RunFailed
		switch {
		case errors.As(err, &failed):
			ended.Status, ended.Code, ended.Step = string(failed.Status), failed.Code, failed.Step
			return nil
		case err != nil:
			return err
		}
		ended.Status = "completed"
		ended.Output, err = out.Encode(*output)
		return err
	}
}
