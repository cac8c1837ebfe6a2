package engine

import "sync"

// workers are goroutines that are used again: their stacks have grown already, and for
// short work that is most of what a goroutine costs.
type workers struct {
	mutex  sync.Mutex
	idle   []chan func() // the last that went idle comes first: its stack is warm
	closed bool
}

const mostIdle = 256

// begin runs work in a goroutine of its own.
func (w *workers) begin(work func()) {
	w.mutex.Lock()
	if last := len(w.idle) - 1; last >= 0 {
		free := w.idle[last]
		w.idle = w.idle[:last]
		w.mutex.Unlock()
		free <- work
		return
	}
	w.mutex.Unlock()
	go w.serve(work)
}

func (w *workers) serve(work func()) {
	next := make(chan func(), 1)
	for {
		work()
		w.mutex.Lock()
		if w.closed || len(w.idle) >= mostIdle {
			w.mutex.Unlock()
			return
		}
		w.idle = append(w.idle, next)
		w.mutex.Unlock()
		var there bool
		if work, there = <-next; !there {
			return
		}
	}
}

// close ends the goroutines that have nothing to do, and the others when they are done.
func (w *workers) close() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.closed = true
	for _, free := range w.idle {
		close(free)
	}
	w.idle = nil
}
