"""A Workflow document, generated from schemas/workflow.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias, Union

from magicflow_cli.load.nodes import Node
from magicflow_cli.record import Record

Expression: TypeAlias = Node


Value: TypeAlias = Node


Schema: TypeAlias = Node


Duration: TypeAlias = str


StepName: TypeAlias = str


Name: TypeAlias = str


Version: TypeAlias = str


class Metadata(Record):
    name: Name
    version: Version | None = None
    description: str | None = None
    tags: list[str] | None = None
    owner: str | None = None
    created_by: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class RetryPolicy(Record):
    max_attempts: int | None = None
    backoff: Literal["fixed", "linear", "exponential"] | None = None
    initial_delay: Duration | None = None
    max_delay: Duration | None = None
    jitter: bool | None = None
    retry_on: list[str] | None = None
    non_retryable: list[str] | None = None


class CircuitBreaker(Record):
    failure_threshold: int | None = None
    failure_rate_threshold: float | None = None
    minimum_calls: int | None = None
    window: Duration | None = None
    recovery_timeout: Duration | None = None
    half_open_max_calls: int | None = None


class Compensation(Record):
    function: str
    executor: str | None = None
    input: Value | None = None
    timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on: Literal["unknown", "completed"] | None = None


class Concurrency(Record):
    max_runs: int | None = None
    key: Expression | None = None
    max_per_key: int | None = None
    on_limit: Literal["queue", "reject"] | None = None


class Security(Record):
    pii: list[Expression] | None = None
    secrets: list[str] | None = None


class Retention(Record):
    completed: Duration | None = None
    failed: Duration | None = None


class ScheduleTrigger(Record):
    type: Literal["schedule"] = "schedule"
    cron: str | None = None
    every: Duration | None = None
    time_zone: str | None = None
    catch_up: Literal["none", "one", "all"] | None = None
    input: Value | None = None


class EventTrigger(Record):
    type: Literal["event"] = "event"
    event: str
    filter: Expression | None = None
    input: Value | None = None


class FailurePolicy(Record):
    on_failure: StepName | None = None
    notification: list[Value] | None = None


class FunctionStep(Record):
    name: StepName
    type: Literal["function"] = "function"
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    executor: str | None = None
    function: str | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    queue_timeout: Duration | None = None
    heartbeat_timeout: Duration | None = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    circuit_breaker: CircuitBreaker | None = None
    compensation: Compensation | None = None
    priority: int | None = None
    max_concurrency: int | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class HttpStep(Record):
    name: StepName
    type: Literal["http"] = "http"
    url: Value
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    method: (
        Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] | None
    ) = None
    headers: dict[str, Value] | None = None
    query: dict[str, Value] | None = None
    body: Value | None = None
    expect: list[int] | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    circuit_breaker: CircuitBreaker | None = None
    compensation: Compensation | None = None
    priority: int | None = None
    max_concurrency: int | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class TransformStep(Record):
    name: StepName
    type: Literal["transform"] = "transform"
    output: Value
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class CallBranch(Record):
    name: StepName
    description: str | None = None
    condition: Expression | None = None
    executor: str | None = None
    function: str | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    queue_timeout: Duration | None = None
    heartbeat_timeout: Duration | None = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    circuit_breaker: CircuitBreaker | None = None
    compensation: Compensation | None = None
    priority: int | None = None
    max_concurrency: int | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None


class WaitStep(Record):
    name: StepName
    type: Literal["wait"] = "wait"
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    duration: Duration | None = None
    until: Value | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class WaitForEventStep(Record):
    name: StepName
    type: Literal["wait_for_event"] = "wait_for_event"
    event: str
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    correlate: dict[str, Value] | None = None
    schema: Schema | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class EmitStep(Record):
    name: StepName
    type: Literal["emit"] = "emit"
    event: str
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    data: Value | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class HumanTaskStep(Record):
    name: StepName
    type: Literal["human_task"] = "human_task"
    handler: bool | None = None
    condition: Expression | None = None
    assignee: Value | None = None
    title: Value | None = None
    description: Value | None = None
    form: Schema | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class WorkflowStep(Record):
    name: StepName
    type: Literal["workflow"] = "workflow"
    workflow: Name
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    version: str | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class FailStep(Record):
    name: StepName
    type: Literal["fail"] = "fail"
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    code: str | None = None
    message: Value | None = None
    details: Value | None = None
    on_success: StepName | None = None
    depends_on: list[StepName] | None = None


class EndStep(Record):
    name: StepName
    type: Literal["end"] = "end"
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    on_success: StepName | None = None
    depends_on: list[StepName] | None = None


Trigger: TypeAlias = ScheduleTrigger | EventTrigger


class Workflow(Record):
    apiVersion: Literal["workflow.magic-flow.io/v2"] = "workflow.magic-flow.io/v2"
    kind: Literal["Workflow"] = "Workflow"
    metadata: Metadata
    spec: WorkflowSpec


class WorkflowSpec(Record):
    steps: list[Step]
    context: str | None = None
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    executor: str | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["cancel_and_cleanup", "fallback", "retry", "ignore"] | None
    ) = None
    fallback_step: StepName | None = None
    retry_policy: RetryPolicy | None = None
    concurrency: Concurrency | None = None
    unique: Literal["running"] | None = None
    conditions: dict[str, Expression] | None = None
    triggers: list[Trigger] | None = None
    output: Value | None = None
    error_handling: list[FailureRule] | FailurePolicy | None = None
    security: Security | None = None
    retention: Retention | None = None


class FailureRule(Record):
    condition: Expression
    action: RuleAction


class RuleAction(Record):
    type: Literal["return_error", "fail", "compensate", "continue", "goto"]
    code: str | None = None
    message: Value | None = None
    details: Value | None = None
    steps: list[Step] | None = None
    step: StepName | None = None


Step: TypeAlias = Union[
    FunctionStep,
    HttpStep,
    TransformStep,
    "ConditionStep",
    "SwitchStep",
    "ParallelStep",
    "LoopStep",
    WaitStep,
    WaitForEventStep,
    EmitStep,
    HumanTaskStep,
    WorkflowStep,
    FailStep,
    EndStep,
]


class ConditionStep(Record):
    name: StepName
    type: Literal["condition"] = "condition"
    condition: Expression
    description: str | None = None
    handler: bool | None = None
    then: list[Step] | None = None
    else_: list[Step] | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class SwitchStep(Record):
    name: StepName
    type: Literal["switch"] = "switch"
    cases: list[SwitchCase]
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    default: list[Step] | None = None
    input: Value | None = None
    output: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


class SwitchCase(Record):
    when: Expression
    steps: list[Step] | None = None
    goto: StepName | None = None


class ParallelStep(Record):
    name: StepName
    type: Literal["parallel"] = "parallel"
    branches: list[Branch]
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    mode: Literal["all", "any", "race"] | None = None
    fail_fast: bool | None = None
    max_concurrency: int | None = None
    output: Value | None = None
    input: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None


Branch: TypeAlias = Union["BlockBranch", CallBranch]


class BlockBranch(Record):
    name: StepName
    steps: list[Step]
    description: str | None = None
    output: Value | None = None


class LoopStep(Record):
    name: StepName
    type: Literal["loop"] = "loop"
    steps: list[Step]
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    iterate_over: Expression | None = None
    item_variable: str | None = None
    while_: Expression | None = None
    parallel: bool | None = None
    batch_size: int | None = None
    max_iterations: int | None = None
    collect: Value | None = None
    output: Value | None = None
    input: Value | None = None
    timeout: Duration | None = None
    timeout_action: (
        Literal["retry", "fallback", "ignore", "cancel_and_cleanup"] | None
    ) = None
    total_timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on_success: StepName | None = None
    on_failure: StepName | None = None
    fallback_step: StepName | None = None
    depends_on: list[StepName] | None = None
