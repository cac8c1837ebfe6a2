package store

import (
	"errors"
	"strings"
)

const (
	insertRun = "INSERT INTO runs (" + runColumns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	// a status that is written counts as changed, and its index with it
	advanceRun = "UPDATE runs SET version = ?, updated_at = ? WHERE id = ? AND version = ?"
	turnRun    = "UPDATE runs SET version = ?, status = ?, updated_at = ?, ended_at = ? WHERE id = ? AND version = ?"
	// of a statement that fails half-way nothing need be undone, since the transaction is
	insertLog    = "INSERT OR FAIL INTO log VALUES (?,?,?,?,?,?,?)"
	openEffect   = "INSERT OR REPLACE INTO outbox VALUES (?,?,?,?,?,?,?)"
	changeEffect = "UPDATE outbox SET delivery = ?, payload = ? WHERE run_id = ? AND kind = ? AND key = ?"
	closeEffect  = "DELETE FROM outbox WHERE run_id = ? AND kind = ? AND key = ?"
	insertPlan   = "INSERT OR IGNORE INTO plans VALUES (?,?,?,?,?)"
	setSetting   = "INSERT OR REPLACE INTO settings VALUES (?,?)"
	dropSetting  = "DELETE FROM settings WHERE name = ?"
)

var erase = []string{
	"DELETE FROM outbox WHERE run_id = ?", "DELETE FROM log WHERE run_id = ?", "DELETE FROM runs WHERE id = ?",
}

// batch has the writes of one transaction, sorted by table, so that each table's pages
// are touched together. Its slices are used again.
//
// Sorting keeps the meaning: the tables say nothing of each other, and within each the
// order of the writes is kept.
type batch struct {
	plans    []*PlanRow
	changes  []*Transition
	logged   []*Transition // without those that only accept a run: nothing has happened yet
	outbox   []outboxWrite
	settings []*Setting
	erased   []string
}

// outboxWrite is what one write changes of the outbox. It closes before it opens: the new
// row then takes the place of the old one of its run, and the tree stays as it is.
type outboxWrite struct {
	opened, changed []Effect
	closed          []EffectID
}

// closesItsOwn is whether a row that is opened is closed again by the same write.
func (w *outboxWrite) closesItsOwn(id EffectID) bool {
	for index := range w.opened {
		if w.opened[index].Key == id.Key && w.opened[index].Kind == id.Kind {
			return true
		}
	}
	return false
}

func (b *batch) sort(writes []Write) {
	for _, write := range writes {
		switch write := write.(type) {
		case *Transition:
			b.changes = append(b.changes, write)
			if write.Version > 0 {
				b.logged = append(b.logged, write)
			}
			if len(write.Opened)+len(write.Closed) > 0 {
				b.outbox = append(b.outbox, outboxWrite{opened: write.Opened, closed: write.Closed})
			}
		case *OutboxChange:
			if len(write.Changed)+len(write.Closed) > 0 {
				b.outbox = append(b.outbox, outboxWrite{changed: write.Changed, closed: write.Closed})
			}
		case *PlanRow:
			b.plans = append(b.plans, write)
		case *Setting:
			b.settings = append(b.settings, write)
		case *Erasure:
			b.erased = append(b.erased, write.RunID)
		}
	}
}

func (b *batch) clear() {
	clear(b.plans)
	clear(b.changes)
	clear(b.logged)
	clear(b.outbox)
	clear(b.settings)
	*b = batch{
		b.plans[:0], b.changes[:0], b.logged[:0], b.outbox[:0], b.settings[:0], b.erased[:0],
	}
}

// write is in a transaction. It says whether a run was erased.
func (b *batch) write(c *connection, writes []Write) (erased bool, err error) {
	b.sort(writes)
	defer b.clear()
	for _, each := range []func(*connection) error{
		b.writePlans, b.writeRuns, b.writeLog, b.writeOutbox, b.writeSettings, b.eraseRuns,
	} {
		if err := each(c); err != nil {
			return false, err
		}
	}
	return len(b.erased) > 0, nil
}

func (b *batch) writePlans(c *connection) error {
	for _, row := range b.plans {
		insert, err := c.prepare(insertPlan)
		if err != nil {
			return err
		}
		if err := insert.text(row.Hash).text(row.Workflow).text(row.Version).text(row.Plan).int(row.CreatedAt).run(); err != nil {
			return err
		}
	}
	return nil
}

