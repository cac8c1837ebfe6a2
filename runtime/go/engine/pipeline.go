package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// Settled is the fate of a write: nil once it is durable.
type Settled struct {
	mutex sync.Mutex
	over  bool
	err   error
	ended chan struct{}
	then  []func(error)
}

func (s *Settled) settle(err error) {
	if s == nil {
		return
	}
	s.mutex.Lock()
	if s.over {
		s.mutex.Unlock()
		return
	}
	s.over, s.err = true, err
	if s.ended != nil {
		close(s.ended)
	}
	then := s.then
	s.then = nil
	s.mutex.Unlock()
	for _, call := range then {
		call(err)
	}
}

func settled(err error) *Settled { return &Settled{over: true, err: err} }

// Then calls once the fate is known: at once when it is already.
func (s *Settled) Then(call func(err error)) {
	s.mutex.Lock()
	if !s.over {
		s.then = append(s.then, call)
		s.mutex.Unlock()
		return
	}
	err := s.err
	s.mutex.Unlock()
	call(err)
}

// Done is closed once the fate is known.
func (s *Settled) Done() <-chan struct{} {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
		if s.over {
			close(s.ended)
		}
	}
	return s.ended
}

// Err is the fate, once it is known: nil, *Unavailable, or what the store said.
func (s *Settled) Err() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}

// Wait waits for the fate. It gives the context's error when that ends before.
func (s *Settled) Wait(ctx context.Context) error {
	if s == nil {
		return nil
	}
	select {
	case <-s.Done():
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending is a write on its way: whom to tell, and what to do when it is durable.
type pending struct {
	run      *Run
	epoch    int64
	commands []core.Command
	tasks    []*Task // of the schedule_task commands, in their order
	left     []leftTask
	final    *store.Effect // the completion webhook
	history  []core.HistoryRow
	done     *Settled
}

// leftTask is a task that its run left when it ended.
type leftTask struct {
	taskID  string
	attempt int64
}

// outcomes hears what became of the writes, in their order, one call at a time: the
// engine.
type outcomes interface {
	durable(settled []pending)
	refused(of *pending, conflict *store.Conflict)
	unknown(err error)
	// recovered is false when the store still fails: again after a while.
	recover() (again time.Duration, done bool)
}

// pipeline leads from a decided write to what follows from it: queue, commit, tell, carry
// out. Writes are settled in the order in which they were made.
//
// An epoch is the time between two recoveries. What was decided in an earlier one is not
// written: nobody knows whether it stands on what the store has.
type pipeline struct {
	outcomes outcomes
	faults   *Faults
	spawn    func(func())
	store    store.Store
	writer   store.Writer

	mutex      sync.Mutex
	inFlight   []pending // those from first on
	first      int
	epoch      atomic.Int64 // twice the number of the epoch, and 1 when writes are refused
	settling   bool
	recovering bool
	batches    []batchFate
	quiet      sync.Cond // nothing is being settled
}

type batchFate struct {
	writes []pending
	err    error
}

// MakeWriter makes the writer of an engine.
type MakeWriter func(store.Store, store.Done) store.Writer

func newPipeline(of store.Store, make MakeWriter, outcomes outcomes, faults *Faults, spawn func(func())) *pipeline {
	p := &pipeline{outcomes: outcomes, faults: faults, spawn: spawn, store: of}
	p.quiet.L = &p.mutex
	p.writer = make(of, p.written)
	return p
}

// waiting is how many writes' fate is not known yet.
func (p *pipeline) waiting() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.inFlight) - p.first
}

// now is the epoch, and whether writes are taken.
func (p *pipeline) now() (epoch int64, open bool) {
	epoch = p.epoch.Load()
	return epoch, epoch&1 == 0
}

// write queues a write that was decided in an epoch. It is false when that epoch is over.
func (p *pipeline) write(epoch int64, write store.Write, then pending) bool {
	if p.faults.label != "" {
		p.faults.reach(beforeWrite)
	}
	then.epoch = epoch
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if now := p.epoch.Load(); now&1 != 0 || epoch != now {
		return false
	}
	p.inFlight = append(p.inFlight, then)
	// under the lock: both queues have the same order
	p.writer.Submit(write)
	return true
}

