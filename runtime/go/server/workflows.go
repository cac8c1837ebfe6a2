package server

import (
	"context"
	"errors"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

// execute starts a run; with `?wait=30s` it answers with the outcome when the run ends in
// time.
func execute(s *Server, r *request) error {
	wait, err := s.waitOf(r)
	if err != nil {
		return err
	}
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	start, err := startOf(r.parameter, body, r)
	if err != nil {
		return err
	}
	run, done, err := s.engine.Begin(start)
	if err != nil {
		return err
	}
	if wait > 0 {
		// the end is durable after the start: one wait for both
		ended, err := s.wait(r, run, wait)
		var gone *engine.NotFound
		if errors.As(err, &gone) && done != nil {
			if err := done.Wait(r.Context()); err != nil {
				return err // the start was not kept
			}
		}
		if err != nil {
			return err
		}
		run = ended
	} else if err := done.Wait(r.Context()); err != nil {
		return err
	}
	var a *answer
	var id string
	status := 202
	run.View(func(v engine.View) {
		id = v.Row.ID
		if v.Ended {
			status, a = 200, outcomeAnswer(&v)
		} else {
			a = summaryOf(&v.Row)
		}
	})
	if status == 202 {
		// a store that failed meanwhile must not look like a run that goes on
		if err := done.Wait(r.Context()); err != nil {
			return err
		}
	}
	return r.sendAt(id, status, a)
}

// wait waits for a run's end; when the server drains it waits no longer.
func (s *Server) wait(r *request, run *engine.Run, longest time.Duration) (*engine.Run, error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.draining, cancel)()
	found, err := s.engine.Wait(ctx, run, longest)
	if errors.Is(err, context.Canceled) && s.draining.Err() != nil && r.Context().Err() == nil {
		return run, nil
	}
	return found, err
}

// sendAt sends an answer with the address of a run.
func (r *request) sendAt(id string, status int, a *answer) error {
	r.out.Header()["Location"] = []string{"/api/v2/executions/" + id}
	return r.send(status, a)
}

// waitOf is `?wait=30s`, 0 without.
func (s *Server) waitOf(r *request) (time.Duration, error) {
	if r.URL.RawQuery == "" {
		return 0, nil
	}
	query, err := r.parameters()
	if err != nil {
		return 0, err
	}
	text := query["wait"]
	if text == "" {
		return 0, nil
	}
	milliseconds, err := parseDuration(text)
	if err != nil {
		return 0, badRequest("wait: " + err.Error())
	}
	if milliseconds > s.config.MaxWait.Milliseconds() {
		return s.config.MaxWait, nil
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}

func listWorkflows(s *Server, r *request) error {
	a := newAnswer()
	a.begin()
	a.name("workflows")
	a.open('[')
	for _, deployed := range s.engine.Catalog().All() {
		a.next()
		a.begin()
		appendWorkflow(a, deployed)
		a.end()
	}
	a.close(']')
	a.end()
	return r.send(200, a)
}

func showWorkflow(s *Server, r *request) error {
	deployed, err := s.engine.Catalog().Current(r.parameter)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	appendWorkflow(a, deployed)
	a.raw("plan", string(deployed.JSON))
	a.end()
	return r.send(200, a)
}

func appendWorkflow(a *answer, deployed *engine.Deployed) {
	a.text("name", deployed.Plan.Name)
	a.text("version", deployed.Plan.Version)
	a.text("plan_hash", deployed.Plan.Hash)
	presentation, _ := deployed.Document["presentation"].(map[string]any)
	a.value("steps", presentation["step_order"])
	info, _ := deployed.Document["workflow"].(map[string]any)
	for _, name := range []string{"description", "tags", "owner"} {
		if value, there := info[name]; there {
			a.value(name, value)
		}
	}
}

// sendRun answers 202 with a run's summary and address.
func (r *request) sendRun(run *engine.Run) error {
	var a *answer
	var id string
	run.View(func(v engine.View) { id, a = v.Row.ID, summaryOf(&v.Row) })
	return r.sendAt(id, 202, a)
}
