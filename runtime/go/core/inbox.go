package core

import (
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// Events for a run: each matched once, to the listener that waits longest; until somebody
// listens they are buffered in the order of their arrival, or until they expire.
//
// Listeners and buffered events stand in queues by what they are matched on, so that
// neither thousands of listeners nor thousands of events cost a search. A row of `inbox`
// stays when its event was taken: the same event a second time changes nothing.

// maxBuffered is how many events one run buffers.
const maxBuffered = 1_000

// isFull says that the run buffers no more; what has expired makes room.
func (tx *transition) isFull() bool {
	if tx.run.Buffered < maxBuffered {
		return false
	}
	ids := make([]string, 0, len(tx.state.Inbox))
	for id := range tx.state.Inbox {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if row := tx.state.Inbox[id]; !row.IsTaken && tx.hasExpired(row) {
			tx.expire(row)
		}
	}
	return tx.run.Buffered >= maxBuffered
}

// keep buffers an event that nobody listens to yet.
func (tx *transition) keep(event *Event) {
	tx.run.Buffered++
	tx.run.HasBuffered = true
	tx.inbox.set(event.EventID, receivedFrom(event))
	for _, names := range tx.plan.Correlations[event.Event] {
		if name, is := queueName(event.Event, names, event.Data); is {
			tx.enqueue("@event/"+name, event.EventID)
		}
	}
	tx.record(HistoryRow{Type: "event_buffered", has: hasEventID, Words: &Words{Event: event.Event, EventID: event.EventID}})
}

func receivedFrom(event *Event) *Received {
	return &Received{EventID: event.EventID, Event: event.Event, Data: event.Data, ExpiresAt: event.ExpiresAt}
}

// take is the oldest buffered event that a new listener takes, nil when there is none.
func (tx *transition) take(node *plan.Node, correlate map[string]any) *Received {
	queue := "@event/" + node.Listen.Event + "/" + textOf(correlate)
	accepts := func(id string) bool {
		row := tx.received(id)
		return row != nil && !row.IsTaken && fits(node, row.Data)
	}
	for {
		number, id, found := tx.firstIn(queue, accepts)
		if !found {
			return nil
		}
		tx.discard(queue, number)
		row := tx.received(id)
		if !tx.hasExpired(row) {
			tx.run.Buffered--
			return row
		}
		tx.expire(row)
	}
}

func (tx *transition) hasExpired(row *Received) bool {
	return row.ExpiresAt != nil && *row.ExpiresAt <= tx.now
}

func (tx *transition) expire(row *Received) {
	tx.inbox.set(row.EventID, nil)
	tx.run.Buffered--
	tx.record(HistoryRow{Type: "event_expired", has: hasEventID, Words: &Words{Event: row.Event, EventID: row.EventID}})
}

// await waits in the queue of listeners and gives the place, for leave.
func (tx *transition) await(path string, node *plan.Node, correlate map[string]any) *Place {
	queue := "@listen/" + node.Listen.Event + "/" + textOf(correlate)
	return &Place{Queue: queue, Number: tx.enqueue(queue, path)}
}

// listener is the path of the listener that takes an event: of those that it fits, the
// one that asks for most, and of these the one that waits longest.
func (tx *transition) listener(event string, data any) (string, bool) {
	accepts := func(path string) bool {
		node := tx.node(tx.openFrame(path))
		return node.Listen != nil && fits(node, data)
	}
	for _, names := range tx.plan.Correlations[event] {
		if name, is := queueName(event, names, data); is {
			if _, path, found := tx.firstIn("@listen/"+name, accepts); found {
				return path, true
			}
		}
	}
	return "", false
}

// taken: the event is somebody's now.
func (tx *transition) taken(event *Received, path string) {
	tx.inbox.set(event.EventID, &Received{EventID: event.EventID, Taken: path, IsTaken: true})
	tx.record(HistoryRow{Type: "event_matched", Path: path, has: hasEventID, Words: &Words{Event: event.Event, EventID: event.EventID}})
}

func (tx *transition) received(id string) *Received {
	if at := tx.inbox.find(id); at >= 0 {
		return tx.inbox.changes[at].Row
	}
	return tx.state.Inbox[id]
}

func fits(node *plan.Node, data any) bool {
	return node.Listen.DataCheck == nil || node.Listen.DataCheck.Accepts(data)
}

// queueName is the queue of what asks for these members of the data, equal to the data's.
func queueName(event string, names []string, data any) (string, bool) {
	asked := make(map[string]any, len(names))
	members, _ := data.(map[string]any)
	for _, name := range names {
		value, there := members[name]
		if !there {
			return "", false
		}
		asked[name] = value
	}
	text, err := canonical.Text(asked)
	if err != nil {
		return "", false // no JSON text says this, so no listener asks for it
	}
	return event + "/" + text, true
}
