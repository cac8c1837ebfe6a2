package tracing

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/truongtu268/magic-flow/runtime/go/observe"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// spansOf runs a task whose handler makes a span of its own.
func spansOf(t *testing.T, task *worker.Task, fails error) (spans tracetest.SpanStubs, carried string) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter))
	ctx, end := Of(provider).StartTask(worker.WithTask(context.Background(), task), task)
	carried = observe.Traceparent(ctx)
	_, inner := provider.Tracer("handler").Start(ctx, "query")
	inner.End()
	end(fails)
	return exporter.GetSpans(), carried
}

func TestATaskIsASpanBelowItsAttempt(t *testing.T) {
	task := &worker.Task{
		RunID: "r1", Workflow: "w", Step: "charge-card", Executor: "e", Function: "f", Attempt: 2, Delivery: 1, Traceparent: parent,
	}
	spans, carried := spansOf(t, task, nil)
	if len(spans) != 2 {
		t.Fatal(spans)
	}
	query, handle := spans[0], spans[1]
	if handle.Name != "handle charge-card" || handle.Parent.SpanID().String() != "b7ad6b7169203331" || !handle.Parent.IsRemote() ||
		handle.SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" || handle.Status.Code == codes.Error {
		t.Error(handle)
	}
	if query.Parent.SpanID() != handle.SpanContext.SpanID() {
		t.Error("what the handler does does not hang below it")
	}
	wanted := "00-" + handle.SpanContext.TraceID().String() + "-" + handle.SpanContext.SpanID().String() + "-01"
	if carried != wanted {
		t.Errorf("calls carry %q, not %q", carried, wanted)
	}
	found := attribute.NewSet(handle.Attributes...)
	for key, value := range map[attribute.Key]string{
		"magicflow.workflow": "w", "magicflow.execution_id": "r1", "magicflow.step": "charge-card",
		"magicflow.executor": "e", "magicflow.function": "f", "magicflow.attempt": "2", "magicflow.delivery": "1",
	} {
		if told, _ := found.Value(key); told.Emit() != value {
			t.Errorf("%s is %q", key, told.Emit())
		}
	}
}

func TestAFailureHasItsCode(t *testing.T) {
	for _, each := range []struct {
		err  error
		code string
	}{{worker.Fail("DECLINED", "no"), "DECLINED"}, {errors.New("broken"), "INTERNAL"}} {
		spans, _ := spansOf(t, &worker.Task{Step: "s"}, each.err)
		handle := spans[1]
		found := attribute.NewSet(handle.Attributes...)
		told, _ := found.Value("magicflow.error.code")
		if handle.Status.Code != codes.Error || handle.Status.Description != each.code || told.AsString() != each.code || len(handle.Events) != 1 {
			t.Error(handle)
		}
	}
}

func TestATaskWithoutATraceBeginsOne(t *testing.T) {
	spans, carried := spansOf(t, &worker.Task{Step: "s", Traceparent: "nonsense"}, nil)
	if spans[1].Parent.IsValid() || !strings.Contains(carried, spans[1].SpanContext.TraceID().String()) {
		t.Error(spans[1], carried)
	}
}

func TestWithoutAProviderNothingIsCarried(t *testing.T) {
	ctx, end := New().StartTask(context.Background(), &worker.Task{Step: "s", Traceparent: parent})
	end(nil)
	// the parent is handed on although nothing records
	if observe.Traceparent(ctx) != parent {
		t.Error(observe.Traceparent(ctx))
	}
	if observe.Traceparent(Context(context.Background())) != "" {
		t.Error("a trace context of nothing")
	}
}
