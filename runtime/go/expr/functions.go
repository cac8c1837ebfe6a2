package expr

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/regex"
)

func compileCall(expr *Expr) evaluate {
	if special, is := specials[expr.Function]; is {
		return special(expr.Args)
	}
	function, known := functions[expr.Function]
	if !known {
		panic(broken("the unknown function " + expr.Function))
	}
	args := compileAll(expr.Args, operand)
	if len(args) < function.least || (function.most >= 0 && len(args) > function.most) {
		panic(broken(fmt.Sprintf("`%s` with %d arguments", expr.Function, len(args))))
	}
	return func(scope *Scope) Value { return function.call(evaluateAll(args, scope)) }
}

// what an argument must be

func wrong(function, wanted string, value Value) {
	refuse("`%s` takes %s, not %s", function, wanted, typeName(value))
}

func text(function string, value Value) string {
	found, is := value.(string)
	if !is {
		wrong(function, "a text", value)
	}
	return found
}

func list(function string, value Value) []any {
	found, is := value.([]any)
	if !is {
		wrong(function, "a list", value)
	}
	return found
}

func number(function string, value Value) float64 {
	found, is := value.(float64)
	if !is {
		wrong(function, "a number", value)
	}
	return found
}

func object(function string, value Value) map[string]any {
	found, is := value.(map[string]any)
	if !is {
		wrong(function, "an object", value)
	}
	return found
}

// integer is an argument that counts; beyond what any text or list has it is cut off.
func integer(function string, value Value) int {
	found := number(function, value)
	if found != math.Trunc(found) {
		refuse("`%s` takes an integer, not %s", function, canonical.Number(found))
	}
	return int(min(max(found, -1<<40), 1<<40))
}

func contains(items []any, wanted Value) bool {
	return slices.ContainsFunc(items, func(item any) bool { return equal(item, wanted) })
}

type function struct {
	least, most int // arguments; most -1 is any number
	call        func(args []any) Value
}

func unary(call func(value Value) Value) function {
	return function{1, 1, func(args []any) Value { return call(args[0]) }}
}

func binary(call func(a, b Value) Value) function {
	return function{2, 2, func(args []any) Value { return call(args[0], args[1]) }}
}

// functions are those whose arguments are values.
var functions = map[string]function{
	"length": unary(func(value Value) Value {
		switch of := value.(type) {
		case string:
			return float64(runes(of))
		case []any:
			return float64(len(of))
		case map[string]any:
			return float64(len(of))
		}
		wrong("length", "a text, list or object", value)
		return nil
	}),
	"count": unary(func(value Value) Value { return float64(len(list("count", value))) }),
	"contains": binary(func(whole, part Value) Value {
		switch of := whole.(type) {
		case []any:
			return contains(of, part)
		case string:
			return strings.Contains(of, text("contains", part))
		}
		wrong("contains", "a text or a list", whole)
		return nil
	}),
	"starts_with": binary(func(a, b Value) Value { return strings.HasPrefix(text("starts_with", a), text("starts_with", b)) }),
	"ends_with":   binary(func(a, b Value) Value { return strings.HasSuffix(text("ends_with", a), text("ends_with", b)) }),
	"matches": binary(func(value, pattern Value) Value {
		compiled, err := regex.Compile(text("matches", pattern))
		if err != nil {
			refuse("%v", err)
		}
		return compiled.Search(text("matches", value))
	}),
	"lower": unary(func(value Value) Value { return strings.Map(lowerASCII, text("lower", value)) }),
	"upper": unary(func(value Value) Value { return strings.Map(upperASCII, text("upper", value)) }),
	"trim":  unary(func(value Value) Value { return strings.Trim(text("trim", value), " \t\n\r") }),
	"join":  binary(join),
	"split": binary(func(value, separator Value) Value {
		parts := strings.Split(text("split", value), text("split", separator))
		found := make([]any, len(parts))
		for index, part := range parts {
			found[index] = part
		}
		return found
	}),
	"replace":   {3, 3, replace},
	"substring": {2, 3, substring},
	"min":       {0, -1, func(args []any) Value { return extreme("min", args, -1) }},
	"max":       {0, -1, func(args []any) Value { return extreme("max", args, 1) }},
	"sum":       unary(sum),
	"avg": unary(func(value Value) Value {
		items := list("avg", value)
		for _, item := range items {
			number("avg", item)
		}
		if len(items) == 0 {
			return nil
		}
		return calculate("/", sum(value), float64(len(items)))
	}),
	"abs":   unary(func(value Value) Value { return settle(math.Abs(number("abs", value))) }),
	"floor": unary(func(value Value) Value { return settle(math.Floor(number("floor", value))) }),
	"ceil":  unary(func(value Value) Value { return settle(math.Ceil(number("ceil", value))) }),
	"round": {1, 2, round},
	"type_of": unary(func(value Value) Value {
		return typeName(value)
	}),
	"to_string": unary(func(value Value) Value { return printText(value) }),
	"to_number": unary(toNumber),
	"keys": unary(func(value Value) Value {
		of := object("keys", value)
		names := make([]string, 0, len(of))
		for name := range of {
			names = append(names, name)
		}
		sortNames(names)
		found := make([]any, len(names))
		for index, name := range names {
			found[index] = name
		}
		return found
	}),
	"values": unary(func(value Value) Value { return children(object("values", value)) }),
	"first": unary(func(value Value) Value {
		if items := list("first", value); len(items) > 0 {
			return items[0]
		}
		return nil
	}),
	"last": unary(func(value Value) Value {
		if items := list("last", value); len(items) > 0 {
			return items[len(items)-1]
		}
		return nil
	}),
	"sort": unary(func(value Value) Value {
		items := slices.Clone(ordered("sort", list("sort", value)))
		slices.SortStableFunc(items, func(a, b any) int { return compare(a, b, "sort") })
		return items
	}),
	"unique": unary(unique),
	"flatten": unary(func(value Value) Value {
		found := []any{}
		for _, inner := range list("flatten", value) {
			found = append(found, list("flatten", inner)...)
		}
		return found
	}),
}

