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
	"slices"
	"strings"
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
	Never  bool            `json:"never"`
	Unfit  bool            `json:"unfit"` // the output does not fit its type: zero
	Output json.RawMessage `json:"output"`
	Error  *struct {
		Code      string          `json:"code"`
		Message   string          `json:"message"`
		Retryable *bool           `json:"retryable"`
		Details   json.RawMessage `json:"details"`
		// milliseconds
		RetryAfter int `json:"retry_after"`
	} `json:"error"`
}

// scriptOf is where the script of a workflow or a run is: the latter is written by
// whoever starts the run.
func scriptOf(name string) string { return filepath.Join(os.Getenv("SCRIPTS"), name+".json") }

// next is the act of this attempt: by the workflow's script, else by the run's. Scripts
// have a list for each occurrence or step, whose last act repeats.
func next(ctx context.Context) (act, error) {
	task := worker.TaskFrom(ctx)
	data, err := os.ReadFile(scriptOf(task.Workflow))
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
	_, path, _ := strings.Cut(task.IdempotencyKey, ":")
	for _, key := range []string{path, task.TaskID, task.Step} {
		if acts := script[key]; len(acts) > 0 {
			return acts[min(task.Attempt, len(acts))-1], nil
		}
	}
	return act{}, fmt.Errorf("the script has no step %s (%s)", task.Step, path)
}

func play[In, Out any](_ *mf.Codec[In], of *mf.Codec[Out]) func(context.Context, *In) (*Out, error) {
	return func(ctx context.Context, _ *In) (*Out, error) {
		now, err := next(ctx)
		if err != nil {
			return nil, err
		}
		wait := time.Duration(now.Sleep) * time.Millisecond
		if now.Never {
			wait = 10 * time.Minute
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				time.Sleep(time.Second) // the server's own clock is to say so first
			}
			return nil, ctx.Err()
		}
		if now.Error != nil {
			return nil, &worker.Failure{
				Code: now.Error.Code, Message: now.Error.Message, Retryable: now.Error.Retryable,
				Details: now.Error.Details, RetryAfter: time.Duration(now.Error.RetryAfter) * time.Millisecond,
			}
		}
		if now.Unfit {
			var zero Out // decoding would not make what does not fit
			return &zero, nil
		}
		return mf.Example(of, string(now.Output))
	}
}

func work() error {
	config, err := worker.DefaultConfig().FromEnvironment()
	if err != nil {
		return err
	}
	made := executors()
	for _, each := range made {
		for _, route := range each.Routes() {
			// nobody has no worker, which is what some rules are about
			if route.Executor != "nobody" && !slices.Contains(config.Executors, route.Executor) {
				config.Executors = append(config.Executors, route.Executor)
			}
		}
	}
	return worker.Start(config, made...)
}

type request struct {
	Key      string          `json:"key"`
	Workflow string          `json:"workflow"`
	Input    json.RawMessage `json:"input"`
	Script   json.RawMessage `json:"script"`
	Options  options         `json:"options"`
	Acts     []doing         `json:"acts"`
}

type options struct {
	IdempotencyKey string            `json:"idempotency_key"`
	ForeignID      string            `json:"foreign_id"`
	Timeout        string            `json:"timeout_override"`
	Metadata       map[string]string `json:"metadata"`
}

// told is what the typed client has to say: first the id of a run, then what became of
// it and of what was done to it.
type told struct {
	Key     string          `json:"key"`
	ID      string          `json:"id"`
	Output  json.RawMessage `json:"output,omitempty"`
	Status  string          `json:"status,omitempty"`
	Code    string          `json:"code,omitempty"`
	Step    string          `json:"step"`
	Invalid bool            `json:"invalid,omitempty"`
	Refused int             `json:"refused,omitempty"`
	Failure string          `json:"failure,omitempty"`
	Events  []string        `json:"events"`
	Acts    []string        `json:"acts"`
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
		options, err := asked.Options.start()
		if err != nil {
			return err
		}
		run, err := of.Start(ctx, input, options...)
		var refused *client.APIError
		if errors.As(err, &refused) {
			ended.Refused = refused.Status
			return nil
		}
		if err != nil {
			return err
		}
		if asked.Script != nil {
			if err := os.WriteFile(scriptOf(run.ID)+".new", asked.Script, 0o600); err != nil {
				return err
			}
			if err := os.Rename(scriptOf(run.ID)+".new", scriptOf(run.ID)); err != nil {
				return err
			}
		}
		ended.ID = run.ID
		ended.print()
		acted := make(chan error, 1)
		acts := []string{}
		go func() {
			acted <- actAll(ctx, of.Client, run.ID, asked.Acts, &acts, func() (*client.Execution, error) {
				return of.Start(ctx, input, options...)
			})
		}()
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
		case err != nil:
			return err
		default:
			ended.Status = "completed"
			if ended.Output, err = out.Encode(*output); err != nil {
				return err
			}
		}
		err = <-acted
		ended.Acts = acts
		return err
	}
}
