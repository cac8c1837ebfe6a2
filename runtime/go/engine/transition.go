package engine

import (
	"sync"
	"unsafe"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

var effectKinds = []string{
	store.Task, store.Timer, store.Listen, store.Human, store.Event, store.Child, store.Stop, store.Retry, store.Webhook,
	store.Start,
}

// outlives is what a run asked for and still wants after its end.
func outlives(kind string) bool {
	switch kind {
	case store.Event, store.Webhook, store.Retry, store.Stop:
		return true
	}
	return false
}

// closedBy is the outbox row that an event closes.
func closedBy(event *core.Event) (effectKey, bool) {
	switch event.Type {
	case core.TaskResult, core.TimedOut, core.TaskStopped:
		return effectKey{store.Task, taskRowKey(event.TaskID, event.Attempt)}, true
	case core.TimerFired:
		return effectKey{store.Timer, event.TimerID}, true
	case core.HumanCompleted:
		return effectKey{store.Human, event.TaskID}, true
	case core.ChildEnded:
		return effectKey{store.Child, event.ChildID}, true
	case core.RunStarted:
		return effectKey{store.Start, "start"}, true
	}
	return effectKey{}, false
}

// transitionOf makes the rows of a decided event. It changes what the run knows of its
// outbox and row, and fills in what of `then` follows from the commands. The state has the
// delta already. The run's lock is held.
func (r *Run) transitionOf(event *core.Event, decision *core.Decision, then *pending, message func(*core.ScheduleTask) TaskMessage) *store.Transition {
	made := &store.Transition{RunID: r.id}
	closing := func(key effectKey) {
		if r.open.remove(key) {
			made.Closed = append(made.Closed, store.EffectID{RunID: r.id, Kind: key.kind, Key: key.key})
		}
	}
	opening := func(effect store.Effect, command core.Command) {
		if command != nil {
			effect.Payload = written(command.AppendJSON)
		} else if effect.Payload == "" {
			effect.Payload = "{}"
		}
		effect.RunID = r.id
		made.Opened = append(made.Opened, effect)
		r.open.add(effectKey{effect.Kind, effect.Key})
	}
	if key, closes := closedBy(event); closes {
		closing(key)
	}
	for _, command := range decision.Commands {
		switch command := command.(type) {
		case *core.ScheduleTask:
			task := &Task{message: message(command)}
			task.effect = store.Effect{
				RunID: r.id, Kind: store.Task, Key: taskRowKey(command.TaskID, command.Attempt), Name: task.executor(),
				Payload: written(task.message.appendJSON),
			}
			opening(task.effect, nil)
			then.tasks = append(then.tasks, task)
		case *core.StartTimer:
			opening(store.Effect{Kind: store.Timer, Key: command.TimerID, Due: command.Due}, nil)
		case *core.Listen:
			opening(store.Effect{Kind: store.Listen, Key: command.ListenID, Name: command.Event}, command)
		case *core.OpenHumanTask:
			effect := store.Effect{Kind: store.Human, Key: command.TaskID}
			effect.Name, _ = command.Task["assignee"].(string)
			if command.Due != nil {
				effect.Due = *command.Due
			}
			opening(effect, command)
		case *core.EmitEvent:
			opening(store.Effect{Kind: store.Event, Key: command.EventID, Name: command.Event}, command)
		case *core.StartChild:
			opening(store.Effect{Kind: store.Child, Key: command.ChildID, Name: command.Workflow}, command)
		case *core.CancelChild:
			opening(store.Effect{Kind: store.Stop, Key: command.ChildID}, command)
		case *core.StartRetry:
			opening(store.Effect{Kind: store.Retry, Key: "retry"}, command)
		case *core.CancelTimer:
			closing(effectKey{store.Timer, command.TimerID})
		case *core.Unlisten:
			closing(effectKey{store.Listen, command.ListenID})
		case *core.CloseHumanTask:
			closing(effectKey{store.Human, command.TaskID})
		case *core.CancelTask:
			if !command.Wait {
				closing(effectKey{store.Task, taskRowKey(command.TaskID, command.Attempt)})
			}
		case *core.RunEnded:
			for _, key := range r.open.keys() {
				if outlives(key.kind) {
					continue
				}
				closing(key)
				if key.kind == store.Task {
					then.left = append(then.left, taskOfRowKey(key.key))
				}
			}
		}
	}
	run := &r.state.Run
	if r.row.Version == 0 && r.row.Status != statusQueued {
		begins := r.row
		made.Begins = &begins
	}
	made.SameStatus = made.Begins == nil && r.row.Status == run.Status && run.EndedAt == 0
	r.row.Version, r.row.Status, r.row.UpdatedAt = run.Version, run.Status, event.At
	if run.Phase == core.PhaseEnded {
		r.row.EndedAt = run.EndedAt
	}
	made.Version, made.At, made.Status, made.EndedAt = r.row.Version, r.row.UpdatedAt, r.row.Status, r.row.EndedAt
	made.HistoryEnd = run.History
	made.Event, made.Changes, made.History = texts(event, decision.Delta)
	return made
}

const statusQueued = "queued"

var buffers = sync.Pool{New: func() any { made := make([]byte, 0, 4096); return &made }}

// written is the text that is appended to nothing, in one allocation.
func written(appendTo func([]byte) []byte) string {
	buffer, _ := buffers.Get().(*[]byte)
	out := appendTo((*buffer)[:0])
	text := string(out)
	if *buffer = out; cap(out) <= 64<<10 {
		buffers.Put(buffer)
	}
	return text
}

// texts are the columns of a transition, parts of one text.
func texts(event *core.Event, delta *core.Delta) (ofEvent, changes, history string) {
	var one, two int
	whole := written(func(out []byte) []byte {
		out = event.AppendJSON(out)
		one = len(out)
		out = delta.AppendChanges(out)
		two = len(out)
		return delta.AppendHistory(out)
	})
	return whole[:one], whole[one:two], whole[two:]
}

// encode is compact JSON of a value that was checked where it came in.
func encode(value any) string {
	out, err := types.AppendValue(nil, value)
	if err != nil {
		return "null"
	}
	return unsafe.String(unsafe.SliceData(out), len(out))
}
