package scenario

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// TestAsPython plays what MAGICFLOW_PLAYED names: scenarios, and what came of them in
// Python (tests/differential/test_scenarios.py).
func TestAsPython(t *testing.T) {
	file := os.Getenv("MAGICFLOW_PLAYED")
	if file == "" {
		t.Skip("MAGICFLOW_PLAYED names no file")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name                 string
		Plan, Examples, Spec json.RawMessage
		Status               string
		Path, Events         []string
		Duration             int64
		Differences          int
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, each := range cases {
		loaded, err := load(Project{Plan: each.Plan, Examples: each.Examples})
		if err != nil {
			t.Fatalf("%s: %v", each.Name, err)
		}
		spec, err := types.DecodeValue(each.Spec, 0)
		if err != nil {
			t.Fatalf("%s: %v", each.Name, err)
		}
		scenario := document{each.Name, file, members(spec)}
		run, err := loaded.play(t.Context(), scenario, worker.NewExecutor(loaded.name))
		if err != nil {
			t.Errorf("%s: %v", each.Name, err)
			continue
		}
		status := "waiting"
		if run.ended {
			status = run.state.Run.Status
		}
		if status != each.Status || run.duration() != each.Duration {
			t.Errorf("%s: %s after %d ms, in Python %s after %d ms", each.Name, status, run.duration(), each.Status, each.Duration)
		}
		if path := pathOf(run); !slices.Equal(path, each.Path) {
			t.Errorf("%s: %v, in Python %v", each.Name, path, each.Path)
		}
		if !slices.Equal(run.emitted, each.Events) {
			t.Errorf("%s: emits %v, in Python %v", each.Name, run.emitted, each.Events)
		}
		if found := differences(run, members(scenario.spec["expect"])); len(found) != each.Differences {
			t.Errorf("%s: %d differences, in Python %d: %v", each.Name, len(found), each.Differences, found)
		}
	}
}

func pathOf(run *simulation) []string {
	var rows []*core.Step
	for _, row := range run.state.Steps {
		if row.Status != "skipped" && row.Status != "pending" {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *core.Step) int { return int(a.N - b.N) })
	var path []string
	for _, row := range rows {
		path = append(path, row.Path)
	}
	return path
}
