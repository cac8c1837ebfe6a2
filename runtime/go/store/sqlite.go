package store

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// SQLite is the store on one SQLite file: WAL, synchronous FULL, one transaction per
// batch.
//
// The file belongs to one server at a time: "<file>.lock" is locked for as long as the
// store is open, and the lock goes with the process, however it ends.
type SQLite struct {
	path string
	lock *os.File

	writing     sync.Mutex // Commit and Reopen are called by one goroutine; Close may come from another
	writer      *connection
	batch       batch
	checkpoints *checkpoints
	forgetting  bool // the write-ahead log still has what was erased

	reading sync.Mutex
	reader  *connection

	closed bool // under both
}

// OpenSQLite opens a database, and creates it when it is not there. It fails with an
// *InUse when another server has the file, with an *Error when it is no database of ours
// or one of a newer version.
func OpenSQLite(path string) (*SQLite, error) {
	lock, err := own(path)
	if err != nil {
		return nil, err
	}
	s := &SQLite{path: path, lock: lock}
	if err := s.open(); err != nil {
		s.disconnect()
		lock.Close()
		return nil, err
	}
	return s, nil
}

func own(path string) (*os.File, error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &Error{"cannot open the lock of the database", err}
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner := make([]byte, 20)
		length, _ := lock.ReadAt(owner, 0)
		lock.Close()
		by := strings.TrimSpace(string(owner[:length]))
		if by == "" {
			by = "?"
		}
		return nil, &InUse{fmt.Sprintf("%s is in use by another server (process %s)", path, by)}
	}
	if err := lock.Truncate(0); err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		if err != nil {
			lock.Close()
			return nil, &Error{"cannot write the lock of the database", err}
		}
	}
	return lock, nil
}

func (s *SQLite) open() error {
	var err error
	if s.writer, err = connect(s.path); err != nil {
		return err
	}
	if err := s.migrate(); err != nil {
		return err
	}
	if s.reader, err = connect(s.path); err != nil {
		return err
	}
	s.checkpoints = newCheckpoints(s.path)
	return nil
}

func connect(path string) (*connection, error) {
	c, err := openConnection(path)
	if err != nil {
		return nil, &Error{"cannot open the database", err}
	}
	for _, pragma := range []string{
		"journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0", "secure_delete = ON",
	} {
		if err := c.script("PRAGMA " + pragma); err != nil {
			c.close()
			return nil, &Error{"cannot open the database", err}
		}
	}
	return c, nil
}

func (s *SQLite) migrate() error {
	known, err := migrations()
	if err != nil {
		return err
	}
	version := 0
	if err := s.writer.query("PRAGMA user_version", nil, func(row *statement) { version = int(row.columnInt(0)) }); err != nil {
		return &Error{"cannot migrate the database", err}
	}
	if version > len(known) {
		return &Error{Message: fmt.Sprintf("%s has schema version %d; this server knows versions up to %d", s.path, version, len(known))}
	}
	for number := version; number < len(known); number++ {
		script := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT;", known[number], number+1)
		if err := s.writer.script(script); err != nil {
			return &Error{"cannot migrate the database", err}
		}
	}
	return nil
}

func (s *SQLite) disconnect() {
	if s.checkpoints != nil {
		s.checkpoints.close()
		s.checkpoints = nil
	}
	for _, c := range []*connection{s.writer, s.reader} {
		if c != nil {
			c.close()
		}
	}
	s.writer, s.reader = nil, nil
}

var errClosed = &Error{Message: "the store is closed"}

// Commit keeps all of the writes, or none.
func (s *SQLite) Commit(writes []Write) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.writer == nil {
		return errClosed
	}
	err := s.transact(writes)
	var conflict *Conflict
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	return &Error{"cannot write to the database", err}
}

func (s *SQLite) transact(writes []Write) error {
	if err := s.writer.execute("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	erased, err := s.batch.write(s.writer, writes)
	if err == nil {
		err = s.writer.execute("COMMIT")
	}
	if err != nil {
		if s.writer.inTransaction() {
			if undone := s.writer.execute("ROLLBACK"); undone != nil {
				return undone // a conflict would say that nothing was kept
			}
		}
		return err
	}
	s.checkpoints.committed(s.writer)
	if erased || s.forgetting {
		s.forgetting = !s.forgetErased()
	}
	return nil
}

const forgetTries = 200

// forgetErased empties the write-ahead log: what was erased is overwritten in the file
// (secure_delete), the log has older copies. It is false when that was not possible: the
// next commit does it.
func (s *SQLite) forgetErased() bool {
	s.reading.Lock()
	defer s.reading.Unlock()
	for range forgetTries {
		done, err := s.writer.checkpoint("TRUNCATE")
		if err != nil {
			return false
		}
		if !done.blocked {
			return true
		}
		time.Sleep(10 * time.Millisecond) // another checkpoint is under way
	}
	return false
}

// Reopen forgets connections and caches after a failed commit and proves that writing
// works again.
func (s *SQLite) Reopen() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.closed {
		return errClosed
	}
	s.disconnect()
	var err error
	if s.writer, err = connect(s.path); err != nil {
		return err
	}
	if s.reader, err = connect(s.path); err != nil {
		return err
	}
	s.checkpoints = newCheckpoints(s.path)
	for _, step := range []string{
		"BEGIN IMMEDIATE",
		"INSERT INTO settings VALUES ('probe', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1",
		"COMMIT",
	} {
		if err := s.writer.execute(step); err != nil {
			return &Error{"cannot write to the database", err}
		}
	}
	return nil
}

