package expr

import (
	"fmt"
)

// specials are the functions that take a lambda, a path or the scope.
var specials map[string]func(args []*Expr) evaluate

func init() { // the table and compile need each other
	specials = map[string]func(args []*Expr) evaluate{
		"exists": exists, "coalesce": coalesce, "either": either, "merge": merge,
		"map": mapping, "filter": filtering,
		"now":  func([]*Expr) evaluate { return func(scope *Scope) Value { return scope.now() } },
		"uuid": func([]*Expr) evaluate { return func(scope *Scope) Value { return scope.uuid() } },
	}
}

func exists(args []*Expr) evaluate {
	needs("exists", args, 1)
	run := compile(args[0])
	if args[0].Op == "path" && args[0].Singular {
		return func(scope *Scope) Value { return run(scope) != Missing }
	}
	return func(scope *Scope) Value {
		return IsTrue(nothing(run(scope)))
	}
}

// IsTrue is what counts as true where any value may stand: anything but null, false, 0
// and what is empty.
func IsTrue(value any) bool {
	switch of := value.(type) {
	case nil:
		return false
	case bool:
		return of
	case float64:
		return of != 0
	case string:
		return of != ""
	case []any:
		return len(of) > 0
	case map[string]any:
		return len(of) > 0
	}
	return true
}

func needs(function string, args []*Expr, count int) {
	if len(args) < count {
		panic(broken(fmt.Sprintf("`%s` with %d arguments", function, len(args))))
	}
}

func coalesce(args []*Expr) evaluate {
	operands := compileAll(args, operand)
	return func(scope *Scope) Value {
		for _, each := range operands {
			if value := each(scope); value != nil {
				return value
			}
		}
		return nil
	}
}

// either is the first argument that selects something, null included, else missing.
func either(args []*Expr) evaluate {
	operands := compileAll(args, compile)
	return func(scope *Scope) Value {
		for _, each := range operands {
			if value := each(scope); value != Missing {
				return value
			}
		}
		return Missing
	}
}

// merge has the members of all objects, later ones win; null counts as empty.
func merge(args []*Expr) evaluate {
	operands := compileAll(args, operand)
	return func(scope *Scope) Value {
		merged := map[string]any{}
		for _, each := range operands {
			switch of := each(scope).(type) {
			case nil:
			case map[string]any:
				for name, value := range of {
					merged[name] = value
				}
			default:
				refuse("`merge` takes objects, not %s", typeName(of))
			}
		}
		return merged
	}
}

func itemsOf(function string, args []*Expr) func(*Scope) []any {
	needs(function, args, 2)
	if args[1].Op != "lambda" || args[1].Body == nil {
		panic(broken("`" + function + "` without a lambda"))
	}
	run := operand(args[0])
	return func(scope *Scope) []any {
		items := list(function, run(scope))
		scope.spend(len(items))
		return items
	}
}

func mapping(args []*Expr) evaluate {
	items := itemsOf("map", args)
	body, makes := operand(args[1].Body), args[1].Body.Op != "path" && args[1].Body.Op != "lit"
	return func(scope *Scope) Value {
		source := items(scope)
		results := make([]any, 0, len(source))
		scope.with(args[1].Param, source, func(Value) {
			value := body(scope)
			if makes {
				scope.weigh(value)
			}
			results = append(results, value)
		})
		return results
	}
}

func filtering(args []*Expr) evaluate {
	items := itemsOf("filter", args)
	holds := condition(args[1].Body)
	return func(scope *Scope) Value { return filter(scope, args[1].Param, items(scope), holds) }
}
