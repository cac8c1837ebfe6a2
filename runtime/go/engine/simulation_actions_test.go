package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// What happens in a simulation.

// the world around: executors, sinks, webhooks

// Concurrency is less than what there is to do.
func (s *simulation) Concurrency() int { return 3 }

// Close has nothing to give up.
func (s *simulation) Close() {}

// Run is a handler of this process: slow at times, or at work until nobody wants it any
// more.
func (s *simulation) Run(ctx context.Context, task *TaskMessage, _ int64, beat func()) Outcome {
	s.effects = append(s.effects, effectOf{task.IdempotencyKey, task.Attempt})
	thrown := s.dice.Float64()
	switch {
	case thrown < 0.15:
		_ = s.engine.sleep(ctx, time.Duration(s.dice.IntN(4))*time.Second)
	case thrown < 0.18 && task.Settings.Timeout != nil:
		_ = s.await(ctx, nil)
	case thrown < 0.25:
		beat()
	case thrown < 0.27:
		panic("a defect of a handler")
	}
	return s.outcome(task.Workflow, task.Settings.Node)
}

func (s *simulation) outcome(workflow, node string) Outcome {
	of := s.worlds[workflow]
	thrown := s.dice.Float64()
	if outputs := cmpList(of.Outputs[node], of.Outputs[""]); thrown < 0.75 {
		if len(outputs) > 0 && s.dice.Float64() < 0.8 {
			return Outcome{Output: outputs[s.dice.IntN(len(outputs))]}
		}
		return Outcome{Output: map[string]any{"n": float64(s.dice.IntN(3)), "v": 1.0}}
	}
	if len(of.Errors) > 0 && s.dice.IntN(2) == 0 {
		if failed, is := of.Errors[s.dice.IntN(len(of.Errors))].(map[string]any); is {
			return Outcome{Error: failed}
		}
	}
	code := []string{"BUSY", "BUSY", "BOOM", "UNAVAILABLE"}[s.dice.IntN(4)]
	made := failure(code, "again")
	if code == "BOOM" {
		made.Error["retryable"] = false
	}
	return made
}

func cmpList(one, other []any) []any {
	if len(one) > 0 {
		return one
	}
	return other
}

func (s *simulation) receive() error {
	if s.dice.Float64() < s.store.rate*3 {
		return errors.New("nobody listens")
	}
	return nil
}

func (s *simulation) takeWebhook(_ context.Context, _ string, body map[string]any) error {
	if err := s.receive(); err != nil {
		return err
	}
	id, _ := body["execution_id"].(string)
	if body["id"] != id+":ended" {
		s.t.Fatalf("a webhook has another id: %v", body["id"])
	}
	s.delivered[id] = true
	return nil
}

// what may happen next

func (s *simulation) act() {
	actions := []func(){
		s.start, s.start, s.start, s.start, s.start, s.poll, s.poll, s.poll, s.poll, s.poll,
		s.report, s.report, s.report, s.report, s.report, s.passTime, s.passTime, s.passTime, s.passTime,
		s.publish, s.publish, s.signal, s.answer, s.answer, s.late, s.cancel, s.pause, s.resume, s.retry,
		s.restart, s.jump, s.compare,
	}
	actions[s.dice.IntN(len(actions))]()
	if s.dice.Float64() < 0.7 {
		s.settle(s.dice.IntN(20))
	}
}

func (s *simulation) restart() {
	s.crash()
	s.open()
}

// mayFail is whether an error is one that callers are told of when the store fails.
func mayFail(err error) bool {
	var unavailable *Unavailable
	var failed *store.Error
	return errors.As(err, &unavailable) || errors.As(err, &failed)
}

