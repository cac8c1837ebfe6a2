package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

const (
	firstDelay   = 500 * time.Millisecond
	longestDelay = longestSleep
)

// Sink takes a CloudEvent; it fails when it could not deliver it.
type Sink func(ctx context.Context, cloud map[string]any) error

// Webhook delivers the end of a run to its address.
type Webhook func(ctx context.Context, url string, body map[string]any) error

// effects is what a run asks for beyond tasks and timers: events, children, retries,
// webhooks.
//
// Each stands in the outbox until it has happened, and is done again after a restart; each
// is made so that doing it twice changes nothing.
type effects struct {
	engine *Engine

	mutex   sync.Mutex
	sinks   []Sink
	webhook Webhook
	ctx     context.Context // ends with the engine
	stop    context.CancelFunc
	works   sync.WaitGroup
	closed  bool
}

func newEffects(of *Engine) *effects {
	e := &effects{engine: of}
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

// redo is for an outbox row that was still there after a restart.
func (e *effects) redo(effect *store.Effect) { e.do(*effect, nil) }

// do works on a row that is durable, with its command or what its payload says.
func (e *effects) do(effect store.Effect, command core.Command) {
	e.begin(func() { e.persist(&effect, command) })
}

func (e *effects) begin(work func()) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.closed {
		return
	}
	e.works.Add(1)
	e.engine.spawn(func() {
		defer e.works.Done()
		work()
	})
}

// close ends what is under way; the next start does it again.
func (e *effects) close() {
	e.mutex.Lock()
	e.closed = true
	e.mutex.Unlock()
	e.stop()
	ended := make(chan struct{})
	go func() {
		e.works.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Second):
	}
}

// persist does it until it is done; others are not held up.
func (e *effects) persist(effect *store.Effect, command core.Command) {
	for delay := firstDelay; ; delay = min(2*delay, longestDelay) {
		done, err := e.try(effect, command)
		var unavailable *Unavailable
		var failed *store.Error
		switch {
		case err == nil:
			if done {
				_ = e.engine.wait(e.ctx, e.closeRow(effect))
			}
			return
		case errors.As(err, &unavailable), errors.As(err, &failed), e.ctx.Err() != nil:
			_ = e.engine.heard(err)
			return // recovery does it again
		}
		logger.Warn("an effect failed, again later", "run_id", effect.RunID, "kind", effect.Kind, "key", effect.Key, "again_in", delay.String(), "error", err.Error())
		if e.engine.sleep(e.ctx, delay) != nil {
			return
		}
	}
}

func (e *effects) closeRow(effect *store.Effect) *Settled {
	return e.engine.ChangeOutbox(nil, []store.EffectID{effect.ID()})
}

// try is true when the row is to be closed.
func (e *effects) try(effect *store.Effect, command core.Command) (done bool, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("a defect: %v", problem)
		}
	}()
	if effect.Kind == store.Webhook {
		return e.callWebhook(effect)
	}
	if command == nil {
		if command, err = core.DecodeCommand([]byte(effect.Payload)); err != nil {
			return false, err
		}
	}
	switch command := command.(type) {
	case *core.EmitEvent:
		return e.emit(effect, command)
	case *core.StartChild:
		return e.startChild(effect, command)
	case *core.CancelChild:
		return e.stopChild(effect)
	case *core.StartRetry:
		return e.startRetry(effect, command)
	}
	return false, fmt.Errorf("a row of kind %s has a command %s", effect.Kind, command.Type())
}

// events

func (e *effects) emit(effect *store.Effect, command *core.EmitEvent) (bool, error) {
	cloud := map[string]any{
		"specversion": "1.0", "id": command.EventID, "source": "/executions/" + effect.RunID, "type": command.Event,
		"datacontenttype": "application/json", "data": command.Data,
	}
	if _, err := e.publish(e.ctx, cloud); err != nil {
		return false, err
	}
	e.mutex.Lock()
	sinks := e.sinks
	e.mutex.Unlock()
	for _, sink := range sinks {
		if err := sink(e.ctx, cloud); err != nil {
			return false, err
		}
	}
	return true, nil
}

