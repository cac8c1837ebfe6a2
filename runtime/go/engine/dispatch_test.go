package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

func far(t testing.TB, more members) []byte {
	return planOf(t, "far", []string{"a"}, map[string]members{"a": call("f", "far", more)}, output(stepOutput("a")))
}

func retrying(node members, attempts int) members {
	return members{"kind": "try", "body": "a/do", "catch": []any{}, "retry": members{
		"max_attempts": attempts, "backoff": "fixed", "initial_delay": 10, "max_delay": 10, "jitter": false,
	}}
}

func (h *harness) poll(limit int) []Leased {
	h.t.Helper()
	taken, err := h.engine.Poll(patience(h.t), []string{"far"}, limit, 0, "w")
	if err != nil {
		h.t.Fatal(err)
	}
	return taken
}

// lease is the one task that there is.
func (h *harness) lease() Leased {
	h.t.Helper()
	h.settle()
	taken := h.poll(10)
	if len(taken) != 1 {
		h.t.Fatalf("%d tasks were leased", len(taken))
	}
	return taken[0]
}

func (h *harness) report(of Leased, outcome Outcome) error {
	done, err := h.engine.Report(TaskKey{of.Task.RunID, of.Task.TaskID}, of.Task.Attempt, of.Delivery, outcome)
	if err != nil {
		return err
	}
	return done.Wait(patience(h.t))
}

func isStale(err error) bool {
	var stale *Stale
	return errors.As(err, &stale)
}

func TestALeasedTaskIsReportedOnce(t *testing.T) {
	h := newHarness(t, far(t, members{"timeout": 5_000, "priority": 3})).open()
	run := h.start(&StartRequest{Workflow: "far", Traceparent: "00-a-b-01"})
	taken := h.lease()
	message := taken.Task
	if message.Workflow != "far" || message.WorkflowVersion != "1.0.0" || message.PlanHash == "" || message.Traceparent != "00-a-b-01" ||
		message.Attempt != 1 || taken.Delivery != 1 || *message.Settings.Timeout != 5_000 || message.IdempotencyKey != run.ID()+":a" {
		t.Errorf("%+v", message)
	}
	if stored := h.effects(store.Task); len(stored) != 1 || stored[0].Delivery != 1 || stored[0].Name != "far" {
		t.Errorf("the lease is not durable: %+v", stored)
	}
	if len(h.poll(10)) != 0 {
		t.Error("a leased task was handed out again")
	}
	if err := h.report(taken, Outcome{Output: members{"x": 1.0}}); err != nil {
		t.Fatal(err)
	}
	if err := h.report(taken, Outcome{Output: members{"x": 2.0}}); !isStale(err) {
		t.Error(err)
	}
	if got := h.finish(run).State.Run.Output; !reflect.DeepEqual(got, members{"x": 1.0}) {
		t.Error(got)
	}
	if h.engine.Health().StaleReports != 1 {
		t.Error("the stale report was not counted")
	}
}

func TestALeaseRunsOutAndIsDeliveredAgain(t *testing.T) {
	h := newHarness(t, far(t, nil)).open()
	run := h.start(&StartRequest{Workflow: "far"})
	for delivery := int64(1); delivery <= 5; delivery++ {
		taken := h.lease()
		if taken.Delivery != delivery || taken.Task.Attempt != 1 {
			t.Fatalf("delivery %d, attempt %d", taken.Delivery, taken.Task.Attempt)
		}
		h.pass(20_000)
		if _, _, err := h.engine.Heartbeat(TaskKey{run.ID(), "a"}, 1, delivery); err != nil {
			t.Fatal(err)
		}
		h.pass(29_999)
		if len(h.poll(1)) != 0 {
			t.Fatal("a heartbeat does not prolong the lease")
		}
		h.pass(1)
		if err := h.report(taken, Outcome{Output: "late"}); delivery < 5 && !isStale(err) {
			t.Fatal(err)
		}
	}
	view := h.finish(run)
	if view.Row.Status != "failed" || view.State.Run.Error["code"] != "UNAVAILABLE" {
		t.Errorf("%s %v", view.Row.Status, view.State.Run.Error)
	}
}

func TestALeaseSurvivesARestart(t *testing.T) {
	h := newHarness(t, far(t, nil)).open()
	run := h.start(&StartRequest{Workflow: "far"})
	taken := h.lease()
	h.restart()
	if len(h.poll(1)) != 0 {
		t.Error("a leased task was handed out again")
	}
	if err := h.report(taken, Outcome{Output: 1.0}); err != nil {
		t.Fatal(err)
	}
	h.finish(run)
	two := h.start(&StartRequest{Workflow: "far"})
	old := h.lease()
	h.restart()
	h.pass(30_000)
	again := h.lease()
	if again.Delivery != 2 || again.Task.Workflow != "far" || again.Task.PlanHash == "" {
		t.Errorf("%+v", again)
	}
	if err := h.report(old, Outcome{Output: "late"}); !isStale(err) {
		t.Error(err)
	}
	if err := h.report(again, Outcome{Output: 1.0}); err != nil {
		t.Fatal(err)
	}
	h.finish(two)
}

