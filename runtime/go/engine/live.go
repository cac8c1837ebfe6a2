package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// liveRuns are the runs in memory, least recently used first; others are read from the
// store. Its lock comes after that of a run.
type liveRuns struct {
	store   store.Store
	catalog *Catalog
	epoch   func() (int64, bool)
	limit   int

	mutex   sync.Mutex
	runs    map[string]*Run
	oldest  *Run
	newest  *Run
	reading map[string]*runRead
}

// runRead is a run that is being read; there must never be two of one run that decide.
type runRead struct {
	done    chan struct{}
	epoch   int64
	run     *Run
	err     error
	current bool
}

func newLiveRuns(of store.Store, catalog *Catalog, epoch func() (int64, bool), limit int) *liveRuns {
	return &liveRuns{
		store: of, catalog: catalog, epoch: epoch, limit: limit, runs: map[string]*Run{}, reading: map[string]*runRead{},
	}
}

func (l *liveRuns) count() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.runs)
}

func (l *liveRuns) add(run *Run) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.list(run)
	if len(l.runs) > l.limit {
		l.evict()
	}
}

func (l *liveRuns) list(run *Run) {
	l.unlist(l.runs[run.id])
	l.runs[run.id] = run
	run.listed = true
	run.older, run.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = run
	} else {
		l.oldest = run
	}
	l.newest = run
}

func (l *liveRuns) unlist(run *Run) {
	if run == nil || !run.listed {
		return
	}
	run.listed = false
	delete(l.runs, run.id)
	if run.older != nil {
		run.older.newer = run.newer
	} else {
		l.oldest = run.newer
	}
	if run.newer != nil {
		run.newer.older = run.older
	} else {
		l.newest = run.older
	}
	run.older, run.newer = nil, nil
}

// evict passes over those in use; a tenth at a time keeps the cost per run constant.
func (l *liveRuns) evict() {
	wanted := len(l.runs) - l.limit + l.limit/10
	// the newest was asked for just now
	for run := l.oldest; run != l.newest && wanted > 0; {
		next := run.newer
		if run.mutex.TryLock() {
			if run.idle() {
				run.gone, run.loose = true, true
				l.unlist(run)
				wanted--
			}
			run.mutex.Unlock()
		}
		run = next
	}
}

// get is the run, read from the store when it is not in memory; nil when there is none.
func (l *liveRuns) get(runID string) (*Run, error) {
	for {
		run, err, current := l.getOnce(runID)
		if current {
			return run, err
		}
	}
}

// getOnce is not current when a recovery came between: what was read may be older than
// what was written before it.
func (l *liveRuns) getOnce(runID string) (run *Run, err error, current bool) { //nolint:revive // the error is not the last
	epoch, open := l.epoch()
	if !open {
		// nobody may decide on it: it is there to be looked at
		if run, err = l.read(runID, -1); run != nil {
			run.loose = true
		}
		return run, err, true
	}
	l.mutex.Lock()
	if run := l.runs[runID]; run != nil {
		if run != l.newest {
			l.unlist(run)
			l.list(run)
		}
		l.mutex.Unlock()
		return run, nil, true
	}
	if read := l.reading[runID]; read != nil {
		l.mutex.Unlock()
		<-read.done
		return read.run, read.err, read.epoch == epoch && read.current
	}
	read := &runRead{done: make(chan struct{}), epoch: epoch}
	l.reading[runID] = read
	l.mutex.Unlock()
	defer close(read.done)
	read.run, read.err = l.read(runID, epoch)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.reading, runID)
	now, open := l.epoch()
	read.current = open && now == epoch
	if read.current && read.run != nil && read.run.row.EndedAt == 0 {
		l.list(read.run)
		if len(l.runs) > l.limit {
			l.evict()
		}
	}
	return read.run, read.err, read.current
}

func (l *liveRuns) inMemory(runID string) *Run {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.runs[runID]
}

func (l *liveRuns) read(runID string, epoch int64) (*Run, error) {
	row, err := l.store.Run(runID)
	if err != nil || row == nil {
		return nil, err
	}
	run, err := l.build(row, epoch)
	var failed *store.Error
	if err != nil && !errors.As(err, &failed) {
		return nil, &Unreadable{runID, err}
	}
	return run, err
}

func (l *liveRuns) build(row *store.RunRow, epoch int64) (run *Run, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			run, err = nil, fmt.Errorf("a defect: %v", problem)
		}
	}()
	runID := row.ID
	deployed, err := l.catalog.ofHash(row.PlanHash)
	if err != nil {
		return nil, err
	}
	log, err := l.store.Log(runID, 0, -1)
	if err != nil {
		return nil, err
	}
	state := core.NewState()
	for _, each := range log {
		delta, err := core.DecodeDelta([]byte(each.Changes))
		if err != nil {
			return nil, fmt.Errorf("its log is broken: %w", err)
		}
		core.Apply(state, delta)
	}
	run = newRun(row, deployed, state, epoch)
	run.info = runInfoOf(row.Info)
	if row.EndedAt != 0 {
		return run, nil
	}
	effects, err := l.store.Effects(effectKinds, runID)
	if err != nil {
		return nil, err
	}
	for index := range effects {
		effect := &effects[index]
		run.open.add(effectKey{effect.Kind, effect.Key})
		if effect.Kind == store.Start {
			if run.queued, err = queuedStart(effect.Payload); err != nil {
				return nil, fmt.Errorf("its start is broken: %w", err)
			}
		}
	}
	return run, nil
}

// queuedStart reads a start that waits. Its id and time come with the start itself; a
// Python server writes none before.
func queuedStart(payload string) (*core.Event, error) {
	value, err := types.DecodeValue([]byte(payload), types.MaxDepth)
	if err != nil {
		return nil, err
	}
	members, _ := value.(map[string]any)
	if members == nil {
		return nil, errors.New("it is no object")
	}
	if _, there := members["id"]; !there {
		members["id"], members["at"] = "", 0.0
	}
	return core.EventOf(members), nil
}

func (l *liveRuns) drop(run *Run) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.unlist(run)
}

// dropID is drop for a run that may not be in memory.
func (l *liveRuns) dropID(runID string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.unlist(l.runs[runID])
}

// clear forgets all; it gives those that somebody waits for or listens to.
func (l *liveRuns) clear() []*Run {
	l.mutex.Lock()
	var runs []*Run
	for l.oldest != nil {
		runs = append(runs, l.oldest)
		l.unlist(l.oldest)
	}
	l.mutex.Unlock()
	// a run's lock comes before this one's
	return slices.DeleteFunc(runs, func(run *Run) bool {
		run.mutex.Lock()
		defer run.mutex.Unlock()
		// whoever comes from here on looks for the run again
		run.loose = true
		return len(run.waiters) == 0 && len(run.listening()) == 0
	})
}
