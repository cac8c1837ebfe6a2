package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

const (
	pollWait    = 20 * time.Second
	maxResults  = 100
	lastReports = 10 * time.Second
)

var (
	errCancelled = errors.New("the run no longer wants the result")
	errDrained   = errors.New("the worker stops")
)

// poller serves one executor: it leases tasks, works, reports. Results are sent in
// batches: while one report is on its way the next gathers. A result that could not be
// delivered is kept and sent again until the server takes it or says that it is too
// late.
type poller struct {
	executor string
	config   *Config
	registry registry
	wire     *transport
	watch    *watch

	mutex     sync.Mutex
	jobs      map[string]*job
	results   []outcome
	alone     int // how many of the next results go in a report of their own
	lease     time.Duration
	stopping  bool
	connected bool
	wake      chan struct{} // news for the reporter
	freed     chan struct{} // a job ended
}

type job struct {
	task     *Task
	cancel   context.CancelCauseFunc
	nextBeat time.Time
	beat     bool
}

func newPoller(executor string, config *Config, found registry, wire *transport, watching *watch) *poller {
	return &poller{
		executor: executor, config: config, registry: found, wire: wire, watch: watching,
		jobs: map[string]*job{}, lease: 30 * time.Second,
		wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
}

func tell(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

// run works until the context ends; then running tasks may finish, and their results
// are sent.
func (p *poller) run(ctx context.Context) error {
	reporting, stopReporting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopReporting()
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		p.reportForever(reporting)
	}()
	err := p.pollForever(ctx)
	p.drain()
	select {
	case <-reported:
	case <-time.After(lastReports):
		p.mutex.Lock()
		slog.Warn("results were not delivered", "executor", p.executor, "count", len(p.results))
		p.mutex.Unlock()
		stopReporting()
		<-reported
	}
	return err
}

func (p *poller) pollForever(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		free := p.config.Concurrency - p.running()
		if free <= 0 {
			select {
			case <-p.freed:
			case <-ctx.Done():
			}
			continue
		}
		// The first answer must not wait for a task: it says that the server is there.
		wait := pollWait
		if !p.isConnected() {
			wait = 0
		}
		tasks, lease, err := p.wire.poll(ctx, p.executor, min(free, maxResults), wait)
		if ctx.Err() != nil && err != nil {
			return nil
		}
		var failed *transportFailed
		switch {
		case errors.As(err, &failed):
			failures++
			delay := max(backoff(failures), failed.after)
			slog.Warn("no tasks", "executor", p.executor, "again_in", delay.String(), "error", err.Error())
			p.setConnected(false, 0)
			pause(ctx, delay)
			continue
		case err != nil:
			p.setConnected(false, 0)
			return fmt.Errorf("executor %q: %w", p.executor, err)
		}
		failures = 0
		p.setConnected(true, lease)
		for _, task := range tasks {
			p.begin(ctx, task)
		}
	}
	return nil
}

func (p *poller) setConnected(connected bool, lease time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.connected = connected
	if lease > 0 {
		p.lease = lease
	}
}

func (p *poller) isConnected() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.connected
}

func (p *poller) running() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.jobs)
}

func (p *poller) begin(ctx context.Context, task *Task) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	made := &job{task: task, cancel: cancel}
	task.beat = func() {
		p.mutex.Lock()
		made.beat = true
		p.mutex.Unlock()
		tell(p.wake)
	}
	p.mutex.Lock()
	// A newer delivery of a task that still runs here takes its place in the book; the
	// older one's result would be too late.
	if older, ok := p.jobs[task.ID]; ok {
		older.cancel(errCancelled)
	}
	made.nextBeat = time.Now().Add(p.lease / 3)
	p.jobs[task.ID] = made
	p.mutex.Unlock()
	tell(p.wake)
	go p.work(ctx, made)
}

func (p *poller) work(ctx context.Context, of *job) {
	defer of.cancel(nil)
	began := time.Now()
	made := p.outcome(ctx, of.task)
	took := time.Since(began)
	if made != nil {
		made.Duration = took.Milliseconds()
	}
	p.mutex.Lock()
	if p.jobs[of.task.ID] == of {
		delete(p.jobs, of.task.ID)
	}
	if made != nil {
		p.results = append(p.results, *made)
	}
	p.mutex.Unlock()
	if made != nil {
		p.watch.ended(of.task.Step, made.Error != nil, took)
	}
	tell(p.freed)
	tell(p.wake)
}

// outcome is what a task came to; nil when the worker stops before that, so that the
// task is delivered again.
func (p *poller) outcome(ctx context.Context, task *Task) *outcome {
	made := newOutcome(task)
	found, ok := p.registry.find(task)
	if !ok {
		text := fmt.Sprintf("this worker has no function for step %q of workflow %q", task.Step, task.Workflow)
		made.Error = &wireError{Code: "UNAVAILABLE", Message: text}
		return made
	}
	output, err := p.call(ctx, found, task)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errDrained):
		if err != nil {
			return nil
		}
	case errors.Is(cause, errCancelled) && err != nil:
		made.Error = &wireError{Code: "CANCELLED", Message: "the task was cancelled"}
		return made
	}
	if err != nil {
		wire := wireErrorOf(err)
		if wire.Code == "INTERNAL" {
			Logger(WithTask(ctx, task)).Warn("the handler failed", "error", err.Error())
		}
		made.Error = &wire
		return made
	}
	made.Success, made.Result = true, output
	return made
}

