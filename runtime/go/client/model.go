package client

import (
	"encoding/json"
	"strings"
	"time"
)

// Status is the state of a run.
type Status string

// The states of a run; the last four are final.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Waiting   Status = "waiting"
	Paused    Status = "paused"
	Completed Status = "completed"
	Failed    Status = "failed"
	TimedOut  Status = "timed_out"
	Cancelled Status = "cancelled"
)

// IsFinal says that a run in this state has ended.
func (s Status) IsFinal() bool {
	return s == Completed || s == Failed || s == TimedOut || s == Cancelled
}

// Execution is a run as the server told of it. Output and Failure are JSON texts.
type Execution struct {
	ID        string            `json:"execution_id"`
	Workflow  string            `json:"workflow"`
	Version   string            `json:"version"`
	Status    Status            `json:"status"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	EndedAt   *time.Time        `json:"ended_at"`
	Metadata  map[string]string `json:"metadata"`
	Input     json.RawMessage   `json:"input"`
	Output    json.RawMessage   `json:"output"`
	Failure   json.RawMessage   `json:"error"`
}

// Result is the output of a completed run; the error is a *RunFailed for one that ended
// otherwise, or has not ended.
func (e *Execution) Result() (json.RawMessage, error) {
	if e.Status == Completed {
		return e.Output, nil
	}
	failed := &RunFailed{ExecutionID: e.ID, Status: e.Status, Code: strings.ToUpper(string(e.Status)), Raw: e.Failure}
	var told struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Step    string          `json:"step"`
		Details json.RawMessage `json:"details"`
	}
	// a run without an error has null there, which leaves everything as it is
	if json.Unmarshal(e.Failure, &told) == nil && told.Code != "" {
		failed.Code, failed.Message, failed.Step, failed.Details = told.Code, told.Message, told.Step, told.Details
	}
	return nil, failed
}

// Event is one row of a run's history; N counts from 1, Data is the whole row.
type Event struct {
	N    int             `json:"n"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"-"`
}

// Step is a step that was entered.
type Step struct {
	Step     string          `json:"step"`
	Status   string          `json:"status"`
	Attempts int             `json:"attempts"`
	Output   json.RawMessage `json:"output"`
	Failure  json.RawMessage `json:"error"`
	Raw      json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps all of what the server told.
func (s *Step) UnmarshalJSON(data []byte) error {
	type plain Step
	if err := json.Unmarshal(data, (*plain)(s)); err != nil {
		return err
	}
	s.Raw = append(json.RawMessage(nil), data...)
	return nil
}

// InitEvent is a WorkflowInitEvent: it starts a run. InitialData is a JSON text.
type InitEvent struct {
	WorkflowName    string            `json:"workflow_name"`
	WorkflowVersion string            `json:"workflow_version,omitempty"`
	InitialData     json.RawMessage   `json:"initial_data"`
	Source          string            `json:"source"`
	Timestamp       time.Time         `json:"timestamp"`
	Priority        int               `json:"priority,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	IdempotencyKey  string            `json:"idempotency_key,omitempty"`
	ForeignID       string            `json:"foreign_id,omitempty"`
	Traceparent     string            `json:"traceparent,omitempty"`
}
