package engine

import (
	"container/heap"
	"encoding/json"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// startTimer is the timer of a run that has not begun.
const startTimer = "@start"

// concurrency is a workflow's: how many of its runs may run at once.
type concurrency struct {
	MaxRuns   *int64          `json:"max_runs"`
	MaxPerKey *int64          `json:"max_per_key"`
	Key       json.RawMessage `json:"key"`
	OnLimit   string          `json:"on_limit"`

	key *expr.Compiled
}

func (c *concurrency) compile() (err error) {
	if c == nil {
		return nil
	}
	c.key, err = compiled(c.Key)
	return err
}

// placeKey is the value that MaxPerKey counts by, as canonical JSON; "" is none.
func (c *concurrency) placeKey(input any, metadata map[string]any, now int64) string {
	if c == nil || c.key == nil {
		return ""
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	value, err := c.key.Evaluate(&expr.Scope{Roots: map[string]any{"input": input, "metadata": metadata}, Time: now})
	if err != nil || value == expr.Missing {
		return ""
	}
	text, err := canonical.Text(value)
	if err != nil {
		return ""
	}
	return text
}

func (c *concurrency) placeKeyOf(start *core.Event, now int64) string {
	return c.placeKey(start.Input, start.Metadata, now)
}

// admission knows which runs may run: limits per workflow and key. A run that may not run
// yet is queued: its row is there and its start stands in the outbox, so that it survives
// a restart like everything else. It is under the lock of the starts.
type admission struct {
	// admit begins a run that waited; it is false when there is nothing to begin any more.
	admit     func(runID string) bool
	workflows map[string]*places
	order     int64
}

// places is what runs of one workflow, and what waits: greater priority first, then age.
type places struct {
	running map[string]string // key by run
	perKey  map[string]int64
	waiting placeHeap
}

func newAdmission(admit func(runID string) bool) *admission {
	return &admission{admit: admit, workflows: map[string]*places{}}
}

func (a *admission) clear() { clear(a.workflows) }

func (a *admission) of(workflow string) *places {
	found := a.workflows[workflow]
	if found == nil {
		found = &places{running: map[string]string{}, perKey: map[string]int64{}}
		a.workflows[workflow] = found
	}
	return found
}

func (a *admission) mayRun(workflow string, limits *concurrency, key string) bool {
	known := a.of(workflow)
	if limits.MaxRuns != nil && int64(len(known.running)) >= *limits.MaxRuns {
		return false
	}
	return limits.MaxPerKey == nil || key == "" || known.perKey[key] < *limits.MaxPerKey
}

// enter: the run runs.
func (a *admission) enter(workflow, runID, key string) {
	known := a.of(workflow)
	if _, there := known.running[runID]; there {
		return
	}
	known.running[runID] = key
	if key != "" {
		known.perKey[key]++
	}
}

// wait: the run waits for a place. It is refused where the workflow rejects.
func (a *admission) wait(row *store.RunRow, key string, limits *concurrency) error {
	if limits.OnLimit == "reject" {
		return &Overloaded{fmt.Sprintf("%s has no place for another run", row.Workflow), 1}
	}
	a.put(row, key)
	return nil
}

func (a *admission) put(row *store.RunRow, key string) {
	a.order++
	heap.Push(&a.of(row.Workflow).waiting, waitingRun{row.Priority, a.order, row.ID, key})
}

// withdraw: the run has no place any more.
func (a *admission) withdraw(workflow, runID string) {
	known := a.of(workflow)
	key, there := known.running[runID]
	if !there {
		return
	}
	delete(known.running, runID)
	if key == "" {
		return
	}
	if known.perKey[key]--; known.perKey[key] <= 0 {
		delete(known.perKey, key)
	}
}

// leave: the run ended, and those that its place lets in are admitted.
func (a *admission) leave(workflow, runID string, limits *concurrency) {
	a.withdraw(workflow, runID)
	a.letIn(workflow, limits)
}

// letIn admits whoever waits and may run.
func (a *admission) letIn(workflow string, limits *concurrency) {
	known := a.of(workflow)
	var blocked []waitingRun
	for len(known.waiting) > 0 {
		next, _ := heap.Pop(&known.waiting).(waitingRun)
		if a.mayRun(workflow, limits, next.key) {
			a.enter(workflow, next.runID, next.key)
			if !a.admit(next.runID) {
				a.withdraw(workflow, next.runID) // it was cancelled meanwhile
			}
			continue
		}
		blocked = append(blocked, next)
		if limits.MaxPerKey == nil || limits.MaxRuns != nil && int64(len(known.running)) >= *limits.MaxRuns {
			break
		}
	}
	for _, each := range blocked {
		heap.Push(&known.waiting, each)
	}
}

type waitingRun struct {
	priority, order int64
	runID, key      string
}

type placeHeap []waitingRun

func (h placeHeap) Len() int      { return len(h) }
func (h placeHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h placeHeap) Less(a, b int) bool {
	if h[a].priority != h[b].priority {
		return h[a].priority > h[b].priority
	}
	return h[a].order < h[b].order
}

func (h *placeHeap) Push(of any) {
	made, _ := of.(waitingRun)
	*h = append(*h, made)
}

func (h *placeHeap) Pop() any {
	last := len(*h) - 1
	of := (*h)[last]
	*h = (*h)[:last]
	return of
}
