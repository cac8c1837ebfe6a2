package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// Run is a run in memory. Its state is decided up to its row's version, of which some
// transitions may not be durable yet.
type Run struct {
	id       string
	workflow string
	parent   string
	key      string // idempotency key
	foreign  string
	priority int64
	deployed *Deployed
	info     runInfo
	epoch    int64

	mutex     sync.Mutex
	row       store.RunRow
	state     *core.State
	open      effectSet
	waiters   []chan struct{}
	listeners []*listener
	inFlight  int
	poisoned  string
	queued    *core.Event // the start of a run that may not run yet
	gone      bool        // evicted: the store has all of it, and perhaps more by now
	loose     bool        // nobody tells it of anything: it is not, or no more, the run in memory

	// of LiveRuns
	older, newer *Run
	listed       bool
}

// runInfo is what only people and the engine read of a run.
type runInfo struct{ traceparent, source, webhook string }

func (i *runInfo) text() string {
	members := map[string]any{}
	for _, each := range [...][2]string{{"traceparent", i.traceparent}, {"source", i.source}, {"webhook", i.webhook}} {
		if each[1] != "" {
			members[each[0]] = each[1]
		}
	}
	if len(members) == 0 {
		return "{}"
	}
	return encode(members)
}

func runInfoOf(text string) runInfo {
	if text == "{}" {
		return runInfo{}
	}
	value, err := types.DecodeValue([]byte(text), 0)
	members, _ := value.(map[string]any)
	if err != nil || members == nil {
		return runInfo{}
	}
	part := func(name string) string {
		text, _ := members[name].(string)
		return text
	}
	return runInfo{part("traceparent"), part("source"), part("webhook")}
}

func newRun(row *store.RunRow, deployed *Deployed, state *core.State, epoch int64) *Run {
	return &Run{
		id: row.ID, workflow: row.Workflow, parent: row.Parent, key: row.IdempotencyKey, foreign: row.ForeignID,
		priority: row.Priority, deployed: deployed, row: *row, state: state, epoch: epoch,
	}
}

// ID is the run's.
func (r *Run) ID() string { return r.id }

// Ended is whether the end is decided and durable.
func (r *Run) Ended() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.ended()
}

func (r *Run) ended() bool { return r.row.EndedAt != 0 && r.inFlight == 0 }

// View is a run as it is decided now.
type View struct {
	Row      store.RunRow
	State    *core.State
	Deployed *Deployed
	Poisoned string // a defect that an event of the run met, or ""
	Ended    bool   // and that is durable

	Traceparent string // of the request that started it, or ""
}

// View shows the run. Nothing of it but the row may be kept.
func (r *Run) View(show func(view View)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	show(View{r.row, r.state, r.deployed, r.poisoned, r.ended(), r.info.traceparent})
}

// wake: everybody who waits looks again.
func (r *Run) wake() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, waiter := range r.waiters {
		close(waiter)
	}
	r.waiters = nil
}

func (r *Run) idle() bool {
	return r.inFlight == 0 && len(r.waiters) == 0 && len(r.listening()) == 0
}

// effectSet are the open outbox rows of a run, by kind and key. Most runs have a few.
type effectSet struct {
	few  []effectKey
	many map[effectKey]struct{}
}

type effectKey struct{ kind, key string }

const fewEffects = 16

func (s *effectSet) add(key effectKey) {
	switch {
	case s.many != nil:
		s.many[key] = struct{}{}
	case slices.Contains(s.few, key):
	case len(s.few) < fewEffects:
		s.few = append(s.few, key)
	default:
		s.many = make(map[effectKey]struct{}, 2*fewEffects)
		for _, each := range s.few {
			s.many[each] = struct{}{}
		}
		s.many[key], s.few = struct{}{}, nil
	}
}

// remove is whether the row was open.
func (s *effectSet) remove(key effectKey) bool {
	if s.many != nil {
		_, there := s.many[key]
		delete(s.many, key)
		return there
	}
	at := slices.Index(s.few, key)
	if at < 0 {
		return false
	}
	s.few = slices.Delete(s.few, at, at+1)
	return true
}

