package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// nodeSource is the JSON of a node: the envelope and the members of all kinds.
type nodeSource struct {
	Kind  string  `json:"kind"`
	Step  *string `json:"step"`
	Guard *struct {
		Test *expr.Expr `json:"test"`
		Skip string     `json:"skip"`
	} `json:"guard"`
	Input      *expr.Expr     `json:"input"`
	Output     *expr.Expr     `json:"output"`
	OutputType *types.TypeRef `json:"output_type"`
	Timeout    *int64         `json:"timeout"`
	Next       string         `json:"next"`

	// seq
	Nodes []string            `json:"nodes"`
	Start string              `json:"start"`
	Deps  map[string][]string `json:"deps"`
	// set
	Value *expr.Expr `json:"value"`
	// switch
	Cases   []caseSource     `json:"cases"`
	Default *branchingSource `json:"default"`
	// call
	Executor         string         `json:"executor"`
	Function         string         `json:"function"`
	InputType        *types.TypeRef `json:"input_type"`
	ResultType       *types.TypeRef `json:"result_type"`
	HTTP             *httpSource    `json:"http"`
	QueueTimeout     *int64         `json:"queue_timeout"`
	HeartbeatTimeout *int64         `json:"heartbeat_timeout"`
	Priority         *int64         `json:"priority"`
	MaxConcurrency   *int64         `json:"max_concurrency"` // of a fork too
	CircuitBreaker   map[string]any `json:"circuit_breaker"`
	Compensation     *struct {
		Node string `json:"node"`
		On   string `json:"on"`
	} `json:"compensation"`
	// emit, listen
	Event     string                `json:"event"`
	Data      *expr.Expr            `json:"data"`
	Correlate map[string]*expr.Expr `json:"correlate"`
	Type      map[string]any        `json:"type"`
	Task      *struct {
		Assignee    *expr.Expr `json:"assignee"`
		Title       *expr.Expr `json:"title"`
		Description *expr.Expr `json:"description"`
	} `json:"task"`
	// wait
	Duration *int64     `json:"duration"`
	Until    *expr.Expr `json:"until"`
	// fork
	Mode     string `json:"mode"`
	FailFast bool   `json:"fail_fast"`
	Branches []struct {
		Name string `json:"name"`
		Body string `json:"body"`
	} `json:"branches"`
	// for, try
	Items         *expr.Expr    `json:"items"`
	While         *expr.Expr    `json:"while"`
	Variable      string        `json:"variable"`
	Parallel      bool          `json:"parallel"`
	BatchSize     *int64        `json:"batch_size"`
	MaxIterations int64         `json:"max_iterations"`
	Body          string        `json:"body"`
	Collect       *expr.Expr    `json:"collect"`
	Retry         *retrySource  `json:"retry"`
	Catch         []catchSource `json:"catch"`
	// raise
	Rethrow    bool       `json:"rethrow"`
	Code       string     `json:"code"`
	Message    *expr.Expr `json:"message"`
	Details    *expr.Expr `json:"details"`
	Final      string     `json:"final"`
	Compensate bool       `json:"compensate"`
	// sub
	Workflow string `json:"workflow"`
	Version  string `json:"version"`
}

type branchingSource struct {
	Body string `json:"body"`
	Goto string `json:"goto"`
}

type caseSource struct {
	When *expr.Expr      `json:"when"`
	Then branchingSource `json:"then"`
}

type httpSource struct {
	URL     *expr.Expr            `json:"url"`
	Headers map[string]*expr.Expr `json:"headers"`
	Query   map[string]*expr.Expr `json:"query"`
	Body    *expr.Expr            `json:"body"`
	Expect  []any                 `json:"expect"`
}

type retrySource struct {
	MaxAttempts  int64    `json:"max_attempts"`
	Backoff      string   `json:"backoff"`
	InitialDelay int64    `json:"initial_delay"`
	MaxDelay     int64    `json:"max_delay"`
	Jitter       bool     `json:"jitter"`
	RetryOn      []string `json:"retry_on"`
	NonRetryable []string `json:"non_retryable"`
}

type catchSource struct {
	Match       []string `json:"match"`
	BeforeRetry bool     `json:"before_retry"`
	Action      string   `json:"action"`
	Handler     string   `json:"handler"`
	Target      string   `json:"target"`
}

// kinds has one function per kind: the members of its own.
var kinds = map[string]struct {
	kind  Kind
	timed bool // whether the core itself measures the kind's timeout
	fill  func(l *loader, node *Node, from *nodeSource)
}{
	"seq":    {KindSeq, true, (*loader).seq},
	"set":    {KindSet, false, (*loader).set},
	"switch": {KindSwitch, true, (*loader).switches},
	"call":   {KindCall, false, (*loader).call},
	"emit":   {KindEmit, false, (*loader).emit},
	"listen": {KindListen, true, (*loader).listen},
	"wait":   {KindWait, true, (*loader).wait},
	"fork":   {KindFork, true, (*loader).fork},
	"for":    {KindFor, true, (*loader).loop},
	"try":    {KindTry, true, (*loader).try},
	"raise":  {KindRaise, false, (*loader).raise},
	"sub":    {KindSub, true, (*loader).sub},
}

