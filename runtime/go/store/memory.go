package store

import (
	"slices"
	"strings"
	"sync"
)

// Memory keeps nothing beyond the process; otherwise it is all that Store promises: for
// tests, the simulator and trying things out.
type Memory struct {
	mutex    sync.RWMutex
	runs     map[string]*RunRow
	keys     map[runKey]string
	log      map[string][]LogRow
	effects  map[string]map[EffectID]Effect // by run
	plans    map[string]PlanRow
	planned  []string
	settings map[string]string
}

type runKey struct{ workflow, key string }

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{
		runs: map[string]*RunRow{}, keys: map[runKey]string{}, log: map[string][]LogRow{},
		effects: map[string]map[EffectID]Effect{}, plans: map[string]PlanRow{}, settings: map[string]string{},
	}
}

// Commit keeps all of the writes, or none.
func (m *Memory) Commit(writes []Write) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := m.refuseConflicts(writes); err != nil {
		return err
	}
	for _, write := range writes {
		m.apply(write)
	}
	return nil
}

func (m *Memory) refuseConflicts(writes []Write) error {
	versions := map[string]int64{}
	keys := map[runKey]bool{}
	for _, write := range writes {
		change, is := write.(*Transition)
		if !is {
			continue
		}
		if row := change.Begins; row != nil {
			_, inBatch := versions[change.RunID]
			taken := m.runs[change.RunID] != nil || inBatch
			if row.IdempotencyKey != "" {
				key := runKey{row.Workflow, row.IdempotencyKey}
				taken = taken || m.keys[key] != "" || keys[key]
				keys[key] = true
			}
			if taken {
				return &Conflict{ConflictKey, change.RunID}
			}
			versions[change.RunID] = change.Version
			continue
		}
		before, inBatch := versions[change.RunID]
		if known := m.runs[change.RunID]; !inBatch {
			before = -1
			if known != nil {
				before = known.Version
			}
		}
		if before < 0 || before != change.Version-1 {
			return &Conflict{ConflictVersion, change.RunID}
		}
		versions[change.RunID] = change.Version
	}
	return nil
}

func (m *Memory) apply(write Write) {
	switch write := write.(type) {
	case *Transition:
		m.applyTransition(write)
	case *OutboxChange:
		for _, effect := range write.Changed {
			if _, there := m.effects[effect.RunID][effect.ID()]; there {
				m.effects[effect.RunID][effect.ID()] = effect
			}
		}
		m.closeEffects(write.Closed)
	case *PlanRow:
		if _, there := m.plans[write.Hash]; !there {
			m.plans[write.Hash] = *write
			m.planned = append(m.planned, write.Hash)
		}
	case *Setting:
		if write.Value == nil {
			delete(m.settings, write.Name)
		} else {
			m.settings[write.Name] = *write.Value
		}
	case *Erasure:
		if row := m.runs[write.RunID]; row != nil && row.IdempotencyKey != "" {
			delete(m.keys, runKey{row.Workflow, row.IdempotencyKey})
		}
		delete(m.runs, write.RunID)
		delete(m.log, write.RunID)
		delete(m.effects, write.RunID)
	}
}

func (m *Memory) applyTransition(write *Transition) {
	if write.Begins != nil {
		row := *write.Begins
		m.runs[row.ID] = &row
		if row.IdempotencyKey != "" {
			m.keys[runKey{row.Workflow, row.IdempotencyKey}] = row.ID
		}
	}
	row := m.runs[write.RunID]
	row.Version, row.Status, row.UpdatedAt, row.EndedAt = write.Version, write.Status, write.At, write.EndedAt
	if write.Version > 0 {
		m.log[write.RunID] = append(m.log[write.RunID], LogRow{
			write.Version, write.At, write.Event, write.Changes, write.History, write.HistoryEnd,
		})
	}
	for _, effect := range write.Opened {
		of := m.effects[effect.RunID]
		if of == nil {
			of = map[EffectID]Effect{}
			m.effects[effect.RunID] = of
		}
		of[effect.ID()] = effect
	}
	m.closeEffects(write.Closed)
}

func (m *Memory) closeEffects(closed []EffectID) {
	for _, id := range closed {
		of := m.effects[id.RunID]
		delete(of, id)
		if len(of) == 0 {
			delete(m.effects, id.RunID)
		}
	}
}

// Reopen does nothing: nothing can have gone wrong.
func (m *Memory) Reopen() error { return nil }

// Close does nothing: there is nothing to give up.
func (m *Memory) Close() error { return nil }

// Run is nil when there is none.
func (m *Memory) Run(runID string) (*RunRow, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	row := m.runs[runID]
	if row == nil {
		return nil, nil
	}
	found := *row
	return &found, nil
}