// keys are in the order in which the rows were opened, or sorted when they are many.
func (s *effectSet) keys() []effectKey {
	if s.many == nil {
		return slices.Clone(s.few)
	}
	keys := make([]effectKey, 0, len(s.many))
	for key := range s.many {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b effectKey) int {
		if a.kind != b.kind {
			return cmpText(a.kind, b.kind)
		}
		return cmpText(a.key, b.key)
	})
	return keys
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// liveRuns are the runs in memory, least recently used first; others are read from the
// store. Its lock comes after that of a run.
type liveRuns struct {
	store   store.Store
	catalog *Catalog
	epoch   func() (int64, bool)
	limit   int

	mutex   sync.Mutex
	runs    map[string]*Run
	oldest  *Run
	newest  *Run
	reading map[string]*runRead
}

// runRead is a run that is being read; there must never be two of one run that decide.
type runRead struct {
	done    chan struct{}
	epoch   int64
	run     *Run
	err     error
	current bool
}

func newLiveRuns(of store.Store, catalog *Catalog, epoch func() (int64, bool), limit int) *liveRuns {
	return &liveRuns{
		store: of, catalog: catalog, epoch: epoch, limit: limit, runs: map[string]*Run{}, reading: map[string]*runRead{},
	}
}

func (l *liveRuns) count() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.runs)
}

func (l *liveRuns) add(run *Run) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.list(run)
	if len(l.runs) > l.limit {
		l.evict()
	}
}

func (l *liveRuns) list(run *Run) {
	l.unlist(l.runs[run.id])
	l.runs[run.id] = run
	run.listed = true
	run.older, run.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = run
	} else {
		l.oldest = run
	}
	l.newest = run
}

func (l *liveRuns) unlist(run *Run) {
	if run == nil || !run.listed {
		return
	}
	run.listed = false
	delete(l.runs, run.id)
	if run.older != nil {
		run.older.newer = run.newer
	} else {
		l.oldest = run.newer
	}
	if run.newer != nil {
		run.newer.older = run.older
	} else {
		l.newest = run.older
	}
	run.older, run.newer = nil, nil
}

// evict passes over those in use; a tenth at a time keeps the cost per run constant.
func (l *liveRuns) evict() {
	wanted := len(l.runs) - l.limit + l.limit/10
	// the newest was asked for just now
	for run := l.oldest; run != l.newest && wanted > 0; {
		next := run.newer
		if run.mutex.TryLock() {
			if run.idle() {
				run.gone, run.loose = true, true
				l.unlist(run)
				wanted--
			}
			run.mutex.Unlock()
		}
		run = next
	}
}

// get is the run, read from the store when it is not in memory; nil when there is none.
func (l *liveRuns) get(runID string) (*Run, error) {
	for {
		run, err, current := l.getOnce(runID)
		if current {
			return run, err
		}
	}
}

// getOnce is not current when a recovery came between: what was read may be older than
// what was written before it.
func (l *liveRuns) getOnce(runID string) (run *Run, err error, current bool) { //nolint:revive // the error is not the last
	epoch, open := l.epoch()
	if !open {
		// nobody may decide on it: it is there to be looked at
		if run, err = l.read(runID, -1); run != nil {
			run.loose = true
		}
		return run, err, true
	}
	l.mutex.Lock()
	if run := l.runs[runID]; run != nil {
		if run != l.newest {
			l.unlist(run)
			l.list(run)
		}
		l.mutex.Unlock()
		return run, nil, true
	}
	if read := l.reading[runID]; read != nil {
		l.mutex.Unlock()
		<-read.done
		return read.run, read.err, read.epoch == epoch && read.current
	}
	read := &runRead{done: make(chan struct{}), epoch: epoch}
	l.reading[runID] = read
	l.mutex.Unlock()
	defer close(read.done)
	read.run, read.err = l.read(runID, epoch)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.reading, runID)
	now, open := l.epoch()
	read.current = open && now == epoch
	if read.current && read.run != nil && read.run.row.EndedAt == 0 {
		l.list(read.run)
		if len(l.runs) > l.limit {
			l.evict()
		}
	}
	return read.run, read.err, read.current
}

func (l *liveRuns) inMemory(runID string) *Run {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.runs[runID]
}

