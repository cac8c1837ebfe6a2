package core

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// otherFormats are the conformance cases of other parts, with formats of their own.
var otherFormats = []string{"expressions", "patterns", "types"}

type conformanceCase struct {
	Name  string
	Plan  json.RawMessage
	Steps []struct {
		Event  json.RawMessage
		Expect map[string]json.RawMessage
	}
}

func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../../conformance/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("the conformance cases are not there")
	}
	ran := 0
	for _, file := range files {
		topic := filepath.Base(filepath.Dir(file))
		if slices.Contains(otherFormats, topic) {
			continue
		}
		ran++
		t.Run(topic+"/"+filepath.Base(file), func(t *testing.T) { runCase(t, file) })
	}
	if !reflect.DeepEqual(noSeldom, Seldom{}) {
		t.Errorf("what all frames share was written to: %+v", noSeldom)
	}
	if ran < 100 {
		t.Errorf("only %d cases ran", ran)
	}
}

func runCase(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var of conformanceCase
	if err := json.Unmarshal(data, &of); err != nil {
		t.Fatal(err)
	}
	plan, err := LoadPlan(of.Plan, LimitOverrides{})
	if err != nil {
		t.Fatal(err)
	}
	state := NewState()
	var deltas []*Delta
	var applied []*Event
	for number, step := range of.Steps {
		event, err := DecodeEvent(step.Event)
		if err != nil {
			t.Fatal(err)
		}
		// a long case is looked at whole near both its ends only
		whole := number < 50 || number+50 >= len(of.Steps)
		before := ""
		if whole {
			before = string(state.AppendJSON(nil))
		}
		decision, err := Decide(plan, state, event)
		if err != nil {
			t.Fatal(err)
		}
		if whole && string(state.AppendJSON(nil)) != before {
			t.Fatalf("step %d changed the state", number+1)
		}
		code := ""
		if decision.Refused != nil {
			code = decision.Refused.Code
		}
		if want := asText(valueOf(t, step.Expect["refused"])); code != want {
			t.Fatalf("step %d (%s) is refused with %q, not %q: %+v", number+1, event.Type, code, want, decision.Refused)
		}
		if decision.Refused == nil {
			expect(t, "commands", step.Expect, appendCommands(nil, decision.Commands), "[]")
			applied = append(applied, event)
			again, err := DecodeDelta(decision.Delta.AppendJSON(nil))
			if err != nil {
				t.Fatal(err)
			}
			if one, other := decision.Delta.AppendJSON(nil), again.AppendJSON(nil); !bytes.Equal(one, other) {
				t.Fatalf("step %d: the delta\n%s is read as\n%s", number+1, one, other)
			}
			deltas = append(deltas, again)
			Apply(state, decision.Delta)
		}
		if step.Expect["state"] != nil {
			expect(t, "state", step.Expect, state.AppendJSON(nil), "")
		}
		lacksRow(t, valueOf(t, step.Expect["history"]), valueOf(t, decision.Delta.AppendHistory(nil)))
		if t.Failed() {
			t.Fatalf("step %d (%s)", number+1, event.Type)
		}
		if whole {
			readBack(t, state)
		}
	}
	want := string(state.AppendJSON(nil))
	replayed, err := Replay(plan, applied)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(replayed.AppendJSON(nil)); got != want {
		t.Errorf("replayed %s, not %s", got, want)
	}
	if got := string(Fold(deltas...).AppendJSON(nil)); got != want {
		t.Errorf("folded %s, not %s", got, want)
	}
}

// readBack holds that a state that is written and read is the same state.
func readBack(t *testing.T, state *State) {
	t.Helper()
	text := state.AppendJSON(nil)
	again, err := DecodeState(text)
	if err != nil {
		t.Fatal(err)
	}
	if other := again.AppendJSON(nil); !bytes.Equal(text, other) {
		t.Fatalf("the state\n%s is read as\n%s", text, other)
	}
}

func appendCommands(out []byte, commands []Command) []byte {
	out = append(out, '[')
	for index, command := range commands {
		if index > 0 {
			out = append(out, ',')
		}
		out = command.AppendJSON(out)
	}
	return append(out, ']')
}

func valueOf(t *testing.T, text []byte) any {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	value, err := types.DecodeValue(text, around)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

func expect(t *testing.T, what string, expected map[string]json.RawMessage, actual []byte, otherwise string) {
	t.Helper()
	text, there := expected[what]
	if !there {
		if text = json.RawMessage(otherwise); otherwise == "" {
			return
		}
	}
	if found := difference(valueOf(t, text), valueOf(t, actual), ""); found != "" {
		t.Errorf("%s%s\nin %s", what, found, actual)
	}
}

// difference says where actual lacks what expected has; null means absent or null.
func difference(expected, actual any, place string) string {
	switch wanted := expected.(type) {
	case map[string]any:
		members, is := actual.(map[string]any)
		if !is {
			break
		}
		for name, value := range wanted {
			if found := difference(value, members[name], place+"/"+name); found != "" {
				return found
			}
		}
		if len(wanted) == 0 && len(members) > 0 {
			return place + ": expected nothing"
		}
		return ""
	case []any:
		items, is := actual.([]any)
		if !is {
			break
		}
		if len(items) != len(wanted) {
			return place + ": expected another number of items: " + textOf(expected) + ", not " + textOf(actual)
		}
		for index := range wanted {
			if found := difference(wanted[index], items[index], place+"/"); found != "" {
				return found
			}
		}
		return ""
	}
	if textOf(expected) == textOf(actual) {
		return ""
	}
	return place + ": expected " + textOf(expected) + ", found " + textOf(actual)
}

func lacksRow(t *testing.T, expected, actual any) {
	t.Helper()
	rows, _ := actual.([]any)
	wanted, _ := expected.([]any)
	for _, row := range wanted {
		at := slices.IndexFunc(rows, func(found any) bool { return difference(row, found, "") == "" })
		if at < 0 {
			t.Errorf("history lacks %s: %s", textOf(row), textOf(actual))
			return
		}
		rows = rows[at+1:]
	}
}
