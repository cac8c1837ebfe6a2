package core

import (
	"fmt"
	"slices"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// handlers has one function for each event.
var handlers map[string]func(tx *transition, event *Event) *Refusal

func init() {
	handlers = map[string]func(*transition, *Event) *Refusal{
		RunStarted:      start,
		TaskResult:      taskResult,
		TimedOut:        limitReached,
		TaskStopped:     taskStopped,
		TimerFired:      timerFired,
		EventReceived:   eventReceived,
		HumanCompleted:  humanCompleted,
		ChildEnded:      childEnded,
		CancelRequested: cancelRequested,
		PauseRequested:  pauseRun,
		ResumeRequested: resumeRun,
	}
}

// refusalOf is why an event is refused whatever the plan says, or nil.
func refusalOf(state *State, event *Event) *Refusal {
	if problem := event.problem(); problem != "" {
		return refuse("MALFORMED", problem)
	}
	phase, starts := state.Run.Phase, event.Type == RunStarted
	switch {
	case phase == PhaseEnded:
		return refuse("RUN_ENDED", "the run has ended, "+state.Run.Status)
	case phase == PhaseNew && !starts:
		return refuse("NOT_STARTED", "the run has not started")
	case phase != PhaseNew && starts:
		return refuse("ALREADY_STARTED", "the run has started already")
	}
	return nil
}

// tasks

func taskResult(tx *transition, event *Event) *Refusal {
	frame, node, refused := tx.flying(event)
	if refused == nil {
		callResult(tx, frame, node, event)
	}
	return refused
}

func limitReached(tx *transition, event *Event) *Refusal {
	frame, node, refused := tx.flying(event)
	if refused == nil {
		callTimedOut(tx, frame, node, event.Kind)
	}
	return refused
}

func taskStopped(tx *transition, event *Event) *Refusal {
	frame, node, refused := tx.flying(event)
	if refused == nil && frame.has&isStopping == 0 {
		refused = refuse("STALE", "the task was not asked to stop")
	}
	if refused == nil {
		callStopped(tx, frame, node)
	}
	return refused
}

// flying is the call whose attempt is in flight.
func (tx *transition) flying(event *Event) (*Frame, *plan.Node, *Refusal) {
	frame := tx.frame(event.TaskID)
	var node *plan.Node
	for frame != nil {
		if node = tx.node(frame); node.Kind != plan.KindTry {
			break
		}
		if frame.has&hasClause != 0 {
			frame = nil
		} else {
			frame = tx.bodyFrame(frame, node)
		}
	}
	if frame == nil || node.Kind != plan.KindCall {
		return nil, nil, refuse("STALE", "no such task is in flight")
	}
	if frame.Attempt == 0 || frame.Attempt != event.Attempt {
		return nil, nil, refuse("STALE", "another attempt of the task is in flight")
	}
	return frame, node, nil
}

// timers

func timerFired(tx *transition, event *Event) *Refusal {
	switch event.TimerID {
	case timeoutTimerID:
		return tx.runTimedOut()
	case graceTimerID:
		if !tx.run.Grace {
			return refuse("STALE", "nobody waits for the grace any more")
		}
		tx.run.Grace = false
		tx.unwind()
		return nil
	}
	at := strings.LastIndexByte(event.TimerID, '#')
	path, purpose := event.TimerID[:max(at, 0)], event.TimerID[at+1:]
	frame := tx.frame(path)
	if frame == nil || !slices.Contains(frame.Timers, purpose) {
		return refuse("STALE", "nobody waits for this timer any more")
	}
	node := tx.node(frame)
	of := &kinds[node.Kind]
	switch {
	case purpose != timeoutTimer:
		of.timer(tx, frame, node, purpose)
	case of.timedOut != nil:
		of.timedOut(tx, frame, node, purpose)
	default:
		tx.compositeTimedOut(frame, node)
	}
	return nil
}

func (tx *transition) compositeTimedOut(frame *Frame, node *plan.Node) {
	frame = tx.forgetTimer(frame.Path, timeoutTimer)
	message := fmt.Sprintf("the step took more than %d ms", *node.Timeout)
	tx.fail(frame, node, newError(codeTimeout, message, newScope(tx, frame).stepName()), true, false)
}

func (tx *transition) runTimedOut() *Refusal {
	run, timeout := &tx.run, tx.plan.Timeout
	timer := run.Timer
	if timer == "" {
		return refuse("STALE", "the run's timeout is not running")
	}
	run.Timer = ""
	// a parent's deadline, or a limit that only the start gave, has the default action
	action := "cancel_and_cleanup"
	if timer != "inherited" && timeout != nil {
		action = timeout.Action
	}
	tx.record(HistoryRow{Type: "workflow_timeout", Words: &Words{Action: action}})
	if action == "ignore" {
		return nil
	}
	run.Paused = false
	err := newError(codeTimeout, "the workflow's timeout is over", "")
	if action == "fallback" && timeout.Handler != nil {
		tx.handle(timeout.Handler, []Error{err}, nil)
	} else {
		tx.begin(outcome{status: statusTimedOut, err: err, undo: true, retry: action == "retry" && !tx.start.IsRetry})
	}
	return nil
}

// events and people

func eventReceived(tx *transition, event *Event) *Refusal {
	name := event.Event
	if _, known := tx.plan.Correlations[name]; !known {
		return refuse("UNKNOWN_EVENT", "the workflow listens to no event `"+name+"`")
	}
	if tx.state.Inbox[event.EventID] != nil {
		return refuse("STALE", "the event was received before")
	}
	if tx.isLarge(event.Data) {
		return told(tx.tooLarge("the event's data", ""))
	}
	if failed := unfit(tx.plan.Events[name], event.Data, "the event's data", nameless); failed != nil {
		return told(failed)
	}
	if !tx.isRunning() {
		return refuse("ENDING", "the run is ending")
	}
	path, found := tx.listener(name, event.Data)
	switch {
	case found:
		frame := tx.openFrame(path)
		tx.matched(frame, tx.node(frame), receivedFrom(event))
	case tx.isFull():
		return refuse("LIMIT", fmt.Sprintf("the run buffers %d events already", maxBuffered))
	default:
		tx.keep(event)
	}
	return nil
}

func humanCompleted(tx *transition, event *Event) *Refusal {
	frame := tx.frame(event.TaskID)
	if frame == nil || tx.node(frame).Listen == nil || frame.has&isOpened == 0 {
		return refuse("STALE", "no such task is open")
	}
	node := tx.node(frame)
	if tx.isLarge(event.Data) {
		return told(tx.tooLarge("the form", node.Step))
	}
	if failed := unfit(node.Listen.DataCheck, event.Data, "the form", nameless); failed != nil {
		return told(failed)
	}
	tx.submitted(frame, node, event.Data)
	return nil
}

// children

func childEnded(tx *transition, event *Event) *Refusal {
	frame := tx.frame(event.ChildID)
	if frame == nil || tx.node(frame).Sub == nil || frame.has&isChild == 0 {
		return refuse("STALE", "nobody waits for this child")
	}
	subEnded(tx, frame, tx.node(frame), event)
	return nil
}

// cancel, pause

func cancelRequested(tx *transition, event *Event) *Refusal {
	if !tx.isRunning() {
		return refuse("ENDING", "the run is ending already")
	}
	reason := event.Reason
	if reason == "" {
		reason = "the run was cancelled"
	}
	tx.record(HistoryRow{Type: "cancel_requested", Words: &Words{Reason: reason}})
	tx.run.Paused = false
	tx.begin(outcome{status: statusCancelled, err: newError(codeCancelled, reason, ""), undo: true, patient: true})
	return nil
}

func pauseRun(tx *transition, _ *Event) *Refusal {
	if tx.run.Paused {
		return refuse("ALREADY_PAUSED", "the run is paused already")
	}
	if !tx.isRunning() {
		return refuse("ENDING", "the run is ending already")
	}
	tx.run.Paused = true
	tx.record(HistoryRow{Type: "run_paused"})
	return nil
}

func resumeRun(tx *transition, _ *Event) *Refusal {
	if !tx.run.Paused {
		return refuse("NOT_PAUSED", "the run is not paused")
	}
	tx.run.Paused = false
	tx.record(HistoryRow{Type: "run_resumed"})
	tx.releaseHeld()
	return nil
}
