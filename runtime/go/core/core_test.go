package core

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

func TestPlanOfAnotherHash(t *testing.T) {
	plan, events := chainPlan(t, 1), chainEvents(1)
	state := runChain(t, plan, events[:1], nil)
	other := *plan
	other.Hash = "other"
	if _, err := Decide(&other, state, events[1]); err == nil {
		t.Error("a run is decided on another plan")
	}
	if _, err := Replay(&other, events); err != nil {
		t.Error(err)
	}
}

func TestBrokenPlans(t *testing.T) {
	for what, change := range map[string][2]string{
		"no JSON":            {`"plan_version"`, `plan_version`},
		"a newer version":    {`"plan_version": 1`, `"plan_version": 99`},
		"no hash":            {`"hash": "h",`, ``},
		"an unknown kind":    {`"kind": "wait"`, `"kind": "nap"`},
		"a dangling node":    {`"body": "a/do"`, `"body": "a/don't"`},
		"a dangling root":    {`"root": "/"`, `"root": "x"`},
		"a dangling handler": {`"handler": "f"`, `"handler": "g"`},
		"a dangling dep":     {`"s": []}`, `"s": ["t"]}`},
		"an unknown action":  {`"action": "run"`, `"action": "sing"`},
		"an unknown type":    {`"type": "form"`, `"type": "farm"`},
		"a broken type":      {`"kind": "object"`, `"kind": 1`},
		"a broken mapping":   {`"root": "response"`, `"root": "nowhere"`},
		"no expression":      {`"op": "lit"`, `"op": "lot"`},
		"broken limits":      {`"visits_per_block": 5`, `"visits_per_block": "5"`},
	} {
		text := strings.Replace(everything, change[0], change[1], 1)
		if text == everything {
			t.Errorf("%s: nothing was changed", what)
		}
		if _, err := LoadPlan([]byte(text), LimitOverrides{}); err == nil {
			t.Errorf("a plan with %s is loaded", what)
		}
	}
}

func TestLimitOverrides(t *testing.T) {
	plan, err := LoadPlan([]byte(everything), LimitOverrides{ValueBytes: 7})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Limits != (LimitOverrides{VisitsPerBlock: 5, OccurrencesPerRun: 50, ValueBytes: 7, CancelGrace: 100}) {
		t.Errorf("%+v", plan.Limits)
	}
}

// TestDriversEvents: what a driver made is looked at as well.
func TestDriversEvents(t *testing.T) {
	plan, negative := chainPlan(t, 1), int64(-1)
	for _, event := range []*Event{
		{Type: "nap"},
		{Type: RunStarted, At: -1},
		{Type: RunStarted, At: 1 << 60},
		{Type: RunStarted, Timeout: &negative},
		{Type: RunStarted, Resume: &Resume{Start: "nowhere"}},
		{Type: RunStarted, Resume: &Resume{isDAG: true}},
		{Type: TimedOut, Kind: "nap"},
		{Type: ChildEnded, Status: "gone"},
	} {
		event.Input = map[string]any{"order": "A", "amount": 1.0}
		decision, err := Decide(plan, NewState(), event)
		if err != nil || decision.Refused == nil || decision.Refused.Code != "MALFORMED" {
			t.Errorf("%+v: %+v %v", event, decision.Refused, err)
		}
	}
}

func TestNothingIsRead(t *testing.T) {
	for _, text := range []string{``, `[`, `[]`, `1`, `{"type": "nap"}`} {
		if _, err := DecodeCommand([]byte(text)); err == nil {
			t.Errorf("%q is a command", text)
		}
		if text == `{"type": "nap"}` {
			continue
		}
		if _, err := DecodeDelta([]byte(text)); err == nil {
			t.Errorf("%q is a delta", text)
		}
		if _, err := DecodeState([]byte(text)); err == nil {
			t.Errorf("%q is a state", text)
		}
		if _, err := DecodeEvent([]byte(text)); err == nil {
			t.Errorf("%q is an event", text)
		}
	}
}

// TestLargeDoublesAreReadBack: an expression may have made a double that prints as an
// integer beyond the domain of what comes in. What a store keeps and a worker gets is read
// by every decoder.
func TestLargeDoublesAreReadBack(t *testing.T) {
	task := &ScheduleTask{Input: []any{1e20, -9007199254740992.0}, Settings: &plan.TaskSettings{}}
	text := task.AppendJSON(nil)
	value, err := types.DecodeValue(text, 0)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if input, _ := value.(map[string]any)["input"].([]any); len(input) != 2 || input[0] != 1e20 || input[1] != -9007199254740992.0 {
		t.Errorf("%s", text)
	}
	// canonical JSON of another server
	delta, err := DecodeDelta([]byte(`{"cells":{"a#0":[100000000000000000000]},"run":{"version":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if cell, is := delta.Cells[0].Row.([]any); !is || cell[0] != 1e20 {
		t.Errorf("%v", delta.Cells)
	}
}

// TestOnePlanManyRuns is for the race detector: a plan is shared, runs are not.
func TestOnePlanManyRuns(t *testing.T) {
	plan, events := chainPlan(t, 3), chainEvents(3)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 20 {
				runChain(t, plan, events, nil)
			}
		}()
	}
	all.Wait()
}

// TestMemory holds what a run that waits takes.
func TestMemory(t *testing.T) {
	const count = 2_000
	plan, events := chainPlan(t, 3), chainEvents(3)
	states := make([]*State, count)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for index := range states {
		states[index] = runChain(t, plan, events[:2], nil)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / count
	t.Logf("%d bytes for a run at its second step", each)
	if each > 6_000 {
		t.Errorf("a waiting run takes %d bytes", each)
	}
	runtime.KeepAlive(states)
}
