"""The plan (IR), generated from schemas/plan.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, Union

from magicflow_cli.record import Record

NodeId: TypeAlias = str


TypeId: TypeAlias = str


Millis: TypeAlias = int


Json: TypeAlias = Any


class WorkflowInfo(Record):
    name: str
    version: str
    description: str | None = None
    tags: list[str] | None = None
    owner: str | None = None
    created_by: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    context: str | None = None


class RunTimeout(Record):
    after: Millis
    action: Literal["cancel_and_cleanup", "fallback", "retry", "ignore"]
    handler: NodeId | None = None


class Limits(Record):
    visits_per_block: int
    occurrences_per_run: int
    value_bytes: int
    cancel_grace: Millis


class Retention(Record):
    completed: Millis | None = None
    failed: Millis | None = None


class Presentation(Record):
    step_order: list[str]
    field_order: dict[str, list[str]]
    generator: str | None = None


Next: TypeAlias = str


class Branching(Record):
    body: NodeId | None = None
    goto: Next | None = None


class CircuitBreaker(Record):
    failure_threshold: int
    minimum_calls: int
    window: Millis
    recovery_timeout: Millis
    half_open_max_calls: int
    failure_rate_threshold: float | None = None


class Compensation(Record):
    node: NodeId
    on: Literal["unknown", "completed"]


class Branch(Record):
    name: str
    body: NodeId


class RetryPolicy(Record):
    max_attempts: int
    backoff: Literal["fixed", "linear", "exponential"]
    initial_delay: Millis
    max_delay: Millis
    jitter: bool
    retry_on: list[str] | None = None
    non_retryable: list[str] | None = None


class CatchClause(Record):
    match: list[Literal["timeout", "circuit_open", "any"]]
    before_retry: bool
    action: Literal["run", "goto", "ignore", "end_run"]
    handler: NodeId | None = None
    target: NodeId | None = None


class LitExpr(Record):
    op: Literal["lit"] = "lit"
    value: Json


class SecretExpr(Record):
    op: Literal["secret"] = "secret"
    from_: Literal["secrets", "env"]
    name: str


class TypeRef(Record):
    type: TypeId
    nullable: bool | None = None


Decimal: TypeAlias = str


class Extra(Record):
    allow: Literal["forbid", "preserve", "typed"]
    type: TypeRef | None = None


class Variant(Record):
    type: TypeRef
    tags: list[Json] | None = None
    json_types: (
        list[
            Literal["null", "boolean", "integer", "number", "string", "array", "object"]
        ]
        | None
    ) = None


class TypeName(Record):
    words: list[str]
    pinned: dict[str, str] | None = None


class Doc(Record):
    title: str | None = None
    description: str | None = None
    deprecated: bool | None = None
    examples: list[Json] | None = None


class Step(Record):
    name: str
    type: Literal[
        "function",
        "http",
        "transform",
        "condition",
        "switch",
        "parallel",
        "loop",
        "wait",
        "wait_for_event",
        "emit",
        "human_task",
        "workflow",
        "fail",
        "end",
    ]
    node: NodeId
    block: NodeId
    handler: bool
    implicit: bool
    role: Literal["main", "handler", "fallback", "rule", "compensation"] | None = None
    function: str | None = None
    input: TypeRef | None = None
    output: TypeRef | None = None
    description: str | None = None


class FunctionError(Record):
    retryable: bool
    description: str | None = None
    details: TypeRef | None = None


class Event(Record):
    name: str
    type: TypeRef
    listens: bool | None = None
    emits: bool | None = None


class StringType(Record):
    kind: Literal["string"] = "string"
    name: TypeName
    doc: Doc | None = None
    format: (
        Literal[
            "date-time",
            "date",
            "time",
            "duration",
            "email",
            "uri",
            "uuid",
            "ipv4",
            "ipv6",
            "hostname",
            "byte",
            "decimal",
            "int64",
        ]
        | None
    ) = None
    min_length: int | None = None
    max_length: int | None = None
    patterns: list[str] | None = None


class IntegerType(Record):
    kind: Literal["integer"] = "integer"
    name: TypeName
    doc: Doc | None = None
    bits: Literal[32, 53] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: list[Decimal] | None = None


class NumberType(Record):
    kind: Literal["number"] = "number"
    name: TypeName
    doc: Doc | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: list[Decimal] | None = None


class EnumType(Record):
    kind: Literal["enum"] = "enum"
    name: TypeName
    base: Literal["string", "integer", "number", "boolean", "mixed"]
    values: list[Json]
    doc: Doc | None = None
    names: list[str] | None = None
    const: bool | None = None


class ArrayType(Record):
    kind: Literal["array"] = "array"
    name: TypeName
    items: TypeRef
    doc: Doc | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique: bool | None = None


class TupleType(Record):
    kind: Literal["tuple"] = "tuple"
    name: TypeName
    items: list[TypeRef]
    doc: Doc | None = None
    unique: bool | None = None


class MapType(Record):
    kind: Literal["map"] = "map"
    name: TypeName
    values: TypeRef
    doc: Doc | None = None
    key_patterns: list[str] | None = None
    key_min_length: int | None = None
    key_max_length: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None


class Field(Record):
    type: TypeRef
    required: bool
    default: Json | None = None
    has_default: bool | None = None
    read_only: bool | None = None
    write_only: bool | None = None
    deprecated: bool | None = None
    names: dict[str, str] | None = None
    doc: Doc | None = None


class UnionType(Record):
    kind: Literal["union"] = "union"
    name: TypeName
    how: Literal["tag", "json_type"]
    variants: list[Variant]
    doc: Doc | None = None
    property: str | None = None


class AliasType(Record):
    kind: Literal["alias"] = "alias"
    name: TypeName
    of: TypeRef
    doc: Doc | None = None


class NeverType(Record):
    kind: Literal["never"] = "never"
    name: TypeName
    doc: Doc | None = None


class Function(Record):
    executor: str
    function: str
    input: TypeRef
    output: TypeRef
    declared: list[Literal["input", "output"]]
    errors: dict[str, FunctionError]
    steps: list[str]


class ObjectType(Record):
    kind: Literal["object"] = "object"
    name: TypeName
    fields: dict[str, Field]
    extra: Extra
    doc: Doc | None = None
    required_extra: list[str] | None = None
    key_patterns: list[str] | None = None
    key_min_length: int | None = None
    key_max_length: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None


TypeDef: TypeAlias = (
    StringType
    | IntegerType
    | NumberType
    | EnumType
    | ArrayType
    | TupleType
    | MapType
    | ObjectType
    | UnionType
    | AliasType
    | NeverType
)


class Plan(Record):
    plan_version: Literal[1] = 1
    profile: str
    hash: str
    workflow: WorkflowInfo
    input: TypeRef
    output: RunOutput
    root: NodeId
    nodes: dict[str, Node]
    steps: dict[str, Step]
    functions: dict[str, Function]
    types: dict[str, TypeDef]
    events: dict[str, Event]
    rules: list[Rule]
    triggers: list[Trigger]
    limits: Limits
    presentation: Presentation
    timeout: RunTimeout | None = None
    notifications: list[Json] | None = None
    concurrency: Concurrency | None = None
    unique: Literal["running"] | None = None
    security: Security | None = None
    retention: Retention | None = None


class RunOutput(Record):
    type: TypeRef
    value: Expr


class Concurrency(Record):
    on_limit: Literal["queue", "reject"]
    max_runs: int | None = None
    key: Expr | None = None
    max_per_key: int | None = None


class Security(Record):
    pii: list[Expr]
    secrets: list[str]


class Trigger(Record):
    type: Literal["schedule", "event"]
    cron: str | None = None
    every: Millis | None = None
    time_zone: str | None = None
    catch_up: Literal["none", "one", "all"] | None = None
    event: str | None = None
    filter: Expr | None = None
    input: Expr | None = None


class Rule(Record):
    id: str
    when: Expr
    reads: list[str]
    outcome: bool
    action: RuleAction
    outermost: bool | None = None


class RuleAction(Record):
    type: Literal["fail", "compensate", "continue", "goto", "block_fails"]
    code: str | None = None
    message: Expr | None = None
    details: Expr | None = None
    body: NodeId | None = None
    target: NodeId | None = None
    keep_error: bool | None = None


class Guard(Record):
    test: Expr
    skip: Next | None = None


Node: TypeAlias = Union[
    "SeqNode",
    "SetNode",
    "SwitchNode",
    "CallNode",
    "EmitNode",
    "ListenNode",
    "WaitNode",
    "ForkNode",
    "ForNode",
    "TryNode",
    "RaiseNode",
    "SubNode",
]


class SeqNode(Record):
    kind: Literal["seq"] = "seq"
    nodes: list[NodeId]
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    start: NodeId | None = None
    deps: dict[str, list[NodeId]] | None = None


class SetNode(Record):
    kind: Literal["set"] = "set"
    value: Expr
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None


class SwitchNode(Record):
    kind: Literal["switch"] = "switch"
    cases: list[Case]
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    default: Branching | None = None


class Case(Record):
    when: Expr
    then: Branching


class CallNode(Record):
    kind: Literal["call"] = "call"
    executor: str
    function: str
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    input_type: TypeRef | None = None
    result_type: TypeRef | None = None
    http: HttpRequest | None = None
    queue_timeout: Millis | None = None
    heartbeat_timeout: Millis | None = None
    circuit_breaker: CircuitBreaker | None = None
    priority: int | None = None
    max_concurrency: int | None = None
    compensation: Compensation | None = None


class HttpRequest(Record):
    url: Expr
    expect: list[int]
    headers: dict[str, Expr] | None = None
    query: dict[str, Expr] | None = None
    body: Expr | None = None


class EmitNode(Record):
    kind: Literal["emit"] = "emit"
    event: str
    data: Expr
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None


class ListenNode(Record):
    kind: Literal["listen"] = "listen"
    event: str
    correlate: dict[str, Expr]
    type: TypeRef
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    task: HumanTask | None = None


class HumanTask(Record):
    assignee: Expr | None = None
    title: Expr | None = None
    description: Expr | None = None


class WaitNode(Record):
    kind: Literal["wait"] = "wait"
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    duration: Millis | None = None
    until: Expr | None = None


class ForkNode(Record):
    kind: Literal["fork"] = "fork"
    mode: Literal["all", "any", "race"]
    fail_fast: bool
    branches: list[Branch]
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    max_concurrency: int | None = None


class ForNode(Record):
    kind: Literal["for"] = "for"
    variable: str
    parallel: bool
    max_iterations: int
    body: NodeId
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    items: Expr | None = None
    while_: Expr | None = None
    batch_size: int | None = None
    collect: Expr | None = None


class TryNode(Record):
    kind: Literal["try"] = "try"
    body: NodeId
    catch: list[CatchClause]
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    retry: RetryPolicy | None = None


class RaiseNode(Record):
    kind: Literal["raise"] = "raise"
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    rethrow: bool | None = None
    code: str | None = None
    message: Expr | None = None
    details: Expr | None = None
    final: Literal["failed", "timed_out"] | None = None
    compensate: bool | None = None


class SubNode(Record):
    kind: Literal["sub"] = "sub"
    workflow: str
    version: str
    step: str | None = None
    guard: Guard | None = None
    input: Expr | None = None
    output: Expr | None = None
    output_type: TypeRef | None = None
    timeout: Millis | None = None
    next: Next | None = None
    result_type: TypeRef | None = None


Expr: TypeAlias = Union[
    LitExpr,
    "PathExpr",
    "UnaryExpr",
    "BinaryExpr",
    "CallExpr",
    "LambdaExpr",
    "ObjectExpr",
    "ArrayExpr",
    "TemplateExpr",
    SecretExpr,
]


class PathExpr(Record):
    op: Literal["path"] = "path"
    root: Literal[
        "input",
        "step",
        "local",
        "index",
        "branches",
        "iterations",
        "response",
        "error",
        "execution",
        "metadata",
        "event",
        "undo",
    ]
    segments: list[Segment]
    singular: bool
    name: str | None = None
    field: Literal["output", "status", "error", "attempts"] | None = None


class Segment(Record):
    selectors: list[Selector]
    descendant: bool | None = None


class Selector(Record):
    member: str | None = None
    at: int | None = None
    all: Literal[True] | None = None
    slice: list[int | None] | None = None
    filter: Expr | None = None
    length: Literal[True] | None = None


class UnaryExpr(Record):
    op: Literal["not", "neg"]
    arg: Expr


class BinaryExpr(Record):
    op: Literal[
        "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"
    ]
    left: Expr
    right: Expr


class CallExpr(Record):
    op: Literal["call"] = "call"
    function: str
    args: list[Expr]


class LambdaExpr(Record):
    op: Literal["lambda"] = "lambda"
    parameter: str
    body: Expr


class ObjectExpr(Record):
    op: Literal["object"] = "object"
    members: dict[str, Expr]


class ArrayExpr(Record):
    op: Literal["array"] = "array"
    items: list[Expr]


class TemplateExpr(Record):
    op: Literal["template"] = "template"
    parts: list[Expr]
