package server

import (
	"strings"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

const (
	maxTasks    = 100
	maxPollWait = 60_000 // milliseconds
)

var pollMembers = map[string]kind{"executors": aList, "max_tasks": anInteger, "wait_ms": anInteger, "worker_id": aText}

// pollTasks leases up to `max_tasks` tasks of `executors`, waiting `wait_ms` for the
// first.
func pollTasks(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, pollMembers)
	if err != nil {
		return err
	}
	executors, fine := namesOf(given["executors"])
	if !fine {
		return badRequest("`executors` must be a list of names")
	}
	limit := max(1, min(integerIn(given, "max_tasks", 1), maxTasks))
	wait := time.Duration(max(0, min(integerIn(given, "wait_ms", 0), maxPollWait))) * time.Millisecond
	leased, err := s.engine.Poll(r.Context(), executors, int(limit), wait, textIn(given, "worker_id"))
	if err != nil {
		return err
	}
	lease := s.engine.Settings().Lease.Milliseconds()
	expires := formatTime(s.engine.Clock().Now() + lease)
	a := newAnswer()
	a.begin()
	a.name("tasks")
	a.open('[')
	for index := range leased {
		a.next()
		appendTask(a, &leased[index], expires)
	}
	a.close(']')
	a.integer("lease_ms", lease)
	a.end()
	return r.send(200, a)
}

func namesOf(value any) ([]string, bool) {
	listed, _ := value.([]any)
	names := make([]string, len(listed))
	for index, each := range listed {
		names[index], _ = each.(string)
		if names[index] == "" {
			return nil, false
		}
	}
	return names, len(names) > 0
}

// appendTask writes a TaskMessage of schemas/messages.schema.json.
func appendTask(a *answer, leased *engine.Leased, expires string) {
	task := leased.Task
	settings := task.Settings
	a.begin()
	a.text("run_id", task.RunID)
	a.text("task_id", task.TaskID)
	a.integer("attempt", task.Attempt)
	a.text("idempotency_key", task.IdempotencyKey)
	a.text("plan_hash", task.PlanHash)
	if task.Traceparent != "" {
		a.text("traceparent", task.Traceparent)
	}
	a.text("executor", settings.Executor)
	a.text("function", settings.Function)
	for _, each := range []struct {
		name  string
		value *int64
	}{{"timeout", settings.Timeout}, {"heartbeat_timeout", settings.HeartbeatTimeout}, {"priority", settings.Priority}} {
		if each.value != nil {
			a.integer(each.name, *each.value)
		}
	}
	if len(task.Secrets) > 0 {
		a.name("secrets")
		a.strings(task.Secrets)
	}
	a.textOrNull("step_id", task.Step)
	a.text("workflow_id", task.Workflow)
	a.value("context", task.Input)
	a.text("id", task.RunID+":"+task.TaskID)
	a.integer("delivery", leased.Delivery)
	a.integer("retry_count", task.Attempt-1)
	a.text("lease_expires", expires)
	a.end()
}

// token is who may report: run and task from the id, attempt and delivery.
type token struct {
	key               engine.TaskKey
	attempt, delivery int64
}

func tokenIn(id string, body map[string]any) (found token, err error) {
	runID, taskID, fine := strings.Cut(id, ":")
	if !fine {
		return found, notFound("a task's id is `<execution id>:<task id>`")
	}
	found.key = engine.TaskKey{RunID: runID, TaskID: taskID}
	for _, each := range []struct {
		name string
		into *int64
	}{{"attempt", &found.attempt}, {"delivery", &found.delivery}} {
		if !anInteger.fits(body[each.name]) {
			return found, badRequest("`" + each.name + "` must be an integer")
		}
		*each.into = integerIn(body, each.name, 0)
	}
	return found, nil
}

// tokenBody reads the body of a request about one task.
func (s *Server) tokenBody(r *request) (found token, body map[string]any, err error) {
	if body, err = r.object(s.config.MaxBody, false); err != nil {
		return found, nil, err
	}
	found, err = tokenIn(r.parameter, body)
	return found, body, err
}

// outcomeOf is what a ResultMessage says.
func outcomeOf(message map[string]any) engine.Outcome {
	if told := message["error"]; told != nil || message["success"] == false {
		return engine.Outcome{Error: errorOf(told)}
	}
	if result, there := message["result"]; there {
		return engine.Outcome{Output: result}
	}
	return engine.Outcome{Output: message["output"]}
}

// errorOf is an error that a worker told: the core brings it into its form.
func errorOf(told any) map[string]any {
	switch of := told.(type) {
	case map[string]any:
		return of
	case nil, bool:
		if told == true {
			return map[string]any{"message": told}
		}
	case string:
		if of != "" {
			return map[string]any{"message": of}
		}
	case float64:
		if of != 0 {
			return map[string]any{"message": of}
		}
	case []any:
		if len(of) > 0 {
			return map[string]any{"message": of}
		}
	}
	return map[string]any{}
}

func completeTask(s *Server, r *request) error {
	found, body, err := s.tokenBody(r)
	if err != nil {
		return err
	}
	body["error"], body["success"] = nil, true
	return s.report(r, found, outcomeOf(body))
}

func failTask(s *Server, r *request) error {
	found, body, err := s.tokenBody(r)
	if err != nil {
		return err
	}
	told, isObject := body["error"].(map[string]any)
	if !isObject {
		return badRequest("`error` must be an object")
	}
	return s.report(r, found, engine.Outcome{Error: told})
}

func (s *Server) report(r *request, of token, outcome engine.Outcome) error {
	done, err := s.engine.Report(of.key, of.attempt, of.delivery, outcome)
	if err != nil {
		return err
	}
	if err := done.Wait(r.Context()); err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.end()
	return r.send(200, a)
}

func beatTask(s *Server, r *request) error {
	found, _, err := s.tokenBody(r)
	if err != nil {
		return err
	}
	reason, cancelled, err := s.engine.Heartbeat(found.key, found.attempt, found.delivery)
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	appendBeat(a, reason, cancelled)
	a.end()
	return r.send(200, a)
}

func appendBeat(a *answer, reason string, cancelled bool) {
	a.bool("cancel", cancelled)
	if cancelled {
		a.text("reason", reason)
	} else {
		a.raw("reason", "null")
	}
}
