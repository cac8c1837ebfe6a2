package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/cron"
	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// mostMissed is how many missed times `catch_up: all` makes up for; older ones are left
// out.
const mostMissed = 1_000

// againAfter is the pause in milliseconds after a start that was not possible.
const againAfter = 1_000

// scheduleTrigger is one trigger by time of one workflow.
type scheduleTrigger struct {
	workflow string
	position int
	setting  string
	catchUp  string
	input    *expr.Compiled
	// nextAfter is the first due time beyond a moment, if there is one.
	nextAfter func(moment int64) (int64, bool)
}

func newSchedule(workflow string, position int, source *triggerSource) (scheduleTrigger, error) {
	made := scheduleTrigger{workflow: workflow, position: position, catchUp: source.CatchUp}
	if made.catchUp == "" {
		made.catchUp = "none"
	}
	var err error
	if made.input, err = compiled(source.Input); err != nil {
		return made, err
	}
	switch {
	case source.Cron != nil:
		zone := ""
		if source.TimeZone != nil {
			zone = *source.TimeZone
		}
		parsed, err := cron.Parse(*source.Cron, zone)
		if err != nil {
			return made, err
		}
		made.nextAfter = parsed.After
	case source.Every != nil:
		every := max(*source.Every, 1)
		// multiples of the interval since 1970: restarts do not move them
		made.nextAfter = func(moment int64) (int64, bool) { return (moment/every + 1) * every, true }
	default:
		return made, errors.New("it has neither cron nor every")
	}
	digest := sha256.Sum256([]byte(timing(source)))
	made.setting = fmt.Sprintf("schedule:%s:%d:%s", workflow, position, hex.EncodeToString(digest[:])[:16])
	return made, nil
}

// timing is what the digest is made of, as Python's json writes it: both servers know a
// schedule by the same name.
func timing(source *triggerSource) string {
	parts := make([]string, 3)
	for index, value := range []any{source.Cron, source.Every, source.TimeZone} {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(value) // texts, numbers and null
		parts[index] = asciiOnly(strings.TrimSuffix(text.String(), "\n"))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func asciiOnly(text string) string {
	var out strings.Builder
	for _, letter := range text {
		switch {
		case letter < 128:
			out.WriteRune(letter)
		case letter < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, letter)
		default:
			letter -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+letter>>10, 0xdc00+letter&0x3ff)
		}
	}
	return out.String()
}

// schedules starts runs by time: each due time starts one run, also over crashes.
//
// A run that a schedule starts has an idempotency key made of the due time; the last due
// time is kept in the store. Starting again from an older last time therefore changes
// nothing.
type schedules struct {
	engine *Engine

	mutex sync.Mutex
	known map[string]*schedule
}

type schedule struct {
	*scheduleTrigger
	last  int64
	alarm Handle
	over  bool
}

func newSchedules(of *Engine) *schedules {
	return &schedules{engine: of, known: map[string]*schedule{}}
}

// load takes up the schedules of everything that is deployed, missed times first.
func (s *schedules) load() error {
	s.clear()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, deployed := range s.engine.catalog.All() {
		for index := range deployed.schedules {
			if err := s.begin(&deployed.schedules[index]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *schedules) clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, each := range s.known {
		each.over = true
		if each.alarm != nil {
			each.alarm.Cancel()
		}
	}
	clear(s.known)
}

func (s *schedules) begin(trigger *scheduleTrigger) error {
	now := s.engine.clock.Now()
	kept, there, err := s.engine.store.Setting(trigger.setting)
	if err != nil {
		return err
	}
	made := &schedule{scheduleTrigger: trigger, last: now}
	if there {
		if made.last, err = strconv.ParseInt(kept, 10, 64); err != nil {
			return &store.Error{Message: "the setting " + trigger.setting + " is broken", Cause: err}
		}
	}
	s.known[trigger.setting] = made
	switch {
	case !there:
		s.engine.writeSetting(trigger.setting, strconv.FormatInt(now, 10))
	case made.catchUp != "all":
		made.skipMissed(now)
	default:
		made.boundMissed(now)
	}
	s.arm(made, 0)
	return nil
}

// skipMissed moves last so that none, or only the latest of the missed times is due.
func (s *schedule) skipMissed(now int64) {
	before, latest := s.last, s.last
	for {
		due, there := s.nextAfter(latest)
		if !there || due > now {
			break
		}
		before, latest = latest, due
	}
	if s.catchUp == "none" {
		s.last = latest
	} else {
		s.last = before
	}
}

func (s *schedule) boundMissed(now int64) {
	times := []int64{s.last}
	for {
		due, there := s.nextAfter(times[len(times)-1])
		if !there || due > now {
			break
		}
		if times = append(times, due); len(times) > 2*mostMissed {
			times = append(times[:0], times[len(times)-mostMissed-1:]...)
		}
	}
	if len(times) > mostMissed {
		s.last = times[len(times)-mostMissed-1]
	}
}

func (s *schedules) arm(of *schedule, at int64) {
	due, there := of.nextAfter(of.last)
	if !there || of.over {
		return
	}
	if at == 0 {
		at = due
	}
	of.alarm = s.engine.clock.CallAt(at, func() { s.ring(of) })
}

func (s *schedules) ring(of *schedule) {
	engine := s.engine
	s.mutex.Lock()
	due, there := of.nextAfter(of.last)
	if !there || of.over || engine.state.Load() != stateOpen {
		s.mutex.Unlock()
		return // recovery and the next start load the schedules again
	}
	if due > engine.clock.Now() {
		s.arm(of, 0)
		s.mutex.Unlock()
		return
	}
	s.mutex.Unlock()
	err := s.start(of, due)
	var failed *store.Error
	if errors.As(err, &failed) {
		engine.unknown(err)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var overloaded *Overloaded
	var unavailable *Unavailable
	if errors.As(err, &overloaded) || errors.As(err, &unavailable) {
		s.arm(of, engine.clock.Now()+againAfter)
		return
	}
	if err != nil {
		logger.Error("a schedule starts nothing", "workflow", of.workflow, "error", err.Error())
	}
	of.last = due
	if !of.over {
		engine.writeSetting(of.setting, strconv.FormatInt(due, 10))
	}
	s.arm(of, 0)
}

func (s *schedules) start(of *schedule, due int64) error {
	input := any(map[string]any{})
	if of.input != nil {
		value, err := of.input.Evaluate(&expr.Scope{Time: due, EventID: s.engine.ids.next()})
		if err != nil {
			return err
		}
		if input = value; value == expr.Missing {
			input = nil
		}
	}
	_, _, err := s.engine.Begin(&StartRequest{
		Workflow: of.workflow, Input: input, Source: "schedule",
		IdempotencyKey: fmt.Sprintf("%sschedule:%d:%d", OwnKeys, of.position, due),
	})
	return err
}
