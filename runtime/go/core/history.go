package core

import "github.com/truongtu268/magic-flow/runtime/go/canonical"

// HistoryRow is one thing that happened, for people. Which members it has depends on its
// type (docs/core.md); texts that are empty and numbers that are 0 are absent, except
// where `has` says that they are there.
type HistoryRow struct {
	N, At            int64
	Type             string
	Path, Step       string
	Attempt, Due     int64
	Error            Error
	Event, EventID   string
	Action, Rule     string
	Handler, Reason  string
	Workflow, Status string
	Task             map[string]any // assignee, title, description
	has              historyMask
}

type historyMask uint8

const (
	hasDue historyMask = 1 << iota
	hasEventID
	hasNoStep // the step is null
)

// AppendJSON writes the row as canonical JSON.
func (r *HistoryRow) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.someText("action", r.Action)
	r.appendTask(&o, "assignee")
	o.integer("at", r.At)
	o.some("attempt", r.Attempt)
	r.appendTask(&o, "description")
	if r.has&hasDue != 0 {
		o.integer("due", r.Due)
	}
	o.members("error", r.Error)
	o.someText("event", r.Event)
	if r.has&hasEventID != 0 {
		o.text("event_id", r.EventID)
	}
	o.someText("handler", r.Handler)
	o.integer("n", r.N)
	o.someText("path", r.Path)
	o.someText("reason", r.Reason)
	o.someText("rule", r.Rule)
	o.someText("status", r.Status)
	if r.has&hasNoStep != 0 {
		o.null("step")
	} else {
		o.someText("step", r.Step)
	}
	r.appendTask(&o, "title")
	o.key("type")
	o.out = canonical.AppendQuoted(o.out, r.Type)
	o.someText("workflow", r.Workflow)
	return o.close()
}

func (r *HistoryRow) appendTask(o *object, member string) {
	if value, there := r.Task[member]; there {
		o.value(member, value)
	}
}
