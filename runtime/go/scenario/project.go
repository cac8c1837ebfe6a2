package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// Variable names the files and folders, separated as in PATH, that are played in place
// of the project's own folder.
const Variable = "MAGICFLOW_SCENARIOS"

// Project is one workflow of a generated project.
type Project struct {
	// Plan is plan.json. Examples is {"input": …, "nodes": {node: …}}: what comes of
	// which a scenario says nothing.
	Plan, Examples []byte
	// Executor makes the executor with the project's functions, anew for each scenario.
	Executor func() *worker.Executor
	// Folder has the scenario files.
	Folder string
}

// Run plays every scenario of the project's workflow as a subtest.
func Run(t *testing.T, project Project) {
	t.Helper()
	workflow, err := load(project)
	if err != nil {
		t.Fatal(err)
	}
	found, err := workflow.find(project.Folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skipf("there is no scenario of %s in %s", workflow.name, project.Folder)
	}
	for _, each := range found {
		t.Run(each.name, func(t *testing.T) {
			t.Helper()
			if problem := workflow.check(t.Context(), each, project.Executor()); problem != "" {
				t.Error(problem)
			}
		})
	}
}

type workflow struct {
	name     string
	plan     *core.Plan
	steps    map[string]bool
	nodes    map[string]nodeInfo
	input    any
	hasInput bool
	examples map[string]any
}

type nodeInfo struct {
	Kind string
	Body string
	HTTP *struct {
		Expect []float64
	}
}

func load(project Project) (*workflow, error) {
	loaded, err := core.LoadPlan(project.Plan, plan.Limits{})
	if err != nil {
		return nil, err
	}
	var source struct {
		Workflow struct{ Name string }
		Steps    map[string]json.RawMessage
		Nodes    map[string]nodeInfo
	}
	if err := json.Unmarshal(project.Plan, &source); err != nil {
		return nil, err
	}
	made := &workflow{name: source.Workflow.Name, plan: loaded, nodes: source.Nodes, steps: map[string]bool{}}
	for name := range source.Steps {
		made.steps[name] = true
	}
	value, err := types.DecodeValue(project.Examples, 0)
	if err != nil {
		return nil, fmt.Errorf("the examples are no JSON: %w", err)
	}
	examples, _ := value.(map[string]any)
	made.input, made.hasInput = examples["input"]
	made.examples, _ = examples["nodes"].(map[string]any)
	return made, nil
}

// document is a scenario: the JSON of its `spec`.
type document struct {
	name, file string
	spec       map[string]any
}

func (w *workflow) find(folder string) ([]document, error) {
	places := []string{folder}
	if named := os.Getenv(Variable); named != "" {
		places = filepath.SplitList(named)
	}
	var found []document
	for _, place := range places {
		files, err := filesIn(place)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			documents, err := read(file)
			if err != nil {
				return nil, err
			}
			for _, each := range documents {
				if w.isOf(each) {
					found = append(found, each)
				}
			}
		}
	}
	return found, nil
}

// isOf: by name. A path leads out of the project: only the name of the file is known.
func (w *workflow) isOf(scenario document) bool {
	wanted, _ := scenario.spec["workflow"].(string)
	return wanted == w.name || strings.Contains(wanted, "/") ||
		strings.HasSuffix(wanted, ".yaml") || strings.HasSuffix(wanted, ".yml")
}

// check plays a scenario and tells what is not as it expects, "" when everything is.
func (w *workflow) check(ctx context.Context, scenario document, executor *worker.Executor) string {
	where := fmt.Sprintf("scenario %s of %s", scenario.name, scenario.file)
	run, err := w.play(ctx, scenario, executor)
	if err != nil {
		return fmt.Sprintf("%s cannot be played: %v", where, err)
	}
	problems := differences(run, members(scenario.spec["expect"]))
	if len(problems) == 0 {
		return ""
	}
	return where + "\n  " + strings.Join(problems, "\n  ")
}
