// Package tracing makes OpenTelemetry spans of the steps that a worker runs. It is a
// module of its own, so that only those need the library who import it:
//
//	config.Tracer = tracing.New()
//
// The server's span of the attempt is the parent; what the handler calls with its
// context hangs below the handler's span. Where spans go is the program's to say, as
// always with OpenTelemetry: by the global tracer provider, or by one that is given.
package tracing

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

const (
	scope  = "github.com/truongtu268/magic-flow/runtime/go/tracing"
	header = "traceparent"
)

// Tracer makes a span of every task.
type Tracer struct {
	tracer trace.Tracer
}

var _ worker.Tracer = (*Tracer)(nil)

// New is a tracer of the global provider, asked for when the first task comes.
func New() *Tracer { return Of(otel.GetTracerProvider()) }

// Of is a tracer of a provider.
func Of(provider trace.TracerProvider) *Tracer { return &Tracer{provider.Tracer(scope)} }

// StartTask begins the span of a task; end ends it with the handler's error.
func (t *Tracer) StartTask(ctx context.Context, task *worker.Task) (traced context.Context, end func(err error)) {
	carrier := propagation.MapCarrier{header: task.Traceparent}
	ctx = propagation.TraceContext{}.Extract(ctx, carrier)
	ctx, span := t.tracer.Start(ctx, "handle "+task.Step, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("magicflow.workflow", task.Workflow),
		attribute.String("magicflow.execution_id", task.RunID),
		attribute.String("magicflow.step", task.Step),
		attribute.String("magicflow.executor", task.Executor),
		attribute.String("magicflow.function", task.Function),
		attribute.Int("magicflow.attempt", task.Attempt),
		attribute.Int("magicflow.delivery", task.Delivery),
	))
	return Context(ctx), func(err error) {
		if err != nil {
			code := codeOf(err)
			span.SetAttributes(attribute.String("magicflow.error.code", code))
			span.SetStatus(codes.Error, code)
			span.RecordError(err)
		}
		span.End()
	}
}

// Context is a context whose span runs that a client starts belong to. Handlers have
// one already.
func Context(ctx context.Context) context.Context {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return observe.WithTraceparent(ctx, carrier[header])
}

func codeOf(err error) string {
	var failing worker.Failing
	if errors.As(err, &failing) {
		return failing.WorkflowFailure().Code
	}
	return "INTERNAL"
}
