package engine

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

func TestAWaitEndsAtItsTimeAlsoAfterARestart(t *testing.T) {
	h := newHarness(t, waits(t, 60_000)).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	due := h.clock.Now() + 60_000
	h.pass(59_999)
	if h.row(run.ID()).EndedAt != 0 {
		t.Fatal("a timer was early")
	}
	h.restart()
	h.pass(1)
	h.until("it ends", func() bool { return h.row(run.ID()).EndedAt == due })
	two := h.start(&StartRequest{Workflow: "waits"})
	h.engine.Close(0)
	h.clock.Jump(30 * 86_400_000)
	h.open()
	if h.finish(two).Row.Status != "completed" {
		t.Error("a timer that was due while the server was down")
	}
}

func TestEventsFindTheirListenersByCorrelation(t *testing.T) {
	h := newHarness(t, listening(t)).open()
	one := h.start(&StartRequest{Workflow: "listens", Input: members{"order": "o1"}})
	two := h.start(&StartRequest{Workflow: "listens", Input: members{"order": "o2"}})
	for _, cloud := range []members{cloudEvent("paid", members{"order": "other"}, "a"), cloudEvent("sent", members{"order": "o1"}, "b"), cloudEvent("paid", 3.0, "c")} {
		if reached := h.publish(cloud); len(reached) > 0 {
			t.Errorf("%v reached %v", cloud, reached)
		}
	}
	if reached := h.publish(cloudEvent("paid", members{"order": "o2", "sum": 5.0}, "d")); !reflect.DeepEqual(reached, []string{two.ID()}) {
		t.Error(reached)
	}
	if got := h.finish(two).State.Run.Output; !reflect.DeepEqual(got, members{"got": members{"id": "d", "type": "paid", "data": members{"order": "o2", "sum": 5.0}}}) {
		t.Error(got)
	}
	if h.row(one.ID()).Status != "waiting" {
		t.Error("the other run was woken")
	}
	err := h.send(one.ID(), &core.Event{Type: core.EventReceived, EventID: "x", Event: "unknown"})
	refusedWith(t, err, "UNKNOWN_EVENT")
}

func TestAnEmittedEventWakesListenersAndTriggers(t *testing.T) {
	emits := planOf(t, "emits", []string{"e"}, map[string]members{"e": {"kind": "emit", "event": "paid", "data": object(members{"order": lit("o1")})}}, nil)
	trigger := members{
		"type": "event", "event": "paid", "input": object(members{"n": lit(1)}),
		"filter": members{"op": "==", "left": path("event", "data", "order"), "right": lit("o1")},
	}
	triggered := planOf(t, "triggered", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1}}, members{"triggers": []any{trigger}})
	h := newHarness(t, emits, listening(t), triggered)
	var mutex sync.Mutex
	var seen []map[string]any
	h.before = func(engine *Engine) {
		engine.AddSink(func(_ context.Context, cloud map[string]any) error {
			mutex.Lock()
			defer mutex.Unlock()
			if seen = append(seen, cloud); len(seen) == 1 {
				return errors.New("nobody is there")
			}
			return nil
		})
	}
	h.open()
	listener := h.start(&StartRequest{Workflow: "listens", Input: members{"order": "o1"}})
	h.finish(h.start(&StartRequest{Workflow: "emits"}))
	h.finish(listener)
	h.until("the sink has it twice", func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(seen) == 2 && len(h.effects(store.Event)) == 0
	})
	if !reflect.DeepEqual(seen[0], seen[1]) || seen[1]["type"] != "paid" || !reflect.DeepEqual(seen[1]["data"], members{"order": "o1"}) {
		t.Error(seen)
	}
	started, _ := h.store.Runs(store.RunFilter{Workflow: "triggered"}, "", 10)
	if len(started) != 1 {
		t.Errorf("the trigger started %d runs", len(started))
	}
}

func TestAPersonsAnswerIsCheckedAndTakenOnce(t *testing.T) {
	node := members{
		"kind": "listen", "event": "@task", "correlate": members{}, "type": members{"type": "form"},
		"task": members{"assignee": lit("ann"), "title": lit("Approve?")},
	}
	more := output(stepOutput("h"))
	more["types"] = members{"form": members{
		"kind": "object", "name": members{"words": []any{"form"}}, "extra": members{"allow": "forbid"},
		"fields": members{"ok": members{"type": members{"type": "boolean"}, "required": true}},
	}}
	h := newHarness(t, planOf(t, "asks", []string{"h"}, map[string]members{"h": node}, more)).open()
	run := h.start(&StartRequest{Workflow: "asks"})
	open := h.effects(store.Human)
	if len(open) != 1 || open[0].Name != "ann" {
		t.Fatalf("%+v", open)
	}
	answer := func(data any) error {
		return h.send(run.ID(), &core.Event{Type: core.HumanCompleted, TaskID: open[0].Key, Data: data, By: "ann"})
	}
	refusedWith(t, answer(members{"ok": "yes"}), "VALIDATION")
	if err := answer(members{"ok": true}); err != nil {
		t.Fatal(err)
	}
	if got := h.finish(run).State.Run.Output; !reflect.DeepEqual(got, members{"ok": true}) {
		t.Error(got)
	}
	refusedWith(t, answer(members{"ok": true}), "RUN_ENDED")
	if len(h.effects(store.Human)) != 0 {
		t.Error("the task is still open")
	}
}

