// Package client talks to a Magic Flow server: it starts runs, waits for them, follows
// them and acts on them.
//
// Contexts bound everything: a call ends when its context does. Requests that are safe
// to repeat are, after failures of the connection and 429, 502, 503, 504.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

const longestWait = 30 * time.Second

// Client talks to one server. It is safe for use by many goroutines.
type Client struct {
	url      string
	token    string
	http     *http.Client
	timeout  time.Duration
	attempts int
	first    time.Duration
}

// New is a client of the server at a URL such as http://127.0.0.1:8080.
func New(url string, options ...Option) *Client {
	made := &Client{
		url: strings.TrimRight(url, "/"), http: &http.Client{}, timeout: 30 * time.Second,
		attempts: 5, first: 100 * time.Millisecond,
	}
	for _, option := range options {
		option(made)
	}
	return made
}

// Execute starts a run, waits for its end and gives its output as a JSON text. The
// error is a *RunFailed when the run ended otherwise.
func (c *Client) Execute(ctx context.Context, workflow string, input json.RawMessage, options ...StartOption) (json.RawMessage, error) {
	run, err := c.start(ctx, workflow, input, longestWait, options)
	if err != nil {
		return nil, err
	}
	if !run.Status.IsFinal() {
		if run, err = c.Wait(ctx, run.ID); err != nil {
			return nil, err
		}
	}
	return run.Result()
}

// Start starts a run; it is durable when this returns.
func (c *Client) Start(ctx context.Context, workflow string, input json.RawMessage, options ...StartOption) (*Execution, error) {
	return c.start(ctx, workflow, input, 0, options)
}

func (c *Client) start(ctx context.Context, workflow string, input json.RawMessage, wait time.Duration, options []StartOption) (*Execution, error) {
	// a start always carries a key, so that it is safe to repeat
	body := &start{Input: input, IdempotencyKey: newID()}
	if input == nil {
		body.Input = json.RawMessage("null")
	}
	for _, option := range options {
		option(body)
	}
	made := call{
		method: http.MethodPost, path: "/api/v2/workflows/" + url.PathEscape(workflow) + "/execute",
		body: body, safe: true, wait: wait, traceparent: body.traceparent,
	}
	return c.execution(ctx, made)
}

// Wait waits for the end of a run.
func (c *Client) Wait(ctx context.Context, id string) (*Execution, error) {
	for {
		run, err := c.execution(ctx, call{method: http.MethodGet, path: runPath(id, ""), safe: true, wait: longestWait})
		if err != nil || run.Status.IsFinal() {
			return run, err
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("run %s has not ended: %w", id, err)
		}
	}
}

// Status is the run as it is now.
func (c *Client) Status(ctx context.Context, id string) (*Execution, error) {
	return c.execution(ctx, call{method: http.MethodGet, path: runPath(id, ""), safe: true})
}

// Result waits for the end of a run and gives its output as a JSON text.
func (c *Client) Result(ctx context.Context, id string) (json.RawMessage, error) {
	run, err := c.Wait(ctx, id)
	if err != nil {
		return nil, err
	}
	return run.Result()
}

// Steps are the steps that a run entered.
func (c *Client) Steps(ctx context.Context, id string) ([]Step, error) {
	var body struct {
		Steps []Step `json:"steps"`
	}
	err := c.send(ctx, call{method: http.MethodGet, path: runPath(id, "/steps"), safe: true}, &body)
	return body.Steps, err
}

// Executions are runs, newest first, page by page as they are asked for. It ends after
// an error.
func (c *Client) Executions(ctx context.Context, options ...ListOption) iter.Seq2[*Execution, error] {
	return func(yield func(*Execution, error) bool) {
		filters := map[string]string{}
		for _, option := range options {
			option(filters)
		}
		for {
			query := url.Values{"limit": {"100"}}
			for name, value := range filters {
				query.Set(name, value)
			}
			var page struct {
				Executions []*Execution `json:"executions"`
				Next       *string      `json:"next_cursor"`
			}
			err := c.send(ctx, call{method: http.MethodGet, path: "/api/v2/executions?" + query.Encode(), safe: true}, &page)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, each := range page.Executions {
				if !yield(each, nil) {
					return
				}
			}
			if page.Next == nil {
				return
			}
			filters["cursor"] = *page.Next
		}
	}
}

