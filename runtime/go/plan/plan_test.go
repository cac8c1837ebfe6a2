package plan

import (
	"bytes"
	"os"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
)

func TestLoad(t *testing.T) {
	data, err := os.ReadFile("testdata/user-onboarding.json")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Workflow.Name != "user-onboarding" || plan.Functions[plan.Steps["validate-user"].Function].Executor != "user-service" {
		t.Errorf("%+v", plan.Workflow)
	}
	if _, err := expr.Compile(&plan.Output.Value); err != nil {
		t.Error(err)
	}
	for what, broken := range map[string][]byte{
		"changed":      bytes.Replace(data, []byte("user-service"), []byte("user-servise"), 1),
		"newer":        bytes.Replace(data, []byte(`"plan_version":1`), []byte(`"plan_version":99`), 1),
		"no JSON":      data[:len(data)-10],
		"no object":    []byte(`[]`),
		"of no schema": []byte(`{"plan_version":"x"}`),
	} {
		if bytes.Equal(broken, data) {
			t.Errorf("%s: nothing was changed", what)
		}
		if _, err := Load(broken); err == nil {
			t.Errorf("a plan that is %s is loaded", what)
		}
	}
}