// call runs a handler; a panic is an error like another.
func (p *poller) call(ctx context.Context, found handler, task *Task) (output []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
			Logger(WithTask(ctx, task)).Error("the handler panicked", "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
		}
	}()
	input, err := secrets{p.config.SecretsDirectory}.resolve(task.Input, task.Secrets)
	if err != nil {
		return nil, err
	}
	ctx, cancel := task.deadline(WithTask(ctx, task))
	defer cancel()
	if p.config.Tracer != nil {
		var end func(error)
		ctx, end = p.config.Tracer.StartTask(ctx, task)
		defer func() { end(err) }()
	}
	output, err = found(ctx, input)
	if errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(ctx), errTimedOut) {
		return nil, task.timedOut()
	}
	return output, err
}

// drain lets running tasks finish, and gives up those that take too long.
func (p *poller) drain() {
	p.mutex.Lock()
	p.stopping = true
	count := len(p.jobs)
	p.mutex.Unlock()
	tell(p.wake)
	if count > 0 {
		slog.Info("draining", "executor", p.executor, "running", count)
	}
	patience := time.NewTimer(p.config.Drain)
	defer patience.Stop()
	for p.running() > 0 {
		select {
		case <-p.freed:
		case <-patience.C:
			p.abandon()
			return
		}
	}
}

// abandon cancels what still runs. Handlers that do not look at their context are left
// behind: their results would come too late.
func (p *poller) abandon() {
	p.mutex.Lock()
	for id, each := range p.jobs {
		each.cancel(errDrained)
		delete(p.jobs, id)
	}
	p.mutex.Unlock()
	tell(p.wake)
}

func (p *poller) reportForever(ctx context.Context) {
	for failures := 0; ; {
		if !p.awaitNews(ctx) {
			return
		}
		results, beating := p.takeNews()
		if len(results) == 0 && len(beating) == 0 {
			continue
		}
		beats := make([]token, len(beating))
		for index, each := range beating {
			beats[index] = token{each.task.ID, each.task.Attempt, each.task.Delivery}
		}
		settled, beaten, err := p.wire.report(ctx, results, beats)
		var failed *transportFailed
		switch {
		case errors.As(err, &failed):
			failures++
			p.putBack(results)
			delay := max(backoff(failures), failed.after)
			slog.Warn("no report", "executor", p.executor, "again_in", delay.String(), "error", err.Error())
			pause(ctx, delay)
			continue
		case err != nil:
			slog.Error("a report was refused", "executor", p.executor, "error", err.Error())
			p.takeRefusal(results, err)
			continue
		}
		failures = 0
		p.takeAnswers(results, settled)
		p.takeBeats(beating, beaten)
	}
}

// awaitNews waits until there is something to report; false when there will be nothing
// more.
func (p *poller) awaitNews(ctx context.Context) bool {
	for {
		p.mutex.Lock()
		due, news := time.Hour, len(p.results) > 0
		for _, each := range p.jobs {
			news = news || each.beat
			due = min(due, time.Until(each.nextBeat))
		}
		done := p.stopping && len(p.jobs) == 0 && len(p.results) == 0
		p.mutex.Unlock()
		if news || due <= 0 {
			return ctx.Err() == nil
		}
		if done || ctx.Err() != nil {
			return false
		}
		timer := time.NewTimer(due)
		select {
		case <-p.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// takeNews takes results, and the jobs whose lease wants prolonging or whose handler
// said that it lives.
func (p *poller) takeNews() ([]outcome, []*job) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	count := min(len(p.results), maxResults)
	if p.alone > 0 && count > 0 {
		count = 1
		p.alone--
	}
	results := p.results[:count:count]
	p.results = p.results[count:]
	var beating []*job
	now := time.Now()
	for _, each := range p.jobs {
		if each.beat || !each.nextBeat.After(now) {
			each.beat = false
			each.nextBeat = now.Add(p.lease / 3)
			beating = append(beating, each)
		}
	}
	return results, beating
}

func (p *poller) putBack(results []outcome) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.results = append(results[:len(results):len(results)], p.results...)
}

// takeRefusal: a report of several was refused, perhaps for one of them: each is sent
// alone. A result that is refused alone fails its attempt instead.
func (p *poller) takeRefusal(results []outcome, err error) {
	if len(results) > 1 {
		p.putBack(results)
		p.mutex.Lock()
		p.alone = len(results)
		p.mutex.Unlock()
		return
	}
	var refused *reportRefused
	if len(results) == 0 || !results[0].Success || errors.As(err, &refused) && (refused.status == 401 || refused.status == 403) {
		return
	}
	failed, never := results[0], false
	failed.Success, failed.Result = false, nil
	failed.Error = &wireError{Code: "INTERNAL", Message: "the server did not take the result: " + err.Error(), Retryable: &never}
	if refused != nil && refused.status == http.StatusRequestEntityTooLarge {
		failed.Error.Code = "LIMIT"
	}
	p.putBack([]outcome{failed})
}

func (p *poller) takeAnswers(results []outcome, answers []answered) {
	for index, answer := range answers {
		of := results[index]
		switch answer.Status {
		case 200:
		case 409:
			p.watch.stale(of.Step)
			slog.Warn("a result came too late", "task", of.ID)
		case 429, 503:
			p.putBack(results[index : index+1])
		default:
			slog.Error("a result was refused", "task", of.ID, "status", answer.Status, "detail", answer.Detail)
		}
	}
}

func (p *poller) takeBeats(beating []*job, answers []answered) {
	for index, answer := range answers {
		if answer.Cancel || answer.Status == 404 || answer.Status == 409 {
			beating[index].cancel(errCancelled)
		}
	}
}

func backoff(failures int) time.Duration {
	delay := min(100*time.Millisecond<<min(failures-1, 10), 10*time.Second)
	return delay/2 + rand.N(delay/2)
}

func pause(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
