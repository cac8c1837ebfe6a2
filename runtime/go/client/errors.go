package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// APIError says that the server refused. Status is HTTP's, Code ours, Problems lists
// what is wrong where.
//
// errors.Is tells the kinds apart: ErrNotAuthorized, ErrNotFound, ErrInvalidInput,
// ErrConflict, ErrOverloaded, ErrUnavailable.
type APIError struct {
	Status     int
	Code       string
	Detail     string
	Problems   []Problem
	RetryAfter time.Duration
}

// Problem is one thing that is wrong with a request; Path is a JSON pointer.
type Problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// The kinds of an APIError.
var (
	ErrNotAuthorized = errors.New("not authorized")
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("the run's state does not allow it")
	ErrInvalidInput  = errors.New("invalid input")
	ErrOverloaded    = errors.New("the server has too much to do")
	ErrUnavailable   = errors.New("the server cannot answer now")
)

// ErrNotReached says that the server was not reached, or did not answer.
var ErrNotReached = errors.New("the server was not reached")

var kinds = map[int]error{
	401: ErrNotAuthorized, 403: ErrNotAuthorized, 404: ErrNotFound, 409: ErrConflict, 422: ErrInvalidInput,
	429: ErrOverloaded, 502: ErrUnavailable, 503: ErrUnavailable, 504: ErrUnavailable,
}

func (e *APIError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", e.Code, e.Detail)
	for _, each := range e.Problems[:min(len(e.Problems), 20)] {
		path := each.Path
		if path == "" {
			path = "/"
		}
		fmt.Fprintf(&text, "; %s: %s", path, each.Message)
	}
	return text.String()
}

// Is says whether the error is of a kind.
func (e *APIError) Is(target error) bool { return target != nil && kinds[e.Status] == target }

// RunFailed says that a run ended without a result: Status is failed, timed_out or
// cancelled. Code and Message are those of the run's error, Raw is all of it.
type RunFailed struct {
	ExecutionID string
	Status      Status
	Code        string
	Message     string
	Step        string
	Details     json.RawMessage
	Raw         json.RawMessage
}

func (e *RunFailed) Error() string {
	return strings.TrimSpace(fmt.Sprintf("run %s %s: %s %s", e.ExecutionID, e.Status, e.Code, e.Message))
}
