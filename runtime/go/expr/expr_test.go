package expr

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

type testCase struct {
	Name    string
	Plan    json.RawMessage
	Scope   string
	Value   any
	Absent  bool
	Error   string
	Samples [][2]string
}

// scopeOf is a scope of the conformance cases.
func scopeOf(t *testing.T, given map[string]any) *Scope {
	t.Helper()
	scope := &Scope{Roots: map[string]Value{}, Steps: map[string]map[string]Value{}}
	for name, value := range given {
		switch name {
		case "steps":
			for step, fields := range value.(map[string]any) {
				scope.Steps[step] = fields.(map[string]any)
			}
		case "locals":
			scope.Locals = value.(map[string]any)
		case "indexes":
			scope.Indexes = value.(map[string]any)
		case "time":
			scope.Time = int64(value.(float64))
		case "event_id":
			scope.EventID = value.(string)
		default:
			scope.Roots[name] = value
		}
	}
	return scope
}

func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../../conformance/expressions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("the conformance cases are not there")
	}
	ran := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Scopes map[string]map[string]any
			Cases  []testCase
		}
		if err := json.Unmarshal(data, &content); err != nil {
			t.Fatal(err)
		}
		for _, each := range content.Cases {
			ran++
			t.Run(filepath.Base(file)+"/"+each.Name, func(t *testing.T) { check(t, each, content.Scopes[each.Scope]) })
		}
	}
	if ran < 100 {
		t.Errorf("only %d cases ran", ran)
	}
}

func check(t *testing.T, of testCase, given map[string]any) {
	t.Helper()
	before, err := canonical.Text(given)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := Parse(of.Plan)
	if err != nil {
		t.Fatal(err)
	}
	scope := scopeOf(t, given)
	value, err := compiled.Evaluate(scope)
	after, _ := canonical.Text(given)
	if before != after {
		t.Error("evaluation changed what it reads")
	}
	var refused *Error
	switch {
	case of.Error != "":
		if !errors.As(err, &refused) || refused.Code != of.Error {
			t.Errorf("got %v, %v, not the error %s", value, err, of.Error)
		}
		return
	case err != nil:
		t.Fatal(err)
	case of.Absent:
		if value != Missing {
			t.Errorf("got %v, and not nothing", value)
		}
		return
	}
	want, _ := canonical.Text(of.Value)
	if got, err := canonical.Text(value); err != nil || got != want {
		t.Errorf("got %s (%v), not %s", got, err, want)
	}
	for index, sample := range of.Samples {
		if index >= len(scope.Samples) || scope.Samples[index] != (Sample{sample[0], sample[1]}) {
			t.Errorf("samples are %v", scope.Samples)
		}
	}
}

func TestBrokenPlans(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"op":"nope"}`, `{"op":"not"}`, `{"op":"path","root":"x","segments":[]}`, `{"op":"call","function":"nope","args":[]}`,
		`{"op":"call","function":"map","args":[]}`, `{"op":"call","function":"length","args":[]}`, `[`, `{"op":"secret"}`,
		`{"op":"call","function":"map","args":[{"op":"lit"},{"op":"lit"}]}`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s has no error", text)
		}
	}
}
