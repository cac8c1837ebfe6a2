package expr

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
)

// Expr is an expression of a plan (Expr of schemas/plan.schema.json).
type Expr struct {
	Op       string           `json:"op"`
	Value    any              `json:"value"`
	Root     string           `json:"root"`
	Name     *string          `json:"name"`
	Field    string           `json:"field"`
	Segments []Segment        `json:"segments"`
	Singular bool             `json:"singular"`
	Arg      *Expr            `json:"arg"`
	Left     *Expr            `json:"left"`
	Right    *Expr            `json:"right"`
	Function string           `json:"function"`
	Args     []*Expr          `json:"args"`
	Param    string           `json:"parameter"`
	Body     *Expr            `json:"body"`
	Members  map[string]*Expr `json:"members"`
	Items    []*Expr          `json:"items"`
	Parts    []*Expr          `json:"parts"`
	From     string           `json:"from"`
}

// Segment is one segment of a path: its selectors.
type Segment struct {
	Selectors  []Selector `json:"selectors"`
	Descendant bool       `json:"descendant"`
}

// Selector has exactly one member.
type Selector struct {
	Member *string `json:"member"`
	At     *int    `json:"at"`
	All    bool    `json:"all"`
	Slice  []*int  `json:"slice"`
	Filter *Expr   `json:"filter"`
	Length bool    `json:"length"`
}

// Compiled is an expression that is ready to be evaluated, by many goroutines.
type Compiled struct{ run evaluate }

type evaluate func(scope *Scope) Value

// Parse reads an expression of a plan and compiles it.
func Parse(data []byte) (*Compiled, error) {
	var expr Expr
	if err := json.Unmarshal(data, &expr); err != nil {
		return nil, fmt.Errorf("the plan has a broken expression: %w", err)
	}
	return Compile(&expr)
}

// Compile makes an expression ready. It fails for what is no expression of the plan.
func Compile(expr *Expr) (compiled *Compiled, err error) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case broken:
			err = fmt.Errorf("the plan has a broken expression: %s", string(problem))
		default:
			panic(problem)
		}
	}()
	return &Compiled{compile(expr)}, nil
}

// broken is what Compile finds wrong with a plan.
type broken string

// Evaluate gives a JSON value, or Missing when the expression is a path that selects
// nothing. The error is an *Error.
func (c *Compiled) Evaluate(scope *Scope) (value Value, err error) {
	scope.work = maxWork
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case *Error:
			value, err = nil, problem
		default:
			panic(problem)
		}
	}()
	return c.run(scope), nil
}

// Holds says whether the expression is true as a condition: null and what is missing are
// false. The error is an *Error, also for a value that is neither.
func (c *Compiled) Holds(scope *Scope) (is bool, err error) {
	scope.work = maxWork
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case *Error:
			is, err = false, problem
		default:
			panic(problem)
		}
	}()
	return truth(c.run(scope)), nil
}

// operand is compile with null for what is missing.
func operand(expr *Expr) evaluate {
	run := compile(expr)
	return func(scope *Scope) Value { return nothing(run(scope)) }
}

func condition(expr *Expr) func(scope *Scope) bool {
	run := compile(expr)
	return func(scope *Scope) bool { return truth(run(scope)) }
}

func compile(expr *Expr) evaluate {
	if expr == nil {
		panic(broken("an operand is missing"))
	}
	switch expr.Op {
	case "lit":
		value := expr.Value
		return func(*Scope) Value { return value }
	case "path":
		return compilePath(expr)
	case "not":
		holds := condition(expr.Arg)
		return func(scope *Scope) Value { return !holds(scope) }
	case "neg":
		arg := operand(expr.Arg)
		return func(scope *Scope) Value {
			value := arg(scope)
			number, is := value.(float64)
			if !is {
				refuse("minus takes a number, not %s", typeName(value))
			}
			return settle(-number)
		}
	case "or", "and":
		return compileLogic(expr)
	case "==", "!=":
		left, right, same := operand(expr.Left), operand(expr.Right), expr.Op == "=="
		return func(scope *Scope) Value { return equal(left(scope), right(scope)) == same }
	case "<", "<=", ">", ">=":
		return compileOrder(expr)
	case "in":
		left, right := operand(expr.Left), operand(expr.Right)
		return func(scope *Scope) Value {
			item, whole := left(scope), right(scope)
			items, is := whole.([]any)
			if !is {
				refuse("`in` looks into a list, not %s", typeName(whole))
			}
			return contains(items, item)
		}
	case "+", "-", "*", "/", "%":
		left, right, operator := operand(expr.Left), operand(expr.Right), expr.Op
		return func(scope *Scope) Value { return calculate(operator, left(scope), right(scope)) }
	case "call":
		return compileCall(expr)
	case "object":
		return compileObject(expr)
	case "array":
		items := compileAll(expr.Items, operand)
		return func(scope *Scope) Value { return evaluateAll(items, scope) }
	case "template":
		return compileTemplate(expr)
	case "secret":
		key := map[string]string{"secrets": "$secret", "env": "$env"}[expr.From]
		if key == "" || expr.Name == nil {
			panic(broken("a secret without a name"))
		}
		name := *expr.Name
		return func(*Scope) Value { return map[string]any{key: name} }
	}
	panic(broken("the unknown operator " + expr.Op))
}

