package store

import "fmt"

// The kinds of outbox rows: what a row asks for. It stands until that has happened.
const (
	Task    = "task"
	Timer   = "timer"
	Listen  = "listen"
	Human   = "human"
	Event   = "event"
	Child   = "child"
	Stop    = "stop"
	Retry   = "retry"
	Webhook = "webhook"
	Start   = "start"
)

// Error says that a write or read did not work; whether a write took hold is unknown.
type Error struct {
	Message string
	Cause   error
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

func (e *Error) Unwrap() error { return e.Cause }

// InUse says that another server owns the store.
type InUse struct{ Message string }

func (e *InUse) Error() string { return e.Message }

// What a write can conflict with.
const (
	ConflictVersion = "version" // compare-and-set failed
	ConflictKey     = "key"     // the idempotency key or the run's id is taken
)

// Conflict says that a write met another state than it was made for; nothing of its
// batch was kept.
type Conflict struct {
	Reason string
	RunID  string
}

func (c *Conflict) Error() string { return fmt.Sprintf("%s conflict on run %s", c.Reason, c.RunID) }

// RunRow is what a list of runs shows. Version counts the events that were applied.
// What is absent is "" or 0.
type RunRow struct {
	ID              string
	Workflow        string
	WorkflowVersion string
	PlanHash        string
	Status          string
	Version         int64
	CreatedAt       int64
	UpdatedAt       int64
	EndedAt         int64
	IdempotencyKey  string
	ForeignID       string
	Priority        int64
	Parent          string // "<run id>:<child id>" of the run that started this one
	RetryOf         string
	Info            string // JSON of what only people and the engine read: source, traceparent, webhook
}

// EffectID is the identity of an outbox row; it is never used for something else.
type EffectID struct{ RunID, Kind, Key string }

// Effect is one outbox row: something that the run asked the world for.
//
// Name is the executor of a task, the event of a listener, the assignee of a human task.
// Delivery counts how often a task was handed to a worker of another process. Due is 0
// where nothing is due.
type Effect struct {
	RunID    string
	Kind     string
	Key      string
	Name     string
	Due      int64
	Delivery int64
	Payload  string
}

// ID is the row's identity.
func (e *Effect) ID() EffectID { return EffectID{e.RunID, e.Kind, e.Key} }

// Write is one of *Transition, *OutboxChange, *PlanRow, *Setting and *Erasure.
type Write interface{ write() }

// Transition is one decided event: everything that it changed, committed together or not
// at all.
//
// Version is the run's version afterwards. Begins is the run's row, given with its first
// transition: version 1, or 0 for a run that is accepted and has not started. Status and
// EndedAt are the run's afterwards; SameStatus says that neither is new, so that a store
// need not write them. HistoryEnd is the number of the newest history row.
type Transition struct {
	RunID      string
	Version    int64
	At         int64
	Status     string
	SameStatus bool
	Event      string
	Changes    string
	History    string
	HistoryEnd int64
	EndedAt    int64
	Begins     *RunRow
	Opened     []Effect
	Closed     []EffectID
}

// OutboxChange is a change of the outbox that belongs to no transition: a lease, a claim,
// something that was delivered. Changed gives rows another Delivery and Payload; a row
// that is gone stays gone.
type OutboxChange struct {
	Changed []Effect
	Closed  []EffectID
}

// PlanRow is a plan that was deployed.
type PlanRow struct {
	Hash      string
	Workflow  string
	Version   string
	Plan      string
	CreatedAt int64
}

// Setting is a small named value of the server's own; nil removes it.
type Setting struct {
	Name  string
	Value *string
}

// Erasure removes everything that the store has of a run.
type Erasure struct{ RunID string }

func (*Transition) write()   {}
func (*OutboxChange) write() {}
func (*PlanRow) write()      {}
func (*Setting) write()      {}
func (*Erasure) write()      {}

// LogRow is one transition as it was committed.
type LogRow struct {
	Version    int64
	At         int64
	Event      string
	Changes    string
	History    string
	HistoryEnd int64
}

// TimerRow is all that a restart needs of a timer.
type TimerRow struct {
	RunID string
	Key   string
	Due   int64
}

// RunFilter says which runs to list; absent members do not restrict. CreatedTo is
// exclusive.
type RunFilter struct {
	Workflow    string
	Status      []string
	ForeignID   string
	Parent      string
	CreatedFrom *int64
	CreatedTo   *int64
	OpenOnly    bool
}
