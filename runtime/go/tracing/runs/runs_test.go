package runs

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

const (
	parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	plan   = `{
		"plan_version": 1, "profile": "mf-2026.1", "hash": "h", "workflow": {"name": "one", "version": "1.0.0"},
		"input": {"type": "any"}, "output": {"type": {"type": "any"}, "value": {"op": "lit", "value": null}}, "root": "/",
		"nodes": {
			"/": {"kind": "seq", "nodes": ["a"], "start": "a"},
			"a": {"kind": "try", "body": "a/do", "step": "a", "next": "@block", "catch": [], "retry": {"max_attempts": 2, "backoff": "fixed",
				"initial_delay": 1, "max_delay": 1, "jitter": false}},
			"a/do": {"kind": "call", "executor": "svc", "function": "f"}
		},
		"steps": {"a": {"name": "a", "type": "function", "node": "a", "block": "/", "role": "main", "handler": false, "implicit": false}},
		"functions": {"svc/f": {"executor": "svc", "function": "f", "input": {"type": "any"}, "output": {"type": "any"}, "errors": {}, "steps": ["a"]}},
		"types": {}, "events": {}, "rules": [], "triggers": [], "presentation": {"step_order": ["a"]},
		"limits": {"visits_per_block": 1000, "occurrences_per_run": 10000, "value_bytes": 262144, "cancel_grace": 30000}
	}`
)

// failing fails its first attempt, and remembers the trace contexts that it got.
type failing struct{ carried []string }

func (f *failing) Concurrency() int { return 1 }
func (f *failing) Close()           {}

func (f *failing) Run(_ context.Context, task *engine.TaskMessage, _ int64, _ func()) engine.Outcome {
	f.carried = append(f.carried, task.Traceparent)
	if task.Attempt == 1 {
		return engine.Outcome{Error: map[string]any{"code": "BUSY", "message": "not yet"}}
	}
	return engine.Outcome{}
}

func TestSpansOfARun(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	of := engine.New(store.NewMemory(), engine.Options{Traces: Of(sdk.NewSimpleSpanProcessor(keeping{exporter}))})
	if _, err := of.Deploy([]byte(plan)); err != nil {
		t.Fatal(err)
	}
	functions := &failing{}
	of.AddExecutor("svc", functions)
	if err := of.Open(); err != nil {
		t.Fatal(err)
	}
	run, _, err := of.Begin(&engine.StartRequest{Workflow: "one", Traceparent: parent})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = of.Wait(context.Background(), run, 10*time.Second); err != nil || !run.Ended() {
		t.Fatal(err)
	}
	of.Close(time.Second)
	spans := map[string][]tracetest.SpanStub{}
	for _, each := range exporter.GetSpans() {
		spans[each.Name] = append(spans[each.Name], each)
		if each.SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in another trace", each.Name)
		}
	}
	if len(spans["run one"]) != 1 || len(spans["step a"]) != 1 || len(spans["attempt a"]) != 2 || len(functions.carried) != 2 {
		t.Fatalf("%d spans, carried %v", len(exporter.GetSpans()), functions.carried)
	}
	whole, step := spans["run one"][0], spans["step a"][0]
	if whole.Parent.SpanID().String() != "b7ad6b7169203331" || whole.Status.Code != codes.Ok {
		t.Error(whole)
	}
	if step.Parent.SpanID() != whole.SpanContext.SpanID() {
		t.Error("the step does not hang below the run")
	}
	for index, attempt := range spans["attempt a"] {
		if attempt.Parent.SpanID() != step.SpanContext.SpanID() {
			t.Error("the attempt does not hang below the step")
		}
		wanted := "00-" + attempt.SpanContext.TraceID().String() + "-" + attempt.SpanContext.SpanID().String() + "-01"
		if functions.carried[index] != wanted {
			t.Errorf("attempt %d carried %s, its span is %s", index+1, functions.carried[index], wanted)
		}
		if failed := attempt.Status.Code == codes.Error; failed != (index == 0) {
			t.Errorf("attempt %d: %v", index+1, attempt.Status)
		}
	}
}

// keeping keeps spans over the shutdown, which the exporter of the SDK forgets.
type keeping struct{ *tracetest.InMemoryExporter }

func (keeping) Shutdown(context.Context) error { return nil }

// The same ids as Python's: what one server began the other continues.
func TestIdsAreThoseOfEveryLanguage(t *testing.T) {
	const run = "0199f3a2-7c1e-7000-8000-0123456789ab"
	if found := (&Runs{}).Traceparent(run, "a", 2, ""); found != "00-0199f3a27c1e700080000123456789ab-e07030788905cbfe-01" {
		t.Error(found)
	}
	for _, given := range []string{"", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-zz-yy-01"} {
		if traceOf(run, given).String() != "0199f3a27c1e700080000123456789ab" {
			t.Errorf("%q is a trace", given)
		}
	}
}
