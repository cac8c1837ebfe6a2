package core

import (
	"maps"
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// start is the first event: the run begins anew, or after a failed one, whose results it
// keeps. Input that does not fit is refused.
func start(tx *transition, event *Event) *Refusal {
	given, metadata := event.Input, event.Metadata
	if metadata == nil {
		metadata = map[string]any{}
	}
	if failed := tx.checkInput(given, metadata); failed != nil {
		return told(failed)
	}
	given = tx.plan.InputDefaults(given)
	if tx.isLarge(given) {
		return told(tx.tooLarge("the input with its defaults", ""))
	}
	if refused := tx.checkResume(event.Resume); refused != nil {
		return refused
	}
	tx.newStart = &Start{Input: given, Metadata: metadata, PlanHash: tx.plan.Hash}
	if event.RetryOf != nil {
		tx.newStart.RetryOf, tx.newStart.IsRetry = *event.RetryOf, true
	}
	tx.start = tx.newStart
	run := &tx.run
	run.ID, run.Phase, run.StartedAt = event.RunID, PhaseRunning, tx.now
	tx.record(HistoryRow{Type: "run_started"})
	tx.startDeadline(event)
	tx.enterRoot(event.Resume)
	return nil
}

func (tx *transition) checkInput(given any, metadata map[string]any) Error {
	switch {
	case tx.isLarge(given):
		return tx.tooLarge("the input", "")
	case tx.isLarge(metadata):
		return tx.tooLarge("the metadata", "")
	}
	return unfit(tx.plan.InputCheck, given, "the input", nameless)
}

// startDeadline starts the run's own timeout, or a parent's when that is earlier.
func (tx *transition) startDeadline(event *Event) {
	timeout, due := event.Timeout, event.Deadline
	if timeout == nil && tx.plan.Timeout != nil {
		timeout = &tx.plan.Timeout.After
	}
	var own *int64
	if timeout != nil {
		at := min(tx.now+*timeout, maxMillis)
		own = &at
	}
	switch {
	case due != nil && (own == nil || *due < *own):
		tx.run.Timer = "inherited"
	case own != nil:
		tx.run.Timer, due = "own", own
	default:
		return
	}
	if tx.plan.Timeout == nil || tx.plan.Timeout.Action != "ignore" {
		tx.run.Deadline, tx.run.HasDeadline = *due, true
	}
	tx.send(&StartTimer{TimerID: timeoutTimerID, Due: *due})
}

func (tx *transition) enterRoot(resume *Resume) {
	node := tx.plan.Root
	frame := &Frame{Path: root, Node: node.ID, node: node, Seldom: &noSeldom}
	tx.frames.set(root, frame)
	if resume == nil {
		kinds[node.Kind].enter(tx, frame, node)
		return
	}
	for _, path := range slices.Sorted(maps.Keys(resume.Steps)) {
		row := *resume.Steps[path]
		tx.steps.set(path, &row)
		tx.run.Occurrences = max(tx.run.Occurrences, row.N)
	}
	for _, key := range slices.Sorted(maps.Keys(resume.Visits)) {
		row := *resume.Visits[key]
		tx.visits.set(key, &row)
	}
	if node.Seq.IsDAG {
		tx.beginAfter(frame, node, resume.Done)
	} else {
		tx.beginNode(frame, tx.plan.Nodes[resume.Start], extra{})
	}
}

// checkResume refuses a start that does not fit the plan; what resume_point gave does.
func (tx *transition) checkResume(resume *Resume) *Refusal {
	if resume == nil {
		return nil
	}
	block := tx.plan.Root.Seq
	valid := block != nil && block.IsDAG == resume.isDAG && !resume.broken
	if valid && !resume.isDAG {
		valid = slices.ContainsFunc(block.Nodes, func(node *plan.Node) bool { return node.ID == resume.Start })
	}
	for _, name := range resume.Done {
		_, known := block.Deps[name]
		valid = valid && known
	}
	if !valid {
		return refuse("MALFORMED", "the event `run_started` has no valid `resume`")
	}
	return nil
}
