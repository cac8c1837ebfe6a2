package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/client"
	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// StartOption changes the request that starts a run.
type StartOption func(request *engine.StartRequest)

// Start starts a run of a workflow in the server's own process and gives its id; the run
// is durable then. Generated code calls it.
//
// The error is client.ErrInvalidInput for input that does not fit, *engine.Refused,
// *engine.Overloaded or *engine.Unavailable.
func Start[In any](ctx context.Context, of *Running, workflow string, codec *types.Codec[In], input *In, options ...StartOption) (string, error) {
	run, err := start(ctx, of.engine, workflow, codec, input, options)
	if err != nil {
		return "", err
	}
	var id string
	run.View(func(view engine.View) { id = view.Row.ID })
	return id, nil
}

func start[In any](ctx context.Context, on *engine.Engine, workflow string, codec *types.Codec[In], input *In, options []StartOption) (*engine.Run, error) {
	if input == nil {
		return nil, errors.Join(client.ErrInvalidInput, errors.New("the input is nil"))
	}
	text, err := client.Encode(codec, *input)
	if err != nil {
		return nil, err
	}
	value, err := types.DecodeValue(text, 0)
	if err != nil {
		return nil, err
	}
	request := &engine.StartRequest{Workflow: workflow, Input: value}
	for _, option := range options {
		option(request)
	}
	run, done, err := on.Begin(request)
	if err != nil {
		return nil, err
	}
	return run, done.Wait(ctx)
}

// Run runs a workflow to its end in this process, without a server and without a file.
// Generated code calls it.
//
// The error is a *client.RunFailed when the run ends without a result, and what Start
// gives.
func Run[In, Out any](ctx context.Context, plan []byte, workflow string, in *types.Codec[In], out *types.Codec[Out], input *In, executor *worker.Executor) (*Out, error) {
	kept := store.NewMemory()
	defer kept.Close()
	program := Program{Plans: [][]byte{plan}}
	if executor != nil {
		program.Executors = func() []*worker.Executor { return []*worker.Executor{executor} }
	}
	of, err := newEngine(DefaultConfig(), program, kept)
	if err != nil {
		return nil, err
	}
	if err := of.Open(); err != nil {
		return nil, err
	}
	defer of.Close(0)
	run, err := start(ctx, of, workflow, in, input, nil)
	if err != nil {
		return nil, err
	}
	for ended := false; !ended; {
		if run, err = of.Wait(ctx, run, time.Hour); err != nil {
			return nil, err
		}
		ended = run.Ended()
	}
	text, err := endOf(run)
	value, err := client.Decode(out, text, err)
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// endOf is what a client would be told.
func endOf(run *engine.Run) (json.RawMessage, error) {
	var told client.Execution
	var err error
	run.View(func(view engine.View) {
		a := outcomeAnswer(&view)
		if err = a.err; err == nil {
			err = json.Unmarshal(a.out, &told)
		}
	})
	if err != nil {
		return nil, err
	}
	return told.Result()
}