// Cancel asks a run to end. The error is ErrConflict when it has ended.
func (c *Client) Cancel(ctx context.Context, id, reason string) (*Execution, error) {
	body := map[string]string{}
	if reason != "" {
		body["reason"] = reason
	}
	return c.act(ctx, id, "/cancel", body)
}

// Pause stops a run from going on until Resume.
func (c *Client) Pause(ctx context.Context, id string) (*Execution, error) {
	return c.act(ctx, id, "/pause", map[string]string{})
}

// Resume lets a paused run go on.
func (c *Client) Resume(ctx context.Context, id string) (*Execution, error) {
	return c.act(ctx, id, "/resume", map[string]string{})
}

// Retry starts a new run that begins at the step at which this one failed.
func (c *Client) Retry(ctx context.Context, id string) (*Execution, error) {
	return c.act(ctx, id, "/retry", map[string]string{})
}

func (c *Client) act(ctx context.Context, id, path string, body any) (*Execution, error) {
	return c.execution(ctx, call{method: http.MethodPost, path: runPath(id, path), body: body})
}

// Signal sends an event to a run. The same event id counts once; without one it is
// made. Data is a JSON text.
func (c *Client) Signal(ctx context.Context, id, event string, data json.RawMessage, eventID string) (string, error) {
	if eventID == "" {
		eventID = newID()
	}
	if data == nil {
		data = json.RawMessage("null")
	}
	body := map[string]any{"event": event, "data": data, "event_id": eventID}
	var answer struct {
		EventID string `json:"event_id"`
	}
	err := c.send(ctx, call{method: http.MethodPost, path: runPath(id, "/events"), body: body, safe: true}, &answer)
	return answer.EventID, err
}

// PublishWorkflowEvent starts a run by a WorkflowInitEvent.
func (c *Client) PublishWorkflowEvent(ctx context.Context, event InitEvent) (*Execution, error) {
	if event.IdempotencyKey == "" {
		event.IdempotencyKey = newID()
	}
	if event.Timestamp.IsZero() {
		event.Timestamp = time.Now()
	}
	return c.execution(ctx, call{
		method: http.MethodPost, path: "/api/v2/workflow-events", body: event, safe: true, traceparent: event.Traceparent,
	})
}

// Health is what the server says of itself.
func (c *Client) Health(ctx context.Context) (map[string]any, error) {
	var body map[string]any
	err := c.send(ctx, call{method: http.MethodGet, path: "/health", safe: true}, &body)
	return body, err
}

func (c *Client) execution(ctx context.Context, made call) (*Execution, error) {
	var run Execution
	if err := c.send(ctx, made, &run); err != nil {
		return nil, err
	}
	return &run, nil
}

func runPath(id, part string) string { return "/api/v2/executions/" + url.PathEscape(id) + part }

func milliseconds(duration time.Duration) string {
	return strconv.FormatInt(duration.Milliseconds(), 10) + "ms"
}

// Decode reads a JSON text of the server, such as an output, by its codec.
func Decode[T any](of *types.Codec[T], text json.RawMessage, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	value, err := of.Decode(text)
	if err != nil {
		return none, fmt.Errorf("the server's value does not fit: %w", err)
	}
	return value, nil
}

// Encode writes an input by its codec. The error wraps ErrInvalidInput.
func Encode[T any](of *types.Codec[T], value T) (json.RawMessage, error) {
	data, err := of.Encode(value)
	if err != nil {
		return nil, errors.Join(ErrInvalidInput, err)
	}
	return data, nil
}
