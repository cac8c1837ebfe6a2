package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// starts starts runs: once per key, within the places of the workflow, at their time.
//
// Its lock comes before those of runs. A start without a key and without limits does not
// take it.
type starts struct {
	engine *Engine

	mutex     sync.Mutex
	admission *admission
	// keys and foreign are the starts that are decided and not durable yet.
	keys    map[startKey]*Run
	foreign map[startKey]*Run
}

// startKey is an idempotency key or a foreign id, of a workflow.
type startKey struct{ workflow, key string }

func newStarts(of *Engine) *starts {
	s := &starts{engine: of, keys: map[startKey]*Run{}, foreign: map[startKey]*Run{}}
	s.admission = newAdmission(s.admit)
	return s
}

// begin starts a run, or finds the one that the idempotency key already started. The start
// is durable when done ends; nil when it is already.
func (s *starts) begin(request *StartRequest) (*Run, *Settled, error) {
	deployed, err := s.deployed(request)
	if err != nil {
		return nil, nil, err
	}
	unique := deployed.unique && request.ForeignID != ""
	if request.IdempotencyKey == "" && !unique && deployed.concurrency == nil && request.Delay <= 0 {
		done := &Settled{}
		run, err := s.start(request, deployed, done)
		return run, done, err
	}
	run, done, made, err := s.beginOnce(request, deployed, unique)
	if made {
		done.Then(func(error) { s.forgetKeys(run) })
	}
	return run, done, err
}

func (s *starts) beginOnce(request *StartRequest, deployed *Deployed, unique bool) (run *Run, done *Settled, made bool, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	run, done, err = s.known(request, deployed.Plan.Name)
	if run != nil || err != nil {
		return run, done, false, err
	}
	if unique {
		if err := s.refuseSecond(deployed.Plan.Name, request.ForeignID); err != nil {
			return nil, nil, false, err
		}
	}
	done = &Settled{}
	if run, err = s.start(request, deployed, done); err != nil {
		return nil, nil, false, err
	}
	if run.key != "" {
		s.keys[startKey{run.workflow, run.key}] = run
	}
	if run.foreign != "" {
		s.foreign[startKey{run.workflow, run.foreign}] = run
	}
	return run, done, true, nil
}

func (s *starts) deployed(request *StartRequest) (*Deployed, error) {
	if request.PlanHash != "" {
		return s.engine.catalog.ofHash(request.PlanHash)
	}
	return s.engine.catalog.resolve(request.Workflow, request.Version)
}

func (s *starts) known(request *StartRequest, workflow string) (*Run, *Settled, error) {
	key := request.IdempotencyKey
	if key == "" {
		return nil, nil, nil
	}
	if run := s.keys[startKey{workflow, key}]; run != nil {
		return run, s.engine.pipeline.fence(), nil
	}
	runID, err := s.engine.store.RunOfKey(workflow, key)
	if err != nil || runID == "" {
		return nil, nil, err
	}
	run, err := s.engine.runs.get(runID)
	return run, nil, err
}

func (s *starts) refuseSecond(workflow, foreignID string) error {
	active, err := s.engine.store.OpenRunOf(workflow, foreignID)
	if err != nil {
		return err
	}
	if run := s.foreign[startKey{workflow, foreignID}]; active == "" && run != nil {
		active = run.id
	}
	if active == "" {
		return nil
	}
	return &Refused{
		"CONFLICT", fmt.Sprintf("run %s of `%s` has not ended", active, foreignID), map[string]any{"execution_id": active},
	}
}