// expected fails the schedule for an error that callers should never see.
func (s *simulation) expected(err error) {
	var refused *Refused
	var notFound *NotFound
	var stale *Stale
	var overloaded *Overloaded
	switch {
	case err == nil, mayFail(err), errors.Is(err, context.Canceled):
	case errors.As(err, &refused) && refused.Code != "INTERNAL":
	case errors.As(err, &notFound), errors.As(err, &stale), errors.As(err, &overloaded):
	default:
		s.t.Fatal(err)
	}
}

func (s *simulation) start() {
	dice := s.dice
	name := s.names[dice.IntN(len(s.names))]
	key := fmt.Sprintf("%s-%d", name, dice.IntN(8))
	request := &StartRequest{
		Workflow: name, IdempotencyKey: key, Priority: int64(dice.IntN(3)),
		Input: map[string]any{"n": float64(dice.IntN(2)), "flag": dice.IntN(2) == 0, "items": []any{1.0, 2.0}},
	}
	if inputs := s.worlds[name].Inputs; len(inputs) > 0 && dice.Float64() < 0.8 {
		request.Input = inputs[dice.IntN(len(inputs))]
	}
	if dice.IntN(2) == 0 {
		request.ForeignID = "f"
	}
	if dice.Float64() < 0.1 {
		request.Delay = 5_000
	}
	if dice.Float64() < 0.2 {
		request.Webhook = "http://w/"
	}
	run, done, err := s.engine.Begin(request)
	if err != nil {
		s.expected(err)
		return
	}
	acknowledge := func(err error) {
		if err != nil {
			return
		}
		if known, there := s.acknowledged[key]; there && known != run.ID() {
			s.t.Fatalf("one key, two runs: %s and %s", known, run.ID())
		}
		s.acknowledged[key] = run.ID()
		if run.info.webhook != "" {
			s.wanted[run.ID()] = true
		}
	}
	if done == nil {
		acknowledge(nil)
	} else {
		done.Then(acknowledge)
	}
}

func (s *simulation) poll() {
	taken, _ := s.engine.dispatcher.take(s.far, 3, "w", false)
	if len(taken) == 0 {
		return
	}
	engine, life := s.engine, s.life
	engine.saveLeases(taken).Then(func(err error) {
		if err != nil || life != s.life {
			return
		}
		for _, each := range engine.dispatcher.stillLeased(taken) {
			s.effects = append(s.effects, effectOf{each.Task.IdempotencyKey, each.Task.Attempt})
			token := reportToken{
				TaskKey{each.Task.RunID, each.Task.TaskID}, each.Task.Attempt, each.Delivery, each.Task.Workflow,
				each.Task.Settings.Node,
			}
			if s.leases[token] {
				s.t.Fatalf("the same delivery was handed out twice: %+v", token)
			}
			s.leases[token] = true
			s.reports = append(s.reports, token)
		}
	})
}

func (s *simulation) report() {
	if len(s.reports) == 0 {
		return
	}
	at := s.dice.IntN(len(s.reports))
	token := s.reports[at]
	s.reports = slices.Delete(s.reports, at, at+1)
	if s.dice.Float64() < 0.3 {
		s.reports = append(s.reports, token) // delivered again later
	}
	if s.dice.Float64() < 0.2 {
		_, _, err := s.engine.Heartbeat(token.key, token.attempt, token.delivery)
		s.expected(err)
	}
	s.send(token)
}

func (s *simulation) send(token reportToken) {
	_, err := s.engine.Report(token.key, token.attempt, token.delivery, s.outcome(token.workflow, token.node))
	s.expected(err)
}

// late: tokens of attempts and deliveries that never were, or are over.
func (s *simulation) late() {
	if len(s.reports) == 0 {
		return
	}
	token := s.reports[s.dice.IntN(len(s.reports))]
	if s.dice.IntN(2) == 0 {
		token.delivery += 9
	} else {
		token.attempt += 9
	}
	_, err := s.engine.Report(token.key, token.attempt, token.delivery, Outcome{Output: "wrong"})
	if s.expected(err); err == nil {
		s.t.Fatal("a token that nobody gave was taken")
	}
}