func (l *liveRuns) read(runID string, epoch int64) (*Run, error) {
	row, err := l.store.Run(runID)
	if err != nil || row == nil {
		return nil, err
	}
	deployed, err := l.catalog.ofHash(row.PlanHash)
	if err != nil {
		return nil, err
	}
	log, err := l.store.Log(runID, 0, -1)
	if err != nil {
		return nil, err
	}
	state := core.NewState()
	for _, each := range log {
		delta, err := core.DecodeDelta([]byte(each.Changes))
		if err != nil {
			return nil, &store.Error{Message: fmt.Sprintf("the log of run %s is broken", runID), Cause: err}
		}
		core.Apply(state, delta)
	}
	run := newRun(row, deployed, state, epoch)
	run.info = runInfoOf(row.Info)
	if row.EndedAt != 0 {
		return run, nil
	}
	effects, err := l.store.Effects(effectKinds, runID)
	if err != nil {
		return nil, err
	}
	for index := range effects {
		effect := &effects[index]
		run.open.add(effectKey{effect.Kind, effect.Key})
		if effect.Kind == store.Start {
			if run.queued, err = queuedStart(effect.Payload); err != nil {
				return nil, &store.Error{Message: fmt.Sprintf("the start of run %s is broken", runID), Cause: err}
			}
		}
	}
	return run, nil
}

// queuedStart reads a start that waits. Its id and time come with the start itself; a
// Python server writes none before.
func queuedStart(payload string) (*core.Event, error) {
	value, err := types.DecodeValue([]byte(payload), types.MaxDepth)
	if err != nil {
		return nil, err
	}
	members, _ := value.(map[string]any)
	if members == nil {
		return nil, errors.New("it is no object")
	}
	if _, there := members["id"]; !there {
		members["id"], members["at"] = "", 0.0
	}
	return core.EventOf(members), nil
}

func (l *liveRuns) drop(run *Run) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.unlist(run)
}

// dropID is drop for a run that may not be in memory.
func (l *liveRuns) dropID(runID string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.unlist(l.runs[runID])
}

// clear forgets all; it gives those that somebody waits for or listens to.
func (l *liveRuns) clear() []*Run {
	l.mutex.Lock()
	var runs []*Run
	for l.oldest != nil {
		runs = append(runs, l.oldest)
		l.unlist(l.oldest)
	}
	l.mutex.Unlock()
	// a run's lock comes before this one's
	return slices.DeleteFunc(runs, func(run *Run) bool {
		run.mutex.Lock()
		defer run.mutex.Unlock()
		// whoever comes from here on looks for the run again
		run.loose = true
		return len(run.waiters) == 0 && len(run.listening()) == 0
	})
}

var effectKinds = []string{
	store.Task, store.Timer, store.Listen, store.Human, store.Event, store.Child, store.Stop, store.Retry, store.Webhook,
	store.Start,
}

// outlives is what a run asked for and still wants after its end.
func outlives(kind string) bool {
	switch kind {
	case store.Event, store.Webhook, store.Retry, store.Stop:
		return true
	}
	return false
}

// closedBy is the outbox row that an event closes.
func closedBy(event *core.Event) (effectKey, bool) {
	switch event.Type {
	case core.TaskResult, core.TimedOut, core.TaskStopped:
		return effectKey{store.Task, taskRowKey(event.TaskID, event.Attempt)}, true
	case core.TimerFired:
		return effectKey{store.Timer, event.TimerID}, true
	case core.HumanCompleted:
		return effectKey{store.Human, event.TaskID}, true
	case core.ChildEnded:
		return effectKey{store.Child, event.ChildID}, true
	case core.RunStarted:
		return effectKey{store.Start, "start"}, true
	}
	return effectKey{}, false
}

