package core

import "fmt"

// Decision is what follows from an event. When Refused is set the rest is nil.
type Decision struct {
	Delta    *Delta
	Commands []Command
	Refused  *Refusal
}

// Decide decides one event. It never changes the state and never panics for what an event
// says; the error is a driver's mistake: the run is on another plan.
//
// The delta's rows belong to the decision: apply them with Apply, store them, and change
// none.
func Decide(plan *Plan, state *State, event *Event) (Decision, error) {
	if known := state.Start.PlanHash; known != "" && known != plan.Hash {
		return Decision{}, fmt.Errorf("the run is on plan %s and not on %s", known, plan.Hash)
	}
	if refused := refusalOf(state, event); refused != nil {
		return Decision{Refused: refused}, nil
	}
	tx := newTransition(plan, state, event)
	defer tx.done()
	if refused := handlers[event.Type](tx, event); refused != nil {
		return Decision{Refused: refused}, nil
	}
	tx.work()
	tx.run.Version++
	tx.run.Status = statusOf(&tx.run)
	return Decision{Delta: tx.delta(), Commands: tx.commands}, nil
}

// statusOf is the state of the run as people see it.
func statusOf(run *Run) string {
	switch {
	case run.Phase == PhaseEnded:
		return run.Status
	case run.Paused:
		return "paused"
	case run.Tasks != 0 || run.Phase == PhaseStopping || run.Phase == PhaseUndoing:
		return "running"
	}
	return "waiting"
}

// Replay is the state after these events, from nothing. It fails as Decide does.
func Replay(plan *Plan, events []*Event) (*State, error) {
	state := NewState()
	for _, event := range events {
		decision, err := Decide(plan, state, event)
		if err != nil {
			return nil, err
		}
		Apply(state, decision.Delta)
	}
	return state, nil
}
