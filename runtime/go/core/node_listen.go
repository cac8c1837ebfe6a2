package core

import (
	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// `listen`: waits for an event, or for a person's answer.
//
// A frame that listens has its Place among the listeners; one with an open task is opened.

func enterListen(tx *transition, frame *Frame, node *plan.Node) {
	in := newScope(tx, frame)
	var task, correlate map[string]any
	var failed Error
	if node.Listen.Task != nil {
		task, failed = tx.makeTask(in, node.Listen.Task)
	} else {
		correlate, failed = tx.makeCorrelate(in, node.Listen)
	}
	if failed != nil {
		tx.fail(frame, node, failed, false, true)
		return
	}
	frame = tx.editFrame(frame.Path)
	own := frame.seldom()
	own.Task, own.Correlate = task, correlate
	if task == nil {
		tx.listen(frame, node)
	} else if !tx.hold(frame) {
		openTask(tx, frame, node)
	}
}

func (tx *transition) makeCorrelate(in *scope, listen *plan.Listen) (map[string]any, Error) {
	wanted := make(map[string]any, len(listen.Correlate))
	for _, part := range listen.Correlate {
		value, failed := tx.valueOf(in, part.Value, "correlate: "+part.Name)
		if failed != nil {
			return nil, failed
		}
		wanted[part.Name] = value
	}
	return wanted, nil
}

func (tx *transition) makeTask(in *scope, task *plan.HumanTask) (map[string]any, Error) {
	made := map[string]any{}
	for _, part := range [...]struct {
		name       string
		expression *expr.Compiled
	}{{"assignee", task.Assignee}, {"title", task.Title}, {"description", task.Description}} {
		if part.expression == nil {
			continue
		}
		value, failed := evaluate(in, part.expression, part.name)
		if failed != nil {
			return nil, failed
		}
		if value != nil && value != absent {
			made[part.name] = value
		}
	}
	if tx.isLarge(made) {
		return nil, tx.tooLarge("the task", in.stepName())
	}
	return made, nil
}

func (tx *transition) listen(frame *Frame, node *plan.Node) {
	if buffered := tx.take(node, frame.Correlate); buffered != nil {
		tx.matched(frame, node, buffered)
		return
	}
	frame.seldom().Place = tx.await(frame.Path, node, frame.Correlate)
	tx.waitFor(frame, HistoryRow{Words: &Words{Event: node.Listen.Event}})
	tx.send(&Listen{ListenID: frame.Path, Event: node.Listen.Event, Correlate: frame.Correlate})
}

// matched: the listener has its event: a CloudEvent, as far as the core knows it.
func (tx *transition) matched(frame *Frame, node *plan.Node, event *Received) {
	tx.taken(event, frame.Path)
	cloud := map[string]any{"id": event.EventID, "type": event.Event, "data": event.Data}
	tx.completeMapped(newScope(tx, frame).withResponse(cloud), frame, node, cloud, "")
}

func openTask(tx *transition, frame *Frame, node *plan.Node) {
	frame = tx.editFrame(frame.Path)
	frame.has |= isOpened
	command := &OpenHumanTask{TaskID: frame.Path, Step: newScope(tx, frame).stepName(), Form: node.Listen.Task.Form, Task: frame.Task}
	waiting := HistoryRow{}
	if node.Timeout != nil {
		due := tx.now + *node.Timeout
		command.Due, waiting.Due, waiting.has = &due, due, hasDue
	}
	tx.waitFor(frame, waiting)
	tx.record(HistoryRow{Type: "task_opened", Path: frame.Path, Words: &Words{Task: frame.Task}})
	tx.send(command)
}

// submitted: a person has answered, and the answer fits the form.
func (tx *transition) submitted(frame *Frame, node *plan.Node, data any) {
	frame = tx.editFrame(frame.Path)
	frame.has &^= isOpened
	tx.completeMapped(newScope(tx, frame).withResponse(data), frame, node, data, "")
}

func releaseListen(tx *transition, frame *Frame, _ *plan.Node) {
	if frame.Place != nil {
		tx.discard(frame.Place.Queue, frame.Place.Number)
		tx.send(&Unlisten{ListenID: frame.Path})
	} else if frame.has&isOpened != 0 {
		tx.send(&CloseHumanTask{TaskID: frame.Path})
	}
}
