package core

import "github.com/truongtu268/magic-flow/runtime/go/canonical"

// HistoryRow is one thing that happened, for people. Which members it has depends on its
// type (docs/core.md); texts that are empty and numbers that are 0 are absent, except
// where `has` says that they are there.
type HistoryRow struct {
	N, At        int64
	Type         string
	Path, Step   string
	Attempt, Due int64
	Error        Error
	Words        *Words // nil: it has none of these
	has          historyMask
}

// Words are the members of history rows that few have.
type Words struct {
	Event, EventID   string
	Action, Rule     string
	Handler, Reason  string
	Workflow, Status string
	Task             map[string]any // assignee, title, description
}

var noWords Words

type historyMask uint8

const (
	hasDue historyMask = 1 << iota
	hasEventID
	hasNoStep // the step is null
)

// AppendJSON writes the row as canonical JSON.
func (r *HistoryRow) AppendJSON(out []byte) []byte {
	o, words := object{out: out}, r.Words
	if words == nil {
		words = &noWords
	}
	o.someText("action", words.Action)
	words.appendTask(&o, "assignee")
	o.integer("at", r.At)
	o.some("attempt", r.Attempt)
	words.appendTask(&o, "description")
	if r.has&hasDue != 0 {
		o.integer("due", r.Due)
	}
	o.members("error", r.Error)
	o.someText("event", words.Event)
	if r.has&hasEventID != 0 {
		o.text("event_id", words.EventID)
	}
	o.someText("handler", words.Handler)
	o.integer("n", r.N)
	o.someText("path", r.Path)
	o.someText("reason", words.Reason)
	o.someText("rule", words.Rule)
	o.someText("status", words.Status)
	if r.has&hasNoStep != 0 {
		o.null("step")
	} else {
		o.someText("step", r.Step)
	}
	words.appendTask(&o, "title")
	o.key("type")
	o.out = canonical.AppendQuoted(o.out, r.Type)
	o.someText("workflow", words.Workflow)
	return o.close()
}

func (w *Words) appendTask(o *object, member string) {
	if value, there := w.Task[member]; there {
		o.value(member, value)
	}
}