func TestLimitsThatTheDispatcherMeasures(t *testing.T) {
	for name, each := range map[string]struct {
		limits members
		lease  bool
		after  int64
	}{
		"queue":     {members{"queue_timeout": 40_000}, false, 40_000},
		"lease":     {members{"timeout": 20_000}, true, 20_000},
		"heartbeat": {members{"heartbeat_timeout": 10_000}, true, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, far(t, each.limits)).open()
			run := h.start(&StartRequest{Workflow: "far"})
			h.settle()
			if each.lease {
				h.lease()
			}
			h.pass(each.after - 1)
			if h.row(run.ID()).EndedAt != 0 {
				t.Fatal("too early")
			}
			h.pass(1)
			view := h.finish(run)
			if view.Row.Status != "failed" || view.State.Run.Error["code"] != "TIMEOUT" {
				t.Errorf("%s %v", view.Row.Status, view.State.Run.Error)
			}
			if health := h.engine.Health(); health.Tasks != 0 || health.Queued["far"] != 0 {
				t.Errorf("%+v", health)
			}
		})
	}
}

func TestPrioritiesAndTheStepsOwnLimit(t *testing.T) {
	limited := far(t, members{"max_concurrency": 1})
	urgent := planOf(t, "urgent", []string{"a"}, map[string]members{"a": call("f", "far", members{"priority": 10})}, nil)
	h := newHarness(t, limited, urgent).open()
	for range 3 {
		h.start(&StartRequest{Workflow: "far"})
	}
	h.start(&StartRequest{Workflow: "urgent"})
	h.settle()
	taken := h.poll(10)
	if len(taken) != 2 || taken[0].Task.Workflow != "urgent" || taken[1].Task.Workflow != "far" {
		t.Fatalf("%+v", taken)
	}
	for range 3 {
		if len(h.poll(10)) != 0 {
			t.Fatal("the step is over its limit")
		}
		if err := h.report(taken[1], Outcome{Output: 1.0}); err != nil {
			t.Fatal(err)
		}
		if taken = append(taken[:1], h.poll(10)...); len(taken) == 1 {
			break
		}
	}
	if err := h.report(taken[0], Outcome{}); err != nil {
		t.Fatal(err)
	}
	h.until("all end", func() bool { open, _ := h.store.CountOpen(); return open == 0 })
	if len(h.engine.dispatcher.counts) != 0 {
		t.Error(h.engine.dispatcher.counts)
	}
}

// TestTasksThatAreGoneLeaveTheQueue: nobody polls, and memory follows what waits.
func TestTasksThatAreGoneLeaveTheQueue(t *testing.T) {
	h := newHarness(t, far(t, members{"queue_timeout": 5_000, "max_concurrency": 1})).open()
	most := 0
	for turn := range 10 {
		for range 40 {
			h.start(&StartRequest{Workflow: "far"})
		}
		h.settle()
		if turn == 2 && len(h.poll(10)) != 1 {
			t.Fatal("one works, the others are put aside")
		}
		h.pass(6_000)
		queue := h.engine.dispatcher.queues["far"]
		kept := len(queue.heap)
		for _, tasks := range queue.aside {
			kept += len(tasks)
		}
		most = max(most, kept)
	}
	if most > 4*40+64 {
		t.Errorf("%d tasks are kept of 40 that wait", most)
	}
}

