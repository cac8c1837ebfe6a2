package server

import (
	"cmp"
	"slices"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// appendSummary writes what a list shows of a run, within an open object.
func appendSummary(a *answer, row *store.RunRow) {
	a.text("execution_id", row.ID)
	a.text("workflow", row.Workflow)
	a.text("version", row.WorkflowVersion)
	a.text("status", row.Status)
	a.time("created_at", row.CreatedAt)
	a.time("updated_at", row.UpdatedAt)
	if row.EndedAt != 0 {
		a.time("ended_at", row.EndedAt)
	}
	if row.ForeignID != "" {
		a.text("foreign_id", row.ForeignID)
	}
	if row.IdempotencyKey != "" && !strings.HasPrefix(row.IdempotencyKey, engine.OwnKeys) {
		a.text("idempotency_key", row.IdempotencyKey)
	}
	if row.Priority != 0 {
		a.integer("priority", row.Priority)
	}
	if row.RetryOf != "" {
		a.text("retry_of", row.RetryOf)
	}
	if row.Parent != "" {
		parent, _, _ := strings.Cut(row.Parent, ":")
		a.text("parent_id", parent)
	}
}

func summaryOf(row *store.RunRow) *answer {
	a := newAnswer()
	a.begin()
	appendSummary(a, row)
	a.end()
	return a
}

// summaryAnswer is the summary of a run.
func summaryAnswer(run *engine.Run) (a *answer) {
	run.View(func(v engine.View) { a = summaryOf(&v.Row) })
	return a
}

// outcomeAnswer is what `?wait` answers: small, because it is the busiest answer of all.
func outcomeAnswer(v *engine.View) *answer {
	a := newAnswer()
	a.begin()
	a.text("execution_id", v.Row.ID)
	a.text("workflow", v.Row.Workflow)
	a.text("status", v.Row.Status)
	a.time("created_at", v.Row.CreatedAt)
	if v.Row.EndedAt == 0 {
		a.raw("ended_at", "null")
	} else {
		a.time("ended_at", v.Row.EndedAt)
	}
	appendOutcome(a, &v.State.Run)
	a.end()
	return a
}

func appendOutcome(a *answer, run *core.Run) {
	a.value("output", run.Output)
	a.error("error", run.Error)
}

// runAnswer is one run, with its input and outcome.
func runAnswer(v *engine.View) *answer {
	a := newAnswer()
	a.begin()
	appendSummary(a, &v.Row)
	run := &v.State.Run
	a.text("plan_hash", v.Row.PlanHash)
	a.value("input", v.State.Start.Input)
	a.members("metadata", v.State.Start.Metadata)
	appendOutcome(a, run)
	if run.Compensation != "" {
		a.text("compensation", run.Compensation)
	}
	if run.HasDeadline {
		a.time("deadline", run.Deadline)
	}
	if v.Poisoned != "" {
		a.text("poisoned", v.Poisoned)
	}
	a.end()
	return a
}

// error writes an error, null where there is none.
func (a *answer) error(name string, of core.Error) {
	if of == nil {
		a.raw(name, "null")
	} else {
		a.value(name, of)
	}
}

// members writes an object, {} where there is none.
func (a *answer) members(name string, of map[string]any) {
	if of == nil {
		a.raw(name, "{}")
	} else {
		a.value(name, of)
	}
}

// appendSteps writes every occurrence of a step that was entered, in that order.
func appendSteps(a *answer, state *core.State) {
	steps := make([]*core.Step, 0, len(state.Steps))
	for _, step := range state.Steps {
		steps = append(steps, step)
	}
	slices.SortFunc(steps, func(one, other *core.Step) int { return cmp.Compare(one.N, other.N) })
	a.open('[')
	for _, step := range steps {
		a.next()
		appendStep(a, step)
	}
	a.close(']')
}

func appendStep(a *answer, step *core.Step) {
	a.begin()
	a.text("path", step.Path)
	a.text("step", step.Step)
	a.text("status", step.Status)
	a.integer("attempts", step.Attempts)
	if step.HasInput {
		a.value("input", step.Input)
	}
	if step.HasOutput {
		a.value("output", step.Output)
	}
	if step.Error != nil {
		a.value("error", step.Error)
	}
	if step.FallbackUsed {
		a.bool("fallback_used", true)
	}
	a.time("started_at", step.StartedAt)
	if step.HasEnded {
		a.time("ended_at", step.EndedAt)
	}
	a.end()
}

// historyRow is a row of the history as people see it.
type historyRow struct {
	number  int64
	kind    string
	members map[string]any
}

// historyOf reads the rows of one transition.
func historyOf(text string) ([]historyRow, error) {
	value, err := types.DecodeValue([]byte(text), types.MaxDepth)
	if err != nil {
		return nil, err
	}
	listed, _ := value.([]any)
	rows := make([]historyRow, 0, len(listed))
	for _, each := range listed {
		members, _ := each.(map[string]any)
		number, _ := members["n"].(float64)
		kind, _ := members["type"].(string)
		if at, there := members["at"].(float64); there {
			members["at"] = formatTime(int64(at))
		}
		rows = append(rows, historyRow{int64(number), kind, members})
	}
	return rows, nil
}

// isLast says that nothing follows the row in its run.
func (h *historyRow) isLast() bool {
	switch h.kind {
	case "run_completed", "run_failed", "run_timed_out", "run_cancelled":
		return true
	}
	return false
}
