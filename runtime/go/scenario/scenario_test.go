package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

func TestYAMLIsThatOfVersion12(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.scenario.yaml")
	text := `kind: Scenario
metadata: {name: a}
spec: {workflow: w, input: [yes, off, 12:30, 2026-01-01, 0o17, 0x1F, 017, 1e3, +1, -.5, ~, Null, true, FALSE, 1_000, "7", '', 1.0, &x text, *x, [], {<<: 1}]}
---
kind: Workflow
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := read(file)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	want := []any{"yes", "off", "12:30", "2026-01-01", 15.0, 31.0, 17.0, 1000.0, 1.0, -0.5, nil, nil, true, false,
		"1_000", "7", "", 1.0, "text", "text", []any{}, map[string]any{"<<": 1.0}}
	if got := found[0].spec["input"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]int64{
		"0s": 0, "250ms": 250, "5m": 300_000, "2d": 172_800_000, "PT1H30M": 5_400_000, "P2D": 172_800_000,
		"PT0.5S": 500, "P1W": 604_800_000,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "s", "P", "PT", "P1DT", "1y", "1s..2s", "999999999999d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestValuesAreComparedAsJSON(t *testing.T) {
	for _, each := range []struct {
		wanted, actual string
		places         int
	}{
		{`{"a":1}`, `{"a":1,"b":2}`, 0},
		{`{"a":{"b":[1,{"c":2}]}}`, `{"a":{"b":[1,{"c":3}]}}`, 1},
		{`[1]`, `[1,2]`, 1},
		{`1`, `true`, 1},
		{`{"a":null}`, `{}`, 1},
		{`{}`, `[]`, 1},
		{`null`, `null`, 0},
		{`1`, `[1]`, 1},
	} {
		found := unlike("", valueOfJSON(t, each.wanted), valueOfJSON(t, each.actual), true)
		if len(found) != each.places {
			t.Errorf("%s and %s: %v", each.wanted, each.actual, found)
		}
	}
}

func valueOfJSON(t *testing.T, text string) any {
	t.Helper()
	value, err := types.DecodeValue([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestPathsStandSideBySide(t *testing.T) {
	ran := []*core.Step{
		{Step: "pay", Path: "pay", Status: "failed", Attempts: 3, Error: core.Error{"code": "BUSY"}},
		{Step: "sorry", Path: "sorry", Status: "completed", Attempts: 1},
	}
	got := sideBySide([]any{"pay", "each", "ship"}, ran)
	want := strings.Join([]string{
		"    expected   actual",
		"    pay        pay (failed, 3 attempts, BUSY)",
		"  > each",
		"  > ship",
		"  >            sorry",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s", got)
	}
}
