package expr

import (
	"crypto/sha1" //nolint:gosec // UUIDv5 is made of it
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Scope is what an expression can see. A root that is not there is nil in Go and absent
// here: use Missing only through the maps.
//
// Steps: by name, what of output, status, error, attempts there is. Locals: items by
// loop variable. Indexes: by loop variable. Undo: {input, output}.
type Scope struct {
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

func (s *Scope) root(name string) Value {
	if value, there := s.Roots[name]; there {
		return value
	}
	return Missing
}

func (s *Scope) now() string {
	text := time.UnixMilli(s.Time).UTC().Format("2006-01-02T15:04:05.000Z")
	s.Samples = append(s.Samples, Sample{"now", text})
	return text
}

// uuid is the k-th UUID of the event: UUIDv5 of the event's id and k, from 1.
func (s *Scope) uuid() string {
	s.uuids++
	namespace, err := hex.DecodeString(strings.ReplaceAll(s.EventID, "-", ""))
	if err != nil || len(namespace) != 16 {
		refuse("the event has no id")
	}
	sum := sha1.Sum(append(namespace, strconv.Itoa(s.uuids)...)) //nolint:gosec // not for security
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	text := fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	s.Samples = append(s.Samples, Sample{"uuid", text})
	return text
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
