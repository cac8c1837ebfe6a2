package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
)

// poll leases up to limit tasks, waiting for the first. The leases are durable when it
// returns.
func (d *dispatcher) poll(ctx context.Context, executors []string, limit int, wait time.Duration, worker string) ([]Leased, error) {
	end := d.clock.Now() + wait.Milliseconds()
	for ctx.Err() == nil {
		taken, waiter := d.take(executors, limit, worker, d.clock.Now() < end)
		if len(taken) > 0 {
			if err := d.reports.saveLeases(taken).Wait(ctx); err != nil {
				return nil, err
			}
			return d.stillLeased(taken), nil
		}
		if waiter == nil {
			return nil, nil
		}
		alarm := d.clock.CallAt(end, func() {
			d.mutex.Lock()
			waiter.finish()
			d.mutex.Unlock()
		})
		select {
		case <-waiter.wake:
		case <-ctx.Done():
		}
		alarm.Cancel()
		d.leave(executors, waiter)
	}
	return nil, ctx.Err()
}

// take leases tasks; when there are none and it is to wait, it queues up.
func (d *dispatcher) take(executors []string, limit int, worker string, wait bool) ([]Leased, *poller) {
	d.mutex.Lock()
	defer d.unlock()
	if d.closing {
		return nil, nil
	}
	var taken []Leased
	now := d.clock.Now()
	for _, executor := range executors {
		queue := d.queue(executor)
		queue.lastPoll, queue.polled = now, true
		for len(taken) < limit {
			task := queue.take()
			if task == nil {
				break
			}
			if !d.admit(task) {
				continue
			}
			task.delivery++
			d.count(task)
			d.leaseTo(task, worker)
			taken = append(taken, Leased{&task.message, task.delivery, task})
		}
	}
	if len(taken) > 0 || !wait {
		return taken, nil
	}
	waiter := &poller{wake: make(chan struct{})}
	for _, executor := range executors {
		queue := d.queue(executor)
		queue.pollers = append(queue.pollers, waiter)
	}
	return nil, waiter
}

// leave takes a poller out of the queues. One that was woken and did not look, because its
// client is gone, wakes the next.
func (d *dispatcher) leave(executors []string, waiter *poller) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, executor := range executors {
		queue := d.queue(executor)
		queue.pollers = slices.DeleteFunc(queue.pollers, func(each *poller) bool { return each == waiter })
		if queue.size > 0 && waiter.woken {
			queue.wakeOne()
		}
	}
}

func (d *dispatcher) stillLeased(taken []Leased) []Leased {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return slices.DeleteFunc(taken, func(each Leased) bool {
		return each.of.state != leased || each.of.delivery != each.Delivery
	})
}

func (d *dispatcher) leaseTo(task *Task, worker string) {
	task.state = leased
	task.worker = worker
	d.startLimits(task)
}

// expire: the lease ran out. The same attempt is delivered again, without using one.
func (d *dispatcher) expire(task *Task, delivery int64) {
	d.mutex.Lock()
	defer d.unlock()
	if task.state != leased || task.delivery != delivery {
		return
	}
	d.release(task)
	d.leaseExpired(task.executor())
	switch {
	case task.delivery >= d.maxDeliveries:
		text := fmt.Sprintf("no worker reported a result in %d deliveries", task.delivery)
		event := resultEvent(failure("UNAVAILABLE", text))
		event.Unknown = true
		d.report(task, event)
	case task.cancelling:
		d.report(task, &core.Event{Type: core.TaskStopped})
	default:
		task.silence()
		task.state = queued
		queue := d.queue(task.executor())
		queue.put(task)
		queue.wakeOne()
	}
}

// reportResult is a worker's result. It is a *Stale unless the token is the newest.
func (d *dispatcher) reportResult(key TaskKey, attempt, delivery int64, outcome Outcome) (*Settled, error) {
	d.mutex.Lock()
	task, err := d.held(key, attempt, delivery)
	if err != nil {
		d.unlock()
		return nil, err
	}
	if d.faults.label != "" {
		d.faults.reach(beforeRecord)
	}
	event := resultEvent(outcome)
	if task.cancelling && outcome.Error != nil && outcome.Error["code"] == "CANCELLED" {
		event = &core.Event{Type: core.TaskStopped}
	}
	d.end(task, event)
	d.unlock()
	done := &Settled{}
	if err := d.reports.taskEvent(task, event, done); err != nil {
		return nil, err
	}
	return done, nil
}

// heartbeat prolongs a lease. It gives the reason when the task is to be cancelled.
func (d *dispatcher) heartbeat(key TaskKey, attempt, delivery int64) (reason string, cancel bool, err error) {
	d.mutex.Lock()
	defer d.unlock()
	task, err := d.held(key, attempt, delivery)
	if err != nil {
		return "", false, err
	}
	d.renew(task)
	return task.reason, task.cancelling, nil
}

func (d *dispatcher) held(key TaskKey, attempt, delivery int64) (*Task, error) {
	task := d.tasks[key]
	if task != nil && task.state == leased && task.message.Attempt == attempt && task.delivery == delivery {
		return task, nil
	}
	if task == nil && !d.reports.tasksKnown() {
		// a worker throws away what is stale, and this may be the newest
		return nil, errNotOpen
	}
	d.staleReports++
	return nil, &Stale{"another delivery is the newest, or the task has ended"}
}

// limits

func (d *dispatcher) startLimits(task *Task) {
	settings := task.message.Settings
	if settings.Timeout != nil {
		at := d.clock.Now() + *settings.Timeout
		task.alarms = append(task.alarms, notBefore(d.clock, at, func() { d.timeOut(task, "lease") }))
	}
	if task.state == leased || settings.HeartbeatTimeout != nil {
		d.renew(task)
	}
}

func (d *dispatcher) renew(task *Task) {
	task.silenceRenewed()
	if task.state != leased && task.state != running {
		return
	}
	now := d.clock.Now()
	if beat := task.message.Settings.HeartbeatTimeout; beat != nil {
		task.renewed = append(task.renewed, notBefore(d.clock, now+*beat, func() { d.timeOut(task, "heartbeat") }))
	}
	if task.state == leased {
		delivery := task.delivery
		task.renewed = append(task.renewed, notBefore(d.clock, now+d.lease, func() { d.expire(task, delivery) }))
	}
}

func (d *dispatcher) timeOut(task *Task, kind string) {
	d.mutex.Lock()
	defer d.unlock()
	if task.state == over || kind == "queue" && task.state != queued {
		return
	}
	if task.state == queued {
		if kind != "queue" {
			return // of a delivery that is over
		}
		d.queue(task.executor()).size--
	}
	d.report(task, &core.Event{Type: core.TimedOut, Kind: kind})
	d.local.stop(task)
}