func TestChildren(t *testing.T) {
	h := newHarness(t, threeSteps(t), parentOf(t, "^1.0.0", members{"n": lit(5)})).open()
	run := h.start(&StartRequest{Workflow: "parent"})
	if got := h.finish(run).State.Run.Output; !reflect.DeepEqual(got, members{"child": members{"n": 8.0}}) {
		t.Error(got)
	}
	children, _ := h.store.Runs(store.RunFilter{Workflow: "three"}, "", 10)
	if len(children) != 1 || children[0].Parent != run.ID()+":s" {
		t.Errorf("%+v", children)
	}
	for name, plans := range map[string][][]byte{
		"UNAVAILABLE": {parentOf(t, "^2.0.0", members{"n": lit(5)}), threeSteps(t)},
		"VALIDATION":  {parentOf(t, "*", members{"n": lit("x")}), threeSteps(t)},
	} {
		h := newHarness(t, plans...).open()
		view := h.finish(h.start(&StartRequest{Workflow: "parent"}))
		if view.Row.Status != "failed" || view.State.Run.Error["code"] != name {
			t.Errorf("%s: %v", name, view.State.Run.Error)
		}
	}
}

func TestCancellingAParentCancelsItsChild(t *testing.T) {
	child := planOf(t, "three", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 3_000_000}}, nil)
	h := newHarness(t, child, parentOf(t, "*", members{})).open()
	run := h.start(&StartRequest{Workflow: "parent"})
	var children []store.RunRow
	h.until("the child runs", func() bool {
		children, _ = h.store.Runs(store.RunFilter{Workflow: "three"}, "", 10)
		return len(children) == 1
	})
	h.restart()
	if err := h.send(run.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	if h.finish(run).Row.Status != "cancelled" || h.row(children[0].ID).Status != "cancelled" {
		t.Error(h.row(run.ID()).Status, h.row(children[0].ID).Status)
	}
}

func TestAnIdempotencyKeyStartsOneRun(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	request := &StartRequest{Workflow: "waits", IdempotencyKey: "k"}
	var ids sync.Map
	var group sync.WaitGroup
	for range 20 {
		group.Add(1)
		go func() {
			defer group.Done()
			run, done, err := h.engine.Begin(request)
			if err == nil {
				err = done.Wait(patience(t))
			}
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(run.ID(), true)
		}()
	}
	group.Wait()
	h.restart()
	ids.Store(h.start(request).ID(), true)
	count := 0
	ids.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d runs of one key", count)
	}
}

func TestOneActiveRunOfAForeignID(t *testing.T) {
	plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1_000}}, members{"unique": "running"})
	h := newHarness(t, plan).open()
	first, _, err := h.engine.Begin(&StartRequest{Workflow: "waits", ForeignID: "f"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, _, err := h.engine.Begin(&StartRequest{Workflow: "waits", ForeignID: "f"})
		if details := refusedWith(t, err, "CONFLICT").Details; !reflect.DeepEqual(details, members{"execution_id": first.ID()}) {
			t.Error(details)
		}
		h.settle()
	}
	h.finish(first)
	h.finish(h.start(&StartRequest{Workflow: "waits", ForeignID: "f"}))
}

func TestACompletionWebhookLeavesWithTheEndUntilItIsTaken(t *testing.T) {
	h := newHarness(t, threeSteps(t))
	var mutex sync.Mutex
	var bodies []map[string]any
	h.before = func(engine *Engine) {
		engine.SetWebhook(func(_ context.Context, url string, body map[string]any) error {
			mutex.Lock()
			defer mutex.Unlock()
			if bodies = append(bodies, body); len(bodies) == 1 || url != "https://example.com/ended" {
				return errors.New("nobody is there")
			}
			return nil
		})
	}
	h.open()
	run := h.start(&StartRequest{Workflow: "three", Input: members{"n": 1.0}, Webhook: "https://example.com/ended"})
	h.finish(run)
	h.until("it is taken", func() bool { return len(h.effects(store.Webhook)) == 0 })
	if len(bodies) != 2 || !reflect.DeepEqual(bodies[0], bodies[1]) || bodies[1]["id"] != run.ID()+":ended" || bodies[1]["status"] != "completed" {
		t.Error(bodies)
	}
}

