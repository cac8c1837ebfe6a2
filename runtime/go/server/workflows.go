package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

var startMembers = map[string]kind{
	"input": anything, "input_data": anything, "metadata": anObject, "timeout_override": durationMember,
	"idempotency_key": aText, "priority": integerOrText, "foreign_id": aText, "webhook": aText, "version": aText,
	"delay": durationMember,
}

var address = regexp.MustCompile(`^https?://[^\s\p{Z}\x{85}/?#]+([/?#][^\s\p{Z}\x{85}]*)?$`)

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

var priorities = map[string]int64{"low": -10, "normal": 0, "high": 10, "critical": 20}

// startOf is the start that a body asks for.
func startOf(workflow string, body map[string]any, r *request) (*engine.StartRequest, error) {
	given, err := membersOf(body, startMembers)
	if err != nil {
		return nil, err
	}
	input, there := given["input"]
	if data, also := given["input_data"]; also {
		if there {
			return nil, badRequest("`input` and `input_data` are two names of one member")
		}
		input = data
	}
	start := &engine.StartRequest{
		Workflow: workflow, Input: input, Version: "*", ForeignID: textIn(given, "foreign_id"),
		IdempotencyKey: r.header("Idempotency-Key"), Traceparent: r.header("Traceparent"), Webhook: textIn(given, "webhook"),
	}
	start.Metadata, _ = given["metadata"].(map[string]any)
	if version, there := given["version"].(string); there {
		start.Version = version
	}
	if start.Priority, err = priorityOf(given["priority"]); err != nil {
		return nil, err
	}
	if override, there := given["timeout_override"]; there {
		timeout, err := parseDuration(override)
		if err != nil {
			return nil, badRequest("timeout_override: " + err.Error())
		}
		start.Timeout = &timeout
	}
	if delay, there := given["delay"]; there {
		if start.Delay, err = parseDuration(delay); err != nil {
			return nil, badRequest("delay: " + err.Error())
		}
	}
	return start, checkKeys(start, given, r)
}

func checkKeys(start *engine.StartRequest, given map[string]any, r *request) error {
	key, isGiven := given["idempotency_key"].(string)
	if isGiven {
		start.IdempotencyKey = key
	} else {
		_, isGiven = r.Header["Idempotency-Key"]
	}
	_, isForeign := given["foreign_id"]
	for _, each := range []struct {
		name, value string
		is          bool
	}{{"idempotency_key", start.IdempotencyKey, isGiven}, {"foreign_id", start.ForeignID, isForeign}} {
		if each.is && (each.value == "" || utf8.RuneCountInString(each.value) > 255) {
			return badRequest(each.name + " must have 1 to 255 characters")
		}
	}
	if _, hooked := given["webhook"]; hooked && !address.MatchString(start.Webhook) {
		return badRequest("webhook must be an address such as https://example.com/ended")
	}
	if strings.HasPrefix(start.IdempotencyKey, engine.OwnKeys) {
		return badRequest(fmt.Sprintf("keys with `%s` are the server's own", engine.OwnKeys))
	}
	return nil
}

func priorityOf(given any) (int64, error) {
	switch of := given.(type) {
	case float64:
		return int64(math.Max(-100, math.Min(of, 100))), nil
	case string:
		if priority, known := priorities[of]; known {
			return priority, nil
		}
		return 0, badRequest("priority must be a number or one of low, normal, high, critical")
	}
	return 0, nil
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

var initMembers = map[string]kind{
	"workflow_name": aText, "initial_data": anything, "priority": integerOrText, "metadata": anObject, "source": aText,
	"timestamp": aText, "idempotency_key": aText, "foreign_id": aText,
}

// startByEvent takes a WorkflowInitEvent: a start by a message of business logic.
func startByEvent(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, initMembers)
	if err != nil {
		return err
	}
	name, there := given["workflow_name"].(string)
	if !there {
		return badRequest("`workflow_name` is missing")
	}
	source := textIn(given, "source")
	if data, there := given["initial_data"]; there {
		given["input"] = data
	}
	for _, own := range []string{"workflow_name", "timestamp", "source", "initial_data"} {
		delete(given, own)
	}
	start, err := startOf(name, given, r)
	if err != nil {
		return err
	}
	start.Source = source
	run, done, err := s.engine.Begin(start)
	if err != nil {
		return err
	}
	if err := done.Wait(r.Context()); err != nil {
		return err
	}
	return r.sendRun(run)
}

// sendRun answers 202 with a run's summary and address.
func (r *request) sendRun(run *engine.Run) error {
	var a *answer
	var id string
	run.View(func(v engine.View) { id, a = v.Row.ID, summaryOf(&v.Row) })
	return r.sendAt(id, 202, a)
}
