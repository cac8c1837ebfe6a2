package engine

import (
	"crypto/sha1" //nolint:gosec // UUIDv5 is made of it
	"encoding/json"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
)

// triggerSource is a trigger of a plan.
type triggerSource struct {
	Type     string          `json:"type"`
	Event    string          `json:"event"`
	Filter   json.RawMessage `json:"filter"`
	Input    json.RawMessage `json:"input"`
	Cron     *string         `json:"cron"`
	Every    *int64          `json:"every"`
	TimeZone *string         `json:"time_zone"`
	CatchUp  string          `json:"catch_up"`
}

// eventTrigger starts a run for each fitting event; position is the trigger's in the plan.
type eventTrigger struct {
	position int
	event    string
	filter   *expr.Compiled
	input    *expr.Compiled
}

// inputOf is whether an event fits, and the input of the run that it starts. A filter that
// fails does not fit; without a mapping the input is the event's data.
func (t *eventTrigger) inputOf(cloud map[string]any, now int64) (input any, fits bool) {
	scope := &expr.Scope{Roots: map[string]any{"event": cloud}, Time: now, EventID: uuidOf(cloud)}
	if t.filter != nil {
		if holds, err := t.filter.Evaluate(scope); err != nil || holds != true {
			return nil, false
		}
	}
	if t.input == nil {
		return cloud["data"], true
	}
	value, err := t.input.Evaluate(scope)
	if err != nil {
		return nil, false
	}
	if value == expr.Missing {
		return nil, true
	}
	return value, true
}

// loadTriggers are the triggers of a plan, compiled.
func loadTriggers(workflow string, sources []triggerSource) (events []eventTrigger, schedules []scheduleTrigger, err error) {
	for position := range sources {
		source := &sources[position]
		switch source.Type {
		case "event":
			made := eventTrigger{position: position, event: source.Event}
			if made.filter, err = compiled(source.Filter); err != nil {
				return nil, nil, err
			}
			if made.input, err = compiled(source.Input); err != nil {
				return nil, nil, err
			}
			events = append(events, made)
		case "schedule":
			made, err := newSchedule(workflow, position, source)
			if err != nil {
				return nil, nil, fmt.Errorf("the plan has a broken schedule: %w", err)
			}
			schedules = append(schedules, made)
		}
	}
	return events, schedules, nil
}

// compiled is an expression of a plan; nil where there is none.
func compiled(source json.RawMessage) (*expr.Compiled, error) {
	if len(source) == 0 || string(source) == "null" {
		return nil, nil
	}
	return expr.Parse(source)
}

// uuidOf is UUIDv5 of an event's id in the namespace of URLs.
func uuidOf(cloud map[string]any) string {
	id, is := cloud["id"].(string)
	if !is {
		id = encode(cloud["id"])
	}
	namespace := []byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	sum := sha1.Sum(append(namespace, id...)) //nolint:gosec // not for security
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
