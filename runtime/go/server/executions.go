package server

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
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

func showEvents(s *Server, r *request) error {
	query, err := r.parameters()
	if err != nil {
		return err
	}
	run, err := s.engine.Find(r.parameter)
	if err != nil {
		return err
	}
	limit, err := limitOf(query)
	if err != nil {
		return err
	}
	place := place{}
	if cursor := query["cursor"]; cursor != "" {
		if place, err = placeOf(cursor); err != nil {
			return err
		}
	}
	rows, more, err := s.readHistory(run.ID(), &place, limit)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.text("execution_id", run.ID())
	a.name("events")
	a.open('[')
	for _, row := range rows {
		a.next()
		a.item(row.members)
	}
	a.close(']')
	next := ""
	if more {
		next = encodeCursor(strconv.FormatInt(place.version, 10), strconv.FormatInt(place.number, 10))
	}
	a.textOrNull("next_cursor", next)
	a.end()
	return r.send(200, a)
}

// place is how far a history was read: all transitions up to a version, and of the next
// the rows up to a number.
type place struct{ version, number int64 }

func placeOf(cursor string) (found place, err error) {
	parts, err := decodeCursor(cursor, 2)
	if err != nil {
		return found, err
	}
	if found.version, err = wholeNumber(parts[0]); err != nil {
		return found, err
	}
	found.number, err = wholeNumber(parts[1])
	return found, err
}

func wholeNumber(text string) (int64, error) {
	if !isNumber(text) {
		return 0, badRequest("the cursor is not one of this server's")
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64, nil // beyond every row that there is
	}
	return value, nil
}

const historyPage = 200

// readHistory gives the rows behind a place, which it moves on, and whether there are
// more than limit.
func (s *Server) readHistory(runID string, from *place, limit int) (rows []historyRow, more bool, err error) {
	for {
		log, err := s.engine.Store().Log(runID, from.version, historyPage)
		if err != nil || len(log) == 0 {
			return rows, false, err
		}
		for _, entry := range log {
			history, err := historyOf(entry.History)
			if err != nil {
				return nil, false, err
			}
			for _, row := range history {
				if row.number <= from.number {
					continue
				}
				if len(rows) == limit {
					return rows, true, nil
				}
				rows = append(rows, row)
				from.number = row.number
			}
			from.version = entry.Version
		}
	}
}

func cancel(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, true)
	if err != nil {
		return err
	}
	given, err := membersOf(body, map[string]kind{"reason": aText})
	if err != nil {
		return err
	}
	return s.act(r, &core.Event{Type: core.CancelRequested, Reason: textIn(given, "reason")})
}

func pause(s *Server, r *request) error { return s.act(r, &core.Event{Type: core.PauseRequested}) }

func resume(s *Server, r *request) error { return s.act(r, &core.Event{Type: core.ResumeRequested}) }

// act sends an event to the run of the address, and answers with what became of it.
func (s *Server) act(r *request, event *core.Event) error {
	run, err := s.engine.Send(r.Context(), r.parameter, event)
	if err != nil {
		return err
	}
	return r.send(202, summaryAnswer(run))
}

// retry starts a new run that keeps the completed steps' results of a failed one.
func retry(s *Server, r *request) error {
	run, err := s.engine.Find(r.parameter)
	if err != nil {
		return err
	}
	var again *engine.StartRequest
	run.View(func(v engine.View) {
		point := core.ResumePoint(v.Deployed.Plan, v.State)
		if point == nil {
			return
		}
		again = &engine.StartRequest{
			Workflow: v.Row.Workflow, Input: v.State.Start.Input, Metadata: v.State.Start.Metadata, Version: "*",
			ForeignID: v.Row.ForeignID, Priority: v.Row.Priority, RetryOf: v.Row.ID, Resume: point, PlanHash: v.Row.PlanHash,
		}
	})
	if again == nil {
		return conflict("only a run that failed at a step can be retried")
	}
	started, done, err := s.engine.Begin(again)
	if err != nil {
		return err
	}
	if err := done.Wait(r.Context()); err != nil {
		return err
	}
	return r.sendRun(started)
}

// sendEvent is an event for one run: matched once, else kept until the run listens.
func sendEvent(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, map[string]kind{"event": aText, "data": anything, "event_id": aText})
	if err != nil {
		return err
	}
	name, there := given["event"].(string)
	if !there {
		return badRequest("`event` is missing")
	}
	expires := s.engine.Clock().Now() + s.engine.Settings().EventTTL.Milliseconds()
	event := &core.Event{
		Type: core.EventReceived, EventID: textIn(given, "event_id"), Event: name, Data: given["data"], ExpiresAt: &expires,
	}
	if event.EventID == "" {
		event.EventID = s.engine.NewID()
	}
	run, err := s.engine.Send(r.Context(), r.parameter, event)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.text("execution_id", run.ID())
	a.text("event_id", event.EventID)
	a.end()
	return r.send(202, a)
}

// erase removes everything that is kept of an ended run.
func erase(s *Server, r *request) error {
	if err := s.engine.Erase(r.Context(), r.parameter); err != nil {
		return err
	}
	r.out.Header()["Date"] = nil
	r.out.WriteHeader(204)
	return nil
}

// publish takes a CloudEvent for every run that listens for it, and for triggers.
func publish(s *Server, r *request) error {
	cloud, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	if _, named := cloud["type"].(string); !named {
		return badRequest("`type`, the event's name, must be a string")
	}
	id := ""
	switch given := cloud["id"].(type) {
	case nil, bool:
	default:
		if id = textOf(given); id == "0" {
			id = ""
		}
	}
	if id == "" {
		id = s.engine.NewID()
	}
	cloud["id"] = id
	reached, err := s.engine.Publish(r.Context(), cloud)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.text("event_id", id)
	a.name("executions")
	a.strings(reached)
	a.end()
	return r.send(202, a)
}

// strings writes a list of texts where a value may stand.
func (a *answer) strings(of []string) {
	a.open('[')
	for _, each := range of {
		a.next()
		a.string(each)
	}
	a.close(']')
}
