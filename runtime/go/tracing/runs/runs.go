// Package runs makes OpenTelemetry spans of what a server runs.
package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

// Runs makes spans of a server's runs, steps and attempts:
//
//	program.Traces = runs.Of(trace.NewBatchSpanProcessor(exporter))
//
// A run may outlive the process that started it, so spans are made when something has
// ended: from the history, with the times that it tells. Their ids follow from the run's
// id, so an attempt's span is known when its task is handed out and travels to the worker
// as `traceparent`; what the worker calls hangs below it.
type Runs struct {
	processor sdk.SpanProcessor
	resource  *resource.Resource
}

var _ engine.Traces = (*Runs)(nil)

// Of gives spans to a processor.
func Of(processor sdk.SpanProcessor) *Runs {
	own := resource.NewSchemaless(attribute.String("service.name", "magic-flow"))
	merged, err := resource.Merge(resource.Default(), own)
	if err != nil { // of two schemas; ours has none
		merged = own
	}
	return &Runs{processor, merged}
}

const (
	closing = 5 * time.Second
	scope   = "github.com/truongtu268/magic-flow/runtime/go/tracing/runs"
)

// Close sends what is left.
func (r *Runs) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if err := r.processor.Shutdown(ctx); err != nil {
		slog.Warn("spans were lost", "error", err.Error())
	}
}

// Traceparent is the trace context that an attempt carries.
func (r *Runs) Traceparent(runID, taskID string, attempt int64, given string) string {
	of := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceOf(runID, given), SpanID: spanOf(runID, attemptName(taskID, attempt)), TraceFlags: trace.FlagsSampled,
	})
	return "00-" + of.TraceID().String() + "-" + of.SpanID().String() + "-01"
}

// Record makes spans of what has ended.
func (r *Runs) Record(run *engine.Run, rows []core.HistoryRow) {
	run.View(func(view engine.View) {
		for index := range rows {
			row := &rows[index]
			switch row.Type {
			case "step_completed", "step_failed", "step_timed_out", "step_skipped", "step_cancelled":
				r.step(&view, row)
			case "attempt_failed":
				r.attempt(&view, row, row.Attempt, row.Error)
			case "run_completed", "run_failed", "run_timed_out", "run_cancelled":
				r.run(&view, row)
			}
		}
	})
}

func (r *Runs) run(view *engine.View, row *core.HistoryRow) {
	_, parent := parse(view.Traceparent)
	r.emit(view, &span{
		name: "run " + view.Row.Workflow, own: "run", parent: parent, begin: view.Row.CreatedAt, end: row.At, error: row.Error,
		attributes: []attribute.KeyValue{
			attribute.String("magicflow.workflow", view.Row.Workflow),
			attribute.String("magicflow.version", view.Row.WorkflowVersion),
			attribute.String("magicflow.status", view.Row.Status),
		},
	})
}

func (r *Runs) step(view *engine.View, row *core.HistoryRow) {
	path := pathOf(row)
	found := view.State.Steps[path]
	made := &span{
		name: "step " + nameOf(row), own: path, parent: spanOf(view.Row.ID, "run"), begin: row.At, end: row.At, error: row.Error,
	}
	attempts := int64(0)
	if found != nil {
		made.begin, attempts = found.StartedAt, found.Attempts
	}
	made.attributes = []attribute.KeyValue{
		attribute.String("magicflow.step", nameOf(row)),
		attribute.String("magicflow.path", path),
		attribute.String("magicflow.status", strings.TrimPrefix(row.Type, "step_")),
		attribute.Int64("magicflow.attempts", attempts),
	}
	r.emit(view, made)
	if row.Type == "step_completed" && attempts > 0 {
		r.attempt(view, row, attempts, nil)
	}
}

func (r *Runs) attempt(view *engine.View, row *core.HistoryRow, number int64, failed core.Error) {
	path := pathOf(row)
	number = max(number, 1)
	made := &span{
		name: "attempt " + path, own: attemptName(path, number), parent: spanOf(view.Row.ID, path), begin: row.At, end: row.At,
		error: failed,
		attributes: []attribute.KeyValue{
			attribute.String("magicflow.path", path), attribute.Int64("magicflow.attempt", number),
		},
	}
	if found := view.State.Steps[path]; found != nil {
		made.name, made.begin = "attempt "+found.Step, found.StartedAt
	}
	r.emit(view, made)
}

// span is what is told of something that has ended; times are milliseconds.
type span struct {
	name, own  string
	parent     trace.SpanID
	begin, end int64
	error      core.Error
	attributes []attribute.KeyValue
}

func (r *Runs) emit(view *engine.View, of *span) {
	id := traceOf(view.Row.ID, view.Traceparent)
	context := func(own trace.SpanID) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: own, TraceFlags: trace.FlagsSampled})
	}
	attributes := append(of.attributes, attribute.String("magicflow.execution_id", view.Row.ID))
	status := sdk.Status{Code: codes.Ok}
	if of.error != nil {
		code, _ := of.error["code"].(string)
		status = sdk.Status{Code: codes.Error, Description: code}
		attributes = append(attributes, attribute.String("magicflow.error.code", code))
	}
	stub := tracetest.SpanStub{
		Name: of.name, SpanContext: context(spanOf(view.Row.ID, of.own)), SpanKind: trace.SpanKindInternal,
		StartTime: time.UnixMilli(of.begin), EndTime: time.UnixMilli(max(of.end, of.begin)), Attributes: attributes,
		Status: status, Resource: r.resource, InstrumentationScope: instrumentation.Scope{Name: scope},
	}
	if of.parent.IsValid() {
		stub.Parent = context(of.parent)
	}
	r.processor.OnEnd(stub.Snapshot())
}

func pathOf(row *core.HistoryRow) string {
	if row.Path != "" {
		return row.Path
	}
	return row.Step
}

func nameOf(row *core.HistoryRow) string {
	if row.Step != "" {
		return row.Step
	}
	return pathOf(row)
}

func attemptName(path string, attempt int64) string {
	return path + "@" + attribute.Int64("", attempt).Value.Emit()
}

// traceOf is the caller's trace, else one of the run's own.
func traceOf(runID, traceparent string) trace.TraceID {
	if found, _ := parse(traceparent); found.IsValid() {
		return found
	}
	id, err := trace.TraceIDFromHex(strings.ReplaceAll(runID, "-", ""))
	if err != nil {
		sum := sha256.Sum256([]byte(runID))
		copy(id[:], sum[:])
	}
	return id
}

// spanOf is the same for the same run and name, in every language.
func spanOf(runID, name string) (id trace.SpanID) {
	sum := sha256.Sum256([]byte(runID + "\x00" + name))
	copy(id[:], sum[:])
	return id
}

// parse reads a trace context; both ids are invalid for what is none.
func parse(traceparent string) (id trace.TraceID, parent trace.SpanID) {
	parts := strings.Split(traceparent, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[3]) != 2 {
		return id, parent
	}
	var traced [16]byte
	var spanned [8]byte
	if !decode(traced[:], parts[1]) || !decode(spanned[:], parts[2]) {
		return id, parent
	}
	if trace.TraceID(traced).IsValid() && trace.SpanID(spanned).IsValid() {
		return traced, spanned
	}
	return id, parent
}

func decode(into []byte, text string) bool {
	if len(text) != 2*len(into) {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}
