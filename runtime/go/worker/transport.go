package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// transportFailed says that the server was not reached or could not answer: trying
// again is right.
type transportFailed struct {
	cause error
	after time.Duration
}

func (t *transportFailed) Error() string { return t.cause.Error() }
func (t *transportFailed) Unwrap() error { return t.cause }

// maxAnswer bounds what a server may answer: 100 tasks of the largest input, and more.
const maxAnswer = 256 << 20

// transport is the worker's half of the task protocol over HTTP.
type transport struct {
	url    string
	token  string
	worker string
	client *http.Client
}

type token struct {
	ID       string `json:"id"`
	Attempt  int    `json:"attempt"`
	Delivery int    `json:"delivery"`
}

// outcome is a ResultMessage of schemas/messages.schema.json.
type outcome struct {
	token
	RunID          string          `json:"run_id"`
	TaskID         string          `json:"task_id"`
	Workflow       string          `json:"workflow_id"`
	Step           string          `json:"step_id"`
	IdempotencyKey string          `json:"idempotency_key"`
	PlanHash       string          `json:"plan_hash"`
	Traceparent    string          `json:"traceparent,omitempty"`
	Success        bool            `json:"success"`
	Result         json.RawMessage `json:"result,omitempty"`
	Error          *wireError      `json:"error,omitempty"`
	Duration       int64           `json:"duration"` // milliseconds
}

func newOutcome(of *Task) *outcome {
	return &outcome{
		token: token{of.ID, of.Attempt, of.Delivery}, RunID: of.RunID, TaskID: of.TaskID, Workflow: of.Workflow,
		Step: of.Step, IdempotencyKey: of.IdempotencyKey, PlanHash: of.PlanHash, Traceparent: of.Traceparent,
	}
}

type answered struct {
	ID     string `json:"id"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Cancel bool   `json:"cancel"`
}

// reportRefused says that the server understood and said no; trying again is of no use.
type reportRefused struct {
	status int
	text   string
}

func (r *reportRefused) Error() string {
	return fmt.Sprintf("the server answered %d: %s", r.status, r.text)
}

// poll leases up to limit tasks, waiting for the first.
func (t *transport) poll(ctx context.Context, executor string, limit int, wait time.Duration) ([]*Task, time.Duration, error) {
	body := map[string]any{
		"executors": []string{executor}, "max_tasks": limit, "wait_ms": wait.Milliseconds(), "worker_id": t.worker,
	}
	var answer struct {
		Tasks []*Task `json:"tasks"`
		Lease int64   `json:"lease_ms"`
	}
	if err := t.post(ctx, "/api/v2/tasks/poll", body, wait+30*time.Second, &answer); err != nil {
		return nil, 0, err
	}
	lease := time.Duration(answer.Lease) * time.Millisecond
	if lease <= 0 {
		lease = 30 * time.Second
	}
	return answer.Tasks, lease, nil
}

// report sends results and heartbeats; there is an answer for each.
func (t *transport) report(ctx context.Context, results []outcome, beats []token) (settled, beaten []answered, err error) {
	body := map[string]any{"results": results, "heartbeats": beats}
	if results == nil {
		body["results"] = []outcome{}
	}
	var answer struct {
		Results    []answered `json:"results"`
		Heartbeats []answered `json:"heartbeats"`
	}
	if err := t.post(ctx, "/api/v2/tasks/report", body, 30*time.Second, &answer); err != nil {
		return nil, nil, err
	}
	if len(answer.Results) != len(results) || len(answer.Heartbeats) != len(beats) {
		return nil, nil, &transportFailed{cause: errors.New("the server left answers out")}
	}
	return answer.Results, answer.Heartbeats, nil
}

func (t *transport) post(ctx context.Context, path string, body any, patience time.Duration, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if t.token != "" {
		request.Header.Set("Authorization", "Bearer "+t.token)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return &transportFailed{cause: err}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return &transportFailed{cause: err}
	}
	status := response.StatusCode
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return &transportFailed{cause: fmt.Errorf("the server answered %d", status), after: retryAfter(response)}
	case status >= 400:
		text := strings.TrimSpace(string(answer[:min(len(answer), 300)]))
		return &reportRefused{status, text}
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return &transportFailed{cause: fmt.Errorf("the answer is no JSON of ours: %w", err)}
	}
	return nil
}

func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 999_999 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