// Runs are newest first by id.
func (m *Memory) Runs(wanted RunFilter, before string, limit int) ([]RunRow, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var found []RunRow
	for id, row := range m.runs {
		if (before == "" || id < before) && wanted.fits(row) {
			found = append(found, *row)
		}
	}
	slices.SortFunc(found, func(a, b RunRow) int { return strings.Compare(b.ID, a.ID) })
	if len(found) > limit {
		found = found[:limit]
	}
	return found, nil
}

// RunOfKey is the id of the run that was started with this idempotency key, or "".
func (m *Memory) RunOfKey(workflow, key string) (string, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	return m.keys[runKey{workflow, key}], nil
}

// OpenRunOf is the id of the newest run of this foreign id that has not ended, or "".
func (m *Memory) OpenRunOf(workflow, foreignID string) (string, error) {
	found, err := m.Runs(RunFilter{Workflow: workflow, ForeignID: foreignID, OpenOnly: true}, "", 1)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].ID, nil
}

// Log has the transitions with a version beyond after, in order.
func (m *Memory) Log(runID string, after int64, limit int) ([]LogRow, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	// versions count from 1 without gaps, so a version is a position
	rows := m.log[runID]
	rows = rows[min(int(after), len(rows)):]
	if limit >= 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return slices.Clone(rows), nil
}

// Effects are the open outbox rows of these kinds, by run and key.
func (m *Memory) Effects(kinds []string, runID string) ([]Effect, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var found []Effect
	add := func(of map[EffectID]Effect) {
		for id, effect := range of {
			if slices.Contains(kinds, id.Kind) {
				found = append(found, effect)
			}
		}
	}
	if runID != "" {
		add(m.effects[runID])
	} else {
		for _, of := range m.effects {
			add(of)
		}
	}
	slices.SortFunc(found, func(a, b Effect) int {
		if order := strings.Compare(a.RunID, b.RunID); order != 0 {
			return order
		}
		if order := strings.Compare(a.Kind, b.Kind); order != 0 {
			return order
		}
		return strings.Compare(a.Key, b.Key)
	})
	return found, nil
}

// Timers are all open timers.
func (m *Memory) Timers() ([]TimerRow, error) {
	effects, err := m.Effects([]string{Timer}, "")
	rows := make([]TimerRow, len(effects))
	for index, effect := range effects {
		rows[index] = TimerRow{effect.RunID, effect.Key, effect.Due}
	}
	return rows, err
}

// Expired are ids of runs of a workflow that ended in one of these states before a time.
func (m *Memory) Expired(workflow string, statuses []string, before int64, limit int) ([]string, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var found []string
	for id, row := range m.runs {
		if row.Workflow == workflow && row.EndedAt != 0 && row.EndedAt < before && slices.Contains(statuses, row.Status) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))], nil
}

// Listeners are the open outbox rows of kind Listen for an event.
func (m *Memory) Listeners(event string) ([]Effect, error) {
	effects, err := m.Effects([]string{Listen}, "")
	return slices.DeleteFunc(effects, func(effect Effect) bool { return effect.Name != event }), err
}

// Plan is nil when there is none.
func (m *Memory) Plan(hash string) (*PlanRow, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	if row, there := m.plans[hash]; there {
		return &row, nil
	}
	return nil, nil
}

// Plans is every plan that was saved, oldest first.
func (m *Memory) Plans() ([]PlanRow, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	rows := make([]PlanRow, len(m.planned))
	for index, hash := range m.planned {
		rows[index] = m.plans[hash]
	}
	return rows, nil
}

// Setting is a named value, and whether there is one.
func (m *Memory) Setting(name string) (string, bool, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	value, there := m.settings[name]
	return value, there, nil
}

// CountOpen says how many runs have not ended.
func (m *Memory) CountOpen() (int64, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var count int64
	for _, row := range m.runs {
		if row.EndedAt == 0 {
			count++
		}
	}
	return count, nil
}

// Size is how many bytes the log takes.
func (m *Memory) Size() (int64, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var size int64
	for _, rows := range m.log {
		for _, row := range rows {
			size += int64(len(row.Event) + len(row.Changes) + len(row.History))
		}
	}
	return size, nil
}

func (f *RunFilter) fits(row *RunRow) bool {
	return (f.Workflow == "" || row.Workflow == f.Workflow) &&
		(f.Status == nil || slices.Contains(f.Status, row.Status)) &&
		(f.ForeignID == "" || row.ForeignID == f.ForeignID) &&
		(f.Parent == "" || row.Parent == f.Parent) &&
		(f.CreatedFrom == nil || row.CreatedAt >= *f.CreatedFrom) &&
		(f.CreatedTo == nil || row.CreatedAt < *f.CreatedTo) &&
		(!f.OpenOnly || row.EndedAt == 0)
}