func compileAll(exprs []*Expr, by func(*Expr) evaluate) []evaluate {
	made := make([]evaluate, len(exprs))
	for index, each := range exprs {
		made[index] = by(each)
	}
	return made
}

func evaluateAll(items []evaluate, scope *Scope) []any {
	values := make([]any, len(items))
	for index, item := range items {
		values[index] = item(scope)
	}
	return values
}

func compileLogic(expr *Expr) evaluate {
	left, right := condition(expr.Left), condition(expr.Right)
	if expr.Op == "or" {
		return func(scope *Scope) Value { return left(scope) || right(scope) }
	}
	return func(scope *Scope) Value { return left(scope) && right(scope) }
}

func compileOrder(expr *Expr) evaluate {
	left, right, operator := operand(expr.Left), operand(expr.Right), expr.Op
	holds := map[string]func(int) bool{
		"<":  func(order int) bool { return order < 0 },
		"<=": func(order int) bool { return order <= 0 },
		">":  func(order int) bool { return order > 0 },
		">=": func(order int) bool { return order >= 0 },
	}[operator]
	return func(scope *Scope) Value { return holds(compare(left(scope), right(scope), operator)) }
}

func compileObject(expr *Expr) evaluate {
	// samples are taken in the order of the plan's canonical text, whatever the map's
	names := canonical.SortedNames(expr.Members)
	members := make([]evaluate, len(names))
	for index, name := range names {
		members[index] = compile(expr.Members[name])
	}
	return func(scope *Scope) Value {
		made := make(map[string]any, len(names))
		for index, name := range names {
			if value := members[index](scope); value != Missing {
				made[name] = value
			}
		}
		return made
	}
}

func compileTemplate(expr *Expr) evaluate {
	parts := compileAll(expr.Parts, compile)
	secret := false
	for _, each := range expr.Parts {
		secret = secret || each.Op == "secret"
	}
	if secret {
		return compileSecretTemplate(expr, parts)
	}
	return func(scope *Scope) Value {
		length := 0
		pieces := make([]string, len(parts))
		for index, part := range parts {
			pieces[index] = printText(part(scope))
			length += runes(pieces[index])
		}
		textFits(length)
		return strings.Join(pieces, "")
	}
}

// compileSecretTemplate makes {"$template": [text, {"$secret": name}, …]} of a text
// with secrets in it.
func compileSecretTemplate(expr *Expr, parts []evaluate) evaluate {
	return func(scope *Scope) Value {
		pieces, length := []any{}, 0
		for index, part := range parts {
			if expr.Parts[index].Op == "secret" {
				pieces = append(pieces, part(scope))
				continue
			}
			text := printText(part(scope))
			length += runes(text)
			textFits(length)
			if last := len(pieces) - 1; last >= 0 {
				if before, is := pieces[last].(string); is {
					pieces[last] = before + text
					continue
				}
			}
			if text != "" {
				pieces = append(pieces, text)
			}
		}
		return map[string]any{"$template": pieces}
	}
}

// settle is a number as every language has it: a finite double.
func settle(value float64) float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		refuse("the result is beyond the range of numbers")
	}
	if value == 0 {
		return 0 // and not -0
	}
	return value
}

func calculate(operator string, a, b Value) Value {
	if one, is := a.(string); is && operator == "+" {
		if other, is := b.(string); is {
			textFits(runes(one) + runes(other))
			return one + other
		}
	}
	left, leftIs := a.(float64)
	right, rightIs := b.(float64)
	if !leftIs || !rightIs {
		wanted := "two numbers"
		if operator == "+" {
			wanted = "two numbers or two texts"
		}
		refuse("`%s` takes %s, not %s and %s", operator, wanted, typeName(a), typeName(b))
	}
	switch operator {
	case "+":
		return settle(left + right)
	case "-":
		return settle(left - right)
	case "*":
		return settle(left * right)
	}
	if right == 0 {
		refuse("a number is divided by zero")
	}
	if operator == "/" {
		return settle(left / right)
	}
	return settle(math.Mod(left, right))
}
