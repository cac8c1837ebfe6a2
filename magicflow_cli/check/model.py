"""What checking finds out about a workflow, and compiling reads.

`structure` fills the steps, blocks and targets; `dataflow` fills values, types and
functions; the other rules only read. Every object is compared by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.documents import Parsed
from magicflow_cli.documents.models import context as context_models
from magicflow_cli.documents.models import workflow as workflow_models
from magicflow_cli.load.nodes import Mapping, Node, Scalar
from magicflow_cli.plan import models as plan

Role: TypeAlias = Literal["main", "handler", "fallback", "rule", "compensation"]
StepModel: TypeAlias = workflow_models.Step | workflow_models.CallBranch
BlockKind: TypeAlias = Literal["main", "branch", "loop", "then", "else", "case", "rule"]


class End(Enum):
    """Where control goes when it goes to no step."""

    BLOCK = "@block"
    RUN = "@run"
    RETHROW = "@rethrow"  # a handler without on_success: the block fails


Target: TypeAlias = "StepInfo | End"


@dataclass(slots=True, eq=False)
class StepInfo:
    """A step, written or implicit.

    `node` is the step's mapping in the canonical tree (for an implicit step the scalar
    that declared it is `span`, and `node` is None). `after` is what follows success;
    None inside a DAG block, where dependencies decide.
    """

    name: str
    type: str
    block: BlockInfo
    span: Span
    node: Mapping | None
    model: StepModel | None = None
    role: Role = "main"
    handler: bool = False
    implicit: bool = False
    executor: str | None = None
    function: str | None = None
    after: Target | None = None
    on_failure: StepInfo | None = None
    fallback: StepInfo | None = None
    depends_on: tuple[StepInfo, ...] = ()
    blocks: list[BlockInfo] = field(default_factory=list)
    gotos: list[tuple[Scalar, Target]] = field(default_factory=list)  # switch cases


@dataclass(slots=True, eq=False)
class BlockInfo:
    """A list of steps with one position. `id` is the plan's node id: `/`, or
    `<step>/<part>`."""

    id: str
    kind: BlockKind
    owner: StepInfo | None
    span: Span
    steps: list[StepInfo] = field(default_factory=list)
    dag: bool = False
    branch: str = ""  # the name of a parallel branch
    model: workflow_models.Branch | None = None  # of a parallel branch

    @property
    def main_line(self) -> list[StepInfo]:
        """The steps that are not handlers, in order."""
        return [step for step in self.steps if step.role == "main"]


@dataclass(slots=True, eq=False)
class RuleInfo:
    """One entry of `error_handling`, in order. `node` is the entry's mapping;
    `target` the step of a goto; `body` the block of compensation steps."""

    index: int
    node: Mapping | None
    action: str
    span: Span
    target: StepInfo | None = None
    body: BlockInfo | None = None
    model: workflow_models.FailureRule | None = None
    reads: tuple[str, ...] = ()
    reads_error: bool = False


@dataclass(slots=True, eq=False)
class FunctionInfo:
    """An executor function and its types, declared by the context or inferred."""

    executor: str
    function: str
    input: plan.TypeRef
    output: plan.TypeRef
    input_declared: bool
    output_declared: bool
    errors: dict[str, plan.FunctionError]
    steps: list[StepInfo]


@dataclass(slots=True, eq=False)
class CheckedWorkflow:
    """A workflow with everything that the rules found out about it."""

    document: Parsed
    workflow: workflow_models.Workflow
    context_document: Parsed | None
    context: context_models.WorkflowContext | None
    root: BlockInfo
    steps: dict[str, StepInfo] = field(default_factory=dict)
    blocks: dict[str, BlockInfo] = field(default_factory=dict)
    rules: list[RuleInfo] = field(default_factory=list)
    timeout_fallback: StepInfo | None = None  # spec.fallback_step
    # filled by dataflow
    values: dict[Node, plan.Expr] = field(default_factory=dict)
    """Every expression and mapping value of the document, resolved, by its node."""
    types: dict[str, plan.TypeDef] = field(default_factory=dict)
    field_order: dict[str, list[str]] = field(default_factory=dict)
    type_spans: dict[str, Span] = field(default_factory=dict)
    functions: dict[str, FunctionInfo] = field(default_factory=dict)
    events: dict[str, plan.Event] = field(default_factory=dict)
    step_input_values: dict[str, plan.Expr] = field(default_factory=dict)
    """What each step receives, written or default, by step name. Absent: the node
    inherits its parent frame's input (a fallback without a mapping). The default in a
    loop body is `call merge($.input, {<variable>: local <variable>})`; `merge` is a
    function of the plan that the language does not have."""
    compensation_input_values: dict[str, plan.Expr] = field(default_factory=dict)
    """The same for `compensation:` of a step, by the name of the undone step."""
    step_inputs: dict[str, plan.TypeRef] = field(default_factory=dict)
    step_outputs: dict[str, plan.TypeRef] = field(default_factory=dict)
    listen_types: dict[str, plan.TypeRef] = field(default_factory=dict)
    """Type of what a wait_for_event, human_task or workflow step receives, by step."""
    input_type: plan.TypeRef | None = None
    output_type: plan.TypeRef | None = None
    output_value: plan.Expr | None = None
    """`spec.output` resolved, or the default mapping written out."""