func TestCancelWaitsForTheWorkersAnswer(t *testing.T) {
	h := newHarness(t, far(t, nil)).open()
	run := h.start(&StartRequest{Workflow: "far"})
	taken := h.lease()
	if err := h.send(run.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	h.settle()
	if reason, cancel, err := h.engine.Heartbeat(TaskKey{run.ID(), "a"}, 1, 1); !cancel || reason == "" || err != nil {
		t.Error(reason, cancel, err)
	}
	if h.row(run.ID()).EndedAt != 0 {
		t.Error("the run did not wait")
	}
	if err := h.report(taken, failure("CANCELLED", "as you wish")); err != nil {
		t.Fatal(err)
	}
	if h.finish(run).Row.Status != "cancelled" {
		t.Error("not cancelled")
	}
	// a task that nobody has taken is answered at once
	two := h.start(&StartRequest{Workflow: "far"})
	h.settle()
	if err := h.send(two.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	h.finish(two)
	if len(h.poll(1)) != 0 || h.engine.Health().Queued["far"] != 0 {
		t.Error("a task of a cancelled run is still there")
	}
}

func TestACancelledHandlerIsStopped(t *testing.T) {
	began := make(chan struct{})
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", nil)}, nil))
	h.runner = &runner{places: 1, functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(ctx context.Context, _ *TaskMessage) Outcome {
			close(began)
			<-ctx.Done()
			return failure("INTERNAL", ctx.Err().Error())
		},
	}}
	h.open()
	run := h.start(&StartRequest{Workflow: "one"})
	<-began
	if err := h.send(run.ID(), &core.Event{Type: core.CancelRequested}); err != nil {
		t.Fatal(err)
	}
	h.until("it is cancelled", func() bool { return h.row(run.ID()).Status == "cancelled" })
	if busy := h.engine.dispatcher.local.busy["svc"]; busy != 0 {
		t.Errorf("%d places are still taken", busy)
	}
}

func TestACircuitBreaksForAllRuns(t *testing.T) {
	circuit := members{"failure_threshold": 2, "recovery_timeout": 10_000, "half_open_max_calls": 1, "window": 60_000, "minimum_calls": 10}
	var mutex sync.Mutex
	calls, works := 0, false
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", members{"circuit_breaker": circuit})}, nil))
	h.runner = &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(context.Context, *TaskMessage) Outcome {
			mutex.Lock()
			defer mutex.Unlock()
			if calls++; works {
				return Outcome{Output: 1.0}
			}
			return failure("UNAVAILABLE", "no")
		},
	}}
	h.open()
	code := func() any {
		t.Helper()
		return h.finish(h.start(&StartRequest{Workflow: "one"})).State.Run.Error["code"]
	}
	for _, wanted := range []string{"UNAVAILABLE", "UNAVAILABLE", "CIRCUIT_OPEN"} {
		if found := code(); found != wanted {
			t.Errorf("%v, wanted %s", found, wanted)
		}
	}
	if calls != 2 || h.engine.Health().Breakers["svc/f"] != CircuitOpen {
		t.Error(calls, h.engine.Health().Breakers)
	}
	h.clock.Jump(10_000)
	mutex.Lock()
	works = true
	mutex.Unlock()
	if h.engine.Health().Breakers["svc/f"] != CircuitHalfOpen {
		t.Error(h.engine.Health().Breakers)
	}
	if found := code(); found != nil || h.engine.Health().Breakers["svc/f"] != CircuitClosed {
		t.Error(found, h.engine.Health().Breakers)
	}
}

func TestPlacesOfAnExecutorAreBounded(t *testing.T) {
	var mutex sync.Mutex
	running, most := 0, 0
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", nil)}, nil))
	h.runner = &runner{places: 3, functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(context.Context, *TaskMessage) Outcome {
			mutex.Lock()
			running++
			most = max(most, running)
			mutex.Unlock()
			time.Sleep(2 * time.Millisecond)
			mutex.Lock()
			running--
			mutex.Unlock()
			return Outcome{}
		},
	}}
	h.open()
	for range 20 {
		h.start(&StartRequest{Workflow: "one"})
	}
	h.until("all end", func() bool { open, _ := h.store.CountOpen(); return open == 0 })
	if most != 3 {
		t.Errorf("%d ran at once", most)
	}
}

func TestAHandlerThatPanicsHasFailed(t *testing.T) {
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", nil)}, nil))
	h.runner = &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(context.Context, *TaskMessage) Outcome { panic("oh") },
	}}
	h.open()
	if view := h.finish(h.start(&StartRequest{Workflow: "one"})); view.State.Run.Error["code"] != "INTERNAL" {
		t.Error(view.State.Run.Error)
	}
}

func TestAPollWaitsForTheFirstTask(t *testing.T) {
	engine := openEngine(t, store.NewMemory(), Options{}, far(t, nil))
	polled := make(chan []Leased)
	go func() {
		taken, err := engine.Poll(patience(t), []string{"other", "far"}, 5, 20*time.Second, "w")
		if err != nil {
			t.Error(err)
		}
		polled <- taken
	}()
	time.Sleep(5 * time.Millisecond)
	start(t, engine, &StartRequest{Workflow: "far"})
	if taken := <-polled; len(taken) != 1 {
		t.Error(taken)
	}
	// one that gives up hands what woke it to the next
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := engine.Poll(ctx, []string{"far"}, 5, 20*time.Second, "w")
		gone <- err
	}()
	time.Sleep(5 * time.Millisecond)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	began := time.Now()
	if taken, err := engine.Poll(patience(t), []string{"far"}, 5, 20*time.Millisecond, "w"); len(taken) != 0 || err != nil || time.Since(began) > 5*time.Second {
		t.Error(taken, err)
	}
	go func() {
		taken, err := engine.Poll(patience(t), []string{"far"}, 5, 20*time.Second, "w")
		if len(taken) != 0 || err != nil {
			t.Error(taken, err)
		}
		polled <- nil
	}()
	time.Sleep(5 * time.Millisecond)
	engine.StopPolls()
	<-polled
}

