package server

import (
	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

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

// cloudAttributes are the members of a CloudEvent that the server reads; others are the
// sender's own.
var cloudAttributes = map[string]kind{
	"type": aText, "specversion": aText, "id": aText, "source": aText, "time": aText, "datacontenttype": aText,
}

// publish takes a CloudEvent for every run that listens for it, and for triggers.
func publish(s *Server, r *request) error {
	cloud, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	read := map[string]any{}
	for name := range cloudAttributes {
		if value, given := cloud[name]; given {
			read[name] = value
		}
	}
	given, err := membersOf(read, cloudAttributes)
	if err != nil {
		return err
	}
	if textIn(given, "type") == "" {
		return badRequest("`type`, the event's name, is missing")
	}
	if version, is := given["specversion"]; is && version != "1.0" {
		return badRequest("`specversion` must be 1.0")
	}
	if moment, is := given["time"]; is {
		if _, err := timeIn(map[string]string{"time": moment.(string)}, "time"); err != nil {
			return err
		}
	}
	id := textIn(given, "id")
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