// start makes a run and decides on its start, or queues it.
func (s *starts) start(request *StartRequest, deployed *Deployed, done *Settled) (*Run, error) {
	run := s.newRun(request, deployed)
	event := &core.Event{
		Type: core.RunStarted, RunID: run.id, Input: request.Input, Metadata: request.Metadata,
		Timeout: request.Timeout, Deadline: request.Deadline, Resume: request.Resume,
	}
	if event.Metadata == nil {
		event.Metadata = map[string]any{}
	}
	if request.RetryOf != "" {
		event.RetryOf = &run.row.RetryOf
	}
	run.mutex.Lock()
	// in memory before the first of its tasks can report
	s.engine.runs.add(run)
	waits, err := s.queue(run, event, request.Delay, done)
	if err == nil && !waits {
		err = s.engine.feedLocked(run, event, done)
		if err != nil && deployed.concurrency != nil {
			s.admission.withdraw(run.workflow, run.id)
		}
	}
	if err == nil {
		// before anybody can hear that the run has ended
		s.engine.started(run)
	}
	run.mutex.Unlock()
	if err != nil {
		s.engine.runs.drop(run)
		return nil, err
	}
	return run, nil
}

func (s *starts) newRun(request *StartRequest, deployed *Deployed) *Run {
	now := s.engine.clock.Now()
	info := runInfo{request.Traceparent, request.Source, request.Webhook}
	plan := deployed.Plan
	epoch, _ := s.engine.pipeline.now()
	run := newRun(&store.RunRow{
		ID: s.engine.ids.next(), Workflow: plan.Name, WorkflowVersion: plan.Version, PlanHash: plan.Hash,
		Status: "running", CreatedAt: now, UpdatedAt: now, IdempotencyKey: request.IdempotencyKey,
		ForeignID: request.ForeignID, Priority: request.Priority, Parent: request.Parent, RetryOf: request.RetryOf,
		Info: info.text(),
	}, deployed, core.NewState(), epoch)
	run.info = info
	return run
}

func (s *starts) forgetKeys(run *Run) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, each := range []struct {
		of  map[startKey]*Run
		key startKey
	}{{s.keys, startKey{run.workflow, run.key}}, {s.foreign, startKey{run.workflow, run.foreign}}} {
		if each.of[each.key] == run {
			delete(each.of, each.key)
		}
	}
}

// places and times

// queue is whether the run has to wait, for its time or for a place; then that is written.
// The run's lock is held.
func (s *starts) queue(run *Run, event *core.Event, delay int64, done *Settled) (waits bool, err error) {
	limits := run.deployed.concurrency
	delayed := delay > 0
	if limits == nil && !delayed {
		return false, nil
	}
	now := s.engine.clock.Now()
	key := limits.placeKeyOf(event, now)
	if limits != nil && !delayed && s.admission.mayRun(run.workflow, limits, key) {
		s.admission.enter(run.workflow, run.id, key)
		return false, nil
	}
	probe := *event
	probe.ID, probe.At = s.engine.ids.next(), now
	decision, err := decide(run.deployed.Plan, core.NewState(), &probe)
	if err != nil {
		return false, err
	}
	if decision.Refused != nil {
		return false, refusedBy(decision.Refused)
	}
	if limits != nil && !delayed {
		if err := s.admission.wait(&run.row, key, limits); err != nil {
			return false, err
		}
	}
	run.row.Status = statusQueued
	run.queued = event
	run.open.add(effectKey{store.Start, "start"})
	var due int64
	if delayed {
		due = now + delay
	}
	begins := run.row
	effect := store.Effect{
		RunID: run.id, Kind: store.Start, Key: "start", Due: due, Payload: string(event.AppendJSON(nil)),
	}
	write := &store.Transition{
		RunID: run.id, At: now, Status: statusQueued, Changes: "{}", History: "[]", Begins: &begins, Opened: []store.Effect{effect},
	}
	run.inFlight++
	if !s.engine.pipeline.write(run.epoch, write, pending{run: run, done: done}) {
		return false, errNotOpen
	}
	if delayed {
		s.engine.timers.start(run.id, startTimer, due)
	}
	return true, nil
}

// admit begins a run that was queued; it is false when there is nothing to begin.
func (s *starts) admit(runID string) bool {
	begun, err := s.beginQueued(runID)
	if err == nil {
		return begun
	}
	var failed *store.Error
	if errors.As(err, &failed) {
		s.engine.unknown(err)
	} else {
		logger.Error("a queued run does not start", "run_id", runID, "error", err.Error())
	}
	return false
}

