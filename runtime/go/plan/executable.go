package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// defaultLimits hold where a plan names none.
var defaultLimits = Limits{VisitsPerBlock: 1_000, OccurrencesPerRun: 10_000, ValueBytes: 256 * 1024, CancelGrace: 30_000}

// The ids of the core's own nodes.
const (
	HandlingID = "@handling"
	UndoID     = "@undo"
)

// source is the JSON of a plan, as far as a run needs it.
type source struct {
	PlanVersion   int                        `json:"plan_version"`
	Hash          *string                    `json:"hash"`
	Workflow      Workflow                   `json:"workflow"`
	Input         *types.TypeRef             `json:"input"`
	Output        *outputSource              `json:"output"`
	Root          string                     `json:"root"`
	Nodes         map[string]*nodeSource     `json:"nodes"`
	Steps         map[string]stepSource      `json:"steps"`
	Functions     map[string]functionSource  `json:"functions"`
	Types         map[string]json.RawMessage `json:"types"`
	Events        map[string]eventSource     `json:"events"`
	Rules         []*ruleSource              `json:"rules"`
	Timeout       *timeoutSource             `json:"timeout"`
	Notifications []any                      `json:"notifications"`
	Limits        json.RawMessage            `json:"limits"`
}

type outputSource struct {
	Type  *types.TypeRef `json:"type"`
	Value *expr.Expr     `json:"value"`
}

type stepSource struct {
	Handler bool `json:"handler"`
}

type functionSource struct {
	Errors map[string]struct {
		Retryable bool `json:"retryable"`
	} `json:"errors"`
}

type eventSource struct {
	Type    *types.TypeRef `json:"type"`
	Listens *bool          `json:"listens"`
}

type timeoutSource struct {
	After   int64  `json:"after"`
	Action  string `json:"action"`
	Handler string `json:"handler"`
}

type ruleSource struct {
	ID        string     `json:"id"`
	When      *expr.Expr `json:"when"`
	Reads     []string   `json:"reads"`
	Outcome   bool       `json:"outcome"`
	Outermost bool       `json:"outermost"`
	Action    struct {
		Type      string     `json:"type"`
		Code      string     `json:"code"`
		Message   *expr.Expr `json:"message"`
		Details   *expr.Expr `json:"details"`
		Body      string     `json:"body"`
		Target    string     `json:"target"`
		KeepError bool       `json:"keep_error"`
	} `json:"action"`
}

// LoadExecutable reads a plan and makes it ready to run. It does not ask whether the hash
// is the plan's: Load does. The limits given override the plan's own; zero overrides
// nothing. It fails for a plan of another version and for JSON that is no plan; a plan
// of the compiler never fails.
func LoadExecutable(data []byte, limits Limits) (*Executable, error) {
	var read source
	if err := json.Unmarshal(data, &read); err != nil {
		return nil, fmt.Errorf("the plan is malformed: %w", err)
	}
	if read.PlanVersion < 1 || read.PlanVersion > Version {
		return nil, fmt.Errorf("the plan has version %d; this runtime knows up to %d", read.PlanVersion, Version)
	}
	made, err := newLoader(&read).load(limits)
	if err != nil {
		return nil, fmt.Errorf("the plan is malformed: %w", err)
	}
	return made, nil
}

// loader is the state of one load. Its first problem ends up in err; what is built
// behind it is thrown away.
type loader struct {
	source *source
	nodes  map[string]*Node
	rules  []*Rule
	types  *types.TypeSet
	valued map[string]bool
	err    error
}

func newLoader(from *source) *loader {
	l := &loader{source: from, nodes: make(map[string]*Node, len(from.Nodes)+2)}
	var err error
	if l.types, err = types.NewTypeSet(from.Types); err != nil {
		l.fail(err)
	}
	// nodes refer to each other in circles, so all are there before any is filled
	for id := range from.Nodes {
		l.nodes[id] = &Node{ID: id}
	}
	l.nodes[HandlingID] = &Node{ID: HandlingID, Kind: KindHandling}
	l.nodes[UndoID] = &Node{ID: UndoID, Kind: KindUndo}
	l.valued = valuedBlocks(from.Nodes)
	return l
}

func (l *loader) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

