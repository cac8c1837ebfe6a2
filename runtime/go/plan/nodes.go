package plan

import (
	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// Executable is a workflow that is ready to run: expressions and validators are compiled,
// names are resolved. Nothing changes it after LoadExecutable; many goroutines may use it.
type Executable struct {
	Hash    string
	Name    string
	Version string
	Root    *Node
	// Handling and Undo are nodes of the core's own, for what stands beside the root block.
	Handling, Undo *Node
	Nodes          map[string]*Node
	Rules          []*Rule
	Output         *expr.Compiled
	OutputCheck    *types.Validator // nil where every value fits, as all checks
	InputCheck     *types.Validator
	// InputDefaults fills in the defaults that the input's type declares.
	InputDefaults func(value any) any
	// Events are those that the workflow listens to, with the check of their data.
	Events map[string]*types.Validator
	// Correlations are, by event, the sets of member names that its listeners are matched
	// on, longest first, then by name.
	Correlations  map[string][][]string
	Timeout       *RunTimeout
	Notifications []any
	Limits        Limits
	Types         *types.TypeSet
}

// Kind is what a node does.
type Kind uint8

// The kinds of the plan, and those of what stands above the blocks.
const (
	KindSeq Kind = iota
	KindSet
	KindSwitch
	KindCall
	KindEmit
	KindListen
	KindWait
	KindFork
	KindFor
	KindTry
	KindRaise
	KindSub
	KindHandling
	KindUndo
	KindCount int = iota
)

// Node is the envelope, equal for all kinds, and the part of its kind.
type Node struct {
	ID   string
	Kind Kind
	// Step is the step's name, "" for a node that is no step.
	Step      string
	Guard     *expr.Compiled
	GuardSkip string
	Input     *expr.Compiled
	// Secrets are JSON pointers to the placeholders in what Input gives.
	Secrets     []string
	Output      *expr.Compiled
	OutputCheck *types.Validator
	// Timeout in milliseconds; nil is none. Timed says that the core itself measures it.
	Timeout *int64
	Timed   bool
	Next    string
	// Handler says that the node's step is not on the main line.
	Handler bool
	Rethrow bool
	// Rules are the outcome rules that read the step.
	Rules []*Rule

	Seq    *Seq
	Set    *expr.Compiled
	Switch *Switch
	Call   *Call
	Emit   *Emit
	Listen *Listen
	Wait   *Wait
	Fork   *Fork
	For    *For
	Try    *Try
	Raise  *Raise
	Sub    *Sub
}

// Seq is a block: a list with jumps, or a DAG when IsDAG.
type Seq struct {
	Nodes []*Node
	Start *Node // nil is an empty list
	IsDAG bool
	// Deps are what a node of a DAG waits for; Dependents the other way round.
	Deps       map[string][]string
	Dependents map[string][]*Node
	Roots      []*Node
	// KeepsValue says that somebody reads the block's value and it has no output mapping.
	KeepsValue bool
}

// Branching is where a switch goes: into a block, or to a node of its own block.
type Branching struct {
	Body *Node
	Goto string
}

// Case is a condition of a switch and where it leads.
type Case struct {
	When *expr.Compiled
	Then *Branching
}

// Switch takes the first case that holds.
type Switch struct {
	Cases   []Case
	Default *Branching
}

// Part is a named expression.
type Part struct {
	Name  string
	Value *expr.Compiled
}

// Request is an HTTP request's parts as expressions.
type Request struct {
	URL            *expr.Compiled
	Headers, Query []Part
	Body           *expr.Compiled
	Expect         []any
}

// Compensation is what undoes a call: after it completed, or also when its outcome is
// unknown.
type Compensation struct {
	Node *Node
	On   string
}

// TaskSettings are the members of a TaskMessage that are the same for every task of a
// node.
type TaskSettings struct {
	Executor, Function, Node                string
	Timeout, QueueTimeout, HeartbeatTimeout *int64 // milliseconds
	Priority, MaxConcurrency                *int64
	CircuitBreaker                          map[string]any
	// Secrets are JSON pointers into the request.
	Secrets []string
}

// Call is work outside the core.
type Call struct {
	Message      *TaskSettings
	InputCheck   *types.Validator
	ResultCheck  *types.Validator
	Request      *Request
	Errors       map[string]bool // declared codes, and whether they are retryable
	Compensation *Compensation
}

// Emit sends an event.
type Emit struct {
	Event     string
	Data      *expr.Compiled
	DataCheck *types.Validator
}

// HumanTask is what a person is asked.
type HumanTask struct {
	Assignee, Title, Description *expr.Compiled
	// Form is the TypeRef of the answer, as the plan has it.
	Form map[string]any
}

// Listen waits for an event, or with Task for a person's answer.
type Listen struct {
	Event     string
	Correlate []Part // by name
	DataCheck *types.Validator
	Task      *HumanTask
}

// Wait waits for a duration in milliseconds, or until a time.
type Wait struct {
	Duration *int64
	Until    *expr.Compiled
}

// Branch is a branch of a fork.
type Branch struct {
	Name string
	Body *Node
}

// Fork runs branches side by side: Mode is all, any or race.
type Fork struct {
	Mode           string
	FailFast       bool
	MaxConcurrency int64 // 0 is none
	Branches       []Branch
}

// For runs its body per item, or while a condition holds, or both.
type For struct {
	Items, Condition *expr.Compiled
	Variable         string
	Parallel         bool
	BatchSize        int64 // 0 is none
	MaxIterations    int64
	Body             *Node
	Collect          *expr.Compiled
}

// Retry is a policy: Backoff is fixed, linear or exponential; delays in milliseconds.
type Retry struct {
	MaxAttempts            int64
	Backoff                string
	InitialDelay, MaxDelay int64
	Jitter                 bool
	HasRetryOn             bool
	RetryOn, NonRetryable  map[string]bool
}

// Catch is a clause of a try: Action is run, goto, ignore or end_run.
type Catch struct {
	Timeout, CircuitOpen, Any bool
	BeforeRetry               bool
	Action                    string
	Handler                   *Node
	Target                    string
}

// Try is attempts, then the clauses that answer a failure.
type Try struct {
	Body  *Node
	Retry *Retry
	Catch []Catch
}

// Raise fails; Final ends the run.
type Raise struct {
	Code             string
	Message, Details *expr.Compiled
	Final            string
	Compensate       bool
}

// Sub is another workflow as a child run.
type Sub struct {
	Workflow, Version string
	ResultCheck       *types.Validator
}

// RuleAction is what a failure rule does: fail, compensate, continue, goto, block_fails.
type RuleAction struct {
	Type, Code       string
	Message, Details *expr.Compiled
	Body             *Node
	Target           *Node
	KeepError        bool
}

// Rule is a failure rule. An outcome rule reads the steps in Reads.
type Rule struct {
	ID        string
	When      *expr.Compiled
	Reads     []string
	Outcome   bool
	Outermost bool
	Action    RuleAction
}

// RunTimeout is the workflow's timeout: Action is cancel_and_cleanup, fallback, retry or
// ignore; After in milliseconds.
type RunTimeout struct {
	After   int64
	Action  string
	Handler *Node
}

// Limits bound one run; CancelGrace in milliseconds.
type Limits struct {
	VisitsPerBlock    int64 `json:"visits_per_block"`
	OccurrencesPerRun int64 `json:"occurrences_per_run"`
	ValueBytes        int64 `json:"value_bytes"`
	CancelGrace       int64 `json:"cancel_grace"`
}
