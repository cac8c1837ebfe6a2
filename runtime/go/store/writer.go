package store

import (
	"errors"
	"fmt"
	"sync"
)

// MaxBatch is how many writes one transaction has at most; more would make the first of
// them wait for the last.
const MaxBatch = 512

// Done hears what became of writes, in the order in which they were made, on the writer's
// goroutine: nil after a commit, a *Conflict for writes that were refused, anything else
// for writes whose fate is unknown or that were never tried.
type Done func(count int, err error)

// Writer takes writes in order and tells their fate in the same order.
type Writer interface {
	Submit(write Write)
	// Resume writes again, after the truth was read back from the store.
	Resume()
	// Close writes what is queued, then stops.
	Close()
}

// GroupWriter writes on a goroutine of its own: one drains the queue into one transaction
// at a time.
//
// Order is kept. After the first failure nothing is written any more until Resume: what
// waits behind a failed batch is given back unwritten, so that a smaller, later write can
// never overtake one whose fate is unknown.
type GroupWriter struct {
	store Store
	done  Done

	mutex   sync.Mutex
	changed sync.Cond
	queue   []Write
	failed  error
	closing bool
	ended   chan struct{}
}

// NewGroupWriter starts the writer's goroutine; Close ends it.
func NewGroupWriter(store Store, done Done) *GroupWriter {
	writer := &GroupWriter{store: store, done: done, ended: make(chan struct{})}
	writer.changed.L = &writer.mutex
	go writer.work()
	return writer
}

// Submit queues a write.
func (w *GroupWriter) Submit(write Write) {
	w.mutex.Lock()
	w.queue = append(w.queue, write)
	if len(w.queue) == 1 {
		w.changed.Signal()
	}
	w.mutex.Unlock()
}

// Resume writes again.
func (w *GroupWriter) Resume() {
	w.mutex.Lock()
	w.failed = nil
	w.mutex.Unlock()
}

// Close writes what is queued, then stops.
func (w *GroupWriter) Close() {
	w.mutex.Lock()
	w.closing = true
	w.changed.Signal()
	w.mutex.Unlock()
	<-w.ended
}

func (w *GroupWriter) work() {
	defer close(w.ended)
	var batch []Write
	for {
		w.mutex.Lock()
		for len(w.queue) == 0 && !w.closing {
			w.changed.Wait()
		}
		if len(w.queue) == 0 {
			w.mutex.Unlock()
			return
		}
		// the two slices take turns, so that a batch costs no memory
		batch, w.queue = w.queue, batch[:0]
		if len(batch) > MaxBatch {
			w.queue = append(w.queue, batch[MaxBatch:]...)
			clear(batch[MaxBatch:])
			batch = batch[:MaxBatch]
		}
		failed := w.failed
		w.mutex.Unlock()
		if failed != nil {
			w.done(len(batch), failed)
		} else {
			CommitBatch(w.store, batch, w.done, w.fail)
		}
		clear(batch)
	}
}

func (w *GroupWriter) fail(err error) {
	w.mutex.Lock()
	w.failed = err
	w.mutex.Unlock()
}

// errBehind is the fate of what stands behind a failed write.
var errBehind = &Error{Message: "a write before this one failed"}

// CommitBatch commits a batch and tells its writes' fate. It is false when that is
// unknown: then fail is called first, so that whoever hears of the failure finds the
// writer stopped.
//
// A conflict is a known outcome, nothing was kept: the writes are tried one by one, so
// that only those that conflict are refused.
func CommitBatch(store Store, batch []Write, done Done, fail func(error)) bool {
	err := commit(store, batch)
	var conflict *Conflict
	switch {
	case err == nil:
		done(len(batch), nil)
		return true
	case !errors.As(err, &conflict):
		fail(err)
		done(len(batch), err)
		return false
	case len(batch) == 1:
		done(1, conflict)
		return true
	}
	for position := range batch {
		if !CommitBatch(store, batch[position:position+1], done, fail) {
			if rest := len(batch) - position - 1; rest > 0 {
				done(rest, errBehind)
			}
			return false
		}
	}
	return true
}

// commit turns a defect of the store into a failure: nobody knows what it has written.
func commit(store Store, batch []Write) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = &Error{Message: fmt.Sprintf("the store failed: %v", problem)}
		}
	}()
	return store.Commit(batch)
}
