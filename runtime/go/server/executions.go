package server

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

var (
	statuses = []string{"queued", "running", "waiting", "paused", "completed", "failed", "timed_out", "cancelled"}
	filters  = []string{"workflow", "status", "foreign_id", "created_from", "created_to", "limit", "cursor", "open"}
)

func listExecutions(s *Server, r *request) error {
	query, err := r.parameters()
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(query) {
		if !slices.Contains(filters, name) {
			return badRequest("the filter `" + name + "` is unknown")
		}
	}
	limit, err := limitOf(query)
	if err != nil {
		return err
	}
	before := ""
	if cursor := query["cursor"]; cursor != "" {
		parts, err := decodeCursor(cursor, 1)
		if err != nil {
			return err
		}
		before = parts[0]
	}
	wanted, err := filterOf(query)
	if err != nil {
		return err
	}
	rows, err := s.engine.Store().Runs(wanted, before, limit+1)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.name("executions")
	a.open('[')
	for index := range min(limit, len(rows)) {
		a.next()
		a.begin()
		appendSummary(a, &rows[index])
		a.end()
	}
	a.close(']')
	next := ""
	if len(rows) > limit {
		next = encodeCursor(rows[limit-1].ID)
	}
	a.textOrNull("next_cursor", next)
	a.end()
	return r.send(200, a)
}

func sortedKeys[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func limitOf(query map[string]string) (int, error) {
	text, given := query["limit"]
	if !given {
		return 50, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || !isNumber(text) || limit < 1 || limit > 500 {
		return 0, badRequest("limit must be a number from 1 to 500")
	}
	return limit, nil
}

func filterOf(query map[string]string) (wanted store.RunFilter, err error) {
	wanted = store.RunFilter{
		Workflow: query["workflow"], ForeignID: query["foreign_id"], OpenOnly: query["open"] == "true",
	}
	if listed := query["status"]; listed != "" {
		wanted.Status = strings.Split(listed, ",")
		slices.Sort(wanted.Status)
		for _, status := range wanted.Status {
			if !slices.Contains(statuses, status) {
				return wanted, badRequest("there is no status `" + status + "`")
			}
		}
	}
	if wanted.CreatedFrom, err = timeIn(query, "created_from"); err != nil {
		return wanted, err
	}
	wanted.CreatedTo, err = timeIn(query, "created_to")
	return wanted, err
}

// timeLayouts are the forms of ISO 8601 that are taken; all have an offset.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04Z0700", "2006-01-02T15Z07:00", "20060102T150405Z0700", "20060102T150405Z07:00",
}

func timeIn(query map[string]string, name string) (*int64, error) {
	text, given := query[name]
	if !given {
		return nil, nil
	}
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, layout := range timeLayouts {
		if moment, err := time.Parse(layout, text); err == nil {
			at := moment.UnixMilli()
			return &at, nil
		}
	}
	return nil, badRequest(name + " must be a date-time such as 2026-01-31T12:00:00Z")
}

// readRun is the run of the address, after `?wait` if there is one.
func (s *Server) readRun(r *request) (*engine.Run, error) {
	run, err := s.engine.Read(r.Context(), r.parameter)
	if err != nil {
		return nil, err
	}
	wait, err := s.waitOf(r)
	if err != nil || wait == 0 {
		return run, err
	}
	return s.wait(r, run, wait)
}

func showExecution(s *Server, r *request) error {
	run, err := s.readRun(r)
	if err != nil {
		return err
	}
	var a *answer
	run.View(func(v engine.View) { a = runAnswer(&v) })
	return r.send(200, a)
}

func showResults(s *Server, r *request) error {
	run, err := s.readRun(r)
	if err != nil {
		return err
	}
	a, status := newAnswer(), 202
	run.View(func(v engine.View) {
		if v.Ended {
			status = 200
		}
		a.begin()
		a.text("execution_id", v.Row.ID)
		a.text("status", v.Row.Status)
		appendOutcome(a, &v.State.Run)
		a.end()
	})
	return r.send(status, a)
}

func showSteps(s *Server, r *request) error {
	run, err := s.engine.Read(r.Context(), r.parameter)
	if err != nil {
		return err
	}
	a := newAnswer()
	run.View(func(v engine.View) {
		a.begin()
		a.text("execution_id", v.Row.ID)
		a.name("steps")
		appendSteps(a, v.State)
		a.end()
	})
	return r.send(200, a)
}