// writeRuns begins runs before it advances any: a batch may have several transitions of
// one run, in order.
func (b *batch) writeRuns(c *connection) error {
	insert, err := c.prepare(insertRun)
	if err != nil {
		return err
	}
	for _, change := range b.changes {
		row := change.Begins
		if row == nil {
			continue
		}
		err := insert.text(row.ID).text(row.Workflow).text(row.WorkflowVersion).text(row.PlanHash).
			text(change.Status).int(change.Version).int(row.CreatedAt).int(change.At).intOrNull(change.EndedAt).
			textOrNull(row.IdempotencyKey).textOrNull(row.ForeignID).int(row.Priority).
			textOrNull(row.Parent).textOrNull(row.RetryOf).text(row.Info).run()
		var failed *sqliteError
		if errors.As(err, &failed) && failed.isConstraint() {
			return &Conflict{ConflictKey, change.RunID}
		}
		if err != nil {
			return err
		}
	}
	advance, err := c.prepare(advanceRun)
	if err != nil {
		return err
	}
	turn, err := c.prepare(turnRun)
	if err != nil {
		return err
	}
	for _, change := range b.changes {
		if change.Begins != nil {
			continue
		}
		if change.SameStatus {
			err = advance.int(change.Version).int(change.At).text(change.RunID).int(change.Version - 1).run()
		} else {
			err = turn.int(change.Version).text(change.Status).int(change.At).intOrNull(change.EndedAt).
				text(change.RunID).int(change.Version - 1).run()
		}
		if err != nil {
			return err
		}
		if c.changes() != 1 {
			return &Conflict{ConflictVersion, change.RunID}
		}
	}
	return nil
}

// logRows is how many rows of the log are written by one statement, while there are as
// many.
const logRows = 8

var insertLogs = insertLog + strings.Repeat(",(?,?,?,?,?,?,?)", logRows-1)

func (b *batch) writeLog(c *connection) error {
	one, err := c.prepare(insertLog)
	if err != nil {
		return err
	}
	many, err := c.prepare(insertLogs)
	if err != nil {
		return err
	}
	for rest := b.logged; len(rest) > 0; {
		insert, rows := one, 1
		if len(rest) >= logRows {
			insert, rows = many, logRows
		}
		for _, change := range rest[:rows] {
			insert.text(change.RunID).int(change.Version).int(change.At).text(change.Event).
				text(change.Changes).text(change.History).int(change.HistoryEnd)
		}
		if err := insert.run(); err != nil {
			return err
		}
		rest = rest[rows:]
	}
	return nil
}

func (b *batch) writeOutbox(c *connection) error {
	open, err := c.prepare(openEffect)
	if err != nil {
		return err
	}
	change, err := c.prepare(changeEffect)
	if err != nil {
		return err
	}
	closing, err := c.prepare(closeEffect)
	if err != nil {
		return err
	}
	for index := range b.outbox {
		if err := b.outbox[index].write(open, change, closing); err != nil {
			return err
		}
	}
	return nil
}

func (w *outboxWrite) write(open, change, closing *statement) error {
	closeRow := func(id *EffectID) error {
		return closing.text(id.RunID).text(id.Kind).text(id.Key).run()
	}
	for index := range w.closed {
		if err := closeRow(&w.closed[index]); err != nil {
			return err
		}
	}
	for index := range w.opened {
		row := &w.opened[index]
		err := open.text(row.RunID).text(row.Kind).text(row.Key).text(row.Name).intOrNull(row.Due).
			int(row.Delivery).text(row.Payload).run()
		if err != nil {
			return err
		}
	}
	for index := range w.changed {
		row := &w.changed[index]
		if err := change.int(row.Delivery).text(row.Payload).text(row.RunID).text(row.Kind).text(row.Key).run(); err != nil {
			return err
		}
	}
	if len(w.opened) > 0 {
		for index := range w.closed {
			if !w.closesItsOwn(w.closed[index]) {
				continue
			}
			if err := closeRow(&w.closed[index]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) writeSettings(c *connection) error {
	for _, each := range b.settings {
		query := setSetting
		if each.Value == nil {
			query = dropSetting
		}
		write, err := c.prepare(query)
		if err != nil {
			return err
		}
		write.text(each.Name)
		if each.Value != nil {
			write.text(*each.Value)
		}
		if err := write.run(); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) eraseRuns(c *connection) error {
	for _, runID := range b.erased {
		for _, query := range erase {
			remove, err := c.prepare(query)
			if err != nil {
				return err
			}
			if err := remove.text(runID).run(); err != nil {
				return err
			}
		}
	}
	return nil
}
