package core

import (
	"fmt"
	"maps"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `call`: one attempt of work outside the core.
//
// A call in flight has `attempt` in its frame. Its task is named after the occurrence
// that it works for, which is that of the `try` around it, so all attempts share the
// task's id and idempotency key.

// enterCall checks what is sent, once per occurrence; then it dispatches.
func enterCall(tx *transition, frame *Frame, node *plan.Node) {
	if frame.Try <= 1 {
		if failed := tx.prepareCall(frame, node); failed != nil {
			tx.fail(frame, node, failed, false, true)
			return
		}
	}
	if !tx.hold(frame) {
		dispatchCall(tx, frame, node)
	}
}

func (tx *transition) prepareCall(frame *Frame, node *plan.Node) Error {
	call := node.Call
	if call.InputCheck != nil {
		given, _ := tx.inputOf(frame)
		if failed := unfit(call.InputCheck, given, "the input", func() string { return tx.stepNameOf(frame) }); failed != nil {
			return failed
		}
	}
	if call.Request == nil {
		return nil
	}
	request, failed := makeRequest(newScope(tx, frame), call.Request)
	if failed != nil {
		return failed
	}
	if tx.isLarge(request) {
		return tx.tooLarge("the request", tx.stepNameOf(frame))
	}
	tx.editStep(ownerPath(frame)).Request = request
	return nil
}

// makeRequest evaluates the parts of an HTTP request; an absent header or query value is
// left out.
func makeRequest(in *scope, request *plan.Request) (map[string]any, Error) {
	url, failed := evaluate(in, request.URL, "the url")
	if failed != nil {
		return nil, failed
	}
	made := map[string]any{"url": orNull(url), "expect": request.Expect}
	for _, group := range [...]struct {
		name  string
		parts []plan.Part
	}{{"headers", request.Headers}, {"query", request.Query}} {
		given := make(map[string]any, len(group.parts))
		for _, part := range group.parts {
			value, failed := evaluate(in, part.Value, group.name+": "+part.Name)
			if failed != nil {
				return nil, failed
			}
			if value != nil && value != absent {
				given[part.Name] = value
			}
		}
		made[group.name] = given
	}
	if request.Body != nil {
		body, failed := evaluate(in, request.Body, "the body")
		if failed != nil {
			return nil, failed
		}
		made["body"] = orNull(body)
	}
	return made, nil
}

// orNull is null for what is absent.
func orNull(value any) any {
	if value == absent {
		return nil
	}
	return value
}

func dispatchCall(tx *transition, frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	frame.Attempt = max(frame.Try, 1)
	path := ownerPath(frame)
	tx.run.Tasks++
	message := &ScheduleTask{
		RunID: tx.run.ID, TaskID: path, Attempt: frame.Attempt, IdempotencyKey: tx.run.ID + ":" + path,
		Settings: node.Call.Message, Secrets: node.Call.Message.Secrets,
	}
	if tx.step(path) != nil {
		row := tx.editStep(path)
		row.Status, row.Attempts = statusRunning, frame.Attempt
		message.Step = row.Step
		if node.Call.Compensation != nil && row.Undo == 0 {
			tx.register(frame, node)
		}
		message.Request = row.Request
	}
	if node.Call.Request == nil {
		given, by := tx.inputOf(frame)
		message.Input = given
		if by != nil && len(by.Secrets) > 0 {
			message.Secrets = by.Secrets
		}
	}
	tx.record(HistoryRow{Type: "step_scheduled", Path: path, Attempt: frame.Attempt})
	tx.send(message)
}

// what is reported

// callResult is the result of the attempt in flight.
func callResult(tx *transition, frame *Frame, node *plan.Node, event *Event) {
	attempt := tx.land(frame)
	var err Error
	var value any
	became := outcomeUnknown
	if event.hasError() {
		err = reportedError(event.Error, tx.stepNameOf(frame), attempt, node.Call.Errors, tx.plan.Limits.ValueBytes)
		if !event.Unknown {
			became = outcomeFailed
		}
	} else if value, err = tx.mapResult(frame, node, event.Output, attempt); err == nil {
		became = outcomeCompleted
	}
	tx.note(ownerPath(frame), became)
	switch {
	case tx.run.Phase == PhaseStopping:
		status := statusCompleted
		if err != nil {
			status = statusFailed
		}
		tx.settleCall(frame, status, value, err)
	case err != nil:
		tx.fail(frame, node, err, false, false)
	default:
		tx.complete(frame, node, value)
	}
}

// mapResult is the call's value. The schema is checked on the raw result, then the
// mapping runs.
func (tx *transition) mapResult(frame *Frame, node *plan.Node, raw any, attempt int64) (any, Error) {
	value, failed := raw, Error(nil)
	step := func() string { return tx.stepNameOf(frame) }
	if tx.isLarge(raw) {
		failed = tx.tooLarge("the result", step())
	} else if failed = unfit(node.Call.ResultCheck, raw, "the result", step); failed == nil && node.Output != nil {
		value, failed = tx.valueOf(newScope(tx, frame).withResponse(raw), node.Output, "the output")
	}
	if failed != nil {
		failed = maps.Clone(failed)
		failed["attempt"] = float64(attempt)
		return nil, failed
	}
	return value, nil
}

// callTimedOut: the dispatcher measured one of the limits of the attempt in flight.
func callTimedOut(tx *transition, frame *Frame, node *plan.Node, limit string) {
	attempt := tx.land(frame)
	made := ofAttempt(codeTimeout, limitMessage(node.Call.Message, limit), tx.stepNameOf(frame), attempt)
	made["details"] = map[string]any{"kind": limit}
	tx.note(ownerPath(frame), outcomeUnknown)
	if tx.run.Phase == PhaseStopping {
		tx.settleCall(frame, statusTimedOut, nil, made)
	} else {
		tx.fail(frame, node, made, true, false)
	}
}

func limitMessage(settings *plan.TaskSettings, limit string) string {
	format, setting := "the task was not finished within %d ms of its lease", settings.Timeout
	switch limit {
	case "queue":
		format, setting = "no worker took the task within %d ms", settings.QueueTimeout
	case "heartbeat":
		format, setting = "the worker gave no sign for %d ms", settings.HeartbeatTimeout
	}
	if setting == nil {
		setting = new(int64)
	}
	return fmt.Sprintf(format, *setting)
}

// callStopped: the worker gave the task up because the run is stopping.
func callStopped(tx *transition, frame *Frame, _ *plan.Node) {
	tx.land(frame)
	tx.note(ownerPath(frame), outcomeUnknown)
	tx.settleCall(frame, statusCancelled, nil, newError(codeCancelled, "the task was cancelled", ""))
}

// land: the attempt is no longer in flight.
func (tx *transition) land(frame *Frame) int64 {
	tx.run.Tasks--
	row := tx.editFrame(frame.Path)
	attempt := row.Attempt
	row.Attempt = 0
	return attempt
}

// settleCall: in a run that stops a result is recorded and nothing follows from it.
func (tx *transition) settleCall(frame *Frame, status string, value any, err Error) {
	tx.run.Waits--
	path, owner := frame.Path, ownerPath(frame)
	for {
		above := tx.openFrame(path)
		tx.remove(above, tx.node(above))
		if path == owner {
			break
		}
		path = above.Parent
	}
	if tx.step(owner) != nil {
		if err != nil {
			value = absent
		}
		tx.endStep(owner, status, err, value, false)
	}
	tx.settled()
}

func (tx *transition) stepNameOf(frame *Frame) string {
	if row := tx.step(ownerPath(frame)); row != nil {
		return row.Step
	}
	return ""
}

// taking down

func releaseCall(tx *transition, frame *Frame, _ *plan.Node) {
	if frame.Attempt == 0 {
		return
	}
	tx.run.Tasks--
	path := ownerPath(frame)
	if frame.has&isStopping == 0 {
		tx.send(&CancelTask{TaskID: path, Attempt: frame.Attempt})
	}
	tx.note(path, outcomeUnknown)
}

func stopCall(tx *transition, frame *Frame, _ *plan.Node, patient, undoing bool) bool {
	if frame.Attempt == 0 {
		return false
	}
	path := ownerPath(frame)
	if !patient && !(undoing && tx.isRegistered(path)) {
		return false
	}
	tx.run.Waits++
	tx.editFrame(frame.Path).has |= isStopping
	tx.send(&CancelTask{TaskID: path, Attempt: frame.Attempt, Wait: true})
	return true
}