func (l *loader) load(limits Limits) (*Executable, error) {
	from := l.source
	if from.Hash == nil || from.Input == nil || from.Output == nil || from.Nodes == nil {
		l.fail(errors.New("a member is missing"))
		return nil, l.err
	}
	for _, rule := range from.Rules {
		l.rules = append(l.rules, l.rule(rule))
	}
	for _, id := range sortedKeys(from.Nodes) {
		l.node(l.nodes[id], from.Nodes[id])
	}
	made := &Executable{
		Hash: *from.Hash, Name: from.Workflow.Name, Version: from.Workflow.Version,
		Root: l.ref("the plan's root", from.Root), Handling: l.nodes[HandlingID], Undo: l.nodes[UndoID],
		Nodes: l.nodes, Rules: l.rules,
		Output: l.expression(from.Output.Value), OutputCheck: l.check(from.Output.Type),
		InputCheck: l.check(from.Input), Events: map[string]*types.Validator{},
		Correlations:  correlations(l.nodes),
		Notifications: from.Notifications, Limits: l.limits(limits), Types: l.types,
	}
	input, set := *from.Input, l.types
	made.InputDefaults = func(value any) any { return set.ApplyDefaults(input, value) }
	for name, event := range from.Events {
		if event.Listens == nil || *event.Listens {
			made.Events[name] = l.check(event.Type)
		}
	}
	if timeout := from.Timeout; timeout != nil {
		made.Timeout = &RunTimeout{After: timeout.After, Action: timeout.Action}
		if timeout.Handler != "" {
			made.Timeout.Handler = l.ref("the plan's timeout", timeout.Handler)
		}
	}
	return made, l.err
}

func (l *loader) limits(over Limits) Limits {
	limits := defaultLimits
	if len(l.source.Limits) > 0 {
		if err := json.Unmarshal(l.source.Limits, &limits); err != nil {
			l.fail(err)
		}
	}
	for _, pair := range []struct{ own, other *int64 }{
		{&limits.VisitsPerBlock, &over.VisitsPerBlock}, {&limits.OccurrencesPerRun, &over.OccurrencesPerRun},
		{&limits.ValueBytes, &over.ValueBytes}, {&limits.CancelGrace, &over.CancelGrace},
	} {
		if *pair.other != 0 {
			*pair.own = *pair.other
		}
	}
	return limits
}

// ref is the node that a reference leads to. One that leads nowhere would only show in
// the middle of a run.
func (l *loader) ref(place, id string) *Node {
	node := l.nodes[id]
	if node == nil {
		l.fail(fmt.Errorf("%s refers to %q, which is no node", place, id))
	}
	return node
}

// target is a node of a block, or one of the two ways out of it.
func (l *loader) target(place, id string) string {
	if id != "" && id != "@block" && id != "@run" {
		l.ref(place, id)
	}
	return id
}

func (l *loader) expression(from *expr.Expr) *expr.Compiled {
	made, err := expr.Compile(from)
	if err != nil {
		l.fail(err)
	}
	return made
}

func (l *loader) optional(from *expr.Expr) *expr.Compiled {
	if from == nil {
		return nil
	}
	return l.expression(from)
}

// check is nil when every JSON value fits, so that a caller can skip the call.
func (l *loader) check(of *types.TypeRef) *types.Validator {
	if of == nil || of.Type == "any" || l.types == nil {
		return nil
	}
	made, err := l.types.Compile(*of)
	if err != nil {
		l.fail(err)
		return nil
	}
	return made
}

func (l *loader) rule(from *ruleSource) *Rule {
	action := RuleAction{
		Type: from.Action.Type, Code: from.Action.Code, KeepError: from.Action.KeepError,
		Message: l.optional(from.Action.Message), Details: l.optional(from.Action.Details),
	}
	if action.Code == "" {
		action.Code = "WORKFLOW_ERROR"
	}
	if from.Action.Body != "" {
		action.Body = l.ref(from.ID, from.Action.Body)
	}
	if from.Action.Target != "" {
		action.Target = l.ref(from.ID, from.Action.Target)
	}
	return &Rule{
		ID: from.ID, When: l.expression(from.When), Reads: from.Reads, Outcome: from.Outcome,
		Outermost: from.Outermost, Action: action,
	}
}

// valuedBlocks are the blocks whose value somebody reads: branches, loop bodies without
// `collect`, the bodies of a switch and of a try. Nobody reads the root block's.
func valuedBlocks(table map[string]*nodeSource) map[string]bool {
	valued := map[string]bool{}
	for _, node := range table {
		switch node.Kind {
		case "fork":
			for _, branch := range node.Branches {
				valued[branch.Body] = true
			}
		case "for":
			if node.Collect == nil {
				valued[node.Body] = true
			}
		case "switch":
			for _, each := range node.Cases {
				valued[each.Then.Body] = true
			}
			if node.Default != nil {
				valued[node.Default.Body] = true
			}
		case "try":
			valued[node.Body] = true
			for _, clause := range node.Catch {
				valued[clause.Handler] = true
			}
		}
	}
	return valued
}

func correlations(nodes map[string]*Node) map[string][][]string {
	found := map[string][][]string{}
	for _, id := range sortedKeys(nodes) {
		node := nodes[id]
		if node.Listen == nil || node.Listen.Task != nil {
			continue
		}
		names := []string{}
		for _, part := range node.Listen.Correlate {
			names = append(names, part.Name)
		}
		event := node.Listen.Event
		if !slices.ContainsFunc(found[event], func(other []string) bool { return slices.Equal(names, other) }) {
			found[event] = append(found[event], names)
		}
	}
	for _, sets := range found {
		slices.SortFunc(sets, func(a, b []string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return slices.Compare(a, b)
		})
	}
	return found
}

func sortedKeys[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
