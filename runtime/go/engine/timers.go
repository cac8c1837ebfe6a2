package engine

import (
	"container/heap"
	"sync"
)

// timers are the durable timers in memory: one heap, one alarm. The store has the rows.
//
// fire is called at or after the due time, never before, once, and not under the lock.
type timers struct {
	clock Clock
	fire  func(runID, timerID string)

	mutex   sync.Mutex
	due     map[timerID]int64
	heap    timerHeap
	alarm   Handle
	alarmAt int64
}

// timerID is the occurrence that started a timer, never only a name.
type timerID struct{ runID, id string }

func newTimers(clock Clock, fire func(runID, timerID string)) *timers {
	return &timers{clock: clock, fire: fire, due: map[timerID]int64{}}
}

func (t *timers) count() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.due)
}

func (t *timers) start(runID, id string, due int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	identity := timerID{runID, id}
	t.due[identity] = due
	heap.Push(&t.heap, timer{due, identity})
	t.arm()
}

// load adds many at once, after a restart.
func (t *timers) load(rows map[timerID]int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for identity, due := range rows {
		t.due[identity] = due
	}
	t.rebuild()
	t.arm()
}

func (t *timers) rebuild() {
	t.heap = make(timerHeap, 0, len(t.due))
	for identity, due := range t.due {
		t.heap = append(t.heap, timer{due, identity})
	}
	heap.Init(&t.heap)
}

func (t *timers) cancel(runID, id string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.due, timerID{runID, id})
	// a cancelled timer stays in the heap until its time; when most are cancelled the heap
	// is built anew, so memory follows the timers that are alive
	if len(t.heap) > 64 && len(t.heap) > 4*len(t.due) {
		t.rebuild()
	}
}

func (t *timers) clear() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	clear(t.due)
	t.heap = nil
	if t.alarm != nil {
		t.alarm.Cancel()
		t.alarm = nil
	}
}

func (t *timers) arm() {
	if len(t.heap) == 0 {
		return
	}
	due := t.heap[0].due
	if t.alarm != nil {
		if t.alarmAt <= due {
			return
		}
		t.alarm.Cancel()
	}
	t.alarmAt = due
	t.alarm = t.clock.CallAt(due, t.ring)
}

func (t *timers) ring() {
	t.mutex.Lock()
	t.alarm = nil
	now := t.clock.Now()
	var ringing []timerID
	for len(t.heap) > 0 && t.heap[0].due <= now {
		next, _ := heap.Pop(&t.heap).(timer)
		if due, there := t.due[next.id]; there && due == next.due {
			delete(t.due, next.id)
			ringing = append(ringing, next.id)
		}
	}
	t.arm()
	t.mutex.Unlock()
	for _, each := range ringing {
		t.fire(each.runID, each.id)
	}
}

type timer struct {
	due int64
	id  timerID
}

type timerHeap []timer

func (h timerHeap) Len() int      { return len(h) }
func (h timerHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h timerHeap) Less(a, b int) bool {
	switch {
	case h[a].due != h[b].due:
		return h[a].due < h[b].due
	case h[a].id.runID != h[b].id.runID:
		return h[a].id.runID < h[b].id.runID
	}
	return h[a].id.id < h[b].id.id
}

func (h *timerHeap) Push(of any) {
	made, _ := of.(timer)
	*h = append(*h, made)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	of := (*h)[last]
	*h = (*h)[:last]
	return of
}
