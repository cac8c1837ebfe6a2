package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// The check of what docs/durability.md promises, in a store in which no run is open any
// more: every run is decided again from its events, and each decision is compared with what
// was stored. tests/runtime/faults/promises.py is the same for servers under faults.

var finals = []string{"completed", "failed", "timed_out", "cancelled"}

// effectOf is what a function did to the outside world.
type effectOf struct {
	key     string // of idempotency
	attempt int64
}

// seenTask is what a run's log says of one task.
type seenTask struct {
	attempts, reported []int64
	succeeded          bool
}

// checkPromises checks all runs. acknowledged are ids by key.
func checkPromises(t testing.TB, of store.Store, acknowledged map[string]string, effects []effectOf) {
	t.Helper()
	rows, err := of.Runs(store.RunFilter{}, "", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	known, once := map[string]bool{}, map[string]bool{}
	tasks := map[string]*seenTask{}
	for index := range rows {
		row := &rows[index]
		known[row.ID] = true
		for _, what := range []string{"key of " + row.Workflow + " " + row.IdempotencyKey, "child " + row.Parent} {
			if once[what] && !strings.HasSuffix(what, " ") {
				t.Fatalf("two runs have the %s", what)
			}
			once[what] = true
		}
		checkRun(t, of, row.ID, tasks)
	}
	for key, id := range acknowledged {
		if !known[id] {
			t.Fatalf("run %s of %s was acknowledged and lost", id, key)
		}
	}
	left, err := of.Effects(effectKinds, "")
	if len(left) > 0 || err != nil {
		t.Fatalf("the outbox stands: %+v %v", left, err)
	}
	had := map[string]int64{}
	for _, each := range effects {
		if tasks[each.key] == nil {
			t.Fatalf("an effect of a task that no run knows: %s", each.key)
		}
		had[each.key] = max(had[each.key], each.attempt)
	}
	for key, task := range tasks {
		if task.succeeded && had[key] == 0 {
			t.Fatalf("%s: a result without an effect", key)
		}
		if had[key] > task.attempts[len(task.attempts)-1] {
			t.Fatalf("%s: a redelivery used an attempt", key)
		}
	}
}

// checkRun holds that a run ended once, and that its log is what its events make of it.
func checkRun(t testing.TB, of store.Store, runID string, tasks map[string]*seenTask) {
	t.Helper()
	fail := func(format string, words ...any) {
		t.Helper()
		t.Fatalf("run %s: %s", runID, fmt.Sprintf(format, words...))
	}
	row, err := of.Run(runID)
	if err != nil || row == nil {
		fail("%v %v", row, err)
	}
	if !slices.Contains(finals, row.Status) || row.EndedAt == 0 {
		fail("it is %s", row.Status)
	}
	log, err := of.Log(runID, 0, -1)
	if err != nil {
		fail("%v", err)
	}
	plan := planOfHash(t, of, row.PlanHash)
	folded, replayed := core.NewState(), core.NewState()
	seen := seenEvents{fail: fail, due: map[string]int64{}, tasks: map[string]*seenTask{}, byKey: tasks}
	var history []core.HistoryRow
	for index, each := range log {
		if each.Version != int64(index+1) {
			fail("version %d follows %d", each.Version, index)
		}
		event, err := core.DecodeEvent([]byte(each.Event))
		if err != nil {
			fail("%v", err)
		}
		decision, err := core.Decide(plan, replayed, event)
		if err != nil || decision.Refused != nil {
			fail("version %d is refused: %+v %v", each.Version, decision.Refused, err)
		}
		seen.take(event, decision.Commands)
		if made := string(decision.Delta.AppendChanges(nil)); made != each.Changes {
			fail("version %d was another decision:\n%s\n%s", each.Version, each.Changes, made)
		}
		if made := string(decision.Delta.AppendHistory(nil)); made != each.History {
			fail("version %d has another history:\n%s\n%s", each.Version, each.History, made)
		}
		history = append(history, decision.Delta.History...)
		if each.HistoryEnd != int64(len(history)) {
			fail("version %d has %d rows of history, not %d", each.Version, len(history), each.HistoryEnd)
		}
		core.Apply(replayed, decision.Delta)
		delta, err := core.DecodeDelta([]byte(each.Changes))
		if err != nil {
			fail("%v", err)
		}
		core.Apply(folded, delta)
	}
	if one, two := string(folded.AppendJSON(nil)), string(replayed.AppendJSON(nil)); one != two {
		fail("its history gives another state:\n%s\n%s", one, two)
	}
	ends := 0
	for index := range history {
		if history[index].N != int64(index+1) {
			fail("history row %d follows %d", history[index].N, index)
		}
		if slices.Contains(finals, strings.TrimPrefix(history[index].Type, "run_")) {
			if ends++; index+1 != len(history) || history[index].Type != "run_"+row.Status {
				fail("%s, and it is %s", history[index].Type, row.Status)
			}
		}
	}
	if ends != 1 {
		fail("it ends %d times", ends)
	}
	run := &replayed.Run
	if row.Version != int64(len(log)) || row.Status != run.Status || row.EndedAt != run.EndedAt || len(replayed.Frames) > 0 {
		fail("the row %+v is not of %+v", row, run)
	}
}

// seenEvents follows a run's events against what its commands asked for.
type seenEvents struct {
	fail  func(format string, words ...any)
	due   map[string]int64
	tasks map[string]*seenTask
	byKey map[string]*seenTask
}

func (s *seenEvents) take(event *core.Event, commands []core.Command) {
	switch event.Type {
	case core.TimerFired:
		due, there := s.due[event.TimerID]
		if !there {
			s.fail("timer %s fired twice", event.TimerID)
		}
		if event.At < due {
			s.fail("timer %s fired early", event.TimerID)
		}
		delete(s.due, event.TimerID)
	case core.TaskResult, core.TimedOut, core.TaskStopped:
		s.reported(event)
	}
	for _, command := range commands {
		switch command := command.(type) {
		case *core.StartTimer:
			s.due[command.TimerID] = command.Due
		case *core.ScheduleTask:
			s.scheduled(command)
		}
	}
}

func (s *seenEvents) scheduled(command *core.ScheduleTask) {
	task := s.tasks[command.TaskID]
	if task == nil {
		task = &seenTask{}
		s.tasks[command.TaskID] = task
	}
	if command.Attempt != int64(len(task.attempts)+1) || task.succeeded {
		s.fail("%s@%d runs after attempts %v, a result: %v", command.TaskID, command.Attempt, task.attempts, task.succeeded)
	}
	task.attempts = append(task.attempts, command.Attempt)
	s.byKey[command.IdempotencyKey] = task
}

func (s *seenEvents) reported(event *core.Event) {
	task := s.tasks[event.TaskID]
	if task == nil || int64(len(task.attempts)) != event.Attempt {
		s.fail("%s@%d: a result from nowhere, or of an old attempt", event.TaskID, event.Attempt)
	}
	if slices.Contains(task.reported, event.Attempt) {
		s.fail("%s@%d: two results", event.TaskID, event.Attempt)
	}
	task.reported = append(task.reported, event.Attempt)
	task.succeeded = event.Type == core.TaskResult && !event.HasError
}

var loadedPlans sync.Map // core.Plan by hash

func planOfHash(t testing.TB, of store.Store, hash string) *core.Plan {
	t.Helper()
	if known, there := loadedPlans.Load(hash); there {
		plan, _ := known.(*core.Plan)
		return plan
	}
	row, err := of.Plan(hash)
	if err != nil || row == nil {
		t.Fatal("a plan is gone", err)
	}
	plan, err := core.LoadPlan([]byte(row.Plan), core.LimitOverrides{})
	if err != nil {
		t.Fatal(err)
	}
	loadedPlans.Store(hash, plan)
	return plan
}
