package expr

import "slices"

func sortNames(names []string) { slices.Sort(names) }

var roots = map[string]Root{
	"input": RootInput, "branches": RootBranches, "iterations": RootIterations, "response": RootResponse,
	"error": RootError, "execution": RootExecution, "metadata": RootMetadata, "event": RootEvent,
}

// compilePath makes the function that reads a path: a value or Missing for a singular
// one, a list for others.
func compilePath(expr *Expr) evaluate {
	start := compileRoot(expr)
	singular := true
	for _, segment := range expr.Segments {
		singular = singular && isSingular(segment)
	}
	if names, only := memberNames(expr.Segments); only {
		return readChain(start, names)
	}
	if singular {
		selectors := make([]func(Value) Value, len(expr.Segments))
		for index, segment := range expr.Segments {
			selectors[index] = single(segment.Selectors[0])
		}
		return func(scope *Scope) Value {
			value := start(scope)
			for _, pick := range selectors {
				value = pick(value)
			}
			return value
		}
	}
	segments := make([]selects, len(expr.Segments))
	for index, segment := range expr.Segments {
		segments[index] = compileSegment(segment)
	}
	return func(scope *Scope) Value {
		value := start(scope)
		if value == Missing {
			return []any{}
		}
		values := []any{value}
		for _, pick := range segments {
			found := []any{}
			for _, each := range values {
				found = append(found, pick(scope, each)...)
			}
			values = found
		}
		return values
	}
}

// memberNames are the names of a path that has nothing but names.
func memberNames(segments []Segment) ([]string, bool) {
	names := make([]string, len(segments))
	for index, segment := range segments {
		if segment.Descendant || len(segment.Selectors) != 1 || segment.Selectors[0].Member == nil {
			return nil, false
		}
		names[index] = *segment.Selectors[0].Member
	}
	return names, true
}

// readChain reads a chain of member names, by far the most frequent expression.
func readChain(start evaluate, names []string) evaluate {
	if len(names) == 0 {
		return start
	}
	return func(scope *Scope) Value {
		value := start(scope)
		for _, name := range names {
			of, is := value.(map[string]any)
			if !is {
				return Missing
			}
			if value, is = of[name]; !is {
				return Missing
			}
		}
		return value
	}
}

type selects func(scope *Scope, value Value) []any

func compileRoot(expr *Expr) evaluate {
	name := ""
	if expr.Name != nil {
		name = *expr.Name
	}
	root, plain := roots[expr.Root]
	switch {
	case plain:
		return func(scope *Scope) Value { return scope.root(root) }
	case expr.Root == "step":
		field := expr.Field
		if field == "" {
			field = "output"
		}
		return func(scope *Scope) Value {
			return scope.stepField(name, field)
		}
	case expr.Root == "local":
		return func(scope *Scope) Value { return scope.local(name) }
	case expr.Root == "undo":
		if name == "" {
			name = "output"
		}
		return func(scope *Scope) Value {
			undo, _ := scope.root(RootUndo).(map[string]any)
			return member(undo, name)
		}
	case expr.Root == "index" && expr.Name == nil:
		return func(scope *Scope) Value { return scope.root(RootIndex) }
	case expr.Root == "index":
		return func(scope *Scope) Value { return scope.index(name) }
	}
	panic(broken("the unknown root " + expr.Root))
}

func member(of map[string]any, name string) Value {
	if value, there := of[name]; there {
		return value
	}
	return Missing
}

func isSingular(segment Segment) bool {
	if segment.Descendant || len(segment.Selectors) != 1 {
		return false
	}
	only := segment.Selectors[0]
	return only.Member != nil || only.At != nil || only.Length
}