func (l *loader) node(node *Node, from *nodeSource) {
	known, is := kinds[from.Kind]
	if !is {
		l.fail(fmt.Errorf("node %q has the unknown kind %q", node.ID, from.Kind))
		return
	}
	node.Kind = known.kind
	if from.Step != nil {
		node.Step = *from.Step
	}
	if from.Guard != nil {
		node.Guard, node.GuardSkip = l.expression(from.Guard.Test), l.target(node.ID, from.Guard.Skip)
	}
	node.Input, node.Secrets = l.optional(from.Input), expr.SecretPointers(from.Input)
	node.Output, node.OutputCheck = l.optional(from.Output), l.check(from.OutputType)
	node.Timeout, node.Timed = from.Timeout, from.Timeout != nil && known.timed
	node.Next = l.target(node.ID, from.Next)
	node.Handler = from.Step != nil && l.source.Steps[node.Step].Handler
	if from.Step != nil {
		for _, rule := range l.rules {
			if rule.Outcome && slices.Contains(rule.Reads, node.Step) {
				node.Rules = append(node.Rules, rule)
			}
		}
	}
	known.fill(l, node, from)
}

func (l *loader) seq(node *Node, from *nodeSource) {
	made := &Seq{IsDAG: from.Deps != nil, KeepsValue: l.valued[node.ID] && from.Output == nil}
	for _, id := range from.Nodes {
		made.Nodes = append(made.Nodes, l.ref(node.ID, id))
	}
	if from.Start != "" {
		made.Start = l.ref(node.ID, from.Start)
	}
	if made.IsDAG {
		l.wire(made, node, from)
	}
	node.Seq = made
}

// wire notes who waits for whom in a DAG, in the order of the block's nodes.
func (l *loader) wire(made *Seq, node *Node, from *nodeSource) {
	made.Deps = make(map[string][]string, len(from.Deps))
	made.Dependents = map[string][]*Node{}
	for name, needs := range from.Deps {
		l.ref(node.ID, name)
		unique := []string{}
		for _, need := range needs {
			l.ref(node.ID, need)
			if !slices.Contains(unique, need) {
				unique = append(unique, need)
			}
		}
		made.Deps[name] = unique
	}
	for _, each := range made.Nodes {
		if each == nil {
			return
		}
		needs, waits := made.Deps[each.ID]
		if waits && len(needs) == 0 {
			made.Roots = append(made.Roots, each)
		}
		for _, need := range needs {
			made.Dependents[need] = append(made.Dependents[need], each)
		}
	}
}

func (l *loader) set(node *Node, from *nodeSource) { node.Set = l.expression(from.Value) }

func (l *loader) switches(node *Node, from *nodeSource) {
	made := &Switch{}
	for _, each := range from.Cases {
		made.Cases = append(made.Cases, Case{l.expression(each.When), l.branching(node, &each.Then)})
	}
	if from.Default != nil {
		made.Default = l.branching(node, from.Default)
	}
	node.Switch = made
}

func (l *loader) branching(node *Node, from *branchingSource) *Branching {
	made := &Branching{Goto: l.target(node.ID, from.Goto)}
	if from.Body != "" {
		made.Body = l.ref(node.ID, from.Body)
	}
	return made
}

func (l *loader) call(node *Node, from *nodeSource) {
	made := &Call{
		Message: &TaskSettings{
			Executor: from.Executor, Function: from.Function, Node: node.ID,
			Timeout: from.Timeout, QueueTimeout: from.QueueTimeout, HeartbeatTimeout: from.HeartbeatTimeout,
			Priority: from.Priority, MaxConcurrency: from.MaxConcurrency, CircuitBreaker: from.CircuitBreaker,
		},
		InputCheck: l.check(from.InputType), ResultCheck: l.check(from.ResultType),
		Errors: map[string]bool{},
	}
	for code, declared := range l.source.Functions[from.Executor+"/"+from.Function].Errors {
		made.Errors[code] = declared.Retryable
	}
	if from.HTTP != nil {
		made.Request = l.request(from.HTTP)
		made.Message.Secrets = requestSecrets(from.HTTP)
	}
	if from.Compensation != nil {
		made.Compensation = &Compensation{l.ref(node.ID, from.Compensation.Node), from.Compensation.On}
	}
	node.Call = made
}

func (l *loader) request(from *httpSource) *Request {
	return &Request{
		URL: l.expression(from.URL), Headers: l.parts(from.Headers), Query: l.parts(from.Query),
		Body: l.optional(from.Body), Expect: from.Expect,
	}
}

