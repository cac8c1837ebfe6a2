package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// The whole engine under a seeded scheduler, in one goroutine: outcomes, faults of the
// store, restarts, late and repeated reports, moved clocks. After each schedule every
// promise is checked.
//
// MAGICFLOW_SCHEDULES sets how many schedules run (CI: 10,000); a failing one is named by
// its seed, and MAGICFLOW_SEED runs it alone.

// faultyStore fails by dice: before or after writing, and now and then on reopening and
// reading.
type faultyStore struct {
	*store.Memory
	dice *rand.Rand
	rate float64
}

func (f *faultyStore) Commit(writes []store.Write) error {
	thrown := f.dice.Float64()
	if thrown < f.rate/2 {
		return &store.Error{Message: "nothing was written"}
	}
	if err := f.Memory.Commit(writes); err != nil {
		return err
	}
	if thrown < f.rate {
		return &store.Error{Message: "written, and nobody heard"}
	}
	return nil
}

func (f *faultyStore) Reopen() error {
	if f.dice.Float64() < f.rate*5 {
		return &store.Error{Message: "still broken"}
	}
	return nil
}

func (f *faultyStore) Run(runID string) (*store.RunRow, error) {
	if f.dice.Float64() < f.rate/10 {
		return nil, &store.Error{Message: "not read"}
	}
	return f.Memory.Run(runID)
}

// turnWriter writes when it is its turn.
type turnWriter struct {
	store  store.Store
	done   store.Done
	queue  []store.Write
	failed error
}

func (w *turnWriter) Submit(write store.Write) { w.queue = append(w.queue, write) }
func (w *turnWriter) Resume()                  { w.failed = nil }
func (w *turnWriter) Close() {
	for len(w.queue) > 0 {
		w.turn(len(w.queue))
	}
}

func (w *turnWriter) turn(most int) {
	batch := w.queue[:min(most, len(w.queue))]
	w.queue = slices.Clone(w.queue[len(batch):])
	if w.failed != nil {
		w.done(len(batch), w.failed)
		return
	}
	store.CommitBatch(w.store, batch, w.done, func(err error) { w.failed = err })
}

type reportToken struct {
	key               TaskKey
	attempt, delivery int64
}

type simulation struct {
	t            testing.TB
	dice         *rand.Rand
	clock        *VirtualClock
	store        *faultyStore
	plan         []byte
	engine       *Engine
	writer       *turnWriter
	works        []func()
	acknowledged map[string]string
	reports      []reportToken
}

// simulated is a step in process with retries, a polled one with a timeout, a wait, and
// one more.
func simulated(t testing.TB) []byte {
	retry := members{"max_attempts": 3, "backoff": "fixed", "initial_delay": 1_000, "max_delay": 60_000, "jitter": false}
	nodes := map[string]members{
		"local":     {"kind": "try", "body": "local/do", "retry": retry, "catch": []any{}},
		"local/do":  call("work", "svc", members{"input": object(members{"n": path("input", "n")})}),
		"remote":    {"kind": "try", "body": "remote/do", "retry": retry, "catch": []any{}},
		"remote/do": call("work", "far", members{"timeout": 40_000}),
		"pause":     {"kind": "wait", "duration": 5_000},
		"last":      call("work", "svc", members{"input": object(members{"n": stepOutput("local", "n")})}),
	}
	return planOf(t, "sim", []string{"local", "remote", "pause", "last"}, nodes, output(object(members{"n": stepOutput("last", "n")})))
}

func newSimulation(t testing.TB, plan []byte, seed uint64) *simulation {
	dice := rand.New(rand.NewPCG(seed, 7))
	rates := []float64{0, 0, 0.02, 0.1}
	s := &simulation{
		t: t, dice: dice, clock: NewVirtualClock(), plan: plan, acknowledged: map[string]string{},
		store: &faultyStore{store.NewMemory(), dice, rates[dice.IntN(len(rates))]},
	}
	s.open()
	return s
}

func (s *simulation) fail(format string, words ...any) {
	s.t.Helper()
	s.t.Fatalf(format, words...)
}

func (s *simulation) open() {
	settings := DefaultSettings()
	settings.RecoveryDelay, settings.MaxLiveRuns = 0, 3
	for {
		s.works = nil
		s.engine = New(s.store, Options{
			Clock: s.clock, Settings: &settings, Random: s.dice.Uint64,
			Spawn: func(work func()) { s.works = append(s.works, work) },
			Writer: func(of store.Store, done store.Done) store.Writer {
				s.writer = &turnWriter{store: of, done: done}
				return s.writer
			},
		})
		if _, err := s.engine.Deploy(s.plan); err != nil {
			s.fail("%v", err)
		}
		s.engine.AddExecutor("svc", &runner{functions: map[string]func(context.Context, *TaskMessage) Outcome{"work": s.work}})
		if s.engine.Open() == nil {
			s.settle(1 << 30)
			return
		}
		s.crash()
	}
}

