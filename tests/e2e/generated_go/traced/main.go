// Command traced is the executor with spans of OpenTelemetry, which it logs.
package main

import (
	"context"
	"log/slog"
	"os"

	"workflows/executors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/truongtu268/magic-flow/runtime/go/tracing"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

type logged struct{}

func (logged) ExportSpans(_ context.Context, spans []trace.ReadOnlySpan) error {
	for _, span := range spans {
		slog.Info("span", "name", span.Name(), "kind", span.SpanKind().String(),
			"trace", span.SpanContext().TraceID().String(), "parent", span.Parent().SpanID().String())
	}
	return nil
}

func (logged) Shutdown(context.Context) error { return nil }

func main() {
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(logged{})))
	config, err := worker.ReadConfig(os.Args[1:])
	if err == nil {
		config.Tracer = tracing.New()
		err = worker.Start(config, executors.All()...)
	}
	os.Exit(worker.ExitCode(err))
}
