// Package store keeps runs: the interface, its two implementations, and the group
// committer. The database is the same as the Python server's: what one wrote, the other
// continues.
package store

// Store is what the engine needs: rows of runs, their log, and the outbox.
// contract_test.go is its meaning.
//
// Commit is called by one goroutine at a time; reads come from others and see committed
// data only. Guarantees:
//
//   - Commit is atomic and durable: when it returns nil, all writes of the batch survive a
//     crash of the process and of the machine; when it returns a *Conflict, none of them
//     took hold; when it returns anything else, nobody knows until the store is read again.
//   - A transition takes hold only on the version before its own (compare-and-set).
//     Version 0 is a run that is accepted and has not started; it has no log row.
//   - Within a batch the log, its history and the outbox keep the order of the writes.
//   - An idempotency key names at most one run of a workflow, for ever or until the run
//     is erased.
//
// Reads return an *Error when they fail.
type Store interface {
	// Commit keeps all of the writes, or none.
	Commit(writes []Write) error
	// Reopen forgets connections and caches after a failed commit and proves that writing
	// works again. It fails as long as it does not.
	Reopen() error
	// Close gives the store up; it may be called twice.
	Close() error

	// Run is nil when there is none.
	Run(runID string) (*RunRow, error)
	// Runs are newest first by id; before is the last id of the page before, or "".
	Runs(wanted RunFilter, before string, limit int) ([]RunRow, error)
	// RunOfKey is the id of the run that was started with this idempotency key, or "".
	RunOfKey(workflow, key string) (string, error)
	// OpenRunOf is the id of the newest run of this foreign id that has not ended, or "".
	OpenRunOf(workflow, foreignID string) (string, error)
	// Log has the transitions with a version beyond after, in order; limit < 0 is none.
	Log(runID string, after int64, limit int) ([]LogRow, error)
	// Effects are the open outbox rows of these kinds, by run and key; of all runs when
	// runID is "".
	Effects(kinds []string, runID string) ([]Effect, error)
	// Timers are all open timers.
	Timers() ([]TimerRow, error)
	// Expired are ids of runs of a workflow that ended in one of these states before a
	// time.
	Expired(workflow string, statuses []string, before int64, limit int) ([]string, error)
	// Listeners are the open outbox rows of kind Listen for an event.
	Listeners(event string) ([]Effect, error)
	// Plan is nil when there is none.
	Plan(hash string) (*PlanRow, error)
	// Plans is every plan that was saved, oldest first.
	Plans() ([]PlanRow, error)
	// Setting is a named value, and whether there is one.
	Setting(name string) (string, bool, error)
	// CountOpen says how many runs have not ended.
	CountOpen() (int64, error)
	// Size is how many bytes the store takes.
	Size() (int64, error)
}
