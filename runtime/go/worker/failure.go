package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// Failure is what a workflow learns of a handler that failed. Code is the function's
// own; Retryable overrules what the context declares; Details is any JSON value;
// RetryAfter raises the delay before the next attempt.
type Failure struct {
	Code       string
	Message    string
	Retryable  *bool
	Details    json.RawMessage
	RetryAfter time.Duration
}

func (f *Failure) Error() string { return ErrorText(f.Code, f.Message) }

// WorkflowFailure is the failure itself.
func (f *Failure) WorkflowFailure() Failure { return *f }

// Failing is an error that a workflow can act on: a *Failure, or a generated error. Any
// other error of a handler counts as INTERNAL.
type Failing interface {
	error
	WorkflowFailure() Failure
}

// Fail is a failure with a code of the function's.
func Fail(code, message string) *Failure { return &Failure{Code: code, Message: message} }

// ErrorText is how an error of a code reads.
func ErrorText(code, message string) string {
	if message == "" {
		return code
	}
	return code + ": " + message
}

const maxMessage = 2_000

type wireError struct {
	Code       string          `json:"code"`
	Message    string          `json:"message"`
	Retryable  *bool           `json:"retryable,omitempty"`
	Details    json.RawMessage `json:"details,omitempty"`
	RetryAfter int64           `json:"retry_after,omitempty"` // milliseconds
}

// wireErrorOf is what travels of a handler's error.
func wireErrorOf(err error) wireError {
	var failing Failing
	var unfit *unfitError
	if errors.As(err, &unfit) {
		return unfit.wire()
	}
	if !errors.As(err, &failing) {
		return wireError{Code: "INTERNAL", Message: shorten(err.Error())}
	}
	failure := failing.WorkflowFailure()
	wire := wireError{
		Code:       failure.Code,
		Message:    shorten(failure.Message),
		Retryable:  failure.Retryable,
		RetryAfter: max(failure.RetryAfter.Milliseconds(), 0),
	}
	if wire.Message == "" {
		wire.Message = failure.Code
	}
	if failure.Details != nil {
		if err := anyValue.Check(failure.Details); err != nil {
			return wireError{Code: "INTERNAL", Message: shorten(fmt.Sprintf("the details of %s: %v", failure.Code, err))}
		}
		wire.Details = failure.Details
	}
	return wire
}

// unfitError is a result that its type does not accept: what the server says of a raw
// result that breaks the function's schema.
type unfitError struct{ problems []types.Problem }

func (e *unfitError) Error() string {
	place := e.problems[0].Path
	if place == "" {
		place = "/"
	}
	return "the result does not fit: " + place + ": " + e.problems[0].Message
}

func (e *unfitError) wire() wireError {
	never := false
	details, err := json.Marshal(e.problems)
	if err != nil {
		details = nil
	}
	return wireError{Code: "VALIDATION", Message: shorten(e.Error()), Retryable: &never, Details: details}
}

func shorten(text string) string {
	if letters := []rune(text); len(letters) > maxMessage {
		text = string(letters[:maxMessage])
	}
	return text
}
