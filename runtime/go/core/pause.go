package core

import "slices"

// Pause: what would reach the world is held, everything else goes on.

// hold says whether the run is paused; then the frame waits for resume, in this order.
func (tx *transition) hold(frame *Frame) bool {
	if !tx.run.Paused {
		return false
	}
	tx.run.Held++
	tx.editFrame(frame.Path).seldom().Held = tx.run.Held
	return true
}

// releaseHeld does what was held back, in the order in which it was.
func (tx *transition) releaseHeld() {
	var held []*Frame
	for path, row := range tx.state.Frames {
		if row = tx.frame(path); row != nil && row.Held != 0 {
			held = append(held, row)
		}
	}
	// numbers are unique, so the map's order does not show
	slices.SortFunc(held, func(a, b *Frame) int { return int(b.Held - a.Held) })
	tx.run.Held = 0
	for _, row := range held {
		tx.push(op{path: row.Path})
	}
}

func (tx *transition) activate(path string) {
	if tx.frame(path) == nil {
		return // what was released before took it down
	}
	frame := tx.editFrame(path)
	frame.seldom().Held = 0
	node := tx.node(frame)
	if activate := kinds[node.Kind].activate; activate != nil {
		activate(tx, frame, node)
	}
}
