package types

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
)

// TypeRef names a type of a plan: an id of its types, or a built-in type.
type TypeRef struct {
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

// TypeSet is the types of one plan, for values that no code was generated for. Values
// are what DecodeValue gives: nil, bool, float64, string, []any, map[string]any. It is
// safe for use by many goroutines.
type TypeSet struct {
	definitions map[string]*definition
	// defaulted are the types that have a default, at any depth.
	defaulted map[string]bool

	lock       sync.RWMutex
	checks     map[string]check
	validators map[TypeRef]*Validator
}

// Validator is a compiled reference to a type. It holds no state of a value.
type Validator struct {
	check check
	any   bool
}

// IsAny says that every value fits, so that a caller can skip the call.
func (v *Validator) IsAny() bool { return v.any }

// Accepts says whether a value fits.
func (v *Validator) Accepts(value any) bool { return v.check.accepts(value) }

// Check says what keeps a value from fitting, at most MaxProblems; nil when it fits.
// Members of an object come in the order of their names, by code point.
func (v *Validator) Check(value any) []Problem {
	if v.check.accepts(value) {
		return nil
	}
	var found notes
	v.check.explain(&found, value)
	return found.problems
}

// check is a compiled type: whether a value fits, and why it does not. explain is called
// for a value that does not fit.
type check interface {
	accepts(value any) bool
	explain(n *notes, value any)
}

// NewTypeSet reads the types of a plan. Whether they are whole is known when each is
// compiled.
func NewTypeSet(types map[string]json.RawMessage) (*TypeSet, error) {
	made := &TypeSet{
		definitions: make(map[string]*definition, len(types)),
		checks:      map[string]check{},
		validators:  map[TypeRef]*Validator{},
	}
	for id, text := range types {
		read := &definition{}
		if err := json.Unmarshal(text, read); err != nil {
			return nil, fmt.Errorf("the plan's type %q is malformed: %w", id, err)
		}
		made.definitions[id] = read
	}
	made.defaulted = findDefaulted(made.definitions)
	return made, nil
}

// Compile gives the validator of a reference, compiled at its first use. It fails for a
// type that the plan does not define, or that is malformed.
func (s *TypeSet) Compile(of TypeRef) (*Validator, error) {
	s.lock.RLock()
	found := s.validators[of]
	s.lock.RUnlock()
	if found != nil {
		return found, nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if found = s.validators[of]; found != nil {
		return found, nil
	}
	before := maps.Clone(s.checks)
	compiled, err := s.compile(of)
	if err != nil {
		s.checks = before // none of those that could not be finished stays
		return nil, err
	}
	_, free := compiled.(anyCheck)
	made := &Validator{check: compiled, any: free}
	s.validators[of] = made
	return made, nil
}

// resolve is a reference behind all aliases; the definition of a built-in type is nil.
func (s *TypeSet) resolve(of TypeRef) (*definition, TypeRef, error) {
	for range len(s.definitions) + 1 {
		if builtIn[of.Type] != nil {
			return nil, of, nil
		}
		found := s.definitions[of.Type]
		if found == nil {
			return nil, of, fmt.Errorf("the plan has no type %q", of.Type)
		}
		if found.Kind != "alias" {
			return found, of, nil
		}
		if found.Of == nil {
			return nil, of, fmt.Errorf("the plan's type %q is malformed: it has no `of`", of.Type)
		}
		of = TypeRef{Type: found.Of.Type, Nullable: of.Nullable || found.Of.Nullable}
	}
	return nil, of, fmt.Errorf("the plan's type %q is an alias of itself", of.Type)
}

func (s *TypeSet) compile(of TypeRef) (check, error) {
	found, target, err := s.resolve(of)
	if err != nil {
		return nil, err
	}
	compiled := builtIn[target.Type]
	if found != nil {
		if compiled, err = s.define(target.Type, found); err != nil {
			return nil, err
		}
	}
	if target.Nullable && target.Type != "any" && target.Type != "null" {
		compiled = nullableCheck{compiled}
	}
	return compiled, nil
}

func (s *TypeSet) define(id string, of *definition) (check, error) {
	if found := s.checks[id]; found != nil {
		return found, nil
	}
	// Types that contain themselves meet this stand-in until they are compiled.
	later := &laterCheck{}
	s.checks[id] = later
	made, err := s.compileDefinition(of)
	if err != nil {
		var malformed *malformedError
		if errors.As(err, &malformed) {
			return nil, err
		}
		return nil, &malformedError{id, err}
	}
	later.check = made
	s.checks[id] = made
	return made, nil
}

type malformedError struct {
	id  string
	err error
}

func (e *malformedError) Error() string {
	return fmt.Sprintf("the plan's type %q is malformed: %v", e.id, e.err)
}

func (e *malformedError) Unwrap() error { return e.err }

func (s *TypeSet) compileDefinition(of *definition) (check, error) {
	switch of.Kind {
	case "string":
		return compileString(of)
	case "integer", "number":
		return compileNumber(of)
	case "enum":
		return compileEnum(of)
	case "array":
		return s.compileArray(of)
	case "tuple":
		return s.compileTuple(of)
	case "map":
		return s.compileMap(of)
	case "object":
		return s.compileObject(of)
	case "union":
		return s.compileUnion(of)
	case "never":
		return neverCheck{}, nil
	}
	return nil, fmt.Errorf("it has the unknown kind %q", of.Kind)
}

type laterCheck struct{ check }

type nullableCheck struct{ check }

func (c nullableCheck) accepts(value any) bool { return value == nil || c.check.accepts(value) }

type neverCheck struct{}

func (neverCheck) accepts(any) bool        { return false }
func (neverCheck) explain(n *notes, _ any) { n.Report("false", "no value is allowed here") }
func (n *notes) wrongType(v any, want string) {
	n.Report("type", "the value is "+jsonType(v)+", not "+want)
}

// jsonType is the JSON type of a value, for messages: 1.0 is an integer, as in schemas.
func jsonType(value any) string {
	switch of := value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		if isSafeInteger(of) {
			return "an integer"
		}
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a Go %T", value)
}

func isSafeInteger(value float64) bool {
	return value == math.Trunc(value) && value >= -MaxSafeInteger && value <= MaxSafeInteger
}