// Close gives the file up.
func (s *SQLite) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.disconnect()
	return s.lock.Close()
}

const runColumns = "id, workflow, workflow_version, plan_hash, status, version, created_at, updated_at, " +
	"ended_at, idempotency_key, foreign_id, priority, parent, retry_of, info"

func runOf(row *statement) RunRow {
	return RunRow{
		ID: row.columnText(0), Workflow: row.columnText(1), WorkflowVersion: row.columnText(2),
		PlanHash: row.columnText(3), Status: row.columnText(4), Version: row.columnInt(5),
		CreatedAt: row.columnInt(6), UpdatedAt: row.columnInt(7), EndedAt: row.columnInt(8),
		IdempotencyKey: row.columnText(9), ForeignID: row.columnText(10), Priority: row.columnInt(11),
		Parent: row.columnText(12), RetryOf: row.columnText(13), Info: row.columnText(14),
	}
}

// Run is nil when there is none.
func (s *SQLite) Run(runID string) (*RunRow, error) {
	rows, err := read(s, "SELECT "+runColumns+" FROM runs WHERE id = ?", []any{runID}, runOf)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Runs are newest first by id.
func (s *SQLite) Runs(wanted RunFilter, before string, limit int) ([]RunRow, error) {
	where, values := wanted.conditions(before)
	return read(s, "SELECT "+runColumns+" FROM runs "+where+" ORDER BY id DESC LIMIT ?", append(values, int64(limit)), runOf)
}

func firstText(row *statement) string { return row.columnText(0) }

func first(rows []string, err error) (string, error) {
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0], nil
}

// RunOfKey is the id of the run that was started with this idempotency key, or "".
func (s *SQLite) RunOfKey(workflow, key string) (string, error) {
	return first(read(s, "SELECT id FROM runs WHERE workflow = ? AND idempotency_key = ?", []any{workflow, key}, firstText))
}

// OpenRunOf is the id of the newest run of this foreign id that has not ended, or "".
func (s *SQLite) OpenRunOf(workflow, foreignID string) (string, error) {
	return first(read(
		s, "SELECT id FROM runs WHERE foreign_id = ? AND workflow = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
		[]any{foreignID, workflow}, firstText,
	))
}

// Log has the transitions with a version beyond after, in order.
func (s *SQLite) Log(runID string, after int64, limit int) ([]LogRow, error) {
	return read(
		s, "SELECT version, at, event, changes, history, history_end FROM log WHERE run_id = ? AND version > ? ORDER BY version LIMIT ?",
		[]any{runID, after, int64(limit)},
		func(row *statement) LogRow {
			return LogRow{row.columnInt(0), row.columnInt(1), row.columnText(2), row.columnText(3), row.columnText(4), row.columnInt(5)}
		},
	)
}

const effectColumns = "run_id, kind, key, name, due, delivery, payload"

func effectOf(row *statement) Effect {
	return Effect{
		row.columnText(0), row.columnText(1), row.columnText(2), row.columnText(3),
		row.columnInt(4), row.columnInt(5), row.columnText(6),
	}
}

// Effects are the open outbox rows of these kinds, by run and key.
func (s *SQLite) Effects(kinds []string, runID string) ([]Effect, error) {
	of, values := marks(kinds)
	where := "kind IN (" + of + ")"
	if runID != "" {
		where += " AND run_id = ?"
		values = append(values, runID)
	}
	return read(s, "SELECT "+effectColumns+" FROM outbox WHERE "+where+" ORDER BY run_id, kind, key", values, effectOf)
}

// Timers are all open timers.
func (s *SQLite) Timers() ([]TimerRow, error) {
	return read(s, "SELECT run_id, key, due FROM outbox WHERE kind = 'timer'", nil, func(row *statement) TimerRow {
		return TimerRow{row.columnText(0), row.columnText(1), row.columnInt(2)}
	})
}

