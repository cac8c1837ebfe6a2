package core

import (
	"fmt"
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `try`: attempts with delays between them, then the clauses that answer a failure.
//
// The frame has Attempt, and while a clause's handler runs Clause, Error (what it
// answers) and Ran (handlers that have run).

const retryTimer = "retry"

func enterTry(tx *transition, frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	frame.Attempt = 1
	tx.attempt(frame, node)
}

func (tx *transition) attempt(frame *Frame, node *plan.Node) {
	body, owner := node.Try.Body, ownerPath(frame)
	if body.Kind != plan.KindCall && tx.step(owner) != nil {
		row := tx.editStep(owner)
		row.Status, row.Attempts = statusRunning, frame.Attempt
		if isComposite(body.Kind) {
			tx.record(HistoryRow{Type: "step_started", Path: owner, Step: row.Step, Attempt: frame.Attempt})
		}
	}
	with := extra{}
	if body.Step == "" { // a step is an occurrence of its own in every attempt
		with.owner = owner
		if frame.Attempt > 1 {
			with.try = frame.Attempt
		}
	}
	tx.push(op{node: body, parent: frame.Path, scope: frame.Scope, path: bodyPath(frame, node), extra: with})
}

func bodyPath(frame *Frame, node *plan.Node) string {
	path := partPath(frame.Path, partOf(node.Try.Body.ID, frame.Node))
	if frame.Attempt == 1 {
		return path
	}
	return path + "~" + strconv.FormatInt(frame.Attempt, 10)
}

// bodyFrame is the open frame of the attempt, nil when none is open.
func (tx *transition) bodyFrame(frame *Frame, node *plan.Node) *Frame {
	body := node.Try.Body
	if body.Step == "" {
		return tx.frame(bodyPath(frame, node))
	}
	return tx.frame(tx.openChild(frame, body))
}

// what the body and the handlers come to

func tryCompleted(tx *transition, frame *Frame, node *plan.Node, ended child, value any, _ string) {
	if frame.has&hasClause == 0 {
		tx.completeTry(frame, node, value)
		return
	}
	if len(ended.node.Rules) > 0 && tx.afterStep(ended.frame, ended.node) {
		return
	}
	if value == absent { // a fallback that was skipped answers nothing
		tx.answer(frame, node, frame.Error, false, frame.Clause+1)
		return
	}
	step := func() string { return node.Step }
	if failed := unfit(node.OutputCheck, value, "the fallback's output", step); failed != nil {
		tx.answer(frame, node, withCause(failed, frame.Error), false, frame.Clause+1)
		return
	}
	if node.Step != "" {
		tx.editStep(frame.Path).FallbackUsed = true
	}
	tx.completeTry(frame, node, value)
}

func (tx *transition) completeTry(frame *Frame, node *plan.Node, value any) {
	if node.Output == nil {
		tx.complete(frame, node, value)
	} else {
		tx.completeMapped(newScope(tx, frame).withResponse(value), frame, node, value, "")
	}
}

func tryFailed(tx *transition, frame *Frame, node *plan.Node, _ child, err Error, own, early bool) {
	frame = tx.openFrame(frame.Path)
	if frame.has&hasClause != 0 {
		tx.answer(frame, node, withCause(err, frame.Error), false, frame.Clause+1)
		return
	}
	if !early {
		tx.recordFailure(frame, err)
		if own && isAnsweredAtOnce(node.Try) {
			tx.answer(frame, node, err, true, 0)
			return
		}
		if retries(frame, node.Try.Retry, err) {
			tx.scheduleRetry(frame, node, err)
			return
		}
	} else if owner := ownerPath(frame); tx.step(owner) != nil {
		tx.editStep(owner).Attempts = max(frame.Attempt-1, 0)
	}
	tx.answer(frame, node, err, own, 0)
}

func (tx *transition) recordFailure(frame *Frame, err Error) {
	tx.record(HistoryRow{
		Type: "attempt_failed", Path: frame.Path, Step: tx.stepNameOf(frame), Attempt: frame.Attempt, Error: err,
	})
}

func isAnsweredAtOnce(try *plan.Try) bool {
	for index := range try.Catch {
		if try.Catch[index].BeforeRetry {
			return true
		}
	}
	return false
}

func retries(frame *Frame, policy *plan.Retry, err Error) bool {
	return policy != nil && frame.Attempt < policy.MaxAttempts && allowsRetry(policy, err)
}

func (tx *transition) scheduleRetry(frame *Frame, node *plan.Node, err Error) {
	path := frame.Path
	due := tx.now + delayAfter(node.Try.Retry, frame.Attempt, tx.run.ID, path, err)
	frame = tx.editFrame(path)
	frame.Attempt++
	if owner := ownerPath(frame); tx.step(owner) != nil {
		tx.editStep(owner).Status = statusRetrying
	}
	tx.record(HistoryRow{
		Type: "retry_scheduled", Path: path, Step: tx.stepNameOf(frame), Attempt: frame.Attempt, Due: due, has: hasDue,
	})
	tx.startTimer(path, retryTimer+"-"+strconv.FormatInt(frame.Attempt, 10), due)
}

// tryTimer: the delay is over.
func tryTimer(tx *transition, frame *Frame, node *plan.Node, purpose string) {
	tx.attempt(tx.forgetTimer(frame.Path, purpose), node)
}

// tryTimedOut: `total_timeout` is over; whatever is in flight goes, and nothing is
// retried.
func tryTimedOut(tx *transition, frame *Frame, node *plan.Node, purpose string) {
	frame = tx.forgetTimer(frame.Path, purpose)
	tx.dropChildren(frame)
	message := fmt.Sprintf("all attempts together took more than %d ms", *node.Timeout)
	err := ofAttempt(codeTimeout, message, node.Step, frame.Attempt)
	err["details"], err["retryable"] = map[string]any{"kind": "total"}, false
	tx.recordFailure(frame, err)
	tx.answer(frame, node, err, true, 0)
}

func tryChildren(tx *transition, frame *Frame, node *plan.Node) []string {
	if frame.has&hasClause != 0 {
		if path := tx.openChild(frame, node.Try.Catch[frame.Clause].Handler); path != "" {
			return []string{path}
		}
		return nil
	}
	if frame.Attempt != 0 {
		if body := tx.bodyFrame(frame, node); body != nil {
			return []string{body.Path}
		}
	}
	return nil
}
