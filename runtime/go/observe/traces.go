package observe

import (
	"context"
	"regexp"
)

type traceKey struct{}

var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// WithTraceparent keeps a W3C trace context for the calls that follow from a task; what
// is none is left out.
func WithTraceparent(ctx context.Context, parent string) context.Context {
	if !traceparent.MatchString(parent) {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, parent)
}

// Traceparent is the trace context to send along with a call; "" when there is none.
func Traceparent(ctx context.Context) string {
	parent, _ := ctx.Value(traceKey{}).(string)
	return parent
}

// TraceID is the trace's id of a trace context, for logs; "" when there is none.
func TraceID(parent string) string {
	if !traceparent.MatchString(parent) {
		return ""
	}
	return parent[3:35]
}
