package engine

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// The whole engine under a seeded scheduler, in one goroutine: outcomes, faults of the
// store, crashes, late and repeated reports, moved clocks. After each schedule every
// promise is checked. Its twin is tests/runtime/simulation.
//
// MAGICFLOW_SCHEDULES sets how many schedules run; a failing one is named by its seed, and
// MAGICFLOW_SEED runs it alone.

// faultyStore fails by dice: before or after writing, and now and then on reopening and
// reading.
type faultyStore struct {
	*store.Memory
	t      testing.TB
	dice   *rand.Rand
	rate   float64
	opened bool // reads fail only then: a server that cannot read at its start does not start
}

func (f *faultyStore) Commit(writes []store.Write) error {
	thrown := f.dice.Float64()
	if thrown < f.rate/2 {
		return &store.Error{Message: "nothing was written"}
	}
	if err := f.Memory.Commit(writes); err != nil {
		var conflict *store.Conflict
		if errors.As(err, &conflict) && conflict.Reason == store.ConflictVersion {
			f.t.Fatal(err) // there is one writer: the engine decided on what was not the newest
		}
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

func (f *faultyStore) unread() error {
	if f.opened && f.dice.Float64() < f.rate/3 {
		return &store.Error{Message: "not read"}
	}
	return nil
}

func (f *faultyStore) Run(runID string) (*store.RunRow, error) {
	if err := f.unread(); err != nil {
		return nil, err
	}
	return f.Memory.Run(runID)
}

func (f *faultyStore) RunOfKey(workflow, key string) (string, error) {
	if err := f.unread(); err != nil {
		return "", err
	}
	return f.Memory.RunOfKey(workflow, key)
}

func (f *faultyStore) Listeners(event string) ([]store.Effect, error) {
	if err := f.unread(); err != nil {
		return nil, err
	}
	return f.Memory.Listeners(event)
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

// work is what the engine began beside something else: a coroutine, which gives up its
// turn where it waits.
type work struct {
	do    func()
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	ready <-chan struct{}
	ctx   context.Context //nolint:containedctx // of what it waits for
}

func (w *work) waits() bool {
	if w.next == nil || w.ctx.Err() != nil {
		return false
	}
	select {
	case <-w.ready:
		return false
	default:
		return true
	}
}

type reportToken struct {
	key               TaskKey
	attempt, delivery int64
	workflow, node    string
}

type simulation struct {
	t      testing.TB
	dice   *rand.Rand
	clock  *VirtualClock
	store  *faultyStore
	worlds map[string]*world
	names  []string
	local  []string // executors of this process
	far    []string

	engine  *Engine
	writer  *turnWriter
	life    int
	works   []*work
	current *work

	acknowledged map[string]string
	reports      []reportToken
	effects      []effectOf
	wanted       map[string]bool // runs with a webhook
	delivered    map[string]bool
	leases       map[reportToken]bool
	told         int
}

func newSimulation(t testing.TB, seed uint64) *simulation {
	dice := rand.New(rand.NewPCG(seed, 7))
	rates := []float64{0, 0, 0.02, 0.1, 0.2}
	s := &simulation{
		t: t, dice: dice, clock: NewVirtualClock(), worlds: map[string]*world{}, acknowledged: map[string]string{},
		store:  &faultyStore{Memory: store.NewMemory(), t: t, dice: dice, rate: rates[dice.IntN(len(rates))]},
		wanted: map[string]bool{}, delivered: map[string]bool{}, leases: map[reportToken]bool{}, local: []string{"svc", "@http"}, far: []string{"far"},
	}
	all, err := corpus()
	if err != nil {
		t.Fatal(err)
	}
	fixed := fixedWorlds(t)
	for _, each := range fixed {
		s.deploy(each)
	}
	for range 2 {
		chosen := all[dice.IntN(len(all))]
		s.deploy(chosen)
		s.names = append(s.names, chosen.name, fixed[dice.IntN(len(fixed))].name)
	}
	s.open()
	return s
}

// deploy decides where the functions of a workflow run.
func (s *simulation) deploy(of *world) {
	s.worlds[of.name] = of
	for _, executor := range of.executors {
		switch {
		case slices.Contains(s.local, executor) || slices.Contains(s.far, executor):
		case s.dice.IntN(2) == 0:
			s.local = append(s.local, executor)
		default:
			s.far = append(s.far, executor)
		}
	}
}

// the engine's life

func (s *simulation) open() {
	settings := DefaultSettings()
	settings.RecoveryDelay, settings.MaxLiveRuns = 0, 4
	for {
		s.life++
		life := s.life
		s.works, s.store.opened = nil, false
		s.engine = New(s.store, Options{
			Clock: s.clock, Settings: &settings, Random: s.dice.Uint64, Await: s.await,
			Spawn: func(do func()) {
				if life == s.life {
					s.works = append(s.works, &work{do: do})
				}
			},
			Writer: func(of store.Store, done store.Done) store.Writer {
				s.writer = &turnWriter{store: of, done: done}
				return s.writer
			},
		})
		for _, name := range canonical.SortedNames(s.worlds) {
			s.engine.catalog.add(s.worlds[name].deployed)
		}
		for _, executor := range s.local {
			s.engine.AddExecutor(executor, s)
		}
		s.engine.SetWebhook(s.takeWebhook)
		s.engine.AddSink(func(context.Context, map[string]any) error { return s.receive() })
		if s.engine.Open() == nil {
			s.store.opened = true
			s.settle(s.dice.IntN(30))
			return
		}
		s.crash()
	}
}

// crash: the process is gone. Nothing is flushed, nothing is told.
func (s *simulation) crash() {
	s.whole()
	old := s.engine
	s.life++
	s.writer.queue = nil
	old.state.Store(stateClosed)
	old.silence()
	old.dispatcher.reset()
	old.effects.stop()
	for _, each := range s.works {
		if each.stop != nil {
			s.current = each
			each.stop()
		}
	}
	s.works, s.current = nil, nil
}

// whole: no event met a defect.
func (s *simulation) whole() {
	for _, each := range s.engine.metrics.Poisoned.Values() {
		if each.Value > 0 {
			s.t.Fatal("the core failed on an event")
		}
	}
}

// await is where works give up their turn.
func (s *simulation) await(ctx context.Context, ready <-chan struct{}) error {
	of := s.current
	for {
		select {
		case <-ready:
			return nil
		default:
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		of.ready, of.ctx = ready, ctx
		if !of.yield(struct{}{}) {
			return context.Canceled
		}
	}
}

// begin is something that may wait.
func (s *simulation) begin(do func()) { s.works = append(s.works, &work{do: do}) }

func (s *simulation) turn(of *work) {
	if of.next == nil {
		of.next, of.stop = iter.Pull(func(yield func(struct{}) bool) {
			of.yield = yield
			of.do()
		})
	}
	s.current = of
	_, more := of.next()
	s.current = nil
	if !more {
		s.works = slices.DeleteFunc(s.works, func(each *work) bool { return each == of })
	}
}

// settle gives what is ready its turn, in any order, so many times at most.
func (s *simulation) settle(turns int) {
	for range turns {
		var ready []*work
		for _, each := range s.works {
			if !each.waits() {
				ready = append(ready, each)
			}
		}
		count := len(ready)
		if len(s.writer.queue) > 0 {
			count++
		}
		if count == 0 {
			return
		}
		if at := s.dice.IntN(count); at < len(ready) {
			s.turn(ready[at])
		} else {
			s.writer.turn(1 + s.dice.IntN(8))
		}
	}
}

func simulate(t *testing.T, seed uint64) *simulation {
	t.Helper()
	over := false
	defer func() {
		if !over {
			t.Errorf("schedule %d", seed)
		}
	}()
	s := newSimulation(t, seed)
	for range 10 + s.dice.IntN(90) {
		s.act()
	}
	s.finish()
	s.verify()
	over = true
	s.crash() // what still waits is let go
	return s
}

func TestSimulation(t *testing.T) {
	quiet(t)
	if only := os.Getenv("MAGICFLOW_SEED"); only != "" {
		seed, err := strconv.ParseUint(only, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		simulate(t, seed)
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
		if seed < 40 {
			simulate(t, seed)
		}
		simulate(t, first+seed)
	}
}

// TestAScheduleRepeats: a seed names one schedule.
func TestAScheduleRepeats(t *testing.T) {
	quiet(t)
	for seed := range uint64(5) {
		one, other := simulate(t, seed), simulate(t, seed)
		if !slices.Equal(one.effects, other.effects) || one.clock.Now() != other.clock.Now() {
			t.Errorf("schedule %d is another the second time", seed)
		}
	}
}
