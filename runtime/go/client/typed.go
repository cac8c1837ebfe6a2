package client

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// DefaultURL is where a server is looked for when nothing says where it is.
const DefaultURL = "http://127.0.0.1:8080"

// Workflow is a client of one workflow, with its types. Generated code makes it.
type Workflow[In, Out any] struct {
	*Client
	name   string
	in     *types.Codec[In]
	out    *types.Codec[Out]
	errors map[ErrorKey]TypedError
}

// ErrorKey says which step reported which code.
type ErrorKey struct{ Step, Code string }

// TypedError makes a generated error of a run's error.
type TypedError func(failed *RunFailed) error

// NewWorkflow is a client of a workflow.
func NewWorkflow[In, Out any](of *Client, name string, in *types.Codec[In], out *types.Codec[Out], known map[ErrorKey]TypedError) *Workflow[In, Out] {
	return &Workflow[In, Out]{Client: of, name: name, in: in, out: out, errors: known}
}

// Execute starts a run, waits for its end and gives its output. The error is a
// *RunFailed when the run ended otherwise; where the failed function declares its error,
// errors.As finds the generated type too.
func (w *Workflow[In, Out]) Execute(ctx context.Context, input *In, options ...StartOption) (*Out, error) {
	data, err := w.encode(input)
	if err != nil {
		return nil, err
	}
	return w.decode(w.Client.Execute(ctx, w.name, data, options...))
}

// Start starts a run; it is durable when this returns.
func (w *Workflow[In, Out]) Start(ctx context.Context, input *In, options ...StartOption) (*Execution, error) {
	data, err := w.encode(input)
	if err != nil {
		return nil, err
	}
	return w.Client.Start(ctx, w.name, data, options...)
}

// Result waits for the end of a run and gives its output, or its error as Execute does.
func (w *Workflow[In, Out]) Result(ctx context.Context, id string) (*Out, error) {
	return w.decode(w.Client.Result(ctx, id))
}

func (w *Workflow[In, Out]) encode(input *In) (json.RawMessage, error) {
	if input == nil {
		return nil, errors.Join(ErrInvalidInput, errors.New("the input is nil"))
	}
	return Encode(w.in, *input)
}

func (w *Workflow[In, Out]) decode(text json.RawMessage, err error) (*Out, error) {
	var failed *RunFailed
	if errors.As(err, &failed) {
		if typed, known := w.errors[ErrorKey{failed.Step, failed.Code}]; known {
			return nil, errors.Join(failed, typed(failed))
		}
	}
	value, err := Decode(w.out, text, err)
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// SendEvent sends an event with typed data to a run. The same event id counts once;
// without one it is made.
func SendEvent[T any](ctx context.Context, of *Client, id, event string, codec *types.Codec[T], data T, eventID string) (string, error) {
	text, err := Encode(codec, data)
	if err != nil {
		return "", err
	}
	return of.Signal(ctx, id, event, text, eventID)
}

// WorkflowInitEvent starts a run of a workflow. Source says who sends it; without a
// timestamp it is now.
type WorkflowInitEvent[In any] struct {
	WorkflowName   string
	InitialData    *In
	Source         string
	Timestamp      time.Time
	Priority       int
	Metadata       map[string]string
	IdempotencyKey string
	ForeignID      string
	Traceparent    string
}

// MessageBroker takes events that start runs.
type MessageBroker[In any] struct {
	client *Client
	in     *types.Codec[In]
}

// NewMessageBroker is a broker at MAGICFLOW_URL, with the token MAGICFLOW_TOKEN, unless
// options say otherwise.
func NewMessageBroker[In any](in *types.Codec[In], options ...Option) *MessageBroker[In] {
	return &MessageBroker[In]{client: FromEnvironment(options...), in: in}
}

// FromEnvironment is a client of the server at MAGICFLOW_URL, with the token
// MAGICFLOW_TOKEN.
func FromEnvironment(options ...Option) *Client {
	url := os.Getenv("MAGICFLOW_URL")
	if url == "" {
		url = DefaultURL
	}
	if token := os.Getenv("MAGICFLOW_TOKEN"); token != "" {
		options = append([]Option{WithToken(token)}, options...)
	}
	return New(url, options...)
}

// PublishWorkflowEvent starts a run; it is durable when this returns.
func (b *MessageBroker[In]) PublishWorkflowEvent(ctx context.Context, event *WorkflowInitEvent[In]) error {
	_, err := b.Publish(ctx, event)
	return err
}

// Publish is PublishWorkflowEvent, and tells of the run.
func (b *MessageBroker[In]) Publish(ctx context.Context, event *WorkflowInitEvent[In]) (*Execution, error) {
	if event == nil || event.InitialData == nil {
		return nil, errors.Join(ErrInvalidInput, errors.New("the event has no initial data"))
	}
	data, err := Encode(b.in, *event.InitialData)
	if err != nil {
		return nil, err
	}
	return b.client.PublishWorkflowEvent(ctx, InitEvent{
		WorkflowName: event.WorkflowName, InitialData: data, Source: event.Source, Timestamp: event.Timestamp,
		Priority: event.Priority, Metadata: event.Metadata, IdempotencyKey: event.IdempotencyKey,
		ForeignID: event.ForeignID, Traceparent: event.Traceparent,
	})
}
