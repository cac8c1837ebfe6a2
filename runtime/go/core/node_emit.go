package core

import "github.com/truongtu268/magic-flow/runtime/go/plan"

// `emit`: an event leaves through the outbox.

func enterEmit(tx *transition, frame *Frame, node *plan.Node) {
	in := newScope(tx, frame)
	data, failed := tx.valueOf(in, node.Emit.Data, "the event's data")
	if failed == nil {
		failed = unfit(node.Emit.DataCheck, data, "the event's data", in.stepName)
	}
	if failed != nil {
		tx.fail(frame, node, failed, false, true)
		return
	}
	if tx.hold(frame) {
		tx.editFrame(frame.Path).seldom().Data = []any{data}
	} else {
		tx.emit(frame, node, data)
	}
}

func activateEmit(tx *transition, frame *Frame, node *plan.Node) { tx.emit(frame, node, frame.Data[0]) }

func (tx *transition) emit(frame *Frame, node *plan.Node, data any) {
	event, eventID := node.Emit.Event, tx.run.ID+":"+frame.Path
	tx.record(HistoryRow{Type: "event_emitted", Path: frame.Path, has: hasEventID, Words: &Words{Event: event, EventID: eventID}})
	tx.send(&EmitEvent{EventID: eventID, Event: event, Data: data})
	tx.completeMapped(newScope(tx, frame).withResponse(data), frame, node, nil, "")
}
