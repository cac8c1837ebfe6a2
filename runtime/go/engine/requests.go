package engine

import (
	"fmt"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
)

// OwnKeys begin the idempotency keys of the engine's own.
const OwnKeys = "magicflow:"

// Refused says that a request cannot be done; nothing changed. Code is one of the core's
// refusals (VALIDATION, RUN_ENDED, …), CONFLICT or INTERNAL.
type Refused struct {
	Code    string
	Message string
	Details any // JSON, or nil
}

func (r *Refused) Error() string { return r.Message }

// Overloaded says that too much is under way: try again after RetryAfter seconds.
type Overloaded struct {
	Message    string
	RetryAfter int
}

func (o *Overloaded) Error() string { return o.Message }

// Unavailable says that the store does not answer; whether the request took hold is
// unknown. Repeating it with the same idempotency key is safe.
type Unavailable struct{ Message string }

func (u *Unavailable) Error() string { return u.Message }

var (
	errNotOpen  = &Unavailable{"the engine is not open"}
	errNotTaken = &Unavailable{"the store did not take the write"}
)

// NotFound says that there is no such run, task or workflow.
type NotFound struct{ Message string }

func (n *NotFound) Error() string { return n.Message }

// Unreadable says that what is stored of a run, or of its plan, cannot be read: the run
// stands still, and nobody else does. It is a *NotFound to whoever asks for no more.
type Unreadable struct {
	RunID string
	Cause error
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("run %s cannot be read: %v", u.RunID, u.Cause)
}

func (u *Unreadable) Unwrap() error { return &NotFound{u.Error()} }

// Stale refuses a report with another token than the newest: too late, or a duplicate.
type Stale struct{ Message string }

func (s *Stale) Error() string { return s.Message }

// StartRequest is a run to start. Times are milliseconds; what is absent is "", 0 or nil.
type StartRequest struct {
	Workflow       string
	Input          any
	Metadata       map[string]any
	Version        string // a range of versions; "" is any
	Timeout        *int64
	Deadline       *int64 // since 1970
	IdempotencyKey string
	ForeignID      string
	Priority       int64
	Traceparent    string
	Source         string
	Webhook        string
	Parent         string
	RetryOf        string
	Resume         *core.Resume
	PlanHash       string // this very plan, instead of a version
	Delay          int64  // between the acknowledgement and the start
}

// Settings are the limits of the engine; the defaults are right for one server.
type Settings struct {
	// MaxLiveRuns are kept in memory; others are read back when something happens.
	MaxLiveRuns int
	// MaxWaitingWrites are decided and not durable; beyond it starts are refused.
	MaxWaitingWrites int
	// MaxOpenRuns is the number of runs beyond which starts are refused.
	MaxOpenRuns int64
	// Lease is how long a worker may be silent.
	Lease time.Duration
	// MaxDeliveries is how often one attempt is handed out at most.
	MaxDeliveries int64
	// RecoveryDelay is the first pause between two tries to reopen a failed store.
	RecoveryDelay time.Duration
	// EventTTL is how long an event for a run waits for its listener.
	EventTTL time.Duration
	// Sweep is the pause between two looks for runs that were kept long enough.
	Sweep time.Duration
}

// DefaultSettings are right for one server.
func DefaultSettings() Settings {
	return Settings{
		MaxLiveRuns: 20_000, MaxWaitingWrites: 10_000, MaxOpenRuns: 2_000_000,
		Lease: 30 * time.Second, MaxDeliveries: 5, RecoveryDelay: 200 * time.Millisecond,
		EventTTL: 24 * time.Hour, Sweep: time.Minute,
	}
}