// transitionOf makes the rows of a decided event. It changes what the run knows of its
// outbox and row, and fills in what of `then` follows from the commands. The state has the
// delta already. The run's lock is held.
func (r *Run) transitionOf(event *core.Event, decision *core.Decision, then *pending, message func(*core.ScheduleTask) TaskMessage) *store.Transition {
	made := &store.Transition{RunID: r.id}
	closing := func(key effectKey) {
		if r.open.remove(key) {
			made.Closed = append(made.Closed, store.EffectID{RunID: r.id, Kind: key.kind, Key: key.key})
		}
	}
	opening := func(effect store.Effect, command core.Command) {
		if command != nil {
			effect.Payload = written(command.AppendJSON)
		} else if effect.Payload == "" {
			effect.Payload = "{}"
		}
		effect.RunID = r.id
		made.Opened = append(made.Opened, effect)
		r.open.add(effectKey{effect.Kind, effect.Key})
	}
	if key, closes := closedBy(event); closes {
		closing(key)
	}
	for _, command := range decision.Commands {
		switch command := command.(type) {
		case *core.ScheduleTask:
			task := &Task{message: message(command)}
			task.effect = store.Effect{
				RunID: r.id, Kind: store.Task, Key: taskRowKey(command.TaskID, command.Attempt), Name: task.executor(),
				Payload: written(task.message.appendJSON),
			}
			opening(task.effect, nil)
			then.tasks = append(then.tasks, task)
		case *core.StartTimer:
			opening(store.Effect{Kind: store.Timer, Key: command.TimerID, Due: command.Due}, nil)
		case *core.Listen:
			opening(store.Effect{Kind: store.Listen, Key: command.ListenID, Name: command.Event}, command)
		case *core.OpenHumanTask:
			effect := store.Effect{Kind: store.Human, Key: command.TaskID}
			effect.Name, _ = command.Task["assignee"].(string)
			if command.Due != nil {
				effect.Due = *command.Due
			}
			opening(effect, command)
		case *core.EmitEvent:
			opening(store.Effect{Kind: store.Event, Key: command.EventID, Name: command.Event}, command)
		case *core.StartChild:
			opening(store.Effect{Kind: store.Child, Key: command.ChildID, Name: command.Workflow}, command)
		case *core.CancelChild:
			opening(store.Effect{Kind: store.Stop, Key: command.ChildID}, command)
		case *core.StartRetry:
			opening(store.Effect{Kind: store.Retry, Key: "retry"}, command)
		case *core.CancelTimer:
			closing(effectKey{store.Timer, command.TimerID})
		case *core.Unlisten:
			closing(effectKey{store.Listen, command.ListenID})
		case *core.CloseHumanTask:
			closing(effectKey{store.Human, command.TaskID})
		case *core.CancelTask:
			if !command.Wait {
				closing(effectKey{store.Task, taskRowKey(command.TaskID, command.Attempt)})
			}
		case *core.RunEnded:
			for _, key := range r.open.keys() {
				if outlives(key.kind) {
					continue
				}
				closing(key)
				if key.kind == store.Task {
					then.left = append(then.left, taskOfRowKey(key.key))
				}
			}
		}
	}
	run := &r.state.Run
	if r.row.Version == 0 && r.row.Status != statusQueued {
		begins := r.row
		made.Begins = &begins
	}
	made.SameStatus = made.Begins == nil && r.row.Status == run.Status && run.EndedAt == 0
	r.row.Version, r.row.Status, r.row.UpdatedAt = run.Version, run.Status, event.At
	if run.Phase == core.PhaseEnded {
		r.row.EndedAt = run.EndedAt
	}
	made.Version, made.At, made.Status, made.EndedAt = r.row.Version, r.row.UpdatedAt, r.row.Status, r.row.EndedAt
	made.HistoryEnd = run.History
	made.Event, made.Changes, made.History = texts(event, decision.Delta)
	return made
}

const statusQueued = "queued"

var buffers = sync.Pool{New: func() any { made := make([]byte, 0, 4096); return &made }}

// written is the text that is appended to nothing, in one allocation.
func written(appendTo func([]byte) []byte) string {
	buffer, _ := buffers.Get().(*[]byte)
	out := appendTo((*buffer)[:0])
	text := string(out)
	if *buffer = out; cap(out) <= 64<<10 {
		buffers.Put(buffer)
	}
	return text
}

// texts are the columns of a transition, parts of one text.
func texts(event *core.Event, delta *core.Delta) (ofEvent, changes, history string) {
	var one, two int
	whole := written(func(out []byte) []byte {
		out = event.AppendJSON(out)
		one = len(out)
		out = delta.AppendChanges(out)
		two = len(out)
		return delta.AppendHistory(out)
	})
	return whole[:one], whole[one:two], whole[two:]
}

// encode is compact JSON of a value that was checked where it came in.
func encode(value any) string {
	out, err := types.AppendValue(nil, value)
	if err != nil {
		return "null"
	}
	return unsafe.String(unsafe.SliceData(out), len(out))
}
