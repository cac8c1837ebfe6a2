package engine

import (
	"container/heap"
	"slices"
)

// taskQueue has the tasks of an executor that wait for a worker: in order of priority
// (greater first), then of arrival. It is under the dispatcher's lock.
//
// A task that has left the state queued is dropped when it comes up; a step that is at its
// max_concurrency is put aside and holds up nobody else.
type taskQueue struct {
	heap    taskHeap
	order   int64
	aside   map[limitKey][]*Task
	counts  map[limitKey]int64 // the dispatcher's
	size    int                // tasks in the state queued; the dispatcher keeps it
	pollers []*poller
	// lastPoll is when somebody asked for tasks, polled that somebody did.
	lastPoll int64
	polled   bool
}

// poller is somebody who waits for tasks, perhaps at several queues.
type poller struct {
	woken bool
	wake  chan struct{}
}

func newTaskQueue(counts map[limitKey]int64) *taskQueue {
	return &taskQueue{counts: counts, aside: map[limitKey][]*Task{}}
}

func (q *taskQueue) put(task *Task) {
	q.size++
	q.sweep()
	q.push(task)
}

// sweep drops what has left the state queued when that is most of what is kept: memory
// follows the tasks that wait, also while nobody asks for them.
func (q *taskQueue) sweep() {
	kept := len(q.heap)
	for _, tasks := range q.aside {
		kept += len(tasks)
	}
	if kept <= 64 || kept <= 4*q.size {
		return
	}
	q.heap = slices.DeleteFunc(q.heap, func(each waitingTask) bool { return each.task.state != queued })
	heap.Init(&q.heap)
	for key, tasks := range q.aside {
		q.aside[key] = slices.DeleteFunc(tasks, func(each *Task) bool { return each.state != queued })
		if len(q.aside[key]) == 0 {
			delete(q.aside, key)
		}
	}
}

func (q *taskQueue) push(task *Task) {
	var priority int64
	if given := task.message.Settings.Priority; given != nil {
		priority = *given
	}
	q.order++
	heap.Push(&q.heap, waitingTask{priority, q.order, task})
}

// take is the next task that may run now; it leaves the queue. Nil when there is none.
func (q *taskQueue) take() *Task {
	for len(q.heap) > 0 {
		next, _ := heap.Pop(&q.heap).(waitingTask)
		task := next.task
		if task.state != queued {
			continue
		}
		if limit := task.message.Settings.MaxConcurrency; limit != nil && q.counts[task.limitKey()] >= *limit {
			key := task.limitKey()
			q.aside[key] = append(q.aside[key], task)
			continue
		}
		q.size--
		return task
	}
	return nil
}

// release: a task of this step ended. It is true when one that was put aside may come up
// again.
func (q *taskQueue) release(key limitKey) bool {
	for len(q.aside[key]) > 0 {
		task := q.aside[key][0]
		if q.aside[key] = q.aside[key][1:]; len(q.aside[key]) == 0 {
			delete(q.aside, key)
		}
		if task.state == queued {
			q.push(task)
			return true
		}
	}
	return false
}

// wakeOne tells one poller that there is something.
func (q *taskQueue) wakeOne() {
	for len(q.pollers) > 0 {
		first := q.pollers[0]
		q.pollers = q.pollers[1:]
		if first.finish() {
			return
		}
	}
}

// finish is false for a poller that was told already.
func (p *poller) finish() bool {
	if p.woken {
		return false
	}
	p.woken = true
	close(p.wake)
	return true
}

type waitingTask struct {
	priority, order int64
	task            *Task
}

type taskHeap []waitingTask

func (h taskHeap) Len() int      { return len(h) }
func (h taskHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h taskHeap) Less(a, b int) bool {
	if h[a].priority != h[b].priority {
		return h[a].priority > h[b].priority
	}
	return h[a].order < h[b].order
}

func (h *taskHeap) Push(task any) {
	made, _ := task.(waitingTask)
	*h = append(*h, made)
}

func (h *taskHeap) Pop() any {
	last := len(*h) - 1
	task := (*h)[last]
	(*h)[last] = waitingTask{}
	*h = (*h)[:last]
	return task
}
