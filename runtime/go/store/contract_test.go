package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// contract is what every store must do. The cases are those of
// tests/runtime/store/contract.py, by name; its list says what each proves.
var contract = map[string]func(t *testing.T, store Store){
	"a_transition_is_all_or_nothing":             aTransitionIsAllOrNothing,
	"only_the_next_version_is_taken":             onlyTheNextVersionIsTaken,
	"a_run_that_is_not_there_cannot_advance":     aRunThatIsNotThereCannotAdvance,
	"of_two_writers_one_wins":                    ofTwoWritersOneWins,
	"a_batch_is_all_or_nothing":                  aBatchIsAllOrNothing,
	"a_run_may_advance_twice_in_a_batch":         aRunMayAdvanceTwiceInABatch,
	"an_idempotency_key_names_one_run":           anIdempotencyKeyNamesOneRun,
	"history_keeps_its_order":                    historyKeepsItsOrder,
	"paging_has_no_gaps":                         pagingHasNoGaps,
	"filters_restrict":                           filtersRestrict,
	"outbox_rows_stand_until_closed":             outboxRowsStandUntilClosed,
	"opened_and_closed_in_one_batch_is_closed":   openedAndClosedInOneBatchIsClosed,
	"every_open_timer_is_read_once":              everyOpenTimerIsReadOnce,
	"a_timer_belongs_to_its_occurrence":          aTimerBelongsToItsOccurrence,
	"an_outbox_row_can_be_rewritten":             anOutboxRowCanBeRewritten,
	"listeners_are_found_by_event":               listenersAreFoundByEvent,
	"plans_are_kept_by_hash":                     plansAreKeptByHash,
	"settings_are_named_values":                  settingsAreNamedValues,
	"erasing_leaves_nothing":                     erasingLeavesNothing,
	"open_runs_are_counted":                      openRunsAreCounted,
	"an_accepted_run_has_no_log":                 anAcceptedRunHasNoLog,
	"ended_runs_expire":                          endedRunsExpire,
	"reads_see_whole_batches":                    readsSeeWholeBatches,
	"reads_are_copies":                           readsAreCopies,
	"a_store_knows_its_size_and_can_be_reopened": aStoreKnowsItsSizeAndCanBeReopened,
}

func TestContract(t *testing.T) {
	for kind, make := range map[string]func(t *testing.T) Store{
		"memory": func(*testing.T) Store { return NewMemory() },
		"sqlite": func(t *testing.T) Store { return openTest(t, filepath.Join(t.TempDir(), "magicflow.db")) },
	} {
		t.Run(kind, func(t *testing.T) {
			for name, check := range contract {
				t.Run(name, func(t *testing.T) {
					store := make(t)
					defer store.Close()
					check(t, store)
				})
			}
		})
	}
}

