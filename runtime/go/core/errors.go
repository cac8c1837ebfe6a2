package core

import (
	"maps"
	"math"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// The codes of errors that are not an executor's own.
const (
	codeValidation    = "VALIDATION"
	codeExpression    = "EXPRESSION"
	codeTimeout       = "TIMEOUT"
	codeCancelled     = "CANCELLED"
	codeCircuitOpen   = "CIRCUIT_OPEN"
	codeLimit         = "LIMIT"
	codeInternal      = "INTERNAL"
	codeWorkflowError = "WORKFLOW_ERROR"
)

const (
	// maxText is the code points of an error's message when the whole error is too large
	// to keep.
	maxText = 4_096
	// maxSuppressed: a chain of failing handlers keeps its first error and the newest of
	// the others.
	maxSuppressed = 16
)

func isNeverRetryable(code string) bool {
	return code == codeValidation || code == codeExpression || code == codeCancelled || code == codeLimit
}

// newError is an error of a step ("" is none), of no attempt.
func newError(code, message, step string) Error {
	made := Error{"code": code, "message": message, "step": nil, "attempt": nil, "retryable": !isNeverRetryable(code)}
	if step != "" {
		made["step"] = step
	}
	return made
}

// ofAttempt is newError for an attempt.
func ofAttempt(code, message, step string, attempt int64) Error {
	made := newError(code, message, step)
	made["attempt"] = float64(attempt)
	return made
}

// reportedError is the error that an executor reported, brought into our form.
//
// Whatever it sent, the result is an error: a missing code is INTERNAL, members that are
// not ours are dropped, and what is larger than limit bytes is cut.
func reportedError(raw any, step string, attempt int64, declared map[string]bool, limit int64) Error {
	fields, is := raw.(map[string]any)
	if !is {
		fields = map[string]any{"message": raw}
	}
	code := asText(fields["code"])
	if code == "" {
		code = codeInternal
	}
	message, is := fields["message"].(string)
	if !is {
		message = said(fields["message"])
	}
	made := ofAttempt(code, message, step, attempt)
	retryable, is := fields["retryable"].(bool)
	if !is {
		if retryable, is = declared[code]; !is {
			retryable = true
		}
	}
	made["retryable"] = retryable && !isNeverRetryable(code)
	if details := fields["details"]; details != nil {
		made["details"] = details
	}
	if after, is := fields["retry_after"].(float64); is && after == math.Trunc(after) {
		made["retry_after"] = max(after, 0)
	}
	if cause := asMembers(fields["cause"]); cause != nil {
		made["cause"] = cause
	}
	if exceeds(made, limit) {
		delete(made, "details")
		delete(made, "cause")
		made["code"], made["message"] = cut(code), cut(message)
	}
	return made
}

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	left := maxText
	for at := range text {
		if left == 0 {
			return text[:at]
		}
		left--
	}
	return text
}

// said is a message that is no text, as one.
func said(message any) string {
	if message == nil {
		return "the executor gave no message"
	}
	text, err := canonical.Text(message)
	if err != nil {
		return "the executor's message is no JSON"
	}
	return text
}

// allowsRetry: `non_retryable` wins over `retry_on`, which, when it is given, is the whole
// list; without it the error's flag decides.
func allowsRetry(policy *plan.Retry, err Error) bool {
	code := asText(err["code"])
	if isNeverRetryable(code) || policy.NonRetryable[code] {
		return false
	}
	if policy.HasRetryOn {
		return policy.RetryOn[code]
	}
	retryable, _ := err["retryable"].(bool)
	return retryable
}

// withCause is the error of a failed answer to `cause`. A cause that an executor gave it
// moves to `suppressed`, so that nothing is lost.
func withCause(err, cause Error) Error {
	made := maps.Clone(err)
	made["cause"] = cause
	if own := err["cause"]; own != nil {
		made["suppressed"] = append(suppressedOf(err), own)
	}
	return made
}

// suppressedOf is a copy with room.
func suppressedOf(err Error) []any {
	known, _ := err["suppressed"].([]any)
	return append(make([]any, 0, len(known)+2), known...)
}

// withSuppressed is the first error, with those of its handlers under `suppressed`.
func withSuppressed(errors []Error) Error {
	if len(errors) == 1 {
		return errors[0]
	}
	made, suppressed := maps.Clone(errors[0]), suppressedOf(errors[0])
	for _, each := range errors[1:] {
		suppressed = append(suppressed, each)
	}
	made["suppressed"] = suppressed
	return made
}

// extended is a chain of handlers' errors with one more, bounded.
func extended(errors []Error, err Error) []Error {
	made := make([]Error, 0, maxSuppressed+1)
	if len(errors) < maxSuppressed {
		return append(append(made, errors...), err)
	}
	return append(append(append(made, errors[0]), errors[2:]...), err)
}
