package core

import (
	"fmt"
	"math"
)

// maxMillis is the largest integer that JSON carries in every language.
const maxMillis = 1<<53 - 1

type member struct {
	name string
	is   func(value any) bool
}

// eventMembers are what each event must have, and as what.
var eventMembers = map[string][]member{
	RunStarted:      {{"run_id", isText}, {"input", isAny}},
	TaskResult:      {{"task_id", isText}, {"attempt", isInteger}},
	TimedOut:        {{"task_id", isText}, {"attempt", isInteger}, {"kind", isText}},
	TaskStopped:     {{"task_id", isText}, {"attempt", isInteger}},
	TimerFired:      {{"timer_id", isText}},
	EventReceived:   {{"event_id", isText}, {"event", isText}, {"data", isAny}},
	HumanCompleted:  {{"task_id", isText}, {"data", isAny}},
	ChildEnded:      {{"child_id", isText}, {"status", isText}},
	CancelRequested: {},
	PauseRequested:  {},
	ResumeRequested: {},
}

// optionalMembers are what an event may have, and then as what.
var optionalMembers = map[string][]member{
	RunStarted: {
		{"metadata", isObject}, {"timeout", isCount}, {"deadline", isCount}, {"retry_of", isText}, {"resume", isObject},
	},
	EventReceived: {{"expires_at", isCount}},
}

func isAny(any) bool { return true }

func isText(value any) bool {
	_, is := value.(string)
	return is
}

func isObject(value any) bool {
	_, is := value.(map[string]any)
	return is
}

func isInteger(value any) bool {
	number, is := value.(float64)
	return is && number == math.Trunc(number) && math.Abs(number) <= maxMillis
}

// isCount is an integer that is not negative.
func isCount(value any) bool { return isInteger(value) && value.(float64) >= 0 }

// malformed is what is wrong with an event, or "".
func malformed(event map[string]any) string {
	kind, is := event["type"].(string)
	if !is {
		return "an event has a `type`, a text"
	}
	members, known := eventMembers[kind]
	if !known {
		return fmt.Sprintf("there is no event of type `%s`", kind)
	}
	if !isCount(event["at"]) || !isText(event["id"]) {
		return "an event has `at`, integer milliseconds, and `id`, a text"
	}
	for _, each := range members {
		if value, there := event[each.name]; !there || !each.is(value) {
			return fmt.Sprintf("the event `%s` has no valid `%s`", kind, each.name)
		}
	}
	for _, each := range optionalMembers[kind] {
		if value, there := event[each.name]; there && !each.is(value) {
			return fmt.Sprintf("the event `%s` has no valid `%s`", kind, each.name)
		}
	}
	_, hasError := event["error"]
	_, hasOutput := event["output"]
	if kind == TaskResult && hasError == hasOutput {
		return "a task's result has either `output` or `error`"
	}
	return misnamed(kind, asText(event["kind"]), asText(event["status"]))
}

// misnamed is what is wrong with the words of an event, or "".
func misnamed(kind, limit, status string) string {
	switch {
	case kind == TimedOut && limit != "lease" && limit != "queue" && limit != "heartbeat":
		return fmt.Sprintf("there is no limit of kind `%s`", limit)
	case kind == ChildEnded && status != "completed" && status != "failed" && status != "timed_out" && status != "cancelled":
		return fmt.Sprintf("a child does not end `%s`", status)
	}
	return ""
}

// problem is malformed for an event that a driver made.
func (e *Event) problem() string {
	switch {
	case e.malformed != "":
		return e.malformed
	case eventMembers[e.Type] == nil:
		return fmt.Sprintf("there is no event of type `%s`", e.Type)
	case e.At < 0 || e.At > maxMillis:
		return "an event has `at`, integer milliseconds, and `id`, a text"
	}
	for _, each := range [...]struct {
		name  string
		value *int64
	}{{"timeout", e.Timeout}, {"deadline", e.Deadline}, {"expires_at", e.ExpiresAt}} {
		if each.value != nil && (*each.value < 0 || *each.value > maxMillis) {
			return fmt.Sprintf("the event `%s` has no valid `%s`", e.Type, each.name)
		}
	}
	return misnamed(e.Type, e.Kind, e.Status)
}