func TestExecutorsWithoutWorkers(t *testing.T) {
	h := newHarness(t, far(t, nil)).open()
	h.start(&StartRequest{Workflow: "far"})
	h.settle()
	if idle := h.engine.Health().Idle; !reflect.DeepEqual(idle, []string{"far"}) {
		t.Error(idle)
	}
	h.lease()
	if idle := h.engine.Health().Idle; len(idle) != 0 {
		t.Error(idle)
	}
}

func TestAnAttemptThatFailsIsRetriedWithTheSameKey(t *testing.T) {
	var mutex sync.Mutex
	keys := map[string]int{}
	do := call("f", "svc", nil)
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": retrying(do, 3), "a/do": do}, nil))
	h.runner = &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(_ context.Context, task *TaskMessage) Outcome {
			mutex.Lock()
			defer mutex.Unlock()
			if keys[task.IdempotencyKey]++; keys[task.IdempotencyKey] < 3 {
				return failure("BUSY", fmt.Sprint(task.Attempt))
			}
			return Outcome{}
		},
	}}
	h.open()
	if h.finish(h.start(&StartRequest{Workflow: "one"})).Row.Status != "completed" || len(keys) != 1 {
		t.Error(keys)
	}
	if retries := h.engine.Metrics().Retries.Values(); len(retries) != 1 || retries[0].Value != 2 {
		t.Error(retries)
	}
}

// Deliveries are counted anew for each attempt: alone they would fit.
func TestAnOldAttemptNeverAnswersForANewerOne(t *testing.T) {
	do := call("f", "far", nil)
	nodes := map[string]members{"a": retrying(do, 3), "a/do": do}
	h := newHarness(t, planOf(t, "one", []string{"a"}, nodes, output(stepOutput("a")))).open()
	run := h.start(&StartRequest{Workflow: "one"})
	first := h.lease()
	if err := h.report(first, failure("BUSY", "again")); err != nil {
		t.Fatal(err)
	}
	late := func(attempt int64) {
		t.Helper()
		if _, err := h.engine.Report(TaskKey{run.ID(), first.Task.TaskID}, attempt, 1, Outcome{Output: "late"}); !isStale(err) {
			t.Errorf("attempt %d: %v", attempt, err)
		}
	}
	late(1)
	h.pass(10)
	late(1)
	second := h.lease()
	if second.Task.TaskID != first.Task.TaskID || second.Task.Attempt != 2 || second.Delivery != 1 {
		t.Fatalf("%+v", second)
	}
	late(1)
	late(3)
	if err := h.report(second, Outcome{Output: "new"}); err != nil {
		t.Fatal(err)
	}
	if got := h.finish(run).State.Run.Output; got != "new" {
		t.Error(got)
	}
}

func TestWhileItRecoversNothingIsStale(t *testing.T) {
	h := newHarness(t, far(t, nil)).open()
	h.start(&StartRequest{Workflow: "far"})
	taken := h.lease()
	h.engine.tasksGone.Store(true)
	h.engine.dispatcher.reset()
	var unavailable *Unavailable
	if err := h.report(taken, Outcome{}); !errors.As(err, &unavailable) {
		t.Error(err)
	}
	if _, _, err := h.engine.Heartbeat(TaskKey{taken.Task.RunID, taken.Task.TaskID}, 1, 1); !errors.As(err, &unavailable) {
		t.Error(err)
	}
}

func TestADrainedServerBeginsNothingNew(t *testing.T) {
	began := make(chan struct{}, 10)
	h := newHarness(t, threeSteps(t))
	h.runner = &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"add": func(ctx context.Context, task *TaskMessage) Outcome {
			began <- struct{}{}
			time.Sleep(20 * time.Millisecond)
			return adder().Run(ctx, task, 1, nil)
		},
	}}
	h.open()
	run := h.start(&StartRequest{Workflow: "three", Input: members{"n": 1.0}})
	<-began
	h.engine.Close(5 * time.Second)
	if len(began) != 0 {
		t.Error("a step was begun while the server drained")
	}
	if row := h.row(run.ID()); row.Version != 2 {
		t.Errorf("the step at work was not recorded: %+v", row)
	}
	h.runner = adder()
	h.open()
	h.finish(run)
}
