package engine

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
)

// Who waits for a run or listens to it has a *Run in the hand, and what is told is told
// to the one in memory. A *Run is loose when it is not, or no more, that one: it was
// evicted, forgotten by a recovery, or only read to be looked at. Under a run's lock either
// it is seen to be loose, or whoever joins it is woken or handed over.

// recoveryPause is after how long who waits looks whether a recovery is over.
const recoveryPause = int64(50)

// wait is done.Wait, for what may be simulated.
func (e *Engine) wait(ctx context.Context, done *Settled) error {
	if done == nil {
		return nil
	}
	if err := e.await(ctx, done.Done()); err != nil {
		return err
	}
	return done.Err()
}

// sleep is about as long as it is told, half a minute at most: a clock that is moved
// meanwhile does not matter.
func (e *Engine) sleep(ctx context.Context, delay time.Duration) error {
	over := make(chan struct{})
	alarm := e.clock.CallAt(e.clock.Now()+delay.Milliseconds(), func() { close(over) })
	defer alarm.Cancel()
	return e.await(ctx, over)
}

func await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait waits until the run's end is durable, at most so long. It gives the run as it is.
func (e *Engine) Wait(ctx context.Context, run *Run, patience time.Duration) (*Run, error) {
	over := make(chan struct{})
	alarm := notBefore(e.clock, e.clock.Now()+patience.Milliseconds(), func() { close(over) })
	defer alarm.Cancel()
	for {
		waiter := make(chan struct{})
		ended, joined := run.join(waiter)
		if ended {
			return run, nil
		}
		if !joined {
			current, err := e.Find(run.id)
			if err != nil {
				return nil, err
			}
			if run = current; !run.isLoose() {
				continue
			}
			// the engine recovers
			pause := e.clock.CallAt(e.clock.Now()+recoveryPause, func() { close(waiter) })
			select {
			case <-waiter:
				continue
			case <-over:
				pause.Cancel()
				return run, nil
			case <-ctx.Done():
				pause.Cancel()
				return nil, ctx.Err()
			}
		}
		select {
		case <-waiter:
		case <-over:
		case <-ctx.Done():
			e.stopWaiting(run, waiter)
			return nil, ctx.Err()
		}
		e.stopWaiting(run, waiter)
		if run.Ended() {
			return run, nil
		}
		return e.Read(ctx, run.id)
	}
}

// join has a waiter woken by the run's end. It is neither ended nor joined when the run is
// loose.
func (r *Run) join(waiter chan struct{}) (ended, joined bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.ended() || r.loose {
		return r.ended(), false
	}
	r.waiters = append(r.waiters, waiter)
	return false, true
}

func (r *Run) isLoose() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.loose && !r.ended()
}

// stopWaiting: the waiter may have gone over to what a recovery read.
func (e *Engine) stopWaiting(run *Run, waiter chan struct{}) {
	for _, of := range [...]*Run{run, e.runs.inMemory(run.id)} {
		if of == nil {
			continue
		}
		of.mutex.Lock()
		of.waiters = slices.DeleteFunc(of.waiters, func(each chan struct{}) bool { return each == waiter })
		of.mutex.Unlock()
	}
}

// listener hears of a run until it is gone.
type listener struct {
	hear func(rows []core.HistoryRow)
	gone atomic.Bool
}

// Listen hears of every history row of a run once it is durable, in order, until stop is
// called. It must not block; of a run that has ended there is nothing to hear.
//
// It fails with *NotFound, *Unavailable or *store.Error.
func (e *Engine) Listen(runID string, hear func(rows []core.HistoryRow)) (stop func(), err error) {
	made := &listener{hear: hear}
	stop = func() { made.gone.Store(true) }
	for {
		run, err := e.Find(runID)
		if err != nil {
			return nil, err
		}
		run.mutex.Lock()
		ended, loose := run.ended(), run.loose
		if !ended && !loose {
			run.listeners = append(run.listening(), made)
		}
		run.mutex.Unlock()
		if ended || !loose {
			return stop, nil
		}
		if _, open := e.pipeline.now(); !open {
			return nil, errNotOpen
		}
	}
}

// listening are those who still listen. The list is not changed afterwards: who tells of
// rows reads it without the lock, which is held here.
func (r *Run) listening() []*listener {
	isGone := func(each *listener) bool { return each.gone.Load() }
	if slices.ContainsFunc(r.listeners, isGone) {
		r.listeners = slices.DeleteFunc(slices.Clone(r.listeners), isGone)
	}
	return slices.Clip(r.listeners)
}

// forgotten: the recovery forgets these runs; whoever waits for one is kept.
func (e *Engine) forgotten(runs []*Run) {
	for _, run := range runs {
		if before := e.watched[run.id]; before != nil {
			before.handOver(run)
		}
		e.watched[run.id] = run
	}
}

// takeOver: whoever waited for a run waits for what the store has of it.
func (e *Engine) takeOver() error {
	for id, old := range e.watched {
		run, err := e.runs.get(id)
		if err != nil {
			return err
		}
		if run == nil || run.Ended() {
			delete(e.watched, id)
			old.wake()
			continue
		}
		if run.isLoose() {
			return fmt.Errorf("the store failed again")
		}
		delete(e.watched, id)
		old.handOver(run)
	}
	return nil
}

// handOver gives those who wait for a run and listen to it to another object of the same
// run. Only the goroutine that settles does this, so none of both is told of meanwhile.
func (r *Run) handOver(to *Run) {
	r.mutex.Lock()
	waiters, listeners := r.waiters, r.listening()
	r.waiters, r.listeners = nil, nil
	r.mutex.Unlock()
	to.mutex.Lock()
	defer to.mutex.Unlock()
	to.waiters = append(to.waiters, waiters...)
	to.listeners = append(to.listening(), listeners...)
}
