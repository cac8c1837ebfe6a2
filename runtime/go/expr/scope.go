package expr

import (
	"crypto/sha1" //nolint:gosec // UUIDv5 is made of it
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Root is a root of the plan's paths that is a value by itself.
type Root int

// The roots, by the names that they have in a plan.
const (
	RootInput Root = iota
	RootBranches
	RootIterations
	RootResponse
	RootError
	RootExecution
	RootMetadata
	RootEvent
	RootIndex // of the innermost loop
	RootUndo  // {input, output} of the step that is being undone
)

var rootNames = [...]string{
	"input", "branches", "iterations", "response", "error", "execution", "metadata", "event", "index", "undo",
}

// World looks up what an expression sees at the time when it reads it. What is not there
// is Missing. The core implements it over a run's state.
type World interface {
	Root(root Root) Value
	// StepField is output, status, error, attempts, … of the latest occurrence of a step.
	StepField(step, field string) Value
	// Local is the item of a loop around, by its variable.
	Local(variable string) Value
	// Index is the index of a loop around, by its variable.
	Index(variable string) Value
	Now() string
	UUID() string
}

// Scope is what an expression can see: a World, or without one what the maps say. A root
// that is not in the maps is absent.
//
// Steps: by name, what of output, status, error, attempts there is. Locals: items by
// loop variable; over a World those that lambdas bind. Indexes: by loop variable.
type Scope struct {
	World   World
	Roots   map[string]Value // input, branches, iterations, response, error, execution, metadata, event, index, undo
	Steps   map[string]map[string]Value
	Locals  map[string]Value
	Indexes map[string]Value
	// Time is the event's, in milliseconds since 1970; EventID is its UUID.
	Time    int64
	EventID string
	// Samples are what now() and uuid() gave, in order.
	Samples []Sample

	uuids int
	work  int
}

// Sample is what a function gave that is not the same twice.
type Sample struct{ Function, Value string }

func (s *Scope) root(root Root) Value {
	if s.World != nil {
		return s.World.Root(root)
	}
	return member(s.Roots, rootNames[root])
}

func (s *Scope) stepField(step, field string) Value {
	if s.World != nil {
		return s.World.StepField(step, field)
	}
	return member(s.Steps[step], field)
}

func (s *Scope) local(name string) Value {
	if value, there := s.Locals[name]; there || s.World == nil {
		if there {
			return value
		}
		return Missing
	}
	return s.World.Local(name)
}

func (s *Scope) index(variable string) Value {
	if s.World != nil {
		return s.World.Index(variable)
	}
	return member(s.Indexes, variable)
}

// FormatTime is RFC 3339 in UTC with milliseconds.
func FormatTime(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (s *Scope) now() string {
	if s.World != nil {
		return s.World.Now()
	}
	text := FormatTime(s.Time)
	s.Samples = append(s.Samples, Sample{"now", text})
	return text
}

// uuid is the k-th UUID of the event: UUIDv5 of the event's id and k, from 1.
func (s *Scope) uuid() string {
	if s.World != nil {
		return s.World.UUID()
	}
	s.uuids++
	namespace, err := hex.DecodeString(strings.ReplaceAll(s.EventID, "-", ""))
	if err != nil || len(namespace) != 16 {
		refuse("the event has no id")
	}
	text := FormatUUID(UUIDv5([16]byte(namespace), strconv.Itoa(s.uuids)))
	s.Samples = append(s.Samples, Sample{"uuid", text})
	return text
}

// UUIDv5 is the UUID of a name in a namespace (RFC 9562).
func UUIDv5(namespace [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(namespace[:], name...)) //nolint:gosec // not for security
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return [16]byte(sum[:16])
}

// FormatUUID is a UUID as text.
func FormatUUID(id [16]byte) string {
	text := make([]byte, 36)
	hex.Encode(text, id[0:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text)
}

// spend counts visited elements: an expression that visits too many fails.
func (s *Scope) spend(work int) {
	if s.work -= work; s.work < 0 {
		refuse("the expression visits too many elements")
	}
}

// weigh counts what a lambda made, and not only that it was called.
func (s *Scope) weigh(value Value) {
	waiting := []Value{value}
	for len(waiting) > 0 {
		current := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		switch of := current.(type) {
		case string:
			s.spend(runes(of) / 64)
		case []any:
			s.spend(len(of))
			waiting = append(waiting, of...)
		case map[string]any:
			s.spend(len(of))
			for _, member := range of {
				waiting = append(waiting, member)
			}
		}
	}
}

// with binds a name while a function runs.
func (s *Scope) with(name string, items []any, each func(item Value)) {
	outer := s.Locals
	inner := make(map[string]Value, len(outer)+1)
	for key, value := range outer {
		inner[key] = value
	}
	s.Locals = inner
	defer func() { s.Locals = outer }()
	for _, item := range items {
		inner[name] = item
		each(item)
	}
}
