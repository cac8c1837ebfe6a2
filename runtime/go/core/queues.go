package core

import "strconv"

// Queues in the state's cells: first in, first out, with removal from the middle.
//
// A queue is a cell {head, tail} and one cell per item, so that its cost is that of the
// items touched, however long it is. An empty queue has no cells.

func (tx *transition) queueEnds(name string) (head, tail int64, is bool) {
	ends := asMembers(tx.cell(name))
	return asInteger(ends["head"]), asInteger(ends["tail"]), ends != nil
}

func (tx *transition) setQueueEnds(name string, head, tail int64) {
	tx.cells.set(name, map[string]any{"head": float64(head), "tail": float64(tail)})
}

func itemKey(name string, number int64) string { return name + "#" + strconv.FormatInt(number, 10) }

// enqueue adds an item and gives its number, for discard.
func (tx *transition) enqueue(name, item string) int64 {
	head, tail, _ := tx.queueEnds(name)
	tx.cells.set(itemKey(name, tail), item)
	tx.setQueueEnds(name, head, tail+1)
	return tail
}

// firstIn is the first item that is accepted, with its number; it stays in the queue.
func (tx *transition) firstIn(name string, accepts func(item string) bool) (number int64, item string, found bool) {
	head, tail, _ := tx.queueEnds(name)
	for number := head; number < tail; number++ {
		if item, is := tx.cell(itemKey(name, number)).(string); is && accepts(item) {
			return number, item, true
		}
	}
	return 0, "", false
}

// discard removes an item; what is removed already is passed over.
func (tx *transition) discard(name string, number int64) {
	head, tail, is := tx.queueEnds(name)
	if !is || number < head || number >= tail {
		return
	}
	tx.cells.set(itemKey(name, number), nil)
	from := head
	for head < tail && tx.cell(itemKey(name, head)) == nil {
		head++
	}
	switch head {
	case tail:
		tx.cells.set(name, nil)
	case from:
	default:
		tx.setQueueEnds(name, head, tail)
	}
}