// beginQueued takes the start and decides it under one hold of the run's lock: an event
// that comes meanwhile meets a run that waits, or one that has started.
func (s *starts) beginQueued(runID string) (begun bool, err error) {
	for {
		run, err := s.engine.runs.get(runID)
		if err != nil || run == nil {
			return false, err
		}
		run.mutex.Lock()
		if run.gone {
			run.mutex.Unlock()
			continue
		}
		defer run.mutex.Unlock()
		event := run.queued
		if event == nil {
			return false, nil
		}
		run.queued = nil
		return true, s.engine.feedLocked(run, event, nil)
	}
}

// letIn: whose place became free when nobody was there to see it.
func (s *starts) letIn() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, deployed := range s.engine.catalog.All() {
		if limits := deployed.concurrency; limits != nil {
			s.admission.letIn(deployed.Plan.Name, limits)
		}
	}
}

// comeDue: a delayed start is due. The run runs, or waits for a place.
func (s *starts) comeDue(run *Run) {
	limits := run.deployed.concurrency
	if limits == nil {
		s.admit(run.id)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	run.mutex.Lock()
	event, row := run.queued, run.row
	run.mutex.Unlock()
	if event == nil {
		return
	}
	key := limits.placeKeyOf(event, s.engine.clock.Now())
	if !s.admission.mayRun(run.workflow, limits, key) {
		s.admission.put(&row, key)
		return
	}
	s.admission.enter(run.workflow, run.id, key)
	if !s.admit(run.id) {
		s.admission.withdraw(run.workflow, run.id)
	}
}

// leave: the run ended, its place is free.
func (s *starts) leave(run *Run) {
	if limits := run.deployed.concurrency; limits != nil {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.admission.leave(run.workflow, run.id, limits)
	}
}

// forget: the run's start was not kept.
func (s *starts) forget(run *Run) {
	s.forgetKeys(run)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.admission.withdraw(run.workflow, run.id)
}

// load reads who runs, and who waits in which order; it adds the timers of those who wait
// for their time.
func (s *starts) load(timers map[timerID]int64) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.keys)
	clear(s.foreign)
	s.admission.clear()
	engine := s.engine
	effects, err := engine.store.Effects([]string{store.Start}, "")
	if err != nil {
		return err
	}
	dues := map[string]int64{}
	for _, each := range effects {
		dues[each.RunID] = each.Due
		if each.Due != 0 {
			timers[timerID{each.RunID, startTimer}] = each.Due
		}
	}
	for _, deployed := range engine.catalog.All() {
		if deployed.concurrency == nil {
			continue
		}
		rows, err := engine.store.Runs(store.RunFilter{Workflow: deployed.Plan.Name, OpenOnly: true}, "", 1<<30)
		if err != nil {
			return err
		}
		for index := range slices.Backward(rows) {
			if err := s.loadPlace(&rows[index], deployed, dues[rows[index].ID]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *starts) loadPlace(row *store.RunRow, deployed *Deployed, due int64) error {
	run, err := s.engine.runs.get(row.ID)
	var unreadable *Unreadable
	if errors.As(err, &unreadable) {
		if row.Version > 0 {
			s.admission.enter(row.Workflow, row.ID, "") // it has a place, of no key
		}
		return nil
	}
	if err != nil || run == nil {
		return err
	}
	run.mutex.Lock()
	input, metadata := run.state.Start.Input, run.state.Start.Metadata
	if run.queued != nil {
		input, metadata = run.queued.Input, run.queued.Metadata
	}
	run.mutex.Unlock()
	key := deployed.concurrency.placeKey(input, metadata, s.engine.clock.Now())
	if row.Version > 0 {
		s.admission.enter(row.Workflow, row.ID, key)
	} else if due == 0 {
		s.admission.put(row, key)
	}
	return nil
}

// overloaded is the refusal of a start while too much is under way.
func (e *Engine) overloaded() error {
	if e.pipeline.waiting() < e.settings.MaxWaitingWrites && e.openRuns.Load() < e.settings.MaxOpenRuns {
		return nil
	}
	e.metrics.Overloaded.add(1)
	return &Overloaded{"too many runs are under way", 1}
}