func (s *simulation) passTime() {
	s.clock.Advance([]int64{1, 500, 5_000, 35_000}[s.dice.IntN(4)], func() { s.settle(s.dice.IntN(20)) })
}

func (s *simulation) jump() {
	s.clock.Jump([]int64{-3_600_000, 3_600_000, 30 * 86_400_000}[s.dice.IntN(3)])
}

// publish tells an event to everybody.
func (s *simulation) publish() {
	id, event := s.event("")
	engine := s.engine
	s.begin(func() {
		_, err := engine.Publish(context.Background(), map[string]any{"type": event.Type, "id": id, "data": event.Data})
		s.expected(err)
	})
}

// event is one that a workflow listens for, with an id that may be known.
func (s *simulation) event(workflow string) (id string, made toldEvent) {
	s.told++
	if workflow == "" {
		workflow = s.names[s.dice.IntN(len(s.names))]
	}
	if known := s.worlds[workflow].Events; len(known) > 0 && s.dice.Float64() < 0.8 {
		return fmt.Sprintf("e%d", s.dice.IntN(4)), known[s.dice.IntN(len(known))]
	}
	number := s.dice.IntN(4)
	kind := "ping"
	if s.dice.Float64() < 0.3 {
		kind = "told"
	}
	return fmt.Sprintf("%s%d", kind, number), toldEvent{kind, map[string]any{"k": float64(number % 2)}}
}

// signal tells an event to one run.
func (s *simulation) signal() {
	if row := s.someRun(); row != nil {
		id, event := s.event(row.Workflow)
		s.submit(row.ID, &core.Event{Type: core.EventReceived, EventID: id, Event: event.Type, Data: event.Data})
	}
}

// answer: a person completes a task, or says what does not fit.
func (s *simulation) answer() {
	tasks, err := s.engine.store.Effects([]string{store.Human}, "")
	if s.expected(err); len(tasks) == 0 {
		return
	}
	s.answerTo(tasks[s.dice.IntN(len(tasks))])
}

func (s *simulation) answerTo(task store.Effect) {
	answers := []any{true, "nonsense"}
	if row, err := s.store.Memory.Run(task.RunID); err == nil && row != nil {
		answers = append(answers, s.worlds[row.Workflow].Answers...)
	}
	data := answers[s.dice.IntN(len(answers))]
	s.submit(task.RunID, &core.Event{Type: core.HumanCompleted, TaskID: task.Key, Data: data})
}

func (s *simulation) submit(runID string, event *core.Event) {
	_, _, err := s.engine.Submit(runID, event)
	s.expected(err)
}

func (s *simulation) someRun() *store.RunRow {
	if len(s.acknowledged) == 0 {
		return nil
	}
	names := canonical.SortedNames(s.acknowledged)
	row, err := s.store.Memory.Run(s.acknowledged[names[s.dice.IntN(len(names))]])
	s.expected(err)
	return row
}

func (s *simulation) cancel() { s.command(core.CancelRequested) }
func (s *simulation) pause()  { s.command(core.PauseRequested) }
func (s *simulation) resume() { s.command(core.ResumeRequested) }

func (s *simulation) command(kind string) {
	if row := s.someRun(); row != nil {
		s.submit(row.ID, &core.Event{Type: kind})
	}
}

// retry keeps the completed steps of a failed run.
func (s *simulation) retry() {
	row := s.someRun()
	if row == nil {
		return
	}
	run, err := s.engine.Find(row.ID)
	if s.expected(err); err != nil || !run.Ended() {
		return
	}
	request := &StartRequest{Workflow: row.Workflow, Input: run.state.Start.Input, RetryOf: row.ID, PlanHash: row.PlanHash}
	if request.Resume = core.ResumePoint(run.deployed.Plan, run.state); request.Resume != nil {
		_, _, err = s.engine.Begin(request)
		s.expected(err)
	}
}

