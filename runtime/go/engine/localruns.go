package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// LocalRunner is an executor of this process.
type LocalRunner interface {
	// Concurrency bounds how many tasks it runs at once.
	Concurrency() int
	// Run works on a task; the context is cancelled when its run no longer wants it. beat
	// says that the work goes on.
	Run(ctx context.Context, task *TaskMessage, delivery int64, beat func()) Outcome
	// Close gives up what the runner holds. Handlers may still be at work.
	Close()
}

// localRun is a handler at work. It outlives its task when the engine recovers from a
// failed store: then the attempt, scheduled again, takes the run over instead of a second.
type localRun struct {
	task    *Task // nil: nobody wants to hear of it now
	stopped bool
	cancel  context.CancelFunc
	over    bool
	outcome Outcome
}

func (r *localRun) stop() {
	r.stopped = true
	r.cancel()
}

// localRuns are the handlers at work in this process; it is under the dispatcher's lock.
type localRuns struct {
	runs map[attemptKey]*localRun
	busy map[string]int
	// working are the handlers whose end has not been told yet; free is closed and made
	// anew when there are none.
	working int
	free    chan struct{}
}

func newLocalRuns() *localRuns {
	return &localRuns{runs: map[attemptKey]*localRun{}, busy: map[string]int{}, free: make(chan struct{})}
}

func (l *localRuns) hasPlace(executor string, runner LocalRunner) bool {
	return l.busy[executor] < runner.Concurrency()
}

// stop cancels the task's handler.
func (l *localRuns) stop(task *Task) {
	if run := l.runs[task.attemptKey()]; run != nil && run.task == task {
		run.stop()
	}
}

// release: the tasks are forgotten, their handlers go on.
func (l *localRuns) release() {
	for _, run := range l.runs {
		run.task = nil
	}
}

// forgetOrphans stops what no task came for.
func (l *localRuns) forgetOrphans() {
	for key, run := range l.runs {
		if run.task == nil {
			delete(l.runs, key)
			run.stop()
		}
	}
}

// startLocal calls the handler. The dispatcher's lock is held.
func (d *dispatcher) startLocal(task *Task, runner LocalRunner) {
	ctx, cancel := context.WithCancel(context.Background())
	run := &localRun{task: task, cancel: cancel}
	d.local.runs[task.attemptKey()] = run
	d.local.busy[task.executor()]++
	d.local.working++
	delivery := max(task.delivery, 1)
	d.spawn(func() {
		outcome := runLocal(ctx, runner, &task.message, delivery, func() { d.beat(run) })
		cancel()
		d.handlerEnded(task.attemptKey(), task.executor(), run, outcome)
	})
}

// runLocal: a handler that panics has failed, and nobody else.
func runLocal(ctx context.Context, runner LocalRunner, task *TaskMessage, delivery int64, beat func()) (outcome Outcome) {
	defer func() {
		if problem := recover(); problem != nil {
			logger.Error("a handler panicked", "run_id", task.RunID, "step", task.Step, "error", fmt.Sprint(problem), "stack", string(debug.Stack()))
			outcome = failure("INTERNAL", fmt.Sprintf("the handler panicked: %v", problem))
		}
	}()
	return runner.Run(ctx, task, delivery, beat)
}

func (d *dispatcher) beat(run *localRun) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if run.task != nil && run.task.message.Settings.HeartbeatTimeout != nil {
		d.renew(run.task)
	}
}

func (d *dispatcher) handlerEnded(key attemptKey, executor string, run *localRun, outcome Outcome) {
	if d.faults.label != "" {
		d.faults.reach(beforeRecord)
	}
	d.mutex.Lock()
	d.local.busy[executor]--
	run.over, run.outcome = true, outcome
	if task := run.task; task != nil {
		d.local.end(key, run)
		d.finishLocal(task, run)
	}
	if queue := d.queues[executor]; queue != nil {
		d.startWaiting(executor)
	}
	d.unlock()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.local.working--; d.local.working == 0 {
		close(d.local.free)
		d.local.free = make(chan struct{})
	}
}

func (l *localRuns) end(key attemptKey, run *localRun) {
	if l.runs[key] == run {
		delete(l.runs, key)
	}
}

// attach is whether the attempt is at work already, from before a recovery: then the task
// takes it over, and hears at once when it has ended.
func (d *dispatcher) attach(task *Task) bool {
	key := task.attemptKey()
	run := d.local.runs[key]
	if run == nil {
		return false
	}
	run.task = task
	task.state = running
	if run.over {
		delete(d.local.runs, key)
		d.finishLocal(task, run)
	}
	return true
}

// drainLocal waits for handlers at work, at most so long, then stops them.
func (d *dispatcher) drainLocal(patience time.Duration) {
	d.waitLocal(patience)
	d.mutex.Lock()
	for _, run := range d.local.runs {
		run.task = nil
		if !run.over {
			run.stop()
		}
	}
	d.mutex.Unlock()
	d.waitLocal(time.Second)
}

func (d *dispatcher) waitLocal(patience time.Duration) {
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		d.mutex.Lock()
		working, free := d.local.working, d.local.free
		d.mutex.Unlock()
		if working == 0 {
			return
		}
		select {
		case <-free:
		case <-end.C:
			return
		}
	}
}
