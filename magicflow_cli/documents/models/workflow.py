"""A Workflow document, generated from schemas/workflow.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias, Union

from magicflow_cli.documents.bound import Bound
from magicflow_cli.load.nodes import Node

Expression: TypeAlias = Node


Value: TypeAlias = Node


Schema: TypeAlias = Node


Duration: TypeAlias = str


StepName: TypeAlias = str


Name: TypeAlias = str


Cron: TypeAlias = str


Version: TypeAlias = str


class Metadata(Bound):
    name: Name
    version: Version | None = None
    description: str | None = None
    tags: list[str] | None = None
    owner: str | None = None
    created_by: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class RetryPolicy(Bound):
    max_attempts: int | None = None
    backoff: Literal["fixed", "linear", "exponential"] | None = None
    initial_delay: Duration | None = None
    max_delay: Duration | None = None
    jitter: bool | None = None
    retry_on: list[str] | None = None
    non_retryable: list[str] | None = None


class CircuitBreaker(Bound):
    failure_threshold: int | None = None
    failure_rate_threshold: float | None = None
    minimum_calls: int | None = None
    window: Duration | None = None
    recovery_timeout: Duration | None = None
    half_open_max_calls: int | None = None


class Compensation(Bound):
    function: str
    executor: str | None = None
    input: Value | None = None
    timeout: Duration | None = None
    retry: RetryPolicy | None = None
    on: Literal["unknown", "completed"] | None = None


class Concurrency(Bound):
    max_runs: int | None = None
    key: Expression | None = None
    max_per_key: int | None = None
    on_limit: Literal["queue", "reject"] | None = None


class Security(Bound):
    pii: list[Expression] | None = None
    secrets: list[str] | None = None


class Retention(Bound):
    completed: Duration | None = None
    failed: Duration | None = None


class ScheduleTrigger(Bound):
    type: Literal["schedule"] = "schedule"
    cron: Cron | None = None
    every: Duration | None = None
    time_zone: str | None = None
    catch_up: Literal["none", "one", "all"] | None = None
    input: Value | None = None


class EventTrigger(Bound):
    type: Literal["event"] = "event"
    event: str
    filter: Expression | None = None
    input: Value | None = None


class FailurePolicy(Bound):
    on_failure: StepName | None = None
    notification: list[Value] | None = None


class FunctionStep(Bound):
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


class HttpStep(Bound):
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


class TransformStep(Bound):
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


class CallBranch(Bound):
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


class WaitStep(Bound):
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


class WaitForEventStep(Bound):
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


class EmitStep(Bound):
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


class HumanTaskStep(Bound):
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


class WorkflowStep(Bound):
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


class FailStep(Bound):
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


class EndStep(Bound):
    name: StepName
    type: Literal["end"] = "end"
    description: str | None = None
    handler: bool | None = None
    condition: Expression | None = None
    on_success: StepName | None = None
    depends_on: list[StepName] | None = None


Trigger: TypeAlias = ScheduleTrigger | EventTrigger


class Workflow(Bound):
    apiVersion: Literal["workflow.magic-flow.io/v2"] = "workflow.magic-flow.io/v2"
    kind: Literal["Workflow"] = "Workflow"
    metadata: Metadata
    spec: WorkflowSpec


class WorkflowSpec(Bound):
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


class FailureRule(Bound):
    condition: Expression
    action: RuleAction


class RuleAction(Bound):
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


class ConditionStep(Bound):
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


class SwitchStep(Bound):
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


class SwitchCase(Bound):
    when: Expression
    steps: list[Step] | None = None
    goto: StepName | None = None


class ParallelStep(Bound):
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


class BlockBranch(Bound):
    name: StepName
    steps: list[Step]
    description: str | None = None
    output: Value | None = None


class LoopStep(Bound):
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


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/workflow.schema.json",
    "title": "Workflow",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {"apiVersion": {"const": "workflow.magic-flow.io/v2"}, "kind": {"const": "Workflow"}, "metadata": {"$ref": "#/$defs/Metadata"}, "spec": {"$ref": "#/$defs/WorkflowSpec"}},
    "$defs": {
        "Expression": {},
        "Value": {},
        "Schema": {},
        "Duration": {"type": "string", "pattern": "^(?:[0-9]{1,12}ms|[0-9]{1,10}[sm]|[0-9]{1,9}h|[0-9]{1,8}d|P(?:[0-9]{1,7}W|(?=[0-9T])(?:[0-9]{1,8}D)?(?:T(?=[0-9])(?:[0-9]{1,8}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,8}(?:\\.[0-9]{1,3})?S)?)?))$"},
        "StepName": {"type": "string", "minLength": 1, "maxLength": 63},
        "Name": {"type": "string", "pattern": "^[a-z0-9_-]{1,63}$"},
        "Cron": {"type": "string", "pattern": "^(?:\\*|[0-5]?[0-9](?:-[0-5]?[0-9])?)(?:/[1-9][0-9]?)?(?:,(?:\\*|[0-5]?[0-9](?:-[0-5]?[0-9])?)(?:/[1-9][0-9]?)?)* (?:\\*|(?:1?[0-9]|0[0-9]|2[0-3])(?:-(?:1?[0-9]|0[0-9]|2[0-3]))?)(?:/[1-9][0-9]?)?(?:,(?:\\*|(?:1?[0-9]|0[0-9]|2[0-3])(?:-(?:1?[0-9]|0[0-9]|2[0-3]))?)(?:/[1-9][0-9]?)?)* (?:\\*|(?:0?[1-9]|[12][0-9]|3[01])(?:-(?:0?[1-9]|[12][0-9]|3[01]))?)(?:/[1-9][0-9]?)?(?:,(?:\\*|(?:0?[1-9]|[12][0-9]|3[01])(?:-(?:0?[1-9]|[12][0-9]|3[01]))?)(?:/[1-9][0-9]?)?)* (?:\\*|(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(?:-(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))?)(?:/[1-9][0-9]?)?(?:,(?:\\*|(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(?:-(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))?)(?:/[1-9][0-9]?)?)* (?:\\*|(?:0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:-(?:0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT))?)(?:/[1-9][0-9]?)?(?:,(?:\\*|(?:0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:-(?:0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT))?)(?:/[1-9][0-9]?)?)*$"},
        "Version": {"type": "string", "pattern": "^v?(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$"},
        "Metadata": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "properties": {"name": {"$ref": "#/$defs/Name"}, "version": {"$ref": "#/$defs/Version"}, "description": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "owner": {"type": "string"}, "created_by": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "annotations": {"type": "object", "additionalProperties": {"type": "string"}}}},
        "WorkflowSpec": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["steps"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"context": {"type": "string", "minLength": 1}, "input_schema": {"$ref": "#/$defs/Schema"}, "output_schema": {"$ref": "#/$defs/Schema"}, "executor": {"type": "string", "minLength": 1}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["cancel_and_cleanup", "fallback", "retry", "ignore"]}, "fallback_step": {"$ref": "#/$defs/StepName"}, "retry_policy": {"$ref": "#/$defs/RetryPolicy"}, "concurrency": {"$ref": "#/$defs/Concurrency"}, "unique": {"enum": ["running"]}, "conditions": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Expression"}}, "triggers": {"type": "array", "items": {"$ref": "#/$defs/Trigger"}}, "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "minItems": 1}, "output": {"$ref": "#/$defs/Value"}, "error_handling": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/FailureRule"}}, {"$ref": "#/$defs/FailurePolicy"}]}, "security": {"$ref": "#/$defs/Security"}, "retention": {"$ref": "#/$defs/Retention"}}},
        "RetryPolicy": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"max_attempts": {"type": "integer", "minimum": 1}, "backoff": {"enum": ["fixed", "linear", "exponential"]}, "initial_delay": {"$ref": "#/$defs/Duration"}, "max_delay": {"$ref": "#/$defs/Duration"}, "jitter": {"type": "boolean"}, "retry_on": {"type": "array", "items": {"type": "string"}}, "non_retryable": {"type": "array", "items": {"type": "string"}}}},
        "CircuitBreaker": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"failure_threshold": {"type": "integer", "minimum": 1}, "failure_rate_threshold": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "minimum_calls": {"type": "integer", "minimum": 1}, "window": {"$ref": "#/$defs/Duration"}, "recovery_timeout": {"$ref": "#/$defs/Duration"}, "half_open_max_calls": {"type": "integer", "minimum": 1}}},
        "Compensation": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["function"], "properties": {"executor": {"type": "string", "minLength": 1}, "function": {"type": "string", "minLength": 1}, "input": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on": {"enum": ["unknown", "completed"]}}},
        "Concurrency": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"max_runs": {"type": "integer", "minimum": 1}, "key": {"$ref": "#/$defs/Expression"}, "max_per_key": {"type": "integer", "minimum": 1}, "on_limit": {"enum": ["queue", "reject"]}}},
        "Security": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"pii": {"type": "array", "items": {"$ref": "#/$defs/Expression"}}, "secrets": {"type": "array", "items": {"type": "string"}}}},
        "Retention": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"completed": {"$ref": "#/$defs/Duration"}, "failed": {"$ref": "#/$defs/Duration"}}},
        "Trigger": {"oneOf": [{"$ref": "#/$defs/ScheduleTrigger"}, {"$ref": "#/$defs/EventTrigger"}], "discriminator": {"propertyName": "type"}},
        "ScheduleTrigger": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["type"], "oneOf": [{"required": ["cron"]}, {"required": ["every"]}], "properties": {"type": {"const": "schedule"}, "cron": {"$ref": "#/$defs/Cron"}, "every": {"$ref": "#/$defs/Duration"}, "time_zone": {"type": "string", "minLength": 1}, "catch_up": {"enum": ["none", "one", "all"]}, "input": {"$ref": "#/$defs/Value"}}},
        "EventTrigger": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["type", "event"], "properties": {"type": {"const": "event"}, "event": {"type": "string", "minLength": 1}, "filter": {"$ref": "#/$defs/Expression"}, "input": {"$ref": "#/$defs/Value"}}},
        "FailureRule": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["condition", "action"], "properties": {"condition": {"$ref": "#/$defs/Expression"}, "action": {"$ref": "#/$defs/RuleAction"}}},
        "RuleAction": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["type"], "allOf": [{"if": {"required": ["type"], "properties": {"type": {"const": "goto"}}}, "then": {"required": ["step"]}}, {"if": {"required": ["step"]}, "then": {"properties": {"type": {"enum": ["goto"]}}}}, {"if": {"required": ["steps"]}, "then": {"properties": {"type": {"enum": ["compensate"]}}}}, {"if": {"required": ["code"]}, "then": {"properties": {"type": {"enum": ["return_error", "fail", "compensate"]}}}}, {"if": {"required": ["message"]}, "then": {"properties": {"type": {"enum": ["return_error", "fail", "compensate"]}}}}, {"if": {"required": ["details"]}, "then": {"properties": {"type": {"enum": ["return_error", "fail", "compensate"]}}}}], "properties": {"type": {"enum": ["return_error", "fail", "compensate", "continue", "goto"]}, "code": {"type": "string", "minLength": 1}, "message": {"$ref": "#/$defs/Value"}, "details": {"$ref": "#/$defs/Value"}, "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "minItems": 1}, "step": {"$ref": "#/$defs/StepName"}}},
        "FailurePolicy": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"on_failure": {"$ref": "#/$defs/StepName"}, "notification": {"type": "array", "items": {"$ref": "#/$defs/Value"}}}},
        "Step": {"oneOf": [{"$ref": "#/$defs/FunctionStep"}, {"$ref": "#/$defs/HttpStep"}, {"$ref": "#/$defs/TransformStep"}, {"$ref": "#/$defs/ConditionStep"}, {"$ref": "#/$defs/SwitchStep"}, {"$ref": "#/$defs/ParallelStep"}, {"$ref": "#/$defs/LoopStep"}, {"$ref": "#/$defs/WaitStep"}, {"$ref": "#/$defs/WaitForEventStep"}, {"$ref": "#/$defs/EmitStep"}, {"$ref": "#/$defs/HumanTaskStep"}, {"$ref": "#/$defs/WorkflowStep"}, {"$ref": "#/$defs/FailStep"}, {"$ref": "#/$defs/EndStep"}], "discriminator": {"propertyName": "type"}},
        "FunctionStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "function"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "executor": {"type": "string", "minLength": 1}, "function": {"type": "string", "minLength": 1}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "queue_timeout": {"$ref": "#/$defs/Duration"}, "heartbeat_timeout": {"$ref": "#/$defs/Duration"}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "circuit_breaker": {"$ref": "#/$defs/CircuitBreaker"}, "compensation": {"$ref": "#/$defs/Compensation"}, "priority": {"type": "integer"}, "max_concurrency": {"type": "integer", "minimum": 1}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "HttpStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "url"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "http"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]}, "url": {"$ref": "#/$defs/Value"}, "headers": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Value"}}, "query": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Value"}}, "body": {"$ref": "#/$defs/Value"}, "expect": {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}, "minItems": 1}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "circuit_breaker": {"$ref": "#/$defs/CircuitBreaker"}, "compensation": {"$ref": "#/$defs/Compensation"}, "priority": {"type": "integer"}, "max_concurrency": {"type": "integer", "minimum": 1}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "TransformStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "output"], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "transform"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "output": {"$ref": "#/$defs/Value"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "ConditionStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "condition"], "anyOf": [{"required": ["then"]}, {"required": ["else"]}], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "condition"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "then": {"type": "array", "items": {"$ref": "#/$defs/Step"}}, "else": {"type": "array", "items": {"$ref": "#/$defs/Step"}}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "SwitchStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "cases"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "switch"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "cases": {"type": "array", "items": {"$ref": "#/$defs/SwitchCase"}, "minItems": 1}, "default": {"type": "array", "items": {"$ref": "#/$defs/Step"}}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "SwitchCase": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["when"], "oneOf": [{"required": ["steps"]}, {"required": ["goto"]}], "properties": {"when": {"$ref": "#/$defs/Expression"}, "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}}, "goto": {"$ref": "#/$defs/StepName"}}},
        "ParallelStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "branches"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "parallel"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "mode": {"enum": ["all", "any", "race"]}, "fail_fast": {"type": "boolean"}, "max_concurrency": {"type": "integer", "minimum": 1}, "branches": {"type": "array", "items": {"$ref": "#/$defs/Branch"}, "minItems": 1}, "output": {"$ref": "#/$defs/Value"}, "input": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "Branch": {"oneOf": [{"$ref": "#/$defs/BlockBranch"}, {"$ref": "#/$defs/CallBranch"}]},
        "BlockBranch": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "steps"], "properties": {"name": {"$ref": "#/$defs/StepName"}, "description": {"type": "string"}, "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "minItems": 1}, "output": {"$ref": "#/$defs/Value"}}},
        "CallBranch": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "description": {"type": "string"}, "condition": {"$ref": "#/$defs/Expression"}, "executor": {"type": "string", "minLength": 1}, "function": {"type": "string", "minLength": 1}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "queue_timeout": {"$ref": "#/$defs/Duration"}, "heartbeat_timeout": {"$ref": "#/$defs/Duration"}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "circuit_breaker": {"$ref": "#/$defs/CircuitBreaker"}, "compensation": {"$ref": "#/$defs/Compensation"}, "priority": {"type": "integer"}, "max_concurrency": {"type": "integer", "minimum": 1}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}}},
        "LoopStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "steps"], "anyOf": [{"required": ["iterate_over"]}, {"required": ["while"]}], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "loop"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "iterate_over": {"$ref": "#/$defs/Expression"}, "item_variable": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "while": {"$ref": "#/$defs/Expression"}, "parallel": {"type": "boolean"}, "batch_size": {"type": "integer", "minimum": 1}, "max_iterations": {"type": "integer", "minimum": 1}, "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "minItems": 1}, "collect": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "input": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "WaitStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type"], "oneOf": [{"required": ["duration"]}, {"required": ["until"]}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "wait"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "duration": {"$ref": "#/$defs/Duration"}, "until": {"$ref": "#/$defs/Value"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "WaitForEventStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "event"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "wait_for_event"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "event": {"type": "string", "minLength": 1}, "correlate": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Value"}}, "schema": {"$ref": "#/$defs/Schema"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "EmitStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "event"], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "emit"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "event": {"type": "string", "minLength": 1}, "data": {"$ref": "#/$defs/Value"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "HumanTaskStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "human_task"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "assignee": {"$ref": "#/$defs/Value"}, "title": {"$ref": "#/$defs/Value"}, "description": {"$ref": "#/$defs/Value"}, "form": {"$ref": "#/$defs/Schema"}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "WorkflowStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type", "workflow"], "allOf": [{"if": {"required": ["timeout_action"], "properties": {"timeout_action": {"const": "fallback"}}}, "then": {"required": ["fallback_step"]}}], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "workflow"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "workflow": {"$ref": "#/$defs/Name"}, "version": {"type": "string", "minLength": 1}, "input": {"$ref": "#/$defs/Value"}, "output": {"$ref": "#/$defs/Value"}, "timeout": {"$ref": "#/$defs/Duration"}, "timeout_action": {"enum": ["retry", "fallback", "ignore", "cancel_and_cleanup"]}, "total_timeout": {"$ref": "#/$defs/Duration"}, "retry": {"$ref": "#/$defs/RetryPolicy"}, "on_success": {"$ref": "#/$defs/StepName"}, "on_failure": {"$ref": "#/$defs/StepName"}, "fallback_step": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "FailStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type"], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "fail"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "code": {"type": "string", "minLength": 1}, "message": {"$ref": "#/$defs/Value"}, "details": {"$ref": "#/$defs/Value"}, "on_success": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
        "EndStep": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type"], "properties": {"name": {"$ref": "#/$defs/StepName"}, "type": {"const": "end"}, "description": {"type": "string"}, "handler": {"type": "boolean"}, "condition": {"$ref": "#/$defs/Expression"}, "on_success": {"$ref": "#/$defs/StepName"}, "depends_on": {"type": "array", "items": {"$ref": "#/$defs/StepName"}}}},
    },
}
# fmt: on
