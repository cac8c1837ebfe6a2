package scenario

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

// player decides what becomes of things, as a scenario says.
type player struct {
	*workflow
	ctx      context.Context
	steps    map[string]any
	stubs    []string
	runner   *worker.InProcess
	handlers []string
}

func (w *workflow) play(ctx context.Context, scenario document, executor *worker.Executor) (*simulation, error) {
	spec := scenario.spec
	stubs, _ := spec["stubs"].([]any)
	by := &player{workflow: w, ctx: ctx, steps: members(spec["steps"]),
		runner: worker.NewInProcess("", nil, executor), handlers: worker.Names(executor)}
	for _, each := range stubs {
		name, _ := each.(string)
		by.stubs = append(by.stubs, name)
	}
	if err := by.refuseUnknown(); err != nil {
		return nil, err
	}
	at := int64(start)
	if text, is := spec["start"].(string); is {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("`start: %s` is no date-time with an offset", text)
		}
		at = moment.UnixMilli()
	}
	run := newSimulation(w.plan, at, by.decide)
	first, err := w.begin(spec)
	if err != nil {
		return nil, err
	}
	if err := schedule(run, spec); err != nil {
		return nil, err
	}
	refused, err := run.send(*first)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, fmt.Errorf("the input is refused: %s", reason(refused))
	}
	return run, run.run()
}

// begin is the event that starts the run.
func (w *workflow) begin(spec map[string]any) (*core.Event, error) {
	event := &core.Event{Type: core.RunStarted, RunID: runID, Input: w.input, Metadata: members(spec["metadata"])}
	if has(spec, "input") {
		event.Input = spec["input"]
	} else if !w.hasInput {
		return nil, fmt.Errorf("no example of the input is known: write `input`")
	}
	if text, is := spec["timeout"].(string); is {
		limit, err := parseDuration(text)
		if err != nil {
			return nil, err
		}
		event.Timeout = &limit
	}
	return event, nil
}

func schedule(run *simulation, spec map[string]any) error {
	events, _ := spec["events"].([]any)
	for _, each := range events {
		given := members(each)
		text, _ := given["at"].(string)
		after, err := parseDuration(text)
		if err != nil {
			return err
		}
		event := core.Event{Type: core.ResumeRequested}
		if name, is := given["event"].(string); is {
			event = core.Event{Type: core.EventReceived, Event: name, Data: given["data"]}
		} else if why, is := given["cancel"].(string); is {
			event = core.Event{Type: core.CancelRequested, Reason: why}
		} else if has(given, "pause") {
			event.Type = core.PauseRequested
		}
		run.at(run.started+after, event)
	}
	return nil
}

var stepInPath = regexp.MustCompile(`\A(?:.*\]/)?([^/~\[]+)`)

func (p *player) refuseUnknown() error {
	names := slices.Clone(p.stubs)
	for name := range p.steps {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		found := stepInPath.FindStringSubmatch(name)
		_, isNode := p.nodes[name]
		if !isNode && (found == nil || !p.workflow.steps[found[1]]) {
			return fmt.Errorf("the workflow has no step `%s`", name)
		}
	}
	return nil
}

func (p *player) decide(of asked) (*outcome, error) {
	said, err := p.said(of)
	if err != nil {
		return nil, err
	}
	if task, is := of.command.(*core.ScheduleTask); is && p.isHandled(of, task, said) {
		return p.work(of, task, said)
	}
	if said != nil {
		return said, nil
	}
	if of.what == "event" {
		return &outcome{never: true}, nil
	}
	return p.example(of)
}

// said is what the scenario says of an attempt: by the path of the occurrence, else by
// the step's name. nil: nothing.
func (p *player) said(of asked) (*outcome, error) {
	for _, name := range []string{of.path, of.step} {
		switch given := p.steps[name].(type) {
		case map[string]any:
			return readOutcome(given)
		case []any:
			if of.attempt > int64(len(given)) {
				return nil, nil
			}
			return readOutcome(members(given[of.attempt-1]))
		}
	}
	return nil, nil
}

func (p *player) example(of asked) (*outcome, error) {
	if value, is := p.examples[of.node]; is {
		return &outcome{returns: value, isReturned: true}, nil
	}
	return nil, fmt.Errorf("no example for step `%s` is known: write what it `returns`", of.step)
}

func (p *player) isHandled(of asked, task *core.ScheduleTask, said *outcome) bool {
	if task.Settings.Executor == "@http" || slices.Contains(p.stubs, of.step) {
		return false
	}
	return said == nil || said.isReturned
}

// work lets the project's function do a task.
func (p *player) work(of asked, task *core.ScheduleTask, said *outcome) (*outcome, error) {
	made := &outcome{}
	if said != nil {
		made.after = said.after
	}
	if !slices.Contains(p.handlers, task.Settings.Executor) {
		text := fmt.Sprintf("the project has no executor `%s`", task.Settings.Executor)
		made.failure = map[string]any{"code": "UNAVAILABLE", "message": text, "retryable": false}
		return made, nil
	}
	input, err := types.AppendValue(nil, task.Input)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	output, failure := p.runner.Run(ctx, &worker.Task{
		ID: task.IdempotencyKey, RunID: task.RunID, TaskID: task.TaskID, Workflow: p.name, Step: of.step,
		Executor: task.Settings.Executor, Function: task.Settings.Function, Attempt: int(task.Attempt),
		Delivery: 1, IdempotencyKey: task.IdempotencyKey, Input: input, Secrets: task.Secrets,
	}, func() {})
	if failure == nil {
		made.isReturned = true
		made.returns, err = types.DecodeValue(output, 0)
		return made, err
	}
	made.failure = map[string]any{"code": failure.Code, "message": failure.Message}
	if failure.Retryable != nil {
		made.failure["retryable"] = *failure.Retryable
	}
	if failure.RetryAfter > 0 {
		made.failure["retry_after"] = float64(failure.RetryAfter.Milliseconds())
	}
	if len(failure.Details) > 0 {
		if made.failure["details"], err = types.DecodeValue(failure.Details, 0); err != nil {
			return nil, err
		}
	}
	return made, nil
}