func TestAnErasedRunLeavesNothing(t *testing.T) {
	h := newHarness(t, threeSteps(t), waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "three", Input: members{"n": 1.0}})
	h.finish(run)
	if err := h.engine.Erase(patience(t), run.ID()); err != nil {
		t.Fatal(err)
	}
	if row, err := h.store.Run(run.ID()); row != nil || err != nil {
		t.Error(row, err)
	}
	var notFound *NotFound
	if err := h.engine.Erase(patience(t), run.ID()); !errors.As(err, &notFound) {
		t.Error(err)
	}
	open := h.start(&StartRequest{Workflow: "waits"})
	refusedWith(t, h.engine.Erase(patience(t), open.ID()), "CONFLICT")
}

func TestRetentionErasesWhatWasKeptLongEnough(t *testing.T) {
	plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1}}, members{"retention": members{"completed": 100_000}})
	h := newHarness(t, plan).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	h.pass(1)
	h.until("it ended", func() bool { return h.row(run.ID()).EndedAt != 0 })
	h.pass(60_000)
	h.row(run.ID())
	h.pass(60_000)
	if row, err := h.store.Run(run.ID()); row != nil || err != nil {
		t.Error(row, err)
	}
}

func TestRunsLeaveMemoryAndComeBack(t *testing.T) {
	h := newHarness(t, waits(t, 60_000)).open()
	h.engine.runs.limit = 5
	var runs []*Run
	for range 30 {
		runs = append(runs, h.start(&StartRequest{Workflow: "waits"}))
		h.settle()
	}
	if live := h.engine.Health().Live; live > 6 {
		t.Errorf("%d runs are in memory", live)
	}
	for _, run := range runs {
		h.finish(run)
	}
}

func TestConcurrencyOfAWorkflow(t *testing.T) {
	limits := members{"max_runs": 2, "max_per_key": 1, "key": path("input", "k")}
	plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1_000}}, members{"concurrency": limits})
	h := newHarness(t, plan).open()
	begin := func(key string, priority int64) *Run {
		return h.start(&StartRequest{Workflow: "waits", Input: members{"k": key}, Priority: priority})
	}
	first := []*Run{begin("a", 0), begin("a", 0), begin("b", 0), begin("c", 0), begin("d", 9)}
	statuses := func(wanted string) {
		t.Helper()
		found := ""
		for _, run := range first {
			found += h.row(run.ID()).Status[:1]
		}
		if found != wanted {
			t.Errorf("%s, wanted %s", found, wanted)
		}
	}
	statuses("wqwqq")
	h.restart()
	statuses("wqwqq")
	if err := h.send(first[3].ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	h.until("two have ended and two run", func() bool {
		return h.row(first[0].ID()).EndedAt != 0 && h.row(first[4].ID()).Status == "waiting" && h.row(first[1].ID()).Status == "waiting"
	})
	for _, run := range first {
		h.until("all end", func() bool { return h.row(run.ID()).EndedAt != 0 })
	}
	// nobody holds a place any more
	h.finish(begin("a", 0))
	if places := h.engine.starts.admission.of("waits"); len(places.running)+len(places.perKey)+len(places.waiting) > 0 {
		t.Errorf("%+v", places)
	}
}

func TestAWorkflowThatRejects(t *testing.T) {
	plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1_000}}, members{"concurrency": members{"max_runs": 1, "on_limit": "reject"}})
	h := newHarness(t, plan).open()
	first := h.start(&StartRequest{Workflow: "waits"})
	var overloaded *Overloaded
	if _, _, err := h.engine.Begin(&StartRequest{Workflow: "waits"}); !errors.As(err, &overloaded) {
		t.Error(err)
	}
	h.finish(first)
	h.finish(h.start(&StartRequest{Workflow: "waits"}))
}

