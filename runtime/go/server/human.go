package server

import (
	"slices"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

var taskFilters = []string{"assignee", "execution_id", "claimed_by"}

// humanTask is an open task for a person.
type humanTask struct {
	effect  store.Effect
	payload map[string]any
}

func newHumanTask(effect *store.Effect) (*humanTask, error) {
	value, err := types.DecodeValue([]byte(effect.Payload), types.MaxDepth)
	if err != nil {
		return nil, err
	}
	payload, _ := value.(map[string]any)
	return &humanTask{*effect, payload}, nil
}

// listHumanTasks are the open ones; `assignee`, `execution_id` and `claimed_by` restrict.
func listHumanTasks(s *Server, r *request) error {
	query, err := r.parameters()
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(query) {
		if !slices.Contains(taskFilters, name) {
			return badRequest("the filter `" + name + "` is unknown")
		}
	}
	effects, err := s.engine.Store().Effects([]string{store.Human}, query["execution_id"])
	if err != nil {
		return err
	}
	a := newAnswer()
	a.begin()
	a.name("tasks")
	a.open('[')
	for index := range effects {
		task, err := newHumanTask(&effects[index])
		if err != nil {
			return err
		}
		if task.has(query, "assignee") && task.has(query, "claimed_by") {
			a.next()
			task.append(a)
		}
	}
	a.close(']')
	a.end()
	return r.send(200, a)
}

func (t *humanTask) has(query map[string]string, name string) bool {
	wanted, asked := query[name]
	return !asked || t.payload[name] == wanted
}

func (t *humanTask) append(a *answer) {
	a.begin()
	a.text("id", t.effect.RunID+":"+t.effect.Key)
	a.text("execution_id", t.effect.RunID)
	a.text("task_id", t.effect.Key)
	form, there := t.payload["form"]
	if !there {
		form = t.payload["type"]
	}
	a.value("form", form)
	for _, name := range []string{"step", "assignee", "title", "description", "claimed_by"} {
		if value := t.payload[name]; value != nil {
			a.value(name, value)
		}
	}
	if t.effect.Due != 0 {
		a.time("due", t.effect.Due)
	}
	a.end()
}

func (s *Server) findHumanTask(id string) (*humanTask, error) {
	runID, taskID, _ := strings.Cut(id, ":")
	effects, err := s.engine.Store().Effects([]string{store.Human}, runID)
	if err != nil {
		return nil, err
	}
	for index := range effects {
		if runID != "" && effects[index].Key == taskID {
			return newHumanTask(&effects[index])
		}
	}
	return nil, notFound("there is no such open task")
}

func claimHumanTask(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, map[string]kind{"by": aText})
	if err != nil {
		return err
	}
	by := textIn(given, "by")
	if by == "" {
		return badRequest("`by` must say who claims the task")
	}
	s.claims.Lock() // who is second reads what the first has written
	defer s.claims.Unlock()
	task, err := s.findHumanTask(r.parameter)
	if err != nil {
		return err
	}
	if err := task.refuseAnother(by); err != nil {
		return err
	}
	task.payload["claimed_by"] = by
	payload, err := types.AppendValue(nil, task.payload)
	if err != nil {
		return err
	}
	task.effect.Payload = string(payload)
	if err := s.engine.ChangeOutbox([]store.Effect{task.effect}, nil).Wait(r.Context()); err != nil {
		return err
	}
	a := newAnswer()
	task.append(a)
	return r.send(200, a)
}

// refuseAnother refuses a task that somebody else has claimed.
func (t *humanTask) refuseAnother(by string) error {
	if holder := t.payload["claimed_by"]; holder != nil && holder != by {
		return conflict("somebody else has claimed the task")
	}
	return nil
}

func completeHumanTask(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, map[string]kind{"data": anything, "by": aText})
	if err != nil {
		return err
	}
	task, err := s.findHumanTask(r.parameter)
	if err != nil {
		return err
	}
	if _, named := given["by"]; named {
		if err := task.refuseAnother(textIn(given, "by")); err != nil {
			return err
		}
	}
	event := &core.Event{Type: core.HumanCompleted, TaskID: task.effect.Key, Data: given["data"], By: given["by"]}
	run, err := s.engine.Send(r.Context(), task.effect.RunID, event)
	if err != nil {
		return err
	}
	a := newAnswer()
	run.View(func(v engine.View) {
		a.begin()
		a.text("execution_id", v.Row.ID)
		a.text("status", v.Row.Status)
		a.end()
	})
	return r.send(202, a)
}
