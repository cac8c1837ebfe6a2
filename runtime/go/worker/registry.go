package worker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// handler is a registered function: JSON in, JSON out.
type handler func(ctx context.Context, input []byte) ([]byte, error)

// Route is a step that an executor runs: its function's types, and how JSON becomes
// them. A function that only compensations call has its key in the plan, `svc/undo`,
// where others have the step. Generated code makes them.
type Route struct {
	Executor string
	Step     string
	Function string
	bind     func(function any) (handler, error)
}

// NewRoute is a route whose functions are
//
//	func(ctx context.Context, input *In) (*Out, error)
//
// where either may also stand without its pointer.
func NewRoute[In, Out any](executor, step, function string, in *types.Codec[In], out *types.Codec[Out]) Route {
	wanted := reflect.TypeFor[func(context.Context, *In) (*Out, error)]()
	return Route{Executor: executor, Step: step, Function: function, bind: func(given any) (handler, error) {
		call, err := callOf[In, Out](given)
		if err != nil {
			return nil, fmt.Errorf("step %q wants a %s: %w", step, wanted, err)
		}
		return func(ctx context.Context, input []byte) ([]byte, error) {
			value, err := in.Decode(input)
			if err != nil {
				return nil, fmt.Errorf("the input does not fit: %w", err)
			}
			result, err := call(ctx, &value)
			if err != nil {
				return nil, err
			}
			if result == nil {
				return nil, errors.New("the handler returned nil and no error")
			}
			data, err := out.Encode(*result)
			var broken *types.ValidationError
			if errors.As(err, &broken) {
				return nil, &unfitError{broken.Problems}
			}
			if err != nil {
				return nil, fmt.Errorf("the result does not fit: %w", err)
			}
			return data, nil
		}, nil
	}}
}

// callOf checks the signature of a function, once, when it is registered.
func callOf[In, Out any](given any) (func(context.Context, *In) (*Out, error), error) {
	switch function := given.(type) {
	case nil:
		return nil, errors.New("got nil")
	case func(context.Context, *In) (*Out, error):
		if function == nil {
			return nil, errors.New("got a nil function")
		}
		return function, nil
	case func(context.Context, In) (Out, error):
		return func(ctx context.Context, input *In) (*Out, error) {
			result, err := function(ctx, *input)
			return &result, err
		}, nil
	case func(context.Context, *In) (Out, error):
		return func(ctx context.Context, input *In) (*Out, error) {
			result, err := function(ctx, input)
			return &result, err
		}, nil
	case func(context.Context, In) (*Out, error):
		return func(ctx context.Context, input *In) (*Out, error) { return function(ctx, *input) }, nil
	}
	// a function of a named type is as good
	wanted := reflect.TypeFor[func(context.Context, *In) (*Out, error)]()
	if value := reflect.ValueOf(given); value.Kind() == reflect.Func && value.CanConvert(wanted) {
		if function, ok := value.Convert(wanted).Interface().(func(context.Context, *In) (*Out, error)); ok {
			return callOf[In, Out](function)
		}
	}
	return nil, fmt.Errorf("got a %T", given)
}

// Executor has the functions of one workflow, for every executor that it names.
type Executor struct {
	workflow string
	routes   map[string]Route
	order    []string
	handlers map[string]handler
	problems []error
}

// NewExecutor is an executor without functions. Generated code calls it.
func NewExecutor(workflow string, routes ...Route) *Executor {
	made := &Executor{workflow: workflow, routes: map[string]Route{}, handlers: map[string]handler{}}
	for _, route := range routes {
		made.routes[route.Step] = route
		made.order = append(made.order, route.Step)
	}
	return made
}

// RegisterFunction uses a function for a step; one that undoes what steps did has no
// step, and goes by its own name. What is wrong with it (no such step, two functions for
// one, a signature that differs) is told by Check, and by Start.
func (e *Executor) RegisterFunction(step string, function any) {
	route, known := e.routes[step]
	if !known {
		if key := e.compensation(step); key != "" {
			step, known = key, true
			route = e.routes[key]
		}
	}
	if !known {
		e.problems = append(e.problems, fmt.Errorf("workflow %q calls no function in a step %q%s", e.workflow, step, e.suggest(step)))
		return
	}
	if _, taken := e.handlers[step]; taken {
		e.problems = append(e.problems, fmt.Errorf("step %q already has a function", step))
		return
	}
	bound, err := route.bind(function)
	if err != nil {
		e.problems = append(e.problems, err)
		return
	}
	e.handlers[step] = bound
}

// compensation is the key of the one function of this name that has no step, or "".
func (e *Executor) compensation(name string) (key string) {
	for _, each := range e.order {
		if route := e.routes[each]; each == route.Executor+"/"+name {
			if key != "" {
				return ""
			}
			key = each
		}
	}
	return key
}

// Routes are the steps and functions that there are, in their order in the workflow.
func (e *Executor) Routes() []Route {
	routes := make([]Route, 0, len(e.order))
	for _, step := range e.order {
		routes = append(routes, e.routes[step])
	}
	return routes
}

// Workflow is the workflow whose functions these are.
func (e *Executor) Workflow() string { return e.workflow }

func (e *Executor) suggest(step string) string {
	for _, each := range e.order {
		if strings.EqualFold(strings.ReplaceAll(each, "_", "-"), strings.ReplaceAll(step, "_", "-")) {
			return fmt.Sprintf("; did you mean %q?", each)
		}
	}
	return ""
}

// Check says what is wrong with the functions that were registered.
func (e *Executor) Check() error {
	problems := slices.Clone(e.problems)
	if len(e.handlers) == 0 && len(e.order) > 0 && len(problems) == 0 {
		problems = append(problems, fmt.Errorf("no function is registered for workflow %q", e.workflow))
	}
	return errors.Join(problems...)
}

// Missing are the steps without a function, of executors that have some.
func (e *Executor) Missing() []string {
	served := map[string]bool{}
	for step := range e.handlers {
		served[e.routes[step].Executor] = true
	}
	var missing []string
	for _, step := range e.order {
		if _, registered := e.handlers[step]; !registered && served[e.routes[step].Executor] {
			missing = append(missing, step)
		}
	}
	return missing
}

// Call runs the function of a step in this goroutine: for tests of handlers. Input and
// output are JSON texts.
func (e *Executor) Call(ctx context.Context, step string, input []byte) ([]byte, error) {
	found, ok := e.handlers[step]
	if !ok {
		return nil, fmt.Errorf("step %q has no function", step)
	}
	return found(ctx, input)
}

// executors are the names for which there are functions, sorted.
func (e *Executor) executors() []string {
	var names []string
	for step := range e.handlers {
		if name := e.routes[step].Executor; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// registry finds handlers for tasks of one executor, over workflows.
type registry struct {
	workflows map[string]*Executor
}

func (r registry) find(task *Task) (handler, bool) {
	executor, ok := r.workflows[task.Workflow]
	if !ok {
		return nil, false
	}
	if found, ok := executor.handlers[task.Step]; ok {
		return found, true
	}
	// a compensation's step may have another name than the one that its function has
	for step, route := range executor.routes {
		if route.Function == task.Function && route.Executor == task.Executor {
			if found, ok := executor.handlers[step]; ok {
				return found, true
			}
		}
	}
	return nil, false
}