func TestADelayedStart(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "waits", Delay: 100_000})
	_, _, err := h.engine.Begin(&StartRequest{Workflow: "waits", Delay: 1, Timeout: new(int64)})
	if err != nil {
		t.Error(err)
	}
	h.pass(99_999)
	if row := h.row(run.ID()); row.Status != "queued" || row.Version != 0 {
		t.Fatalf("%+v", row)
	}
	h.restart()
	h.pass(1)
	if row := h.row(run.ID()); row.Version != 1 {
		t.Fatalf("%+v", row)
	}
	h.finish(run)
	cancelled := h.start(&StartRequest{Workflow: "waits", Delay: 100_000})
	if err := h.send(cancelled.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	if h.finish(cancelled).Row.Status != "cancelled" {
		t.Error("a queued run is not cancelled")
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	h.engine.settings.MaxOpenRuns = 2
	h.start(&StartRequest{Workflow: "waits"})
	h.start(&StartRequest{Workflow: "waits"})
	var overloaded *Overloaded
	if _, _, err := h.engine.Begin(&StartRequest{Workflow: "waits"}); !errors.As(err, &overloaded) || overloaded.RetryAfter != 1 {
		t.Error(err)
	}
}

func TestAWorkflowTimeoutMayStartOneNewRun(t *testing.T) {
	more := members{"timeout": members{"after": 1_000, "action": "retry"}}
	h := newHarness(t, planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 3_000}}, more)).open()
	first := h.start(&StartRequest{Workflow: "waits", Input: members{"n": 1.0}})
	h.until("both end", func() bool {
		rows, _ := h.store.Runs(store.RunFilter{}, "", 10)
		return len(rows) == 2 && rows[0].EndedAt != 0 && rows[1].EndedAt != 0
	})
	rows, _ := h.store.Runs(store.RunFilter{}, "", 10)
	if rows[0].RetryOf != first.ID() || rows[0].Status != "timed_out" || len(h.effects(store.Retry)) != 0 {
		t.Errorf("%+v", rows[0])
	}
}

func TestSchedules(t *testing.T) {
	for _, each := range []struct {
		catchUp string
		missed  int
	}{{"none", 0}, {"latest", 1}, {"all", 4}} {
		t.Run(each.catchUp, func(t *testing.T) {
			trigger := members{"type": "schedule", "every": 60_000, "catch_up": each.catchUp, "input": object(members{"n": lit(1)})}
			plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1}}, members{"triggers": []any{trigger}})
			h := newHarness(t, plan).open()
			count := func() int {
				rows, _ := h.store.Runs(store.RunFilter{}, "", 100)
				return len(rows)
			}
			h.pass(180_000)
			h.until("three started", func() bool { return count() == 3 })
			h.engine.Close(0)
			h.clock.Jump(4 * 60_000)
			h.open()
			h.pass(1_000)
			if found := count(); found != 3+each.missed {
				t.Errorf("%d runs after the pause, wanted %d", found, 3+each.missed)
			}
			h.pass(60_000)
			if found := count(); found != 4+each.missed {
				t.Errorf("%d runs a minute later, wanted %d", found, 4+each.missed)
			}
		})
	}
}

func TestCronTriggers(t *testing.T) {
	trigger := members{"type": "schedule", "cron": "0 9 * * *", "time_zone": "Europe/Berlin"}
	plan := planOf(t, "waits", []string{"w"}, map[string]members{"w": {"kind": "wait", "duration": 1}}, members{"triggers": []any{trigger}})
	h := newHarness(t, plan).open()
	h.pass(2 * 86_400_000)
	rows, _ := h.store.Runs(store.RunFilter{}, "", 10)
	if len(rows) != 2 || time.UnixMilli(rows[0].CreatedAt).UTC().Hour() != 8 {
		t.Errorf("%+v", rows)
	}
	name := h.engine.catalog.All()[0].schedules[0].setting
	// the digest is Python's: both servers keep the last time under one name
	if name != "schedule:waits:0:"+digestOfPython {
		t.Error(name)
	}
}

// json.dumps(["0 9 * * *", None, "Europe/Berlin"]), hashed
const digestOfPython = "ca8defd812e6fa4a"

func TestPauseAndResume(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	for _, each := range []struct{ kind, code string }{
		{core.ResumeRequested, "NOT_PAUSED"}, {core.PauseRequested, ""}, {core.PauseRequested, "ALREADY_PAUSED"}, {core.ResumeRequested, ""},
	} {
		err := h.send(run.ID(), &core.Event{Type: each.kind})
		if each.code != "" {
			refusedWith(t, err, each.code)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	h.finish(run)
}

func TestListenersHearEveryRowOnce(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	var mutex sync.Mutex
	var types []string
	stop, err := h.engine.Listen(run.ID(), func(rows []core.HistoryRow) {
		mutex.Lock()
		defer mutex.Unlock()
		for _, row := range rows {
			types = append(types, row.Type)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	h.finish(run)
	stop()
	mutex.Lock()
	defer mutex.Unlock()
	if !reflect.DeepEqual(types, []string{"step_completed", "run_completed"}) {
		t.Error(types)
	}
}