// compare: what a run is in memory is what the store has of it.
func (s *simulation) compare() {
	if _, open := s.engine.pipeline.now(); !open {
		return
	}
	for id, run := range s.engine.runs.runs {
		if run.inFlight > 0 {
			continue
		}
		row, err := s.store.Memory.Run(id)
		if err != nil || row == nil || *row != run.row {
			s.t.Fatalf("the row in memory %+v is %+v in the store: %v", run.row, row, err)
		}
		log, err := s.store.Log(id, 0, -1)
		s.expected(err)
		folded := core.NewState()
		for _, each := range log {
			delta, err := core.DecodeDelta([]byte(each.Changes))
			if err != nil {
				s.t.Fatal(err)
			}
			core.Apply(folded, delta)
		}
		if one, two := string(folded.AppendJSON(nil)), string(run.state.AppendJSON(nil)); one != two {
			s.t.Fatalf("run %s in the store and in memory:\n%s\n%s", id, one, two)
		}
	}
}

// the end

// friendly is how many turns people and workers try to bring a run to its end; then it is
// cancelled.
const friendly = 60

// finish: no more faults; workers that work and people that answer, until every run has
// ended and everything that was asked for has happened.
func (s *simulation) finish() {
	s.store.rate = 0
	for turn := range 1_000 {
		s.settle(1 << 30)
		if s.idle() {
			return
		}
		for _, token := range s.reports {
			s.send(token)
		}
		s.reports = nil
		s.poll()
		rows, err := s.store.Memory.Runs(store.RunFilter{OpenOnly: true}, "", 1<<30)
		s.expected(err)
		for _, row := range rows {
			if row.Status == "paused" {
				s.submit(row.ID, &core.Event{Type: core.ResumeRequested})
			}
			if turn > friendly {
				s.submit(row.ID, &core.Event{Type: core.CancelRequested})
			}
			id, event := s.event(row.Workflow)
			s.submit(row.ID, &core.Event{Type: core.EventReceived, EventID: fmt.Sprint(id, turn), Event: event.Type, Data: event.Data})
		}
		tasks, err := s.store.Effects([]string{store.Human}, "")
		s.expected(err)
		for _, task := range tasks {
			s.answerTo(task)
		}
		s.settle(1 << 30)
		pause := int64(2_000)
		if at, there := s.clock.NextAlarm(); there {
			// who waits until the end of time is cancelled
			pause = min(max(pause, at-s.clock.Now()), 400*86_400_000)
		}
		s.clock.Advance(pause, func() { s.settle(1 << 30) })
	}
	open, _ := s.store.Memory.Runs(store.RunFilter{OpenOnly: true}, "", 1<<30)
	left, _ := s.store.Effects(effectKinds, "")
	s.t.Fatalf("%d runs do not end: %+v\n%+v\n%+v", len(open), open, left, s.engine.Health())
}

func (s *simulation) idle() bool {
	open, err := s.store.CountOpen()
	s.expected(err)
	left, err := s.store.Effects([]string{store.Event, store.Webhook, store.Retry, store.Stop, store.Child}, "")
	s.expected(err)
	return open == 0 && len(left) == 0 && s.engine.State() == "open"
}

func (s *simulation) verify() {
	s.whole()
	checkPromises(s.t, s.store, s.acknowledged, s.effects)
	for id := range s.wanted {
		if !s.delivered[id] {
			s.t.Fatalf("the webhook of %s was not sent", id)
		}
	}
	health := s.engine.Health()
	if health.OpenRuns != 0 || health.Tasks != 0 || health.Timers != 0 || s.engine.pipeline.waiting() != 0 {
		s.t.Fatalf("%+v", health)
	}
	if len(s.engine.starts.keys) > 0 || len(s.engine.starts.foreign) > 0 || len(s.engine.watched) > 0 {
		s.t.Fatalf("kept for ever: %v %v %v", s.engine.starts.keys, s.engine.starts.foreign, s.engine.watched)
	}
}