// publish gives a CloudEvent to every run that listens for it with fitting correlation,
// and starts what it triggers. It gives the ids of the runs that it reached.
func (e *effects) publish(ctx context.Context, cloud map[string]any) ([]string, error) {
	name, _ := cloud["type"].(string)
	id, _ := cloud["id"].(string)
	listeners, err := e.engine.store.Listeners(name)
	if err != nil {
		return nil, err
	}
	reached := []string{}
	for index := range listeners {
		row := &listeners[index]
		if !correlates(cloud["data"], row.Payload) {
			continue
		}
		event := &core.Event{Type: core.EventReceived, EventID: id, Event: name, Data: cloud["data"]}
		_, err := e.engine.Send(ctx, row.RunID, event)
		switch {
		case err == nil:
			reached = append(reached, row.RunID)
		case isRefusal(err):
			logger.Info("an event is not taken", "run_id", row.RunID, "event", name, "error", err.Error())
		default:
			return nil, err
		}
	}
	return reached, e.trigger(ctx, cloud, name, id)
}

// isRefusal is whether an error says that a request cannot be done, and nothing worse.
func isRefusal(err error) bool {
	var refused *Refused
	var notFound *NotFound
	return errors.As(err, &refused) || errors.As(err, &notFound)
}

func correlates(data any, payload string) bool {
	value, err := types.DecodeValue([]byte(payload), 0)
	if err != nil {
		return false
	}
	members, _ := value.(map[string]any)
	wanted, _ := members["correlate"].(map[string]any)
	if len(wanted) == 0 {
		return true
	}
	given, is := data.(map[string]any)
	if !is {
		return false
	}
	for name, value := range wanted {
		if found, there := given[name]; !there || !reflect.DeepEqual(found, value) {
			return false
		}
	}
	return true
}

