package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// onceBroken fails where it is told to, once.
type onceBroken struct {
	*store.Memory
	commit, read, reopen atomic.Bool
}

func (o *onceBroken) Commit(writes []store.Write) error {
	if o.commit.CompareAndSwap(true, false) {
		return &store.Error{Message: "disk full"}
	}
	return o.Memory.Commit(writes)
}

func (o *onceBroken) Reopen() error {
	if o.reopen.CompareAndSwap(true, false) {
		return &store.Error{Message: "still full"}
	}
	return nil
}

func (o *onceBroken) Run(runID string) (*store.RunRow, error) {
	if o.read.CompareAndSwap(true, false) {
		return nil, &store.Error{Message: "not read"}
	}
	return o.Memory.Run(runID)
}

func broken(t *testing.T, plans ...[]byte) (*harness, *onceBroken) {
	h := newHarness(t, plans...)
	of := &onceBroken{Memory: store.NewMemory()}
	h.store = of
	return h.open(), of
}

func (h *harness) recovered(times float64) {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if h.engine.Metrics().Recoveries.Values()[0].Value >= times && h.engine.State() == "open" {
			return
		}
	}
	h.t.Fatalf("the engine does not recover: %s", h.engine.State())
}

func TestWhoWaitsForARunWaitsOverARecovery(t *testing.T) {
	h, of := broken(t, waits(t, 60_000))
	run := h.start(&StartRequest{Workflow: "waits"})
	h.settle() // a start is acknowledged before its rows are told to who listens
	var mutex sync.Mutex
	heard := 0
	stop, err := h.engine.Listen(run.ID(), func(rows []core.HistoryRow) {
		mutex.Lock()
		defer mutex.Unlock()
		heard += len(rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	waited := make(chan bool)
	go func() {
		again, err := h.engine.Wait(patience(t), run, 20*time.Hour)
		waited <- err == nil && again.Ended()
	}()
	time.Sleep(5 * time.Millisecond)
	of.reopen.Store(true)
	of.commit.Store(true)
	var unavailable *Unavailable
	if _, done, err := h.engine.Begin(&StartRequest{Workflow: "waits"}); err != nil || !errors.As(done.Wait(patience(t)), &unavailable) {
		t.Fatal("a start was acknowledged that nobody knows of", err)
	}
	if _, err := h.engine.Find(run.ID()); err != nil {
		t.Error("a run cannot be looked at during a recovery", err)
	}
	h.recovered(1)
	h.pass(60_000)
	if !<-waited {
		t.Error("who waited did not hear of the end")
	}
	h.settle()
	mutex.Lock()
	defer mutex.Unlock()
	if heard != 2 {
		t.Errorf("%d rows were heard", heard)
	}
}

func TestAFailedReadIsRecoveredFrom(t *testing.T) {
	h, of := broken(t, waits(t, 1_000))
	run := h.start(&StartRequest{Workflow: "waits"})
	h.settle()
	h.engine.runs.dropID(run.ID())
	of.read.Store(true)
	var failed *store.Error
	if _, err := h.engine.Find(run.ID()); !errors.As(err, &failed) {
		t.Fatal(err)
	}
	h.recovered(1)
	h.finish(run)
}

func TestAHandlerAtWorkIsJoinedAfterARecovery(t *testing.T) {
	began, release := make(chan struct{}, 10), make(chan struct{})
	h, of := broken(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", nil)}, nil), waits(t, 1))
	h.engine.AddExecutor("svc", &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{
		"f": func(context.Context, *TaskMessage) Outcome {
			began <- struct{}{}
			<-release
			return Outcome{Output: 1.0}
		},
	}})
	run := h.start(&StartRequest{Workflow: "one"})
	<-began
	of.commit.Store(true)
	if _, _, err := h.engine.Begin(&StartRequest{Workflow: "waits"}); err != nil {
		t.Fatal(err)
	}
	h.recovered(1)
	close(release)
	h.until("it ends", func() bool { return h.row(run.ID()).EndedAt != 0 })
	if len(began) != 0 {
		t.Error("the handler was called twice")
	}
}

func TestARunThatSomebodyElseChangedIsReadAgain(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	h.settle()
	other := newHarness(t, waits(t, 1_000))
	other.store = h.store
	other.open()
	if err := other.send(run.ID(), &core.Event{Type: core.PauseRequested}); err != nil {
		t.Fatal(err)
	}
	var conflict *store.Conflict
	if err := h.send(run.ID(), &core.Event{Type: core.PauseRequested}); !errors.As(err, &conflict) {
		t.Fatal(err)
	}
	refusedWith(t, h.send(run.ID(), &core.Event{Type: core.PauseRequested}), "ALREADY_PAUSED")
	if h.engine.State() != "open" {
		t.Error("a conflict is no failure of the store")
	}
}

func TestADefectHoldsUpOneRun(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	poisoned, other := h.start(&StartRequest{Workflow: "waits"}), h.start(&StartRequest{Workflow: "waits"})
	h.settle()
	poisoned.mutex.Lock()
	poisoned.state = nil
	poisoned.mutex.Unlock()
	refusedWith(t, h.send(poisoned.ID(), &core.Event{Type: core.PauseRequested}), "INTERNAL")
	poisoned.View(func(view View) {
		if view.Poisoned == "" {
			t.Error("nobody can see it")
		}
	})
	h.finish(other)
	if h.engine.Metrics().Poisoned.Values()[0].Value == 0 {
		t.Error("it was not counted")
	}
}

func TestRunsOfAPlanThatIsNotDeployedAnyMore(t *testing.T) {
	h := newHarness(t, waits(t, 1_000)).open()
	run := h.start(&StartRequest{Workflow: "waits"})
	h.settle()
	h.plans = nil
	h.restart()
	if h.finish(run).Row.Status != "completed" {
		t.Error("an old run does not end")
	}
	var notFound *NotFound
	if _, _, err := h.engine.Begin(&StartRequest{Workflow: "waits"}); !errors.As(err, &notFound) {
		t.Error(err)
	}
	if _, err := h.engine.Deploy([]byte(`{"plan_version": 99}`)); err == nil {
		t.Error("a plan of another version is deployed")
	}
	if _, err := h.engine.Deploy(waits(t, 5)); err != nil {
		t.Fatal(err)
	}
	h.finish(h.start(&StartRequest{Workflow: "waits", Version: "^1.0"}))
	if _, _, err := h.engine.Begin(&StartRequest{Workflow: "waits", Version: ">=2"}); !errors.As(err, &notFound) {
		t.Error(err)
	}
	if _, _, err := h.engine.Begin(&StartRequest{PlanHash: "none"}); !errors.As(err, &notFound) {
		t.Error(err)
	}
}

func TestARunWithManyOpenEffects(t *testing.T) {
	var set effectSet
	for number := range 100 {
		for range 2 {
			set.add(effectKey{store.Timer, fmt.Sprintf("t%02d", number)})
		}
	}
	if keys := set.keys(); len(keys) != 100 || keys[99].key != "t99" {
		t.Error(len(keys))
	}
	for number := range 100 {
		key := effectKey{store.Timer, fmt.Sprintf("t%02d", number)}
		if !set.remove(key) || set.remove(key) {
			t.Error(key)
		}
	}
	if left := taskOfRowKey(taskRowKey("each[3]/a@b~2", 17)); left != (leftTask{"each[3]/a@b~2", 17}) {
		t.Error(left)
	}
}

func TestACircuitThatCountsTheRateOfFailures(t *testing.T) {
	made := &breaker{}
	made.configure(members{
		"failure_threshold": 100.0, "failure_rate_threshold": 0.5, "minimum_calls": 4.0, "window": 1_000.0,
		"recovery_timeout": 500.0, "half_open_max_calls": 2.0,
	})
	for at, code := range []string{"TIMEOUT", "", "INTERNAL"} {
		if !made.admit(int64(at)) {
			t.Fatal("closed")
		}
		made.record(int64(at), code)
	}
	made.record(2_000, "UNAVAILABLE") // the others are out of the window
	if made.state(2_000) != CircuitClosed {
		t.Error("too few calls")
	}
	for range 3 {
		made.record(2_001, "UNAVAILABLE")
	}
	if made.state(2_001) != CircuitOpen || made.admit(2_500) {
		t.Error("not open")
	}
	for number, wanted := range []bool{true, true, false} {
		if made.admit(2_501) != wanted {
			t.Errorf("call %d of a half-open circuit", number)
		}
	}
	made.abandon()
	made.record(2_502, "")
	if !made.admit(2_503) {
		t.Error("an abandoned probe counts")
	}
	made.record(2_504, "BUSY") // the function's own errors say that it is there
	if made.state(2_504) != CircuitClosed {
		t.Error("not closed")
	}
}

func TestHeartbeatsOfAHandlerOfThisProcess(t *testing.T) {
	began, beat := make(chan func()), make(chan struct{})
	h := newHarness(t, planOf(t, "one", []string{"a"}, map[string]members{"a": call("f", "svc", members{"heartbeat_timeout": 10_000})}, nil))
	h.runner = beating(func(tell func()) Outcome {
		began <- tell
		<-beat
		return Outcome{}
	})
	h.open()
	run := h.start(&StartRequest{Workflow: "one"})
	tell := <-began
	h.clock.Advance(9_000, func() {})
	tell()
	h.clock.Advance(9_000, func() {})
	if h.row(run.ID()).EndedAt != 0 {
		t.Error("a heartbeat does not prolong")
	}
	h.clock.Advance(1_000, func() {})
	close(beat)
	if code := h.finish(run).State.Run.Error["code"]; code != "TIMEOUT" {
		t.Error(code)
	}
}

type beating func(tell func()) Outcome

func (b beating) Concurrency() int { return 1 }
func (b beating) Close()           {}
func (b beating) Run(_ context.Context, _ *TaskMessage, _ int64, tell func()) Outcome {
	return b(tell)
}

// hasty rings early, as a clock does that was moved.
type hasty struct{ *VirtualClock }

func (h hasty) CallAt(at int64, call func()) Handle {
	return h.VirtualClock.CallAt(min(at, h.Now()+30_000), call)
}

func TestAlarmsAreNeverEarly(t *testing.T) {
	clock := hasty{NewVirtualClock()}
	began, rang := clock.Now(), int64(0)
	notBefore(clock, began+100_000, func() { rang = clock.Now() })
	cancelled := notBefore(clock, began+100_000, func() { t.Error("it was cancelled") })
	clock.Advance(40_000, func() {})
	cancelled.Cancel()
	clock.Advance(100_000, func() {})
	if rang != began+100_000 {
		t.Errorf("after %d ms", rang-began)
	}
}

func TestMetricsAsPrometheusReadsThem(t *testing.T) {
	h := newHarness(t, threeSteps(t)).open()
	h.finish(h.start(&StartRequest{Workflow: "three", Input: members{"n": 1.0}}))
	h.settle()
	var text strings.Builder
	if err := h.engine.Metrics().Expose(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`magicflow_runs_started_total{workflow="three"} 1`, `magicflow_runs_ended_total{workflow="three",status="completed"} 1`,
		`magicflow_steps_ended_total{workflow="three",step="b",status="completed"} 1`, `magicflow_store_failures_total 0`,
		`magicflow_run_duration_seconds_bucket{workflow="three",le="+Inf"} 1`, `magicflow_run_duration_seconds_count{workflow="three"} 1`,
	} {
		if !strings.Contains(text.String(), line+"\n") {
			t.Errorf("%s is missing in\n%s", line, text.String())
		}
	}
	if count, _ := h.engine.Metrics().RunSeconds.Sums("three"); count != 1 {
		t.Error(count)
	}
	if labels := labelText([]string{"a"}, []string{"x\"\\\n"}); labels != `{a="x\"\\\n"}` {
		t.Error(labels)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	for text, fine := range map[string]bool{"": true, "before_write": true, "before_record:3": true, "nowhere": false, "before_write:x": false} {
		if _, err := NewFaults(text); (err == nil) != fine {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestIDsSortByTheirCreation(t *testing.T) {
	at := int64(1_700_000_000_000)
	made := newIDs(func() int64 { return at }, "")
	last := ""
	for number := range 10_010 {
		if number == 5_000 {
			at -= 60_000
		}
		next := made.next()
		if next <= last || len(next) != 36 || next[14] != '7' || !strings.ContainsRune("89ab", rune(next[19])) {
			t.Fatalf("%s follows %s", next, last)
		}
		last = next
	}
	if next := newIDs(func() int64 { return 1 }, last).next(); next <= last {
		t.Errorf("%s follows %s of an earlier start", next, last)
	}
}

func TestTheDigestOfASchedule(t *testing.T) {
	cron, zone := "0 9 * * *", "Zürich\U0001F600"
	every := int64(60_000)
	for wanted, source := range map[string]*triggerSource{
		`["0 9 * * *", null, "Z\u00fcrich\ud83d\ude00"]`: {Cron: &cron, TimeZone: &zone},
		`[null, 60000, null]`:                            {Every: &every},
	} {
		if found := timing(source); found != wanted {
			t.Errorf("%s, wanted %s", found, wanted)
		}
	}
}

func TestSpansAreToldOfWhatIsDurable(t *testing.T) {
	traces := &recorded{}
	engine := New(store.NewMemory(), Options{Traces: traces})
	if _, err := engine.Deploy(threeSteps(t)); err != nil {
		t.Fatal(err)
	}
	engine.AddExecutor("svc", adder())
	if err := engine.Open(); err != nil {
		t.Fatal(err)
	}
	end(t, engine, start(t, engine, &StartRequest{Workflow: "three", Input: members{"n": 1.0}, Traceparent: "given"}))
	engine.Close(time.Second)
	traces.mutex.Lock()
	defer traces.mutex.Unlock()
	if len(traces.types) != 8 || traces.types[0] != "run_started" || traces.types[7] != "run_completed" || !traces.closed {
		t.Error(traces.types)
	}
	if !reflect.DeepEqual(traces.asked, []string{"a@1 given", "b@1 given", "c@1 given"}) {
		t.Error(traces.asked)
	}
}

type recorded struct {
	mutex  sync.Mutex
	types  []string
	asked  []string
	closed bool
}

func (r *recorded) Record(_ *Run, rows []core.HistoryRow) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, row := range rows {
		r.types = append(r.types, row.Type)
	}
}

func (r *recorded) Traceparent(_, taskID string, attempt int64, given string) string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.asked = append(r.asked, fmt.Sprintf("%s@%d %s", taskID, attempt, given))
	return "made"
}

func (r *recorded) Close() { r.closed = true }
