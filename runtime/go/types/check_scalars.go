package types

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/regex"
)

// builtIn are the types that need no definition.
var builtIn = map[string]check{
	"any":     anyCheck{},
	"null":    kindCheck{"null", func(value any) bool { return value == nil }},
	"boolean": kindCheck{"a boolean", is[bool]},
	"string":  kindCheck{"a string", is[string]},
	"object":  kindCheck{"an object", is[map[string]any]},
	"array":   kindCheck{"a list", is[[]any]},
	"integer": &numberCheck{integer: true, rules: &numberRules{}},
	"number":  &numberCheck{rules: &numberRules{}},
}

func is[T any](value any) bool {
	_, fits := value.(T)
	return fits
}

type anyCheck struct{}

func (anyCheck) accepts(any) bool    { return true }
func (anyCheck) explain(*notes, any) {}

// kindCheck is a JSON type and nothing more.
type kindCheck struct {
	noun string
	fits func(any) bool
}

func (c kindCheck) accepts(value any) bool      { return c.fits(value) }
func (c kindCheck) explain(n *notes, value any) { n.wrongType(value, c.noun) }

type stringCheck struct{ rules *stringRules }

func compileString(of *definition) (check, error) {
	made := &stringRules{low: of.MinLength, high: orNone(of.MaxLength), format: of.Format}
	if of.Format != "" {
		if made.fits = formats[of.Format]; made.fits == nil {
			return nil, fmt.Errorf("there is no format %q", of.Format)
		}
	}
	var err error
	if made.patterns, err = compilePatterns(of.Patterns); err != nil {
		return nil, err
	}
	return stringCheck{made}, nil
}

// orNone is a limit, or -1 for none.
func orNone(limit *int) int {
	if limit == nil {
		return -1
	}
	return *limit
}

func compilePatterns(texts []string) ([]*regex.Portable, error) {
	var made []*regex.Portable
	for _, text := range texts {
		compiled, err := regex.Compile(text)
		if err != nil {
			return nil, err
		}
		made = append(made, compiled)
	}
	return made, nil
}

func (c stringCheck) accepts(value any) bool {
	text, fits := value.(string)
	return fits && c.rules.accepts(text)
}

func (c stringCheck) explain(n *notes, value any) {
	if text, fits := value.(string); fits {
		c.rules.check(n, text)
	} else {
		n.wrongType(value, "a string")
	}
}

type numberCheck struct {
	integer bool
	rules   *numberRules
}

func compileNumber(of *definition) (check, error) {
	var rules []NumberRule
	if of.Bits == 32 {
		rules = append(rules, Bits32())
	}
	for _, each := range []struct {
		text *string
		rule func(string) NumberRule
	}{
		{of.Minimum, Minimum}, {of.Maximum, Maximum},
		{of.ExclusiveMinimum, ExclusiveMinimum}, {of.ExclusiveMaximum, ExclusiveMaximum},
	} {
		if each.text == nil {
			continue
		}
		if value, err := strconv.ParseFloat(*each.text, 64); err != nil && !math.IsInf(value, 0) {
			return nil, fmt.Errorf("%q is no number", *each.text)
		}
		rules = append(rules, each.rule(*each.text))
	}
	for _, text := range of.MultipleOf {
		if step, ok := new(big.Rat).SetString(text); !ok || step.Sign() == 0 {
			return nil, fmt.Errorf("%q is no step", text)
		}
		rules = append(rules, MultipleOf(text))
	}
	return &numberCheck{of.Kind == "integer", newNumberRules(rules)}, nil
}

func (c *numberCheck) fits(value any) (number, float64, bool) {
	of, fits := value.(float64)
	if !fits {
		return number{}, 0, false
	}
	if isSafeInteger(of) {
		return number{integral: true, whole: int64(of)}, of, true
	}
	return number{}, of, !c.integer && !math.IsNaN(of) && !math.IsInf(of, 0)
}

func (c *numberCheck) accepts(value any) bool {
	given, double, fits := c.fits(value)
	if !fits {
		return false
	}
	for index := range c.rules.tests {
		if !c.rules.tests[index].fits(given, double) {
			return false
		}
	}
	return true
}

func (c *numberCheck) explain(n *notes, value any) {
	if given, double, fits := c.fits(value); fits {
		c.rules.check(n, given, double)
		return
	}
	of, isNumber := value.(float64)
	switch {
	case isNumber && (math.IsNaN(of) || math.IsInf(of, 0)):
		n.Report(CodeNotFinite, domainMessages[CodeNotFinite])
	case isNumber && of == math.Trunc(of):
		n.Report(CodeIntegerRange, domainMessages[CodeIntegerRange])
	case c.integer:
		n.wrongType(value, "an integer")
	default:
		n.wrongType(value, "a number")
	}
}

// enumCheck is a closed set of scalars, by JSON equality. Numbers are keys as float64.
type enumCheck struct {
	allowed map[any]bool
	shown   []string
}

func compileEnum(of *definition) (check, error) {
	made := enumCheck{allowed: make(map[any]bool, len(of.Enum))}
	for _, value := range of.Enum {
		text, err := canonical.Text(value)
		if err != nil {
			return nil, err
		}
		made.shown = append(made.shown, text)
		if isScalar(value) {
			made.allowed[value] = true
		}
	}
	return made, nil
}

func isScalar(value any) bool {
	switch value.(type) {
	case string, float64, bool:
		return true
	}
	return false
}

func (c enumCheck) accepts(value any) bool  { return isScalar(value) && c.allowed[value] }
func (c enumCheck) explain(n *notes, _ any) { notListed(n, c.shown) }
