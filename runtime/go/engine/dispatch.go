package engine

import (
	"fmt"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
)

// reports is where the dispatcher reports to: the engine. It is never called under the
// dispatcher's lock.
type reports interface {
	// taskEvent feeds an event of a task to its run; done ends when it is durable. The
	// error says that nobody wants it any more (*Stale), or that nobody knows.
	taskEvent(task *Task, event *core.Event, done *Settled) error
	// saveLeases makes deliveries durable before anybody works on them.
	saveLeases(tasks []Leased) *Settled
	// tasksKnown is false while a recovery has not read the tasks back.
	tasksKnown() bool
}

// Leased is a task that was handed to a worker of another process.
type Leased struct {
	Task     *TaskMessage
	Delivery int64

	of *Task
}

// dispatcher hands out tasks: in process or by lease, with limits, fences and circuit
// breakers.
//
// What starts at a lease is measured here and told to the core as timed_out. Nothing here
// is replayed: after a restart the outbox gives the tasks back.
type dispatcher struct {
	clock         Clock
	reports       reports
	faults        *Faults
	spawn         func(func())
	lease         int64
	maxDeliveries int64
	breakers      breakers
	leaseExpired  func(executor string)

	mutex        sync.Mutex
	runners      map[string]LocalRunner
	queues       map[string]*taskQueue
	tasks        map[TaskKey]*Task
	counts       map[limitKey]int64
	local        *localRuns
	staleReports int64
	closing      bool // nothing is handed out to workers any more
	draining     bool
	told         []toTell
}

// toTell is an event that is reported when the lock is given back.
type toTell struct {
	task  *Task
	event *core.Event
}

func newDispatcher(clock Clock, to reports, settings *Settings, faults *Faults, spawn func(func()), leaseExpired func(string)) *dispatcher {
	return &dispatcher{
		clock: clock, reports: to, faults: faults, spawn: spawn, leaseExpired: leaseExpired,
		lease: settings.Lease.Milliseconds(), maxDeliveries: settings.MaxDeliveries,
		runners: map[string]LocalRunner{}, queues: map[string]*taskQueue{}, tasks: map[TaskKey]*Task{},
		counts: map[limitKey]int64{}, local: newLocalRuns(),
	}
}

// unlock gives the lock back and reports what there is to report.
func (d *dispatcher) unlock() {
	told := d.told
	d.told = nil
	d.mutex.Unlock()
	for _, each := range told {
		_ = d.reports.taskEvent(each.task, each.event, nil)
	}
}

// scheduling

// schedule takes a task over, durable already, and hands it out as soon as it may run.
func (d *dispatcher) schedule(task *Task) {
	d.mutex.Lock()
	defer d.unlock()
	settings := task.message.Settings
	d.tasks[task.key()] = task
	if settings.QueueTimeout != nil {
		at := task.scheduled + *settings.QueueTimeout
		task.alarms = append(task.alarms, notBefore(d.clock, at, func() { d.timeOut(task, "queue") }))
	}
	if d.attach(task) {
		if task.state == running {
			d.count(task)
			d.startLimits(task)
		}
		return
	}
	executor := task.executor()
	runner := d.runners[executor]
	if task.delivery > 0 && runner == nil {
		// handed out before the restart: whoever has it may still report
		d.count(task)
		d.leaseTo(task, task.worker)
		return
	}
	if runner != nil && !d.draining && settings.MaxConcurrency == nil && d.local.hasPlace(executor, runner) {
		d.runLocal(task, runner)
		return
	}
	queue := d.queue(executor)
	queue.put(task)
	if runner != nil {
		d.startWaiting(executor)
	} else {
		queue.wakeOne()
	}
}

func (d *dispatcher) queue(executor string) *taskQueue {
	found := d.queues[executor]
	if found == nil {
		found = newTaskQueue(d.counts)
		d.queues[executor] = found
	}
	return found
}

// admit asks the task's circuit breaker.
func (d *dispatcher) admit(task *Task) bool {
	if task.message.Settings.CircuitBreaker == nil || d.breakers.admit(task, d.clock.Now()) {
		return true
	}
	text := fmt.Sprintf("the circuit of %s/%s is open", task.executor(), task.message.Settings.Function)
	d.report(task, resultEvent(failure("CIRCUIT_OPEN", text)))
	return false
}

func (d *dispatcher) count(task *Task) {
	if task.message.Settings.MaxConcurrency != nil {
		task.counted = true
		d.counts[task.limitKey()]++
	}
}

// in process

func (d *dispatcher) startWaiting(executor string) {
	runner := d.runners[executor]
	if runner == nil {
		return
	}
	queue := d.queue(executor)
	for !d.draining && d.local.hasPlace(executor, runner) {
		task := queue.take()
		if task == nil {
			return
		}
		d.runLocal(task, runner)
	}
}

func (d *dispatcher) runLocal(task *Task, runner LocalRunner) {
	if !d.admit(task) {
		return
	}
	d.count(task)
	task.state = running
	d.startLimits(task)
	d.startLocal(task, runner)
}

// finishLocal: a handler of this process ended.
func (d *dispatcher) finishLocal(task *Task, run *localRun) {
	if task.state != running {
		return
	}
	switch {
	case !run.stopped || run.outcome.Error == nil:
		d.report(task, resultEvent(run.outcome))
	case task.cancelling:
		d.report(task, &core.Event{Type: core.TaskStopped})
	default:
		d.report(task, resultEvent(failure("UNAVAILABLE", "the server stops")))
	}
}

