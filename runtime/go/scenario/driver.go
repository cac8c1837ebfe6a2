package scenario

import (
	"container/heap"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/core"
)

const (
	start = 1_767_225_600_000 // 2026-01-01T00:00:00Z
	runID = "00000000-0000-4000-8000-000000000000"
)

// key is what is open: a task, person, child, event or timer, and its id.
type key struct{ what, id string }

type happening struct {
	due, order int64
	key        key
	event      core.Event
}

type agenda []happening

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].due < a[j].due || (a[i].due == a[j].due && a[i].order < a[j].order)
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(item any) {
	*a = append(*a, item.(happening))
}
func (a *agenda) Pop() any {
	last := len(*a) - 1
	item := (*a)[last]
	*a = (*a)[:last]
	return item
}

// asked is something that the run waits for.
type asked struct {
	what, step, path string
	attempt          int64
	node             string
	command          core.Command
}

// refusal is an event that the core would not have.
type refusal struct {
	event  core.Event
	reason *core.Refusal
}

// simulation is the core in virtual time: time moves from one happening to the next, and
// what happens at the same time happens in the order in which it was begun.
type simulation struct {
	plan    *core.Plan
	state   *core.State
	now     int64
	started int64
	decide  func(asked) (*outcome, error)

	agenda   agenda
	due      map[key]int64 // the order of what is planned for a key
	open     map[key]core.Command
	opened   []key
	order    int64
	events   int64
	received int64
	emitted  []string
	refused  []refusal
	ended    bool
}

func newSimulation(plan *core.Plan, at int64, decide func(asked) (*outcome, error)) *simulation {
	return &simulation{
		plan: plan, state: core.NewState(), now: at, started: at, decide: decide,
		due: map[key]int64{}, open: map[key]core.Command{},
	}
}

// run lets everything happen that is due.
func (s *simulation) run() error {
	for len(s.agenda) > 0 {
		next := heap.Pop(&s.agenda).(happening)
		if s.due[next.key] != next.order {
			continue // it was taken back
		}
		delete(s.due, next.key)
		s.now = next.due
		command, isOpen := s.open[next.key]
		if next.key.what != "event" {
			delete(s.open, next.key)
		}
		refused, err := s.send(next.event)
		if err != nil {
			return err
		}
		if refused != nil && isOpen && !s.ended {
			s.open[next.key] = command // the answer was none; it stays open
		}
	}
	return nil
}

// send is an event now.
func (s *simulation) send(event core.Event) (*core.Refusal, error) {
	s.events++
	event.ID = fmt.Sprintf("%s%012x", runID[:24], s.events)
	event.At = s.now
	decision, err := core.Decide(s.plan, s.state, &event)
	if err != nil {
		return nil, err
	}
	if decision.Refused != nil {
		s.refused = append(s.refused, refusal{event, decision.Refused})
		return decision.Refused, nil
	}
	core.Apply(s.state, decision.Delta)
	for _, command := range decision.Commands {
		if err := s.take(command); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// at plans an event of its own accord.
func (s *simulation) at(at int64, event core.Event) {
	s.received++
	if event.Type == core.EventReceived {
		event.EventID = fmt.Sprintf("%s/%d", runID, s.received)
	}
	s.planned(key{"given", fmt.Sprint(s.received)}, at, event)
}

func (s *simulation) planned(of key, due int64, event core.Event) {
	s.order++
	s.due[of] = s.order
	heap.Push(&s.agenda, happening{max(due, s.now), s.order, of, event})
}

func (s *simulation) take(command core.Command) error {
	switch of := command.(type) {
	case *core.ScheduleTask:
		return s.begin(key{"task", of.TaskID}, command)
	case *core.OpenHumanTask:
		return s.begin(key{"person", of.TaskID}, command)
	case *core.StartChild:
		return s.begin(key{"child", of.ChildID}, command)
	case *core.Listen:
		return s.begin(key{"event", of.ListenID}, command)
	case *core.StartTimer:
		timer := key{"timer", of.TimerID}
		s.open[timer] = command
		s.planned(timer, of.Due, core.Event{Type: core.TimerFired, TimerID: of.TimerID})
	case *core.CancelTimer:
		s.forget(key{"timer", of.TimerID})
	case *core.CloseHumanTask:
		s.forget(key{"person", of.TaskID})
	case *core.Unlisten:
		s.forget(key{"event", of.ListenID})
	case *core.CancelTask:
		s.stop(key{"task", of.TaskID}, of.Wait, core.Event{Type: core.TaskStopped, TaskID: of.TaskID, Attempt: of.Attempt})
	case *core.CancelChild:
		child := key{"child", of.ChildID}
		if of.Wait {
			s.planned(child, s.now, core.Event{Type: core.ChildEnded, ChildID: of.ChildID, Status: "cancelled"})
		} else {
			s.forget(child)
		}
	case *core.EmitEvent:
		s.emitted = append(s.emitted, of.Event)
	case *core.RunEnded:
		s.ended = true
		clear(s.open)
		clear(s.due)
		s.agenda = nil
	}
	return nil
}

func (s *simulation) forget(of key) {
	delete(s.open, of)
	delete(s.due, of)
}

// stop: what would have answered stops at once; what never would does not stop either.
func (s *simulation) stop(of key, wait bool, stopped core.Event) {
	_, planned := s.due[of]
	delete(s.due, of)
	if !wait {
		delete(s.open, of)
	} else if planned {
		s.planned(of, s.now, stopped)
	}
}

func (s *simulation) begin(of key, command core.Command) error {
	s.open[of] = command
	s.opened = append(s.opened, of)
	question, isOpen := s.asked(of, command)
	if !isOpen {
		return nil
	}
	answer, err := s.decide(question)
	if err != nil {
		return err
	}
	event, due, err := answer.happening(s, question)
	if err != nil || event == nil {
		return err
	}
	s.planned(of, due, *event)
	return nil
}

// asked is what an open command asks for; false when the run has gone on already.
func (s *simulation) asked(of key, command core.Command) (asked, bool) {
	found := asked{what: of.what, path: of.id, attempt: 1, command: command}
	if task, is := command.(*core.ScheduleTask); is {
		found.node, found.attempt = task.Settings.Node, task.Attempt
	} else {
		frame := s.state.Frames[of.id]
		if frame == nil {
			return found, false
		}
		found.node, found.attempt = frame.Node, max(frame.Try, 1)
		if frame.Owner != "" {
			found.path = frame.Owner
		}
	}
	if row := s.state.Steps[found.path]; row != nil {
		found.step = row.Step
	} else if owner := s.state.Frames[found.path]; owner != nil {
		found.step = owner.Node
	} else {
		found.step = found.node
	}
	return found, true
}