// single is a selector of at most one value; what selects nothing gives Missing.
func single(selector Selector) func(Value) Value {
	switch {
	case selector.Member != nil:
		name := *selector.Member
		return func(value Value) Value {
			of, _ := value.(map[string]any)
			return member(of, name)
		}
	case selector.At != nil:
		at := *selector.At
		return func(value Value) Value {
			items, _ := value.([]any)
			index := at
			if index < 0 {
				index += len(items)
			}
			if index < 0 || index >= len(items) {
				return Missing
			}
			return items[index]
		}
	case selector.Length:
		return length
	}
	panic(broken("a selector selects nothing"))
}

// length counts code points of a text, items of a list; it is an object's own member.
func length(value Value) Value {
	switch of := value.(type) {
	case string:
		return float64(runes(of))
	case []any:
		return float64(len(of))
	case map[string]any:
		return member(of, "length")
	}
	return Missing
}

func compileSegment(segment Segment) selects {
	made := make([]selects, len(segment.Selectors))
	for index, selector := range segment.Selectors {
		made[index] = compileSelector(selector)
	}
	return func(scope *Scope, value Value) []any {
		found := []any{}
		pick := func(current Value) {
			for _, each := range made {
				found = append(found, each(scope, current)...)
			}
		}
		if segment.Descendant {
			descend(scope, value, pick)
		} else {
			pick(value)
		}
		scope.spend(len(found))
		return found
	}
}

// descend visits a value and all below it, parents before children.
func descend(scope *Scope, value Value, visit func(Value)) {
	waiting := []Value{value}
	for len(waiting) > 0 {
		current := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		scope.spend(1)
		visit(current)
		below := children(current)
		for index := len(below) - 1; index >= 0; index-- {
			waiting = append(waiting, below[index])
		}
	}
}

// children are the items of a list, or the members of an object in the code point order
// of their names.
func children(value Value) []any {
	switch of := value.(type) {
	case []any:
		return of
	case map[string]any:
		names := make([]string, 0, len(of))
		for name := range of {
			names = append(names, name)
		}
		sortNames(names)
		found := make([]any, len(names))
		for index, name := range names {
			found[index] = of[name]
		}
		return found
	}
	return nil
}

func compileSelector(selector Selector) selects {
	switch {
	case selector.Filter != nil:
		holds := condition(selector.Filter)
		return func(scope *Scope, value Value) []any {
			items := children(value)
			scope.spend(len(items))
			return filter(scope, "@", items, holds)
		}
	case selector.All:
		return func(_ *Scope, value Value) []any { return children(value) }
	case selector.Slice != nil:
		return func(_ *Scope, value Value) []any {
			items, _ := value.([]any)
			return slice(items, selector.Slice)
		}
	}
	pick := single(selector)
	return func(_ *Scope, value Value) []any {
		if found := pick(value); found != Missing {
			return []any{found}
		}
		return nil
	}
}

// filter gives the items for which a condition holds while the name stands for them.
func filter(scope *Scope, name string, items []any, holds func(*Scope) bool) []any {
	found := []any{}
	scope.with(name, items, func(item Value) {
		if holds(scope) {
			found = append(found, item)
		}
	})
	return found
}

// slice is RFC 9535, 2.3.4.
func slice(items []any, bounds []*int) []any {
	if len(bounds) != 3 {
		panic(broken("a slice without bounds"))
	}
	step, count := 1, len(items)
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 {
		return nil
	}
	first, last := 0, count
	low, high := 0, count
	if step < 0 {
		first, last = count-1, -1
		low, high = -1, count-1
	}
	normal := func(bound *int, otherwise int) int {
		if bound == nil {
			return otherwise
		}
		at := *bound
		if at < 0 {
			at += count
		}
		return min(max(at, low), high)
	}
	first, last = normal(bounds[0], first), normal(bounds[1], last)
	found := []any{}
	if step > 0 {
		for at := first; at < last; at += step {
			found = append(found, items[at])
			if step > count {
				break
			}
		}
		return found
	}
	for at := first; at > last; at += step {
		found = append(found, items[at])
		if step < -count {
			break
		}
	}
	return found
}