func lowerASCII(char rune) rune {
	if char >= 'A' && char <= 'Z' {
		return char + 32
	}
	return char
}

func upperASCII(char rune) rune {
	if char >= 'a' && char <= 'z' {
		return char - 32
	}
	return char
}

func join(value, separator Value) Value {
	items := list("join", value)
	texts, length := make([]string, len(items)), 0
	for index, item := range items {
		texts[index] = text("join", item)
		length += runes(texts[index])
	}
	glue := text("join", separator)
	textFits(length + runes(glue)*max(len(items)-1, 0))
	return strings.Join(texts, glue)
}

func replace(args []any) Value {
	whole, before, after := text("replace", args[0]), text("replace", args[1]), text("replace", args[2])
	if before == "" {
		refuse("`replace` looks for a text that is not empty")
	}
	if growth := runes(after) - runes(before); growth > 0 {
		textFits(runes(whole) + strings.Count(whole, before)*growth)
	}
	return strings.ReplaceAll(whole, before, after)
}

// substring counts code points; negative places count from the end.
func substring(args []any) Value {
	whole := []rune(text("substring", args[0]))
	place := func(at int) int {
		if at < 0 {
			at += len(whole)
		}
		return min(max(at, 0), len(whole))
	}
	first, last := place(integer("substring", args[1])), len(whole)
	if len(args) == 3 && args[2] != nil {
		last = place(integer("substring", args[2]))
	}
	if first >= last {
		return ""
	}
	return string(whole[first:last])
}

func extreme(function string, args []any, sign int) Value {
	items := args
	if len(args) == 1 {
		if of, is := args[0].([]any); is {
			items = of
		}
	}
	items = ordered(function, items)
	if len(items) == 0 {
		return nil
	}
	best := items[0]
	for _, item := range items[1:] {
		if compare(item, best, function) == sign {
			best = item
		}
	}
	return best
}

// ordered are items that are all numbers or all texts.
func ordered(function string, items []any) []any {
	kinds := map[string]bool{}
	for _, item := range items {
		kinds[typeName(item)] = true
	}
	if len(kinds) > 1 || (len(kinds) == 1 && !kinds["number"] && !kinds["string"]) {
		names := make([]string, 0, len(kinds))
		for name := range kinds {
			names = append(names, name)
		}
		sortNames(names)
		refuse("`%s` takes numbers only or texts only, not %s", function, strings.Join(names, " and "))
	}
	return items
}

// sum adds one by one from the left.
func sum(value Value) Value {
	var total Value = 0.0
	for _, item := range list("sum", value) {
		total = calculate("+", total, number("sum", item))
	}
	return total
}

// round rounds the shortest decimal that the number prints as, half to even.
func round(args []any) Value {
	digits := 0
	if len(args) == 2 {
		digits = integer("round", args[1])
	}
	if digits < 0 || digits > 15 {
		refuse("`round` rounds to 0–15 digits")
	}
	value := number("round", args[0])
	if value == math.Trunc(value) {
		return settle(value)
	}
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(value, 'g', -1, 64))
	if !ok {
		refuse("the number cannot be rounded")
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt(scale))
	whole, rest := new(big.Int).DivMod(scaled.Num(), scaled.Denom(), new(big.Int))
	// rest is what stands above the whole part: compare it with a half
	switch half := new(big.Int).Lsh(rest, 1).Cmp(scaled.Denom()); {
	case half > 0, half == 0 && whole.Bit(0) == 1:
		whole.Add(whole, big.NewInt(1))
	}
	rounded, _ := new(big.Rat).SetFrac(whole, scale).Float64()
	return settle(rounded)
}

var jsonNumber = regexp.MustCompile(`\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z`)

func toNumber(value Value) Value {
	written, is := value.(string)
	if !is {
		return settle(number("to_number", value))
	}
	if !jsonNumber.MatchString(written) {
		refuse("`to_number` takes a text in JSON's notation of numbers")
	}
	found, _ := strconv.ParseFloat(written, 64)
	if math.IsInf(found, 0) {
		refuse("the number is beyond the range of numbers")
	}
	return settle(found)
}

// unique is by JSON equality; scalars in linear time.
func unique(value Value) Value {
	found, composite := []any{}, []any{}
	seen := map[any]bool{}
	for _, item := range list("unique", value) {
		switch item.(type) {
		case []any, map[string]any:
			if contains(composite, item) {
				continue
			}
			composite = append(composite, item)
		default:
			if seen[item] {
				continue
			}
			seen[item] = true
		}
		found = append(found, item)
	}
	return found
}