// ending

// cancel: the run no longer wants the task. With wait it wants to hear that it ended.
func (d *dispatcher) cancel(key TaskKey, attempt int64, reason string, wait bool) {
	d.mutex.Lock()
	defer d.unlock()
	task := d.tasks[key]
	if task == nil || task.message.Attempt != attempt {
		return
	}
	task.cancelling, task.reason = true, reason
	switch task.state {
	case queued:
		d.queue(task.executor()).size--
		d.drop(task)
		if wait {
			event := &core.Event{Type: core.TaskStopped}
			complete(task, event)
			d.told = append(d.told, toTell{task, event})
		}
	case running:
		if !wait {
			d.drop(task)
		}
		d.local.stop(task)
	default:
		if !wait {
			d.drop(task)
		}
	}
}

// report ends a task with an event, which its run hears when the lock is given back.
func (d *dispatcher) report(task *Task, event *core.Event) {
	if task.state == over {
		return
	}
	d.end(task, event)
	d.told = append(d.told, toTell{task, event})
}

// end ends a task; the event is completed and still to be told.
func (d *dispatcher) end(task *Task, event *core.Event) {
	if task.admitted {
		d.tellBreaker(task, event)
	}
	d.drop(task)
	complete(task, event)
}

func (d *dispatcher) tellBreaker(task *Task, event *core.Event) {
	switch event.Type {
	case core.TaskStopped:
		d.breakers.abandon(task)
	case core.TimedOut:
		d.breakers.tell(task, d.clock.Now(), "TIMEOUT")
	default:
		code := ""
		if failed, is := event.Error.(map[string]any); is {
			code, _ = failed["code"].(string)
		}
		d.breakers.tell(task, d.clock.Now(), code)
	}
}

func (d *dispatcher) drop(task *Task) {
	d.release(task)
	if task.admitted {
		d.breakers.abandon(task)
	}
	task.silence()
	task.state = over
	if key := task.key(); d.tasks[key] == task {
		delete(d.tasks, key)
	}
}

func (d *dispatcher) release(task *Task) {
	if !task.counted {
		return
	}
	task.counted = false
	key := task.limitKey()
	if d.counts[key]--; d.counts[key] <= 0 {
		delete(d.counts, key)
	}
	executor := task.executor()
	queue := d.queues[executor]
	if queue == nil || !queue.release(key) {
		return
	}
	if d.runners[executor] != nil {
		d.spawn(func() {
			d.mutex.Lock()
			defer d.unlock()
			d.startWaiting(executor)
		})
	} else {
		queue.wakeOne()
	}
}

// reset forgets every task; the outbox gives them back. Handlers keep running.
func (d *dispatcher) reset() {
	d.mutex.Lock()
	defer d.unlock()
	d.local.release()
	for _, task := range d.tasks {
		task.silence()
		task.state = over
	}
	clear(d.tasks)
	clear(d.counts)
	for name, old := range d.queues {
		made := newTaskQueue(d.counts)
		made.pollers, made.lastPoll, made.polled = old.pollers, old.lastPoll, old.polled
		d.queues[name] = made
	}
}

// recovered: results that no task came for are of no use.
func (d *dispatcher) recovered() {
	d.mutex.Lock()
	defer d.unlock()
	d.local.forgetOrphans()
}

// stopPolls: nothing is handed out any more; who waits for tasks gets none.
func (d *dispatcher) stopPolls() {
	d.mutex.Lock()
	defer d.unlock()
	d.closing = true
	for _, queue := range d.queues {
		for _, waiter := range queue.pollers {
			waiter.finish()
		}
		queue.pollers = nil
	}
}

// drain waits for handlers at work, then stops them; their tasks run again later. What
// they lead to is begun by the next start: nobody would wait for it now.
func (d *dispatcher) drain(patience time.Duration) {
	d.mutex.Lock()
	d.draining = true
	runners := make([]LocalRunner, 0, len(d.runners))
	for _, name := range canonical.SortedNames(d.runners) {
		runners = append(runners, d.runners[name])
	}
	d.mutex.Unlock()
	d.drainLocal(patience)
	for _, runner := range runners {
		runner.Close()
	}
}

const workerPatience = int64(time.Minute / time.Millisecond)

// withoutWorkers are the executors with waiting tasks that nobody polled for within a
// minute.
func (d *dispatcher) withoutWorkers() []string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	now := d.clock.Now()
	found := []string{}
	for _, name := range canonical.SortedNames(d.queues) {
		queue := d.queues[name]
		silent := len(queue.pollers) == 0 && (!queue.polled || now-queue.lastPoll > workerPatience)
		if d.runners[name] == nil && queue.size > 0 && silent {
			found = append(found, name)
		}
	}
	return found
}

func resultEvent(outcome Outcome) *core.Event {
	if outcome.Error != nil {
		return &core.Event{Type: core.TaskResult, Error: outcome.Error, HasError: true}
	}
	return &core.Event{Type: core.TaskResult, Output: outcome.Output}
}

// complete says whose event it is.
func complete(task *Task, event *core.Event) {
	event.TaskID = task.message.TaskID
	event.Attempt = task.message.Attempt
	if task.delivery > 0 {
		event.Delivery = float64(task.delivery)
	}
}
