// Command magicflow-decide is the core as a filter: it reads plans and events, one JSON
// object per line, and writes decisions. tests/differential compares them with Python's.
//
//	{"plan": {…}}        a new run on this plan; the answer is {} or {"error": "…"}
//	{"event": {…}}       decides and applies; the answer is {"delta", "commands", "refused"}
//	{"reload": true}     stores the state and reads it back; the answer is the state
//	{"resume": true}     the answer is what the run that retries this one begins with
//
// Answers are canonical JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
)

type line struct {
	Plan   json.RawMessage `json:"plan"`
	Event  json.RawMessage `json:"event"`
	Reload bool            `json:"reload"`
	Resume bool            `json:"resume"`
}

// canonicalOf is the canonical form of what the core wrote, which differs from it in the
// notation of large numbers only.
func canonicalOf(text []byte) ([]byte, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	if again, err := canonical.AppendSafe(nil, value); err != nil || !bytes.Equal(again, text) {
		return nil, fmt.Errorf("not in canonical order: %s, %w", text, err)
	}
	return canonical.Append(nil, value)
}

// session is one run.
type session struct {
	plan  *core.Plan
	state *core.State
}

func main() {
	if err := filter(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func filter() error {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := bufio.NewWriterSize(os.Stdout, 1<<20)
	run := &session{}
	for {
		text, err := lines.ReadBytes('\n')
		if len(text) == 0 && err != nil {
			return answers.Flush()
		}
		var read line
		if err := json.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("no line of ours: %w", err)
		}
		answer, err := run.answer(&read)
		if err == nil {
			answer, err = canonicalOf(answer)
		}
		if err != nil {
			answer = append(canonical.AppendQuoted([]byte(`{"error":`), err.Error()), '}')
		}
		answers.Write(append(answer, '\n'))
		// whoever waits for an answer has written nothing more
		if lines.Buffered() == 0 {
			if err := answers.Flush(); err != nil {
				return err
			}
		}
	}
}

func (s *session) answer(read *line) (answer []byte, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v\n%s", problem, debug.Stack())
		}
	}()
	switch {
	case read.Plan != nil:
		plan, err := core.LoadPlan(read.Plan, core.LimitOverrides{})
		s.plan, s.state = plan, core.NewState()
		return []byte("{}"), err
	case s.plan == nil:
		return nil, fmt.Errorf("there is no plan")
	case read.Event != nil:
		return s.decide(read.Event)
	case read.Resume:
		if point := core.ResumePoint(s.plan, s.state); point != nil {
			return point.AppendJSON(nil), nil
		}
		return []byte("null"), nil
	case read.Reload:
		text := s.state.AppendJSON(nil)
		state, err := core.DecodeState(text)
		s.state = state
		return text, err
	}
	return nil, fmt.Errorf("the line asks for nothing")
}

func (s *session) decide(text []byte) ([]byte, error) {
	event, err := core.DecodeEvent(text)
	if err != nil {
		return nil, err
	}
	decision, err := core.Decide(s.plan, s.state, event)
	if err != nil {
		return nil, err
	}
	out := []byte(`{"commands":[`)
	for index, command := range decision.Commands {
		if index > 0 {
			out = append(out, ',')
		}
		out = command.AppendJSON(out)
	}
	out = append(out, `],"delta":`...)
	out = decision.Delta.AppendJSON(out)
	if out = append(out, `,"refused":`...); decision.Refused != nil {
		out = decision.Refused.AppendJSON(out)
	} else {
		out = append(out, "null"...)
	}
	core.Apply(s.state, decision.Delta)
	return append(out, '}'), nil
}