func (e *effects) trigger(ctx context.Context, cloud map[string]any, name, id string) error {
	for _, deployed := range e.engine.catalog.All() {
		for index := range deployed.eventTriggers {
			trigger := &deployed.eventTriggers[index]
			if trigger.event != name {
				continue
			}
			input, fits := trigger.inputOf(cloud, e.engine.clock.Now())
			if !fits {
				continue
			}
			_, done, err := e.engine.Begin(&StartRequest{
				Workflow: deployed.Plan.Name, Input: input, Source: "event:" + name,
				IdempotencyKey: fmt.Sprintf("%sevent:%s:%d", OwnKeys, id, trigger.position),
			})
			var refused *Refused
			if errors.As(err, &refused) {
				logger.Warn("an event starts nothing", "event_id", id, "workflow", deployed.Plan.Name, "error", err.Error())
				continue
			}
			if err == nil {
				err = e.engine.wait(ctx, done)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// children

func (e *effects) startChild(effect *store.Effect, command *core.StartChild) (bool, error) {
	engine := e.engine
	parent, err := engine.Find(effect.RunID)
	if err != nil {
		return false, err
	}
	child, done, err := engine.Begin(&StartRequest{
		Workflow: command.Workflow, Input: command.Input, Version: command.Version, Deadline: command.Deadline,
		IdempotencyKey: fmt.Sprintf("%schild:%s:%s", OwnKeys, effect.RunID, effect.Key),
		Parent:         effect.RunID + ":" + effect.Key, Priority: parent.priority, Traceparent: parent.info.traceparent,
	})
	if isRefusal(err) {
		return false, e.childEnded(effect, "failed", nil, refusalOf(err))
	}
	if err != nil {
		return false, err
	}
	if done != nil {
		return false, e.engine.wait(e.ctx, done)
	}
	if child.Ended() {
		e.tellParent(child)
	}
	return false, nil // child_ended closes the row
}

// refusalOf is why a child cannot be started, as its parent learns it.
func refusalOf(err error) map[string]any {
	failed := map[string]any{"code": "UNAVAILABLE", "message": err.Error()}
	var refused *Refused
	if errors.As(err, &refused) {
		failed["code"] = refused.Code
		if refused.Details != nil {
			failed["details"] = refused.Details
		}
	}
	return failed
}

func (e *effects) childEnded(effect *store.Effect, status string, output any, failed map[string]any) error {
	event := &core.Event{Type: core.ChildEnded, ChildID: effect.Key, Status: status, Output: output}
	if failed != nil {
		event.Error = failed
	}
	_, err := e.engine.Send(e.ctx, effect.RunID, event)
	var refused *Refused
	if errors.As(err, &refused) {
		return e.engine.wait(e.ctx, e.closeRow(effect))
	}
	return err
}

// tellParent: a child's end is durable, and its parent hears of it. When the server stops
// before, the parent's outbox row finds the ended child after the restart.
func (e *effects) tellParent(child *Run) {
	parentID, childID, _ := cut(child.parent)
	var status string
	var output any
	var failed map[string]any
	child.View(func(view View) {
		status, output, failed = view.Row.Status, view.State.Run.Output, view.State.Run.Error
	})
	effect := &store.Effect{RunID: parentID, Kind: store.Child, Key: childID}
	e.begin(func() {
		// when it fails, recovery finds the ended child again
		if err := e.childEnded(effect, status, output, failed); err != nil && e.ctx.Err() == nil {
			_ = e.engine.heard(err)
			logger.Info("a parent does not hear of its child", "run_id", parentID, "child", child.id, "error", err.Error())
		}
	})
}

func (e *effects) stopChild(effect *store.Effect) (bool, error) {
	// a child that never started or has ended needs no cancelling
	wanted := store.RunFilter{Parent: effect.RunID + ":" + effect.Key, OpenOnly: true}
	children, err := e.engine.store.Runs(wanted, "", 100)
	if err != nil {
		return false, err
	}
	for index := range children {
		event := &core.Event{Type: core.CancelRequested, Reason: "the parent no longer wants it"}
		if _, err := e.engine.Send(e.ctx, children[index].ID, event); err != nil && !isRefusal(err) {
			return false, err
		}
	}
	return true, nil
}

// retries and webhooks

func (e *effects) startRetry(effect *store.Effect, command *core.StartRetry) (bool, error) {
	old, err := e.engine.Find(effect.RunID)
	if err != nil {
		return false, err
	}
	_, done, err := e.engine.Begin(&StartRequest{
		Workflow: old.workflow, Input: command.Input, Metadata: command.Metadata,
		IdempotencyKey: OwnKeys + "retry:" + effect.RunID, RetryOf: effect.RunID, ForeignID: old.foreign,
		Priority: old.priority, PlanHash: old.deployed.Plan.Hash,
	})
	var refused *Refused
	if errors.As(err, &refused) {
		logger.Error("a run cannot be retried", "run_id", effect.RunID, "error", err.Error())
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, e.engine.wait(e.ctx, done)
}

// addFinal: the completion webhook leaves with the transition that ends the run. The run's
// lock is held.
func (e *effects) addFinal(run *Run, transition *store.Transition, then *pending) {
	if run.info.webhook == "" {
		return
	}
	of := &run.state.Run
	body := map[string]any{
		"id": run.id + ":ended", "url": run.info.webhook, "execution_id": run.id, "workflow": run.workflow,
		"status": of.Status, "output": of.Output, "error": nil,
	}
	if of.Error != nil {
		body["error"] = of.Error
	}
	effect := store.Effect{RunID: run.id, Kind: store.Webhook, Key: "ended", Payload: encode(body)}
	transition.Opened = append(transition.Opened, effect)
	run.open.add(effectKey{store.Webhook, "ended"})
	then.final = &effect
}

func (e *effects) callWebhook(effect *store.Effect) (bool, error) {
	value, err := types.DecodeValue([]byte(effect.Payload), 8)
	if err != nil {
		return false, err
	}
	body, _ := value.(map[string]any)
	url, _ := body["url"].(string)
	e.mutex.Lock()
	call := e.webhook
	e.mutex.Unlock()
	if call == nil {
		return true, nil
	}
	return true, call(e.ctx, url, body)
}

func cut(parent string) (runID, childID string, there bool) { return strings.Cut(parent, ":") }
