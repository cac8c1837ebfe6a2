package engine

import (
	"reflect"
	"sync"
)

// The states of a circuit.
const (
	CircuitClosed   = "closed"
	CircuitOpen     = "open"
	CircuitHalfOpen = "half-open"
)

// breaker: closed → open at failure_threshold failures in a row, or at
// failure_rate_threshold with minimum_calls within window; time alone leads to half-open;
// half_open_max_calls successes close it, one failure opens it again. Times are
// milliseconds, given by the caller.
type breaker struct {
	source   map[string]any
	settings breakerSettings

	opened   bool
	openedAt int64
	inARow   int64
	calls    []breakerCall
	probing  int64
	probed   int64
}

type breakerSettings struct {
	failureThreshold, recoveryTimeout, halfOpenMaxCalls, window, minimumCalls int64
	failureRate                                                               float64 // below 0: none
}

type breakerCall struct {
	at     int64
	failed bool
}

func (b *breaker) configure(source map[string]any) {
	number := func(name string) int64 {
		value, _ := source[name].(float64)
		return int64(value)
	}
	b.source = source
	b.settings = breakerSettings{
		failureThreshold: number("failure_threshold"), recoveryTimeout: number("recovery_timeout"),
		halfOpenMaxCalls: number("half_open_max_calls"), window: number("window"), minimumCalls: number("minimum_calls"),
		failureRate: -1,
	}
	if rate, is := source["failure_rate_threshold"].(float64); is {
		b.settings.failureRate = rate
	}
}

func (b *breaker) state(now int64) string {
	switch {
	case !b.opened:
		return CircuitClosed
	case now-b.openedAt < b.settings.recoveryTimeout:
		return CircuitOpen
	}
	return CircuitHalfOpen
}

// admit is whether a call may start; one that may is followed by record or abandon.
func (b *breaker) admit(now int64) bool {
	switch b.state(now) {
	case CircuitClosed:
		return true
	case CircuitOpen:
		return false
	}
	if b.probing+b.probed >= b.settings.halfOpenMaxCalls {
		return false
	}
	b.probing++
	return true
}

// abandon: an admitted call ended without telling anything about the function.
func (b *breaker) abandon() { b.probing = max(b.probing-1, 0) }

// record is the end of an admitted call: its error's code, "" for a success.
func (b *breaker) record(now int64, code string) {
	failed := code == "TIMEOUT" || code == "UNAVAILABLE" || code == "INTERNAL"
	switch {
	case b.opened:
		b.recordProbe(now, failed)
	case failed || b.settings.failureRate >= 0:
		b.recordCall(now, failed)
	default:
		b.inARow = 0
	}
}

func (b *breaker) recordProbe(now int64, failed bool) {
	if b.state(now) == CircuitOpen {
		return // a call from before the circuit opened
	}
	b.probing = max(b.probing-1, 0)
	if failed {
		b.open(now)
		return
	}
	b.probed++
	if b.probed >= b.settings.halfOpenMaxCalls {
		b.opened, b.inARow, b.probed, b.probing, b.calls = false, 0, 0, 0, nil
	}
}

func (b *breaker) recordCall(now int64, failed bool) {
	if failed {
		b.inARow++
	} else {
		b.inARow = 0
	}
	b.calls = append(b.calls, breakerCall{now, failed})
	old := 0
	for old < len(b.calls) && b.calls[old].at <= now-b.settings.window {
		old++
	}
	b.calls = b.calls[old:]
	if b.inARow >= b.settings.failureThreshold {
		b.open(now)
		return
	}
	if b.settings.failureRate >= 0 && failed && int64(len(b.calls)) >= b.settings.minimumCalls {
		failures := 0
		for _, call := range b.calls {
			if call.failed {
				failures++
			}
		}
		if float64(failures) >= b.settings.failureRate*float64(len(b.calls)) {
			b.open(now)
		}
	}
}

func (b *breaker) open(now int64) {
	b.opened, b.openedAt, b.probing, b.probed = true, now, 0, 0
}

// breakers are those of a deployment, one per executor and function, shared by all runs,
// made at the first call that has settings.
type breakers struct {
	mutex sync.Mutex
	known map[breakerKey]*breaker
}

type breakerKey struct{ executor, function string }

// of is the breaker of a task, nil where it has none. Its settings are the newest
// deployment's.
func (b *breakers) of(task *Task) *breaker {
	settings := task.message.Settings.CircuitBreaker
	if settings == nil {
		return nil
	}
	key := breakerKey{task.message.Settings.Executor, task.message.Settings.Function}
	found := b.known[key]
	if found == nil {
		if b.known == nil {
			b.known = map[breakerKey]*breaker{}
		}
		found = &breaker{}
		b.known[key] = found
	}
	if found.source == nil || !reflect.DeepEqual(found.source, settings) {
		found.configure(settings)
	}
	return found
}

// states are by "executor/function".
func (b *breakers) states(now int64) map[string]string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	found := make(map[string]string, len(b.known))
	for key, each := range b.known {
		found[key.executor+"/"+key.function] = each.state(now)
	}
	return found
}

func (b *breakers) admit(task *Task, now int64) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	of := b.of(task)
	if of == nil {
		return true
	}
	task.admitted = of.admit(now)
	return task.admitted
}

// tell how an admitted task ended; "" is a success.
func (b *breakers) tell(task *Task, now int64, code string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	task.admitted = false
	if of := b.of(task); of != nil {
		of.record(now, code)
	}
}

func (b *breakers) abandon(task *Task) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	task.admitted = false
	if of := b.of(task); of != nil {
		of.abandon()
	}
}