// parts are named expressions in the code point order of their names.
func (l *loader) parts(from map[string]*expr.Expr) []Part {
	parts := make([]Part, 0, len(from))
	for _, name := range sortedKeys(from) {
		parts = append(parts, Part{name, l.expression(from[name])})
	}
	return parts
}

// requestSecrets is where the parts of a request hold secrets, as pointers into it.
func requestSecrets(from *httpSource) []string {
	var found []string
	for _, member := range []struct {
		name string
		expr *expr.Expr
	}{
		{"url", from.URL}, {"body", from.Body},
		{"headers", expr.Object(from.Headers)}, {"query", expr.Object(from.Query)},
	} {
		for _, pointer := range expr.SecretPointers(member.expr) {
			found = append(found, "/"+member.name+pointer)
		}
	}
	return found
}

func (l *loader) emit(node *Node, from *nodeSource) {
	node.Emit = &Emit{Event: from.Event, Data: l.expression(from.Data), DataCheck: l.check(l.source.Events[from.Event].Type)}
}

func (l *loader) listen(node *Node, from *nodeSource) {
	made := &Listen{Event: from.Event, Correlate: l.parts(from.Correlate), DataCheck: l.check(typeRef(from.Type))}
	if task := from.Task; task != nil {
		made.Task = &HumanTask{
			Assignee: l.optional(task.Assignee), Title: l.optional(task.Title), Description: l.optional(task.Description),
			Form: from.Type,
		}
	}
	node.Listen = made
}

func typeRef(from map[string]any) *types.TypeRef {
	name, _ := from["type"].(string)
	nullable, _ := from["nullable"].(bool)
	return &types.TypeRef{Type: name, Nullable: nullable}
}

func (l *loader) wait(node *Node, from *nodeSource) {
	made := &Wait{Duration: from.Duration}
	if from.Duration == nil {
		made.Until = l.expression(from.Until)
	}
	node.Wait = made
}

func (l *loader) fork(node *Node, from *nodeSource) {
	made := &Fork{Mode: from.Mode, FailFast: from.FailFast}
	if from.MaxConcurrency != nil {
		made.MaxConcurrency = *from.MaxConcurrency
	}
	for _, branch := range from.Branches {
		made.Branches = append(made.Branches, Branch{branch.Name, l.ref(node.ID, branch.Body)})
	}
	node.Fork = made
}

func (l *loader) loop(node *Node, from *nodeSource) {
	made := &For{
		Items: l.optional(from.Items), Condition: l.optional(from.While), Collect: l.optional(from.Collect),
		Variable: from.Variable, Parallel: from.Parallel, MaxIterations: from.MaxIterations, Body: l.ref(node.ID, from.Body),
	}
	if from.BatchSize != nil {
		made.BatchSize = *from.BatchSize
	}
	node.For = made
}

func (l *loader) try(node *Node, from *nodeSource) {
	made := &Try{Body: l.ref(node.ID, from.Body)}
	if retry := from.Retry; retry != nil {
		made.Retry = &Retry{
			MaxAttempts: retry.MaxAttempts, Backoff: retry.Backoff, InitialDelay: retry.InitialDelay,
			MaxDelay: retry.MaxDelay, Jitter: retry.Jitter, HasRetryOn: retry.RetryOn != nil,
			RetryOn: setOf(retry.RetryOn), NonRetryable: setOf(retry.NonRetryable),
		}
	}
	for _, clause := range from.Catch {
		catch := Catch{
			Timeout: slices.Contains(clause.Match, "timeout"), CircuitOpen: slices.Contains(clause.Match, "circuit_open"),
			Any: slices.Contains(clause.Match, "any"), BeforeRetry: clause.BeforeRetry, Action: clause.Action,
			Target: l.target(node.ID, clause.Target),
		}
		if clause.Handler != "" {
			catch.Handler = l.ref(node.ID, clause.Handler)
		}
		if !strings.Contains(" run goto ignore end_run ", " "+clause.Action+" ") {
			l.fail(fmt.Errorf("node %q has a clause with the unknown action %q", node.ID, clause.Action))
		}
		made.Catch = append(made.Catch, catch)
	}
	node.Try = made
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func (l *loader) raise(node *Node, from *nodeSource) {
	node.Rethrow = from.Rethrow
	node.Raise = &Raise{
		Code: from.Code, Message: l.optional(from.Message), Details: l.optional(from.Details), Final: from.Final,
		Compensate: from.Compensate,
	}
	if node.Raise.Code == "" {
		node.Raise.Code = "WORKFLOW_ERROR"
	}
}

func (l *loader) sub(node *Node, from *nodeSource) {
	node.Sub = &Sub{Workflow: from.Workflow, Version: from.Version, ResultCheck: l.check(from.ResultType)}
}
