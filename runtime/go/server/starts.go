package server

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

var startMembers = map[string]kind{
	"input": anything, "input_data": anything, "metadata": anObject, "timeout_override": durationMember,
	"idempotency_key": aText, "priority": integerOrText, "foreign_id": aText, "webhook": aText, "version": aText,
	"delay": durationMember,
}

var address = regexp.MustCompile(`^https?://[^\s\p{Z}\x{85}/?#]+([/?#][^\s\p{Z}\x{85}]*)?$`)

var priorities = map[string]int64{"low": -10, "normal": 0, "high": 10, "critical": 20}

// startOf is the start that a body asks for.
func startOf(workflow string, body map[string]any, r *request) (*engine.StartRequest, error) {
	given, err := membersOf(body, startMembers)
	if err != nil {
		return nil, err
	}
	input, there := given["input"]
	if data, also := given["input_data"]; also {
		if there {
			return nil, badRequest("`input` and `input_data` are two names of one member")
		}
		input = data
	}
	start := &engine.StartRequest{
		Workflow: workflow, Input: input, Version: "*", ForeignID: textIn(given, "foreign_id"),
		IdempotencyKey: r.header("Idempotency-Key"), Traceparent: r.header("Traceparent"), Webhook: textIn(given, "webhook"),
	}
	start.Metadata, _ = given["metadata"].(map[string]any)
	if version, there := given["version"].(string); there {
		start.Version = version
	}
	if start.Priority, err = priorityOf(given["priority"]); err != nil {
		return nil, err
	}
	if override, there := given["timeout_override"]; there {
		timeout, err := parseDuration(override)
		if err != nil {
			return nil, badRequest("timeout_override: " + err.Error())
		}
		start.Timeout = &timeout
	}
	if delay, there := given["delay"]; there {
		if start.Delay, err = parseDuration(delay); err != nil {
			return nil, badRequest("delay: " + err.Error())
		}
	}
	return start, checkKeys(start, given, r)
}

func checkKeys(start *engine.StartRequest, given map[string]any, r *request) error {
	key, isGiven := given["idempotency_key"].(string)
	if isGiven {
		start.IdempotencyKey = key
	} else {
		_, isGiven = r.Header["Idempotency-Key"]
	}
	_, isForeign := given["foreign_id"]
	for _, each := range []struct {
		name, value string
		is          bool
	}{{"idempotency_key", start.IdempotencyKey, isGiven}, {"foreign_id", start.ForeignID, isForeign}} {
		if each.is && (each.value == "" || utf8.RuneCountInString(each.value) > 255) {
			return badRequest(each.name + " must have 1 to 255 characters")
		}
	}
	if _, hooked := given["webhook"]; hooked && !address.MatchString(start.Webhook) {
		return badRequest("webhook must be an address such as https://example.com/ended")
	}
	if strings.HasPrefix(start.IdempotencyKey, engine.OwnKeys) {
		return badRequest(fmt.Sprintf("keys with `%s` are the server's own", engine.OwnKeys))
	}
	return nil
}

func priorityOf(given any) (int64, error) {
	switch of := given.(type) {
	case float64:
		return int64(math.Max(-100, math.Min(of, 100))), nil
	case string:
		if priority, known := priorities[of]; known {
			return priority, nil
		}
		return 0, badRequest("priority must be a number or one of low, normal, high, critical")
	}
	return 0, nil
}

var initMembers = map[string]kind{
	"workflow_name": aText, "initial_data": anything, "priority": integerOrText, "metadata": anObject, "source": aText,
	"timestamp": aText, "idempotency_key": aText, "foreign_id": aText,
}

// startByEvent takes a WorkflowInitEvent: a start by a message of business logic.
func startByEvent(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, initMembers)
	if err != nil {
		return err
	}
	name, there := given["workflow_name"].(string)
	if !there {
		return badRequest("`workflow_name` is missing")
	}
	source := textIn(given, "source")
	if data, there := given["initial_data"]; there {
		given["input"] = data
	}
	for _, own := range []string{"workflow_name", "timestamp", "source", "initial_data"} {
		delete(given, own)
	}
	start, err := startOf(name, given, r)
	if err != nil {
		return err
	}
	start.Source = source
	run, done, err := s.engine.Begin(start)
	if err != nil {
		return err
	}
	if err := done.Wait(r.Context()); err != nil {
		return err
	}
	return r.sendRun(run)
}