// Expired are ids of runs of a workflow that ended in one of these states before a time.
func (s *SQLite) Expired(workflow string, statuses []string, before int64, limit int) ([]string, error) {
	of, values := marks(statuses)
	values = append(append([]any{workflow}, values...), before, int64(limit))
	query := "SELECT id FROM runs WHERE workflow = ? AND status IN (" + of + ") AND ended_at < ? ORDER BY id LIMIT ?"
	return read(s, query, values, firstText)
}

// Listeners are the open outbox rows of kind Listen for an event.
func (s *SQLite) Listeners(event string) ([]Effect, error) {
	query := "SELECT " + effectColumns + " FROM outbox WHERE kind = 'listen' AND name = ? ORDER BY run_id, key"
	return read(s, query, []any{event}, effectOf)
}

const planColumns = "hash, workflow, version, plan, created_at"

func planOf(row *statement) PlanRow {
	return PlanRow{row.columnText(0), row.columnText(1), row.columnText(2), row.columnText(3), row.columnInt(4)}
}

// Plan is nil when there is none.
func (s *SQLite) Plan(hash string) (*PlanRow, error) {
	rows, err := read(s, "SELECT "+planColumns+" FROM plans WHERE hash = ?", []any{hash}, planOf)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Plans is every plan that was saved, oldest first.
func (s *SQLite) Plans() ([]PlanRow, error) {
	return read(s, "SELECT "+planColumns+" FROM plans ORDER BY created_at, hash", nil, planOf)
}

// Setting is a named value, and whether there is one.
func (s *SQLite) Setting(name string) (string, bool, error) {
	rows, err := read(s, "SELECT value FROM settings WHERE name = ?", []any{name}, firstText)
	if err != nil || len(rows) == 0 {
		return "", false, err
	}
	return rows[0], true, nil
}

// CountOpen says how many runs have not ended.
func (s *SQLite) CountOpen() (int64, error) {
	// the first condition is the partial index's, so that it can be used
	query := "SELECT count(*) FROM runs WHERE status <> 'completed' AND ended_at IS NULL"
	rows, err := read(s, query, nil, func(row *statement) int64 { return row.columnInt(0) })
	if err != nil {
		return 0, err
	}
	return rows[0], nil
}

// Size is how many bytes the files take.
func (s *SQLite) Size() (int64, error) {
	var size int64
	for _, name := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, &Error{"cannot measure the database", err}
		}
		size += info.Size()
	}
	return size, nil
}

// read has all rows of a query.
func read[T any](s *SQLite, query string, values []any, of func(*statement) T) ([]T, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.reader == nil {
		return nil, errClosed
	}
	var rows []T
	err := s.reader.query(query, values, func(row *statement) { rows = append(rows, of(row)) })
	if err != nil {
		return nil, &Error{"cannot read the database", err}
	}
	return rows, nil
}

// query calls each with every row.
func (c *connection) query(text string, values []any, each func(*statement)) error {
	found, err := c.prepare(text)
	if err != nil {
		return err
	}
	found.bindAll(values)
	defer found.reset()
	for {
		more, err := found.step()
		if err != nil || !more {
			return err
		}
		each(found)
	}
}

// execute runs a statement without parameters and rows.
func (c *connection) execute(text string) error {
	found, err := c.prepare(text)
	if err != nil {
		return err
	}
	return found.run()
}

func (s *statement) bindAll(values []any) {
	for _, value := range values {
		switch value := value.(type) {
		case string:
			s.text(value)
		case int64:
			s.int(value)
		default:
			panic(fmt.Sprintf("no value of a query: %T", value))
		}
	}
}

// marks are as many question marks as there are texts, and the texts as values.
func marks(texts []string) (string, []any) {
	values := make([]any, len(texts))
	for index, text := range texts {
		values[index] = text
	}
	return strings.TrimSuffix(strings.Repeat("?,", len(texts)), ","), values
}

func (f *RunFilter) conditions(before string) (where string, values []any) {
	var parts []string
	add := func(condition string, of ...any) {
		parts = append(parts, condition)
		values = append(values, of...)
	}
	if before != "" {
		add("id < ?", before)
	}
	for _, each := range [][2]string{{"workflow", f.Workflow}, {"foreign_id", f.ForeignID}, {"parent", f.Parent}} {
		if each[1] != "" {
			add(each[0]+" = ?", each[1])
		}
	}
	if f.Status != nil {
		of, statuses := marks(f.Status)
		add("status IN ("+of+")", statuses...)
		if !slices.Contains(f.Status, "completed") {
			// says the condition of the partial index, so that it can be used
			add("status <> 'completed'")
		}
	}
	if f.CreatedFrom != nil {
		add("created_at >= ?", *f.CreatedFrom)
	}
	if f.CreatedTo != nil {
		add("created_at < ?", *f.CreatedTo)
	}
	if f.OpenOnly {
		add("ended_at IS NULL AND status <> 'completed'")
	}
	if parts == nil {
		return "", nil
	}
	return "WHERE " + strings.Join(parts, " AND "), values
}
