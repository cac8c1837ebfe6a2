// Package expr evaluates the expressions of a plan over JSON data: the same values and
// the same errors as in every other language (runtime/conformance/expressions).
package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// Value is a JSON value (nil, bool, float64, string, []any, map[string]any), or Missing.
// Numbers are doubles, as in the language.
type Value = any

type missing struct{}

// Missing is what a path gives that selects nothing: null in an expression, absent in a
// mapping.
var Missing Value = missing{}

const (
	maxText  = 1_048_576 // code points of a text that an expression makes
	maxItems = 250_000   // values in a list or object that an expression prints
	maxWork  = 250_000   // elements that one evaluation may visit
	maxSafe  = 1<<53 - 1
)

// Error says that an expression has no value. Code is the code of the workflow's error.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Message }

// refuse ends an evaluation; Evaluate gives it back as an error.
func refuse(format string, words ...any) {
	panic(&Error{Code: "EXPRESSION", Message: fmt.Sprintf(format, words...)})
}

// nothing gives null for what is missing.
func nothing(value Value) Value {
	if value == Missing {
		return nil
	}
	return value
}

// typeName is the JSON type's name; a missing value counts as null.
func typeName(value Value) string {
	switch value.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

// equal is JSON equality: 1 == 1.0, true != 1, objects without regard to order.
func equal(a, b Value) bool {
	switch one := nothing(a).(type) {
	case nil:
		return nothing(b) == nil
	case []any:
		other, is := b.([]any)
		if !is || len(one) != len(other) {
			return false
		}
		for index := range one {
			if !equal(one[index], other[index]) {
				return false
			}
		}
		return true
	case map[string]any:
		other, is := b.(map[string]any)
		if !is || len(one) != len(other) {
			return false
		}
		for name, member := range one {
			if found, there := other[name]; !there || !equal(member, found) {
				return false
			}
		}
		return true
	default:
		switch b.(type) {
		case bool, string, float64:
			return a == b
		}
		return false
	}
}

// compare orders two numbers or two texts.
func compare(a, b Value, operator string) int {
	switch one := a.(type) {
	case float64:
		if other, is := b.(float64); is {
			switch {
			case one < other:
				return -1
			case one > other:
				return 1
			}
			return 0
		}
	case string:
		if other, is := b.(string); is {
			// code points order as their UTF-8 does
			return strings.Compare(one, other)
		}
	}
	refuse("`%s` compares two numbers or two texts, not %s and %s", operator, typeName(a), typeName(b))
	return 0
}

// truth says whether a condition holds: null and missing are false, others must be
// boolean.
func truth(value Value) bool {
	switch of := nothing(value).(type) {
	case bool:
		return of
	case nil:
		return false
	}
	refuse("a condition is true, false or null, not %s", typeName(value))
	return false
}

// PrintText is what interpolation prints of a value. The error is an *Error.
func PrintText(value Value) (text string, err error) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case *Error:
			text, err = "", problem
		default:
			panic(problem)
		}
	}()
	return printText(value), nil
}

// printText is what interpolation prints: null as nothing, numbers as in RFC 8785,
// objects and lists as canonical JSON.
func printText(value Value) string {
	switch of := nothing(value).(type) {
	case nil:
		return ""
	case string:
		return of
	case bool:
		if of {
			return "true"
		}
		return "false"
	case float64:
		return canonical.Number(of)
	}
	bound(value)
	text, err := canonical.Text(value)
	if err != nil {
		refuse("the value cannot be printed: %v", err)
	}
	return text
}

// bound refuses what is small in memory and endless in print, as [x, x] of [x, x].
func bound(value Value) {
	left := maxItems
	waiting := []Value{value}
	for len(waiting) > 0 {
		current := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		switch of := current.(type) {
		case []any:
			left -= len(of)
			waiting = append(waiting, of...)
		case map[string]any:
			left -= len(of)
			for _, member := range of {
				waiting = append(waiting, member)
			}
		}
		if left < 0 {
			refuse("a value of more than %d items is printed", maxItems)
		}
	}
}

// textFits refuses a text of so many code points.
func textFits(length int) {
	if length > maxText {
		refuse("a text of more than %d characters is made", maxText)
	}
}

func runes(text string) int { return utf8.RuneCountInString(text) }
