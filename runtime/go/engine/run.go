package engine

import (
	"slices"
	"sync"

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
