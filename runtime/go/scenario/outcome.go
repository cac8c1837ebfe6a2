package scenario

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/core"
)

// outcome is what becomes of something: the members of an outcome in a scenario.
type outcome struct {
	returns    any
	failure    map[string]any // as an executor reports it; nil when it does not fail
	unknown    bool
	timesOut   string // the step's key of the limit that is over
	never      bool
	after      int64
	isReturned bool
}

func readOutcome(given map[string]any) (*outcome, error) {
	made := &outcome{}
	if text, is := given["after"].(string); is {
		after, err := parseDuration(text)
		if err != nil {
			return nil, err
		}
		made.after = after
	}
	switch {
	case has(given, "one_of"):
		return nil, fmt.Errorf("`one_of` leaves an outcome to chance, which is for `magic-flow simulate`")
	case has(given, "returns"):
		made.returns, made.isReturned = given["returns"], true
	case has(given, "times_out"):
		made.timesOut, _ = given["times_out"].(string)
	case has(given, "fails"):
		return made, made.readFailure(given)
	default:
		made.never = true
	}
	return made, nil
}

func (o *outcome) readFailure(given map[string]any) error {
	o.failure = map[string]any{"code": given["fails"], "message": "simulated"}
	for _, name := range []string{"message", "retryable", "details"} {
		if has(given, name) {
			o.failure[name] = given[name]
		}
	}
	if text, is := given["retry_after"].(string); is {
		wait, err := parseDuration(text)
		if err != nil {
			return err
		}
		o.failure["retry_after"] = float64(wait)
	}
	o.unknown, _ = given["unknown"].(bool)
	return nil
}

func has(given map[string]any, name string) bool {
	_, is := given[name]
	return is
}

// happening is the event that the outcome comes as, and when; nil for what never comes.
func (o *outcome) happening(s *simulation, of asked) (*core.Event, int64, error) {
	due := s.now + o.after
	switch command := of.command.(type) {
	case *core.ScheduleTask:
		return o.ofTask(s, command)
	case *core.OpenHumanTask:
		if o.never {
			return nil, 0, nil
		}
		if !o.isReturned {
			return nil, 0, fmt.Errorf("`%s`: a person answers, or never does", of.step)
		}
		return &core.Event{Type: core.HumanCompleted, TaskID: command.TaskID, Data: o.returns}, due, nil
	case *core.Listen:
		if o.never {
			return nil, 0, nil
		}
		if !o.isReturned {
			return nil, 0, fmt.Errorf("`%s`: an event arrives, or never does", of.step)
		}
		s.received++
		id := fmt.Sprintf("%s/%d", runID, s.received)
		return &core.Event{Type: core.EventReceived, EventID: id, Event: command.Event, Data: o.returns}, due, nil
	case *core.StartChild:
		return o.ofChild(command, due)
	}
	return nil, 0, nil
}

func (o *outcome) ofChild(child *core.StartChild, due int64) (*core.Event, int64, error) {
	event := &core.Event{Type: core.ChildEnded, ChildID: child.ChildID, Status: "completed", Output: o.returns}
	switch {
	case o.never:
		return nil, 0, nil
	case o.timesOut != "":
		event.Status = "timed_out"
	case o.failure != nil:
		event.Status, event.Error, event.HasError = "failed", o.failure, true
	}
	return event, due, nil
}

func (o *outcome) ofTask(s *simulation, task *core.ScheduleTask) (*core.Event, int64, error) {
	limits := map[string]*int64{
		"timeout": task.Settings.Timeout, "queue_timeout": task.Settings.QueueTimeout,
		"heartbeat_timeout": task.Settings.HeartbeatTimeout,
	}
	over := o.timesOut
	if o.never {
		for _, name := range []string{"timeout", "heartbeat_timeout"} {
			if limits[name] != nil && (over == "" || *limits[name] < *limits[over]) {
				over = name
			}
		}
		if over == "" {
			return nil, 0, nil
		}
	} else if over == "" && limits["timeout"] != nil && o.after >= *limits["timeout"] {
		over = "timeout"
	}
	if over != "" {
		if limits[over] == nil {
			return nil, 0, fmt.Errorf("the task of `%s` has no %s", task.TaskID, over)
		}
		kind := map[string]string{"timeout": "lease", "queue_timeout": "queue", "heartbeat_timeout": "heartbeat"}[over]
		event := &core.Event{Type: core.TimedOut, TaskID: task.TaskID, Attempt: task.Attempt, Kind: kind}
		return event, s.now + *limits[over], nil
	}
	event := &core.Event{Type: core.TaskResult, TaskID: task.TaskID, Attempt: task.Attempt, Output: o.returns}
	if o.failure != nil {
		event.Output, event.Error, event.HasError, event.Unknown = nil, o.failure, true, o.unknown
	}
	return event, s.now + o.after, nil
}

var (
	shortDuration = regexp.MustCompile(`\A([0-9]{1,12})(ms|s|m|h|d)\z`)
	isoDuration   = regexp.MustCompile(
		`\AP(?:([0-9]{1,7})W|(?:([0-9]{1,8})D)?(?:T(?:([0-9]{1,8})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,8})(?:\.([0-9]{1,3}))?S)?)?)\z`)
	units = map[string]int64{"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
)

// parseDuration is milliseconds: `500ms 30s 5m 1h 2d`, ISO 8601.
func parseDuration(text string) (int64, error) {
	number := func(text string) int64 {
		value, _ := strconv.ParseInt("0"+text, 10, 64)
		return value
	}
	millis := int64(math.MaxInt64)
	if found := shortDuration.FindStringSubmatch(text); found != nil {
		if count := number(found[1]); count <= (1<<53-1)/units[found[2]] {
			millis = count * units[found[2]]
		}
	} else if found := isoDuration.FindStringSubmatch(text); found != nil && text != "P" && !strings.HasSuffix(text, "T") {
		days := number(found[1])*7 + number(found[2])
		seconds := (number(found[3])*60+number(found[4]))*60 + number(found[5])
		millis = days*units["d"] + seconds*1_000 + number((found[6] + "000")[:3])
	}
	if millis > 1<<53-1 {
		return 0, fmt.Errorf("`%s` is no duration such as `30s` or `PT30S`", text)
	}
	return millis, nil
}