// writeNow is write in whatever epoch it is.
func (p *pipeline) writeNow(write store.Write, then pending) bool {
	epoch, open := p.now()
	return open && p.write(epoch, write, then)
}

// fence ends when everything that is decided by now is durable.
func (p *pipeline) fence() *Settled {
	done := &Settled{}
	if !p.writeNow(&store.OutboxChange{}, pending{done: done}) {
		done.settle(errNotOpen)
	}
	return done
}

// written is called by the writer, in order.
func (p *pipeline) written(count int, err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	writes := make([]pending, count)
	copy(writes, p.inFlight[p.first:p.first+count])
	clear(p.inFlight[p.first : p.first+count])
	p.first += count
	if p.first == len(p.inFlight) {
		p.inFlight, p.first = p.inFlight[:0], 0
	} else if p.first > 4_096 && p.first > len(p.inFlight)/2 {
		left := copy(p.inFlight, p.inFlight[p.first:])
		clear(p.inFlight[left:])
		p.inFlight, p.first = p.inFlight[:left], 0
	}
	var conflict *store.Conflict
	if err != nil && !errors.As(err, &conflict) {
		p.end()
	}
	p.batches = append(p.batches, batchFate{writes, err})
	p.wake()
}

// end ends the epoch: nothing that was decided in it is written any more.
func (p *pipeline) end() {
	if now := p.epoch.Load(); now&1 == 0 {
		p.epoch.Store(now + 1)
	}
}

func (p *pipeline) wake() {
	if !p.settling {
		p.settling = true
		p.spawn(p.settleAll)
	}
}

// settleAll tells of batches one after the other; a recovery comes when nothing is under
// way any more, and nothing is settled meanwhile.
func (p *pipeline) settleAll() {
	for {
		p.mutex.Lock()
		var fate batchFate
		recover := false
		switch {
		case len(p.batches) > 0:
			fate = p.batches[0]
			p.batches[0] = batchFate{}
			p.batches = p.batches[1:]
		case p.recovering && p.first == len(p.inFlight):
			p.recovering, recover = false, true
		default:
			p.settling = false
			p.quiet.Broadcast()
			p.mutex.Unlock()
			return
		}
		p.mutex.Unlock()
		if !recover {
			p.tell(fate)
		} else if again, done := p.outcomes.recover(); !done {
			p.recoverAfter(again)
		}
	}
}

func (p *pipeline) tell(fate batchFate) {
	if p.faults.label != "" {
		p.faults.reach(beforeAcknowledge)
	}
	var conflict *store.Conflict
	switch {
	case fate.err == nil:
		for index := range fate.writes {
			fate.writes[index].done.settle(nil)
		}
		if p.faults.label == beforeDispatch {
			time.Sleep(50 * time.Millisecond) // let the answers leave the process first
			p.faults.reach(beforeDispatch)
		}
		p.outcomes.durable(fate.writes)
	case errors.As(fate.err, &conflict):
		for index := range fate.writes {
			fate.writes[index].done.settle(conflict)
			p.outcomes.refused(&fate.writes[index], conflict)
		}
	default:
		for index := range fate.writes {
			fate.writes[index].done.settle(errNotTaken)
		}
		p.outcomes.unknown(fate.err)
	}
}

// fail ends the epoch, and has the engine recover when nothing is under way.
func (p *pipeline) fail() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.end()
	p.recovering = true
	p.wake()
}

func (p *pipeline) recoverAfter(delay time.Duration) {
	again := func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.recovering = true
		p.wake()
	}
	if delay <= 0 {
		p.spawn(again)
	} else {
		time.AfterFunc(delay, again)
	}
}

// reopen makes the store work again and writes to it.
func (p *pipeline) reopen() error {
	if err := p.store.Reopen(); err != nil {
		return err
	}
	p.writer.Resume()
	p.mutex.Lock()
	// what was read or handed out since the failure counts no more
	p.epoch.Store(p.epoch.Load()&^1 + 2)
	p.mutex.Unlock()
	return nil
}

// close writes what is decided, and tells of it, then stops.
func (p *pipeline) close() {
	p.writer.Close()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for p.settling {
		p.quiet.Wait()
	}
	p.end()
}

// stop ends the epoch without asking for a recovery: one is under way.
func (p *pipeline) stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.end()
}