// crash: the process is gone. Nothing is flushed, nothing is told.
func (s *simulation) crash() {
	old := s.engine
	old.state.Store(stateClosed)
	old.silence()
	old.dispatcher.reset()
	s.writer.queue = nil
	s.reports = nil
}

func (s *simulation) work(_ context.Context, task *TaskMessage) Outcome {
	thrown := s.dice.Float64()
	switch {
	case thrown < 0.15:
		return failure("BUSY", "again")
	case thrown < 0.2:
		made := failure("DECLINED", "never")
		made.Error["retryable"] = false
		return made
	case thrown < 0.25:
		panic("a defect of a handler")
	}
	input, _ := task.Input.(map[string]any)
	n, _ := input["n"].(float64)
	return Outcome{Output: map[string]any{"n": n + 1}}
}

// settle gives what is ready its turn, in any order, so many times at most.
func (s *simulation) settle(turns int) {
	for range turns {
		ready := len(s.works)
		if len(s.writer.queue) > 0 {
			ready++
		}
		if ready == 0 {
			return
		}
		if at := s.dice.IntN(ready); at < len(s.works) {
			work := s.works[at]
			s.works = slices.Delete(s.works, at, at+1)
			work()
		} else {
			s.writer.turn(1 + s.dice.IntN(8))
		}
	}
}

func (s *simulation) act() {
	actions := []func(){
		s.start, s.start, s.start, s.start, s.poll, s.poll, s.poll, s.poll, s.poll, s.report, s.report, s.report, s.report,
		s.report, s.late, s.late, s.passTime, s.passTime, s.passTime, s.passTime, s.cancel, s.restart, s.jump,
	}
	actions[s.dice.IntN(len(actions))]()
	if s.dice.Float64() < 0.7 {
		s.settle(s.dice.IntN(20))
	}
}

func (s *simulation) restart() {
	s.crash()
	s.open()
}

// mayFail is whether an error is one that callers are told of.
func mayFail(err error) bool {
	var unavailable *Unavailable
	var failed *store.Error
	return errors.As(err, &unavailable) || errors.As(err, &failed)
}

func (s *simulation) start() {
	key := fmt.Sprintf("k%d", s.dice.IntN(13))
	run, done, err := s.engine.Begin(&StartRequest{Workflow: "sim", Input: map[string]any{"n": 1.0}, IdempotencyKey: key})
	if mayFail(err) {
		return
	}
	if err != nil {
		s.fail("%v", err)
	}
	acknowledge := func(err error) {
		if err != nil {
			return
		}
		if known, there := s.acknowledged[key]; there && known != run.ID() {
			s.fail("one key, two runs: %s and %s", known, run.ID())
		}
		s.acknowledged[key] = run.ID()
	}
	if done == nil {
		acknowledge(nil)
	} else {
		done.Then(acknowledge)
	}
}

func (s *simulation) poll() {
	engine := s.engine
	taken, _ := engine.dispatcher.take([]string{"far"}, 3, "w", false)
	if len(taken) == 0 {
		return
	}
	engine.saveLeases(taken).Then(func(err error) {
		if err != nil || engine != s.engine {
			return
		}
		for _, each := range engine.dispatcher.stillLeased(taken) {
			s.reports = append(s.reports, reportToken{
				TaskKey{each.Task.RunID, each.Task.TaskID}, each.Task.Attempt, each.Delivery,
			})
		}
	})
}

func (s *simulation) report() {
	if len(s.reports) == 0 {
		return
	}
	at := s.dice.IntN(len(s.reports))
	token := s.reports[at]
	s.reports = slices.Delete(s.reports, at, at+1)
	s.send(token)
	if s.dice.Float64() < 0.3 {
		s.reports = append(s.reports, token) // delivered again later
	}
}

func (s *simulation) send(token reportToken) {
	outcome := Outcome{Output: map[string]any{"by": float64(token.delivery)}}
	if s.dice.Float64() < 0.2 {
		outcome = failure("BUSY", "again")
	}
	_, err := s.engine.Report(token.key, token.attempt, token.delivery, outcome)
	var stale *Stale
	if err != nil && !errors.As(err, &stale) && !mayFail(err) {
		s.fail("%v", err)
	}
}

// late: tokens of attempts and deliveries that never were, or are over.
func (s *simulation) late() {
	if len(s.reports) == 0 {
		return
	}
	token := s.reports[s.dice.IntN(len(s.reports))]
	if s.dice.IntN(2) == 0 {
		token.delivery += 9
	} else {
		token.attempt += 9
	}
	_, err := s.engine.Report(token.key, token.attempt, token.delivery, Outcome{Output: "wrong"})
	var stale *Stale
	if !errors.As(err, &stale) && !mayFail(err) {
		s.fail("a wrong token was taken: %v", err)
	}
}

func (s *simulation) passTime() {
	s.clock.Advance([]int64{1, 500, 5_000, 35_000}[s.dice.IntN(4)], func() { s.settle(s.dice.IntN(20)) })
}