func openTest(t *testing.T, path string) *SQLite {
	t.Helper()
	store, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// begin is a run's first transition.
func begin(runID string, change ...func(*Transition)) *Transition {
	row := &RunRow{
		ID: runID, Workflow: "order", WorkflowVersion: "1.0.0", PlanHash: "h", Status: "running",
		Version: 1, CreatedAt: 1000, UpdatedAt: 1000, Info: "{}",
	}
	return advance(runID, 1, append([]func(*Transition){func(t *Transition) { t.At, t.Begins = 1000, row }}, change...)...)
}

// advance is a later transition.
func advance(runID string, version int64, change ...func(*Transition)) *Transition {
	made := &Transition{
		RunID: runID, Version: version, At: 1000 + version, Status: "running",
		Event:   fmt.Sprintf(`{"n":%d}`, version),
		Changes: fmt.Sprintf(`{"run":{"version":%d}}`, version),
		History: fmt.Sprintf(`[{"n":%d}]`, version), HistoryEnd: version,
	}
	for _, each := range change {
		each(made)
	}
	return made
}

func row(change func(*RunRow)) func(*Transition)   { return func(t *Transition) { change(t.Begins) } }
func key(text string) func(*Transition)            { return row(func(r *RunRow) { r.IdempotencyKey = text }) }
func workflow(name string) func(*Transition)       { return row(func(r *RunRow) { r.Workflow = name }) }
func foreign(id string) func(*Transition)          { return row(func(r *RunRow) { r.ForeignID = id }) }
func created(at int64) func(*Transition)           { return row(func(r *RunRow) { r.CreatedAt = at }) }
func event(text string) func(*Transition)          { return func(t *Transition) { t.Event = text } }
func opened(effects ...Effect) func(*Transition)   { return func(t *Transition) { t.Opened = effects } }
func closed(effects ...EffectID) func(*Transition) { return func(t *Transition) { t.Closed = effects } }
func ended(status string, at int64) func(*Transition) {
	return func(t *Transition) { t.Status, t.EndedAt = status, at }
}

func commits(t *testing.T, store Store, writes ...Write) {
	t.Helper()
	if err := store.Commit(writes); err != nil {
		t.Fatal(err)
	}
}

func conflicts(t *testing.T, store Store, reason string, writes ...Write) *Conflict {
	t.Helper()
	err := store.Commit(writes)
	var conflict *Conflict
	if !errors.As(err, &conflict) {
		t.Fatalf("no conflict: %v", err)
	}
	if conflict.Reason != reason {
		t.Fatalf("a %s conflict, wanted %s", conflict.Reason, reason)
	}
	return conflict
}

// got is the value of a read that must work.
func got[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func same(t *testing.T, found, wanted any) {
	t.Helper()
	if !reflect.DeepEqual(found, wanted) {
		t.Fatalf("found  %+v\nwanted %+v", found, wanted)
	}
}

func versions(t *testing.T, store Store, runID string) []int64 {
	t.Helper()
	found := []int64{}
	for _, each := range got[[]LogRow](t)(store.Log(runID, 0, -1)) {
		found = append(found, each.Version)
	}
	return found
}

func effects(t *testing.T, store Store, kinds ...string) []Effect {
	t.Helper()
	return append([]Effect{}, got[[]Effect](t)(store.Effects(kinds, ""))...)
}

func aTransitionIsAllOrNothing(t *testing.T, store Store) {
	timer := Effect{RunID: "a", Kind: Timer, Key: "t", Due: 5, Payload: "{}"}
	commits(t, store, begin("a"))
	commits(t, store, advance("a", 2, opened(timer), ended("waiting", 0)))
	before := got[*RunRow](t)(store.Run("a"))
	same(t, []any{before.Version, before.Status, before.UpdatedAt}, []any{int64(2), "waiting", int64(1002)})
	same(t, versions(t, store, "a"), []int64{1, 2})
	same(t, effects(t, store, Timer), []Effect{timer})
	late := Effect{RunID: "a", Kind: Task, Key: "late", Payload: "{}"}
	conflicts(t, store, ConflictVersion, advance("a", 2, opened(late), closed(timer.ID())))
	same(t, got[*RunRow](t)(store.Run("a")), before)
	same(t, versions(t, store, "a"), []int64{1, 2})
	same(t, effects(t, store, Timer, Task), []Effect{timer})
	// a status that is not new need not be written
	commits(t, store, advance("a", 3, ended("waiting", 0), func(t *Transition) { t.SameStatus = true }))
	after := got[*RunRow](t)(store.Run("a"))
	same(t, []any{after.Version, after.Status, after.UpdatedAt}, []any{int64(3), "waiting", int64(1003)})
	conflict := conflicts(t, store, ConflictVersion, advance("a", 5, func(t *Transition) { t.SameStatus = true }))
	same(t, conflict.RunID, "a")
}

func onlyTheNextVersionIsTaken(t *testing.T, store Store) {
	commits(t, store, begin("a"), advance("a", 2))
	for _, version := range []int64{1, 2, 4, 0} {
		refused := conflicts(t, store, ConflictVersion, advance("a", version))
		same(t, refused.RunID, "a")
		same(t, versions(t, store, "a"), []int64{1, 2})
	}
}

func aRunThatIsNotThereCannotAdvance(t *testing.T, store Store) {
	commits(t, store, begin("gone"), &Erasure{"gone"})
	for _, runID := range []string{"nobody", "gone"} {
		conflicts(t, store, ConflictVersion, advance(runID, 2, opened(Effect{RunID: runID, Kind: Task, Key: "late", Payload: "{}"})))
		if got[*RunRow](t)(store.Run(runID)) != nil {
			t.Error("a run was made")
		}
		same(t, versions(t, store, runID), []int64{})
	}
	same(t, effects(t, store, Task), []Effect{})
}

func ofTwoWritersOneWins(t *testing.T, store Store) {
	commits(t, store, begin("a"))
	commits(t, store, advance("a", 2, event(`"first"`)))
	conflicts(t, store, ConflictVersion, advance("a", 2, event(`"second"`)))
	found := got[[]LogRow](t)(store.Log("a", 1, -1))
	if len(found) != 1 || found[0].Event != `"first"` {
		t.Errorf("%+v", found)
	}
}

func aBatchIsAllOrNothing(t *testing.T, store Store) {
	value := "1"
	commits(t, store, begin("a"))
	conflicts(t, store, ConflictVersion, begin("b"), advance("a", 5), &Setting{"s", &value})
	if got[*RunRow](t)(store.Run("b")) != nil {
		t.Error("a part of the batch was kept")
	}
	if _, there, err := store.Setting("s"); there || err != nil {
		t.Error(there, err)
	}
}

func aRunMayAdvanceTwiceInABatch(t *testing.T, store Store) {
	commits(t, store, begin("a"), advance("a", 2), begin("b"), advance("a", 3))
	same(t, got[*RunRow](t)(store.Run("a")).Version, int64(3))
	var events []string
	for _, each := range got[[]LogRow](t)(store.Log("a", 0, -1)) {
		events = append(events, each.Event)
	}
	same(t, events, []string{`{"n":1}`, `{"n":2}`, `{"n":3}`})
}

func anIdempotencyKeyNamesOneRun(t *testing.T, store Store) {
	named := func(workflow, wanted string) {
		t.Helper()
		same(t, got[string](t)(store.RunOfKey(workflow, "k")), wanted)
	}
	commits(t, store, begin("a", key("k")))
	named("order", "a")
	conflicts(t, store, ConflictKey, begin("b", key("k")))
	conflicts(t, store, ConflictKey, begin("a"))
	conflicts(t, store, ConflictKey, begin("x", key("y")), begin("z", key("y")))
	commits(t, store, begin("c", key("k"), workflow("other")))
	named("other", "c")
	commits(t, store, &Erasure{"a"})
	named("order", "")
	commits(t, store, begin("d", key("k")))
	named("order", "d")
}

func historyKeepsItsOrder(t *testing.T, store Store) {
	writes := []Write{begin("a")}
	for version := int64(2); version < 60; version++ {
		writes = append(writes, advance("a", version))
	}
	commits(t, store, writes...)
	writes = nil
	for version := int64(60); version < 121; version++ {
		writes = append(writes, advance("a", version))
	}
	commits(t, store, writes...)
	var seen int64
	for {
		page := got[[]LogRow](t)(store.Log("a", seen, 7))
		if len(page) > 7 {
			t.Fatalf("a page of %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		for _, each := range page {
			seen++
			same(t, []int64{each.Version, each.HistoryEnd}, []int64{seen, seen})
		}
	}
	same(t, seen, int64(120))
}

func pagingHasNoGaps(t *testing.T, store Store) {
	var writes []Write
	var wanted []string
	for number := range 20 {
		writes = append(writes, begin(fmt.Sprintf("r%03d", number)))
		wanted = append(wanted, fmt.Sprintf("r%03d", 19-number))
	}
	commits(t, store, writes...)
	var seen []string
	last := ""
	for {
		page := got[[]RunRow](t)(store.Runs(RunFilter{}, last, 6))
		if len(page) == 0 {
			break
		}
		for _, each := range page {
			seen = append(seen, each.ID)
		}
		last = seen[len(seen)-1]
		commits(t, store, begin(fmt.Sprintf("s%03d", len(seen))))
	}
	same(t, seen, wanted)
}

func filtersRestrict(t *testing.T, store Store) {
	commits(
		t, store,
		begin("a", created(10), foreign("f")),
		begin("b", created(20), workflow("other")),
		begin("c", created(30), row(func(r *RunRow) { r.Parent = "a:child" })),
		advance("c", 2, ended("failed", 31)),
		begin("d", created(40)),
		advance("d", 2, ended("completed", 41)),
	)
	from, to := int64(20), int64(40)
	for _, each := range []struct {
		wanted RunFilter
		found  string
	}{
		{RunFilter{}, "dcba"},
		{RunFilter{Workflow: "other"}, "b"},
		{RunFilter{Status: []string{"running"}}, "ba"},
		{RunFilter{Status: []string{"failed", "completed"}}, "dc"},
		{RunFilter{ForeignID: "f"}, "a"},
		{RunFilter{Parent: "a:child"}, "c"},
		{RunFilter{CreatedFrom: &from, CreatedTo: &to}, "cb"},
		{RunFilter{OpenOnly: true}, "ba"},
		{RunFilter{Workflow: "order", OpenOnly: true}, "a"},
	} {
		var ids []string
		for _, found := range got[[]RunRow](t)(store.Runs(each.wanted, "", 100)) {
			ids = append(ids, found.ID)
		}
		if found := strings.Join(ids, ""); found != each.found {
			t.Errorf("%+v: found %s, wanted %s", each.wanted, found, each.found)
		}
	}
}

func outboxRowsStandUntilClosed(t *testing.T, store Store) {
	task := func(key string) Effect {
		return Effect{RunID: "a", Kind: Task, Key: key, Name: "svc", Payload: "1"}
	}
	other := Effect{RunID: "b", Kind: Task, Key: "t0", Payload: "{}"}
	commits(t, store, begin("b"), begin("a"))
	commits(t, store, advance("a", 2, opened(task("t2"), task("t1"))))
	commits(t, store, advance("b", 2, opened(other)))
	same(t, effects(t, store, Task), []Effect{task("t1"), task("t2"), other})
	same(t, got[[]Effect](t)(store.Effects([]string{Task}, "b")), []Effect{other})
	same(t, effects(t, store, Timer), []Effect{})
	commits(t, store, &OutboxChange{Closed: []EffectID{{"a", Task, "t1"}, {"b", Task, "t0"}}})
	same(t, effects(t, store, Task, Timer), []Effect{task("t2")})
	commits(t, store, &OutboxChange{Closed: []EffectID{{"a", Task, "t1"}}})
	same(t, effects(t, store, Task), []Effect{task("t2")})
}

func openedAndClosedInOneBatchIsClosed(t *testing.T, store Store) {
	timer := Effect{RunID: "a", Kind: Timer, Key: "t", Payload: "{}"}
	commits(t, store, begin("a"), advance("a", 2, opened(timer)), advance("a", 3, closed(timer.ID())))
	same(t, effects(t, store, Timer), []Effect{})
}

func TestARowThatIsOpenedAndClosedByOneTransitionIsClosed(t *testing.T) {
	for name, store := range map[string]Store{"memory": NewMemory(), "sqlite": openTest(t, filepath.Join(t.TempDir(), "magicflow.db"))} {
		t.Run(name, func(t *testing.T) {
			defer store.Close()
			timer := Effect{RunID: "a", Kind: Timer, Key: "t", Payload: "{}"}
			other := Effect{RunID: "a", Kind: Timer, Key: "u", Payload: "{}"}
			commits(t, store, begin("a", opened(timer, other), closed(timer.ID())))
			same(t, effects(t, store, Timer), []Effect{other})
		})
	}
}

func aTimerBelongsToItsOccurrence(t *testing.T, store Store) {
	one := Effect{RunID: "a", Kind: Timer, Key: "wait#wait", Due: 9, Payload: "{}"}
	two := Effect{RunID: "a", Kind: Timer, Key: "wait~2#wait", Due: 9, Payload: "{}"}
	commits(t, store, begin("a"), advance("a", 2, opened(one, two)))
	commits(t, store, advance("a", 3, closed(one.ID())))
	same(t, effects(t, store, Timer), []Effect{two})
	same(t, got[[]TimerRow](t)(store.Timers()), []TimerRow{{"a", "wait~2#wait", 9}})
}

func anOutboxRowCanBeRewritten(t *testing.T, store Store) {
	task := Effect{RunID: "a", Kind: Task, Key: "t", Name: "svc", Payload: `{"x":1}`}
	commits(t, store, begin("a"), advance("a", 2, opened(task)))
	claimed := task
	claimed.Delivery, claimed.Payload = 3, `{"x":2}`
	commits(t, store, &OutboxChange{Changed: []Effect{claimed}})
	same(t, effects(t, store, Task), []Effect{claimed})
	commits(t, store, &OutboxChange{Closed: []EffectID{task.ID()}})
	commits(t, store, &OutboxChange{Changed: []Effect{claimed}})
	same(t, effects(t, store, Task), []Effect{})
}

func listenersAreFoundByEvent(t *testing.T, store Store) {
	mine := Effect{RunID: "a", Kind: Listen, Key: "l", Name: "paid", Payload: "{}"}
	commits(t, store, begin("a", opened(mine, Effect{RunID: "a", Kind: Timer, Key: "x", Name: "paid", Payload: "{}"})))
	commits(t, store, begin("b", opened(Effect{RunID: "b", Kind: Listen, Key: "l", Name: "sent", Payload: "{}"})))
	same(t, got[[]Effect](t)(store.Listeners("paid")), []Effect{mine})
	if found := got[[]Effect](t)(store.Listeners("other")); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

func plansAreKeptByHash(t *testing.T, store Store) {
	one := PlanRow{"h1", "order", "1.0.0", `{"a":1}`, 10}
	two := PlanRow{"h0", "order", "1.1.0", "{}", 20}
	commits(t, store, &one, &two)
	changed := one
	changed.Plan = "changed"
	commits(t, store, &changed)
	same(t, got[*PlanRow](t)(store.Plan("h1")), &one)
	if got[*PlanRow](t)(store.Plan("none")) != nil {
		t.Error("a plan that is not there")
	}
	same(t, got[[]PlanRow](t)(store.Plans()), []PlanRow{one, two})
}

func settingsAreNamedValues(t *testing.T, store Store) {
	is := func(wanted string, there bool) {
		t.Helper()
		value, found, err := store.Setting("epoch")
		same(t, []any{value, found, err}, []any{wanted, there, nil})
	}
	one, two := "1", "2"
	is("", false)
	commits(t, store, &Setting{"epoch", &one})
	commits(t, store, &Setting{"epoch", &two})
	is("2", true)
	commits(t, store, &Setting{"epoch", nil}, &Setting{"never", nil})
	is("", false)
}

func erasingLeavesNothing(t *testing.T, store Store) {
	timer := Effect{RunID: "b", Kind: Timer, Key: "t", Payload: "{}"}
	commits(t, store, begin("a", opened(Effect{RunID: "a", Kind: Timer, Key: "t", Payload: "{}"})))
	commits(t, store, begin("b", opened(timer)), &Erasure{"a"}, &Erasure{"nobody"})
	if got[*RunRow](t)(store.Run("a")) != nil {
		t.Error("the run is there")
	}
	same(t, versions(t, store, "a"), []int64{})
	same(t, effects(t, store, Timer), []Effect{timer})
	found := got[[]RunRow](t)(store.Runs(RunFilter{}, "", 100))
	if len(found) != 1 || found[0].ID != "b" {
		t.Errorf("%+v", found)
	}
}

func openRunsAreCounted(t *testing.T, store Store) {
	count := func(wanted int64, newest string) {
		t.Helper()
		same(t, got[int64](t)(store.CountOpen()), wanted)
		same(t, got[string](t)(store.OpenRunOf("order", "f")), newest)
	}
	commits(t, store, begin("a", foreign("f")), begin("b", foreign("f")), begin("c", foreign("f")))
	count(3, "c")
	commits(t, store, advance("c", 2, ended("completed", 5)))
	count(2, "b")
	same(t, got[string](t)(store.OpenRunOf("other", "f")), "")
}

func anAcceptedRunHasNoLog(t *testing.T, store Store) {
	waiting := Effect{RunID: "a", Kind: Start, Key: "start", Payload: "{}"}
	commits(t, store, begin("a", opened(waiting), func(t *Transition) { t.Version, t.Status = 0, "queued" }))
	found := got[*RunRow](t)(store.Run("a"))
	same(t, []any{found.Version, found.Status}, []any{int64(0), "queued"})
	same(t, versions(t, store, "a"), []int64{})
	conflicts(t, store, ConflictVersion, advance("a", 2))
	commits(t, store, advance("a", 1, closed(waiting.ID())))
	same(t, versions(t, store, "a"), []int64{1})
	same(t, effects(t, store, Start), []Effect{})
}

func endedRunsExpire(t *testing.T, store Store) {
	commits(
		t, store,
		begin("a"), advance("a", 2, ended("completed", 10)),
		begin("b"), advance("b", 2, ended("failed", 10)),
		begin("c"), advance("c", 2, ended("completed", 99)),
		begin("d"), advance("d", 2),
		begin("e", workflow("other")), advance("e", 2, ended("completed", 1)),
	)
	same(t, got[[]string](t)(store.Expired("order", []string{"completed"}, 50, 10)), []string{"a"})
	same(t, got[[]string](t)(store.Expired("order", []string{"completed", "failed"}, 100, 2)), []string{"a", "b"})
}

func everyOpenTimerIsReadOnce(t *testing.T, store Store) {
	var wanted []TimerRow
	for _, runID := range []string{"a", "b", "c"} {
		var rows []Effect
		for number := range int64(5) {
			key := fmt.Sprintf("w%d#wait", number)
			rows = append(rows, Effect{RunID: runID, Kind: Timer, Key: key, Due: number + 1, Payload: "{}"})
			wanted = append(wanted, TimerRow{runID, key, number + 1})
		}
		commits(t, store, begin(runID, opened(rows...)))
	}
	commits(t, store, advance("a", 2, opened(Effect{RunID: "a", Kind: Task, Key: "w2#wait", Payload: "{}"})))
	timers := func() []TimerRow {
		found := got[[]TimerRow](t)(store.Timers())
		slices.SortFunc(found, func(a, b TimerRow) int { return strings.Compare(a.RunID+a.Key, b.RunID+b.Key) })
		return found
	}
	same(t, timers(), wanted)
	commits(t, store, &OutboxChange{Closed: []EffectID{{"a", Timer, "w0#wait"}}})
	same(t, timers(), wanted[1:])
}

func readsSeeWholeBatches(t *testing.T, store Store) {
	commits(t, store, begin("a"), begin("b"))
	var over atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		version := func(runID string) int64 {
			row, err := store.Run(runID)
			if row == nil || err != nil {
				t.Errorf("run %s: %v", runID, err)
				return 0
			}
			return row.Version
		}
		for !over.Load() {
			first, second, third := version("a"), version("b"), version("a")
			if first > second || second > third {
				t.Errorf("half of a batch: %d, %d, %d", first, second, third)
				return
			}
		}
	}()
	for number := int64(2); number < 150; number++ {
		commits(t, store, advance("a", number), advance("b", number))
	}
	over.Store(true)
	<-ended
}

func readsAreCopies(t *testing.T, store Store) {
	commits(t, store, begin("a", opened(Effect{RunID: "a", Kind: Timer, Key: "t", Due: 1, Payload: "{}"})))
	got[*RunRow](t)(store.Run("a")).Status = "failed"
	effects(t, store, Timer)[0].Due = 99
	got[[]Effect](t)(store.Effects([]string{Timer}, "a"))[0].Due = 99
	got[[]LogRow](t)(store.Log("a", 0, -1))[0].Event = "changed"
	same(t, got[*RunRow](t)(store.Run("a")).Status, "running")
	same(t, effects(t, store, Timer)[0].Due, int64(1))
	same(t, got[[]LogRow](t)(store.Log("a", 0, -1))[0].Event, `{"n":1}`)
}

func aStoreKnowsItsSizeAndCanBeReopened(t *testing.T, store Store) {
	commits(t, store, begin("a"))
	if got[int64](t)(store.Size()) <= 0 {
		t.Error("no size")
	}
	if err := store.Reopen(); err != nil {
		t.Fatal(err)
	}
	if got[*RunRow](t)(store.Run("a")) == nil {
		t.Error("the run is gone")
	}
	commits(t, store, advance("a", 2))
}
