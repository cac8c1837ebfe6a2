package engine

import (
	"container/heap"
	"sync"
	"time"
)

// Handle takes an alarm back. It may be cancelled twice, and after it rang.
type Handle interface{ Cancel() }

// Clock is time as the engine sees it: the system's, or a test's own.
type Clock interface {
	// Now is in milliseconds since 1970 UTC. It may jump in both directions.
	Now() int64
	// CallAt calls once when Now has reached a time, or somewhat earlier when the clock
	// was moved or the time is far: who must not be early looks at Now. The call comes
	// from another goroutine or a later turn, never from within CallAt.
	CallAt(at int64, call func()) Handle
}

// SystemClock is the wall clock.
type SystemClock struct{}

// longestSleep: a moved clock is noticed within that time.
const longestSleep = 30 * time.Second

// Now is the system's time.
func (SystemClock) Now() int64 { return time.Now().UnixMilli() }

// CallAt sleeps at most 30 seconds.
func (c SystemClock) CallAt(at int64, call func()) Handle {
	delay := time.Duration(max(at-c.Now(), 0)) * time.Millisecond
	return systemAlarm{time.AfterFunc(min(delay, longestSleep), call)}
}

type systemAlarm struct{ timer *time.Timer }

func (a systemAlarm) Cancel() { a.timer.Stop() }

// notBefore is Clock.CallAt that is never early: an alarm that rings too soon is set
// again.
func notBefore(clock Clock, at int64, call func()) Handle {
	alarm := &patientAlarm{clock: clock, at: at, call: call}
	alarm.mutex.Lock()
	alarm.handle = clock.CallAt(at, alarm.ring)
	alarm.mutex.Unlock()
	return alarm
}

type patientAlarm struct {
	clock Clock
	at    int64
	call  func()

	mutex  sync.Mutex
	handle Handle
	over   bool
}

func (a *patientAlarm) ring() {
	a.mutex.Lock()
	if a.over {
		a.mutex.Unlock()
		return
	}
	if a.clock.Now() < a.at {
		a.handle = a.clock.CallAt(a.at, a.ring)
		a.mutex.Unlock()
		return
	}
	a.over = true
	a.mutex.Unlock()
	a.call()
}

func (a *patientAlarm) Cancel() {
	a.mutex.Lock()
	a.over = true
	handle := a.handle
	a.mutex.Unlock()
	handle.Cancel()
}

// VirtualClock is time that only moves when a test says so.
type VirtualClock struct {
	mutex  sync.Mutex
	now    int64
	order  int64
	alarms alarmHeap
}

// NewVirtualClock starts somewhere in 2023.
func NewVirtualClock() *VirtualClock { return &VirtualClock{now: 1_700_000_000_000} }

// Now is where the clock stands.
func (c *VirtualClock) Now() int64 {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// CallAt waits for Advance.
func (c *VirtualClock) CallAt(at int64, call func()) Handle {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.order++
	alarm := &virtualAlarm{clock: c, at: at, order: c.order, call: call}
	heap.Push(&c.alarms, alarm)
	return alarm
}

// Jump moves the time without calling anybody, as an operator's `date` does.
func (c *VirtualClock) Jump(milliseconds int64) {
	c.mutex.Lock()
	c.now += milliseconds
	c.mutex.Unlock()
}

// NextAlarm is when the next alarm rings, and whether there is one.
func (c *VirtualClock) NextAlarm() (int64, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for len(c.alarms) > 0 && c.alarms[0].call == nil {
		heap.Pop(&c.alarms)
	}
	if len(c.alarms) == 0 {
		return 0, false
	}
	return c.alarms[0].at, true
}

// Advance lets time pass: alarms ring in order, in this goroutine, and settle is called
// after each.
func (c *VirtualClock) Advance(milliseconds int64, settle func()) {
	end := c.Now() + milliseconds
	settle()
	for {
		at, there := c.NextAlarm()
		if !there || at > end {
			break
		}
		c.mutex.Lock()
		c.now = max(c.now, at)
		alarm, _ := heap.Pop(&c.alarms).(*virtualAlarm)
		call := alarm.call
		c.mutex.Unlock()
		if call != nil {
			call()
		}
		settle()
	}
	c.mutex.Lock()
	c.now = max(c.now, end)
	c.mutex.Unlock()
}

type virtualAlarm struct {
	clock     *VirtualClock
	at, order int64
	call      func() // nil when it was cancelled
}

func (a *virtualAlarm) Cancel() {
	a.clock.mutex.Lock()
	a.call = nil
	a.clock.mutex.Unlock()
}

type alarmHeap []*virtualAlarm

func (h alarmHeap) Len() int      { return len(h) }
func (h alarmHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h alarmHeap) Less(a, b int) bool {
	return h[a].at < h[b].at || h[a].at == h[b].at && h[a].order < h[b].order
}

func (h *alarmHeap) Push(alarm any) {
	made, _ := alarm.(*virtualAlarm)
	*h = append(*h, made)
}

func (h *alarmHeap) Pop() any {
	last := len(*h) - 1
	alarm := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return alarm
}