func (s *simulation) jump() {
	s.clock.Jump([]int64{-3_600_000, 3_600_000, 30 * 86_400_000}[s.dice.IntN(3)])
}

func (s *simulation) cancel() {
	if len(s.acknowledged) == 0 {
		return
	}
	var runs []string
	for _, id := range s.acknowledged {
		runs = append(runs, id)
	}
	slices.Sort(runs)
	_, _, err := s.engine.Submit(runs[s.dice.IntN(len(runs))], &core.Event{Type: core.CancelRequested})
	if err != nil && !isRefusal(err) && !mayFail(err) {
		s.fail("%v", err)
	}
}

// finish: no more faults, and a worker that works, until every run has ended.
func (s *simulation) finish() {
	s.store.rate = 0
	for range 2_000 {
		s.settle(1 << 30)
		if open, err := s.store.CountOpen(); err == nil && open == 0 && s.engine.State() == "open" {
			return
		}
		s.poll()
		s.settle(1 << 30)
		for _, token := range s.reports {
			s.send(token)
		}
		s.reports = nil
		s.settle(1 << 30)
		pause := int64(2_000)
		if at, there := s.clock.NextAlarm(); there {
			pause = max(pause, at-s.clock.Now())
		}
		s.clock.Advance(pause, func() { s.settle(1 << 30) })
	}
	open, _ := s.store.CountOpen()
	left, _ := s.store.Effects(effectKinds, "")
	s.fail("%d runs do not end: %+v\n%+v", open, left, s.engine.Health())
}

var finals = []string{"completed", "failed", "timed_out", "cancelled"}

func (s *simulation) verify() {
	t := s.t
	rows, err := s.store.Runs(store.RunFilter{}, "", 1000)
	if err != nil {
		s.fail("%v", err)
	}
	known := map[string]bool{}
	for _, row := range rows {
		known[row.ID] = true
	}
	for key, id := range s.acknowledged {
		if !known[id] {
			s.fail("run %s of %s was acknowledged and lost", id, key)
		}
	}
	if open, err := s.store.Effects([]string{store.Task, store.Timer, store.Event}, ""); len(open) > 0 || err != nil {
		s.fail("left open: %+v %v", open, err)
	}
	for _, row := range rows {
		if !slices.Contains(finals, row.Status) {
			s.fail("run %s is %s", row.ID, row.Status)
		}
		verifyLog(t, s.store, row.ID)
		checkStored(t, s.store, row.ID)
	}
	if health := s.engine.Health(); health.OpenRuns != 0 || health.Tasks != 0 {
		s.fail("%+v", health)
	}
}

// verifyLog: a run ends exactly once, its history has no gaps, and a result counts once.
func verifyLog(t testing.TB, of store.Store, runID string) {
	t.Helper()
	log, err := of.Log(runID, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	number, ends := 0.0, 0
	once := map[string]bool{}
	for _, each := range log {
		for _, of := range decodeList(t, each.History) {
			row, _ := of.(map[string]any)
			if number++; row["n"] != number {
				t.Fatalf("run %s: history row %v follows %v", runID, row["n"], number-1)
			}
			kind, _ := row["type"].(string)
			for _, final := range finals {
				if kind == "run_"+final {
					ends++
				}
			}
		}
		event, err := core.DecodeEvent([]byte(each.Event))
		if err != nil {
			t.Fatal(err)
		}
		what := ""
		switch event.Type {
		case core.TaskResult:
			what = fmt.Sprintf("result of %s@%d", event.TaskID, event.Attempt)
		case core.TimerFired:
			what = "timer " + event.TimerID
		case core.RunStarted:
			what = "start"
		}
		if what != "" && once[what] {
			t.Fatalf("run %s: %s twice", runID, what)
		}
		once[what] = true
	}
	if ends != 1 {
		t.Fatalf("run %s ends %d times", runID, ends)
	}
}

func decodeList(t testing.TB, text string) []any {
	t.Helper()
	value, err := decodeText(text)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := value.([]any)
	return list
}

func simulate(t *testing.T, plan []byte, seed uint64) {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil || t.Failed() {
			t.Fatalf("schedule %d: %v", seed, problem)
		}
	}()
	s := newSimulation(t, plan, seed)
	for range 10 + s.dice.IntN(60) {
		s.act()
	}
	s.finish()
	s.verify()
}

func TestSimulation(t *testing.T) {
	quiet(t)
	plan := simulated(t)
	if only := os.Getenv("MAGICFLOW_SEED"); only != "" {
		seed, err := strconv.ParseUint(only, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		simulate(t, plan, seed)
		return
	}
	schedules := 300
	if given := os.Getenv("MAGICFLOW_SCHEDULES"); given != "" {
		var err error
		if schedules, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
	}
	first := uint64(time.Now().UnixNano()) & (1<<40 - 1)
	for seed := range uint64(schedules) {
		if seed < 20 {
			simulate(t, plan, seed)
		}
		simulate(t, plan, first+seed)
	}
}
