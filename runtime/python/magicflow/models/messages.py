"""The messages between servers, executors and the programs around them.

Generated from schemas/messages.schema.json by scripts/generate_messages.py. That a
ResultMessage has a result or an error is the server's to check.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from magicflow import models as mf

CircuitBreakerConfigFailureThreshold: TypeAlias = Annotated[
    int, mf.Integer(minimum="1")
]
"""Consecutive failures that open it."""

Millis: TypeAlias = Annotated[int, mf.Integer(minimum="0", maximum="9007199254740991")]
"""Milliseconds."""

CircuitBreakerConfigHalfOpenMaxCalls: TypeAlias = Annotated[
    int, mf.Integer(minimum="1")
]
"""Successful trial calls that close it."""

CircuitBreakerConfigFailureRateThreshold: TypeAlias = Annotated[
    float, mf.Number(maximum="1", exclusive_minimum="0")
]
"""Share of failures that opens it."""


class CircuitBreakerConfig(mf.Model):
    """A circuit breaker."""

    failure_threshold: CircuitBreakerConfigFailureThreshold
    """Consecutive failures that open it."""

    recovery_timeout: Millis
    """Time until it lets calls through to try."""

    half_open_max_calls: CircuitBreakerConfigHalfOpenMaxCalls
    """Successful trial calls that close it."""

    failure_rate_threshold: CircuitBreakerConfigFailureRateThreshold | mf.MISSING = (
        mf.MISSING
    )
    """Share of failures that opens it."""


CloudEventSpecversion: TypeAlias = Literal["1.0"]
"""Version of CloudEvents."""

CloudEventId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Unique with `source`."""

CloudEventSource: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Who sends it."""

CloudEventType: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the event."""

CloudEventSubject: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""What it is about; the run's id for emitted events."""

DateTime: TypeAlias = mf.DateTime
"""RFC 3339 date-time with an offset."""

CloudEventDatacontenttype: TypeAlias = Annotated[
    str, mf.Text(patterns=("^application/([A-Za-z0-9.+-]+\\+)?json(;.*)?$",))
]
"""Always JSON."""

CloudEventDataschema: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""URI of the data's schema."""

TraceParent: TypeAlias = Annotated[
    str, mf.Text(patterns=("^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",))
]
"""W3C trace context, `traceparent`."""


class CloudEvent(mf.Model):
    """An event that a workflow emits or receives: CloudEvents 1.0 in structured JSON."""

    specversion: CloudEventSpecversion
    """Version of CloudEvents."""

    id: CloudEventId
    """Unique with `source`."""

    source: CloudEventSource
    """Who sends it."""

    type_: Annotated[CloudEventType, mf.Field(alias="type")]
    """Name of the event."""

    subject: CloudEventSubject | mf.MISSING = mf.MISSING
    """What it is about; the run's id for emitted events."""

    time: DateTime | mf.MISSING = mf.MISSING
    """When it happened."""

    datacontenttype: CloudEventDatacontenttype | mf.MISSING = mf.MISSING
    """Always JSON."""

    dataschema: CloudEventDataschema | mf.MISSING = mf.MISSING
    """URI of the data's schema."""

    data: mf.Json | mf.MISSING = mf.MISSING
    """The event's data."""

    traceparent: TraceParent | mf.MISSING = mf.MISSING
    """Trace that the event belongs to."""


ErrorCode: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Code of the error."""


class Error(mf.Model):
    """An error as an executor reports it."""

    code: ErrorCode
    """Code of the error."""

    message: str
    """What went wrong, for people."""

    details: mf.Json | mf.MISSING = mf.MISSING
    """What a program may read."""

    retryable: bool | mf.MISSING = mf.MISSING
    """Whether a retry makes sense. Default: by the code."""

    retry_after: Millis | mf.MISSING = mf.MISSING
    """The earliest that a retry makes sense."""


Metadata: TypeAlias = dict[str, str]
"""Free key/value pairs of the sender."""

PlanHash: TypeAlias = Annotated[str, mf.Text(patterns=("^[0-9a-f]{64}$",))]
"""Hash of the plan that the run stands on."""

ResultMessageRunId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The run."""

ResultMessageTaskId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The task: one step occurrence of the run."""

ResultMessageWorkflowId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the workflow."""

ResultMessageStepId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the step."""

ResultMessageAttempt: TypeAlias = Annotated[int, mf.Integer(minimum="1")]
"""Number of the attempt, from 1."""

ResultMessageDelivery: TypeAlias = Annotated[int, mf.Integer(minimum="1")]
"""Number of the delivery of this attempt, from 1. `(run, task, attempt, delivery)` fences results."""

ResultMessageIdempotencyKey: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The same over all attempts and deliveries of the step occurrence."""


class ResultMessage(mf.Model):
    """What became of one delivery of a task."""

    run_id: ResultMessageRunId
    """The run."""

    task_id: ResultMessageTaskId
    """The task: one step occurrence of the run."""

    workflow_id: ResultMessageWorkflowId
    """Name of the workflow."""

    step_id: ResultMessageStepId
    """Name of the step."""

    attempt: ResultMessageAttempt
    """Number of the attempt, from 1."""

    delivery: ResultMessageDelivery
    """Number of the delivery of this attempt, from 1. `(run, task, attempt, delivery)` fences results."""

    idempotency_key: ResultMessageIdempotencyKey
    """The same over all attempts and deliveries of the step occurrence."""

    plan_hash: PlanHash
    """The plan that the run stands on."""

    traceparent: TraceParent | mf.MISSING = mf.MISSING
    """Trace that the attempt belongs to."""

    success: bool
    """Whether the function returned."""

    result: mf.Json | mf.MISSING = mf.MISSING
    """What it returned, for a success."""

    error: Error | mf.MISSING = mf.MISSING
    """What it reported, for a failure."""

    duration: Millis | mf.MISSING = mf.MISSING
    """How long it took."""


RetryConfigMaxAttempts: TypeAlias = Annotated[int, mf.Integer(minimum="1")]
"""All attempts."""


class RetryConfigBackoffStrategy(mf.StringEnum):
    """Growth of the delay."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"
    FIXED = "fixed"


class RetryConfig(mf.Model):
    """A retry policy."""

    max_attempts: RetryConfigMaxAttempts
    """All attempts."""

    backoff_strategy: RetryConfigBackoffStrategy
    """Growth of the delay."""

    initial_delay: Millis
    """First delay."""

    max_delay: Millis
    """Longest delay."""

    jitter: bool
    """Whether delays are spread."""


TaskMessageRunId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The run."""

TaskMessageTaskId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The task: one step occurrence of the run."""

TaskMessageWorkflowId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the workflow."""

TaskMessageStepId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the step."""

TaskMessageAttempt: TypeAlias = Annotated[int, mf.Integer(minimum="1")]
"""Number of the attempt, from 1."""

TaskMessageDelivery: TypeAlias = Annotated[int, mf.Integer(minimum="1")]
"""Number of the delivery of this attempt, from 1. `(run, task, attempt, delivery)` fences results."""

TaskMessageIdempotencyKey: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The same over all attempts and deliveries of the step occurrence."""

TaskMessageExecutor: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The executor that has the function."""

TaskMessageFunction: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The function to call."""

TaskMessageSecrets: TypeAlias = list[str]
"""Where `context` holds placeholders that the workflow put there, as JSON pointers: `{"$secret": name}`, `{"$env": name}`, or `{"$template": [text, placeholder, …]}`. An executor resolves these places and no others."""


class TaskMessageTimeoutAction(mf.StringEnum):
    """What the step's timeout does."""

    CANCEL_AND_CLEANUP = "cancel_and_cleanup"
    RETRY = "retry"
    FALLBACK = "fallback"
    IGNORE = "ignore"


TaskMessageRetryCount: TypeAlias = Annotated[int, mf.Integer(minimum="0")]
"""Attempts before this one."""

TaskMessageMaxRetries: TypeAlias = Annotated[int, mf.Integer(minimum="0")]
"""Attempts that may follow the first."""

TaskMessageFallbackStep: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The step's fallback."""


class TaskMessage(mf.Model):
    """One attempt of a step, for an executor."""

    run_id: TaskMessageRunId
    """The run."""

    task_id: TaskMessageTaskId
    """The task: one step occurrence of the run."""

    workflow_id: TaskMessageWorkflowId
    """Name of the workflow."""

    step_id: TaskMessageStepId
    """Name of the step."""

    attempt: TaskMessageAttempt
    """Number of the attempt, from 1."""

    delivery: TaskMessageDelivery
    """Number of the delivery of this attempt, from 1. `(run, task, attempt, delivery)` fences results."""

    idempotency_key: TaskMessageIdempotencyKey
    """The same over all attempts and deliveries of the step occurrence."""

    plan_hash: PlanHash
    """The plan that the run stands on."""

    traceparent: TraceParent | mf.MISSING = mf.MISSING
    """Trace that the attempt belongs to."""

    executor: TaskMessageExecutor
    """The executor that has the function."""

    function: TaskMessageFunction
    """The function to call."""

    context: mf.Json
    """The function's input."""

    secrets: TaskMessageSecrets | mf.MISSING = mf.MISSING
    """Where `context` holds placeholders that the workflow put there, as JSON pointers: `{"$secret": name}`, `{"$env": name}`, or `{"$template": [text, placeholder, …]}`. An executor resolves these places and no others."""

    timeout: Millis | mf.MISSING = mf.MISSING
    """How long the attempt may take from its lease."""

    heartbeat_timeout: Millis | mf.MISSING = mf.MISSING
    """How long the worker may be silent."""

    lease_expires: DateTime | mf.MISSING = mf.MISSING
    """When the task may be given to another worker unless a heartbeat comes."""

    timeout_action: TaskMessageTimeoutAction | mf.MISSING = mf.MISSING
    """What the step's timeout does."""

    retry_count: TaskMessageRetryCount | mf.MISSING = mf.MISSING
    """Attempts before this one."""

    max_retries: TaskMessageMaxRetries | mf.MISSING = mf.MISSING
    """Attempts that may follow the first."""

    retry_config: RetryConfig | mf.MISSING = mf.MISSING
    """The step's retry policy."""

    circuit_breaker: CircuitBreakerConfig | mf.MISSING = mf.MISSING
    """The step's circuit breaker."""

    fallback_step: TaskMessageFallbackStep | mf.MISSING = mf.MISSING
    """The step's fallback."""

    priority: mf.Int | mf.MISSING = mf.MISSING
    """Tasks with a higher number are served first."""


WorkflowInitEventWorkflowName: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Name of the workflow."""

WorkflowInitEventWorkflowVersion: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Version or range. Default: the newest."""

WorkflowInitEventSource: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""Who sends it."""

WorkflowInitEventIdempotencyKey: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""A second event with this key starts no second run."""

WorkflowInitEventForeignId: TypeAlias = Annotated[str, mf.Text(min_length=1)]
"""The sender's own id of what the run is about."""


class WorkflowInitEvent(mf.Model):
    """Starts a run."""

    workflow_name: WorkflowInitEventWorkflowName
    """Name of the workflow."""

    workflow_version: WorkflowInitEventWorkflowVersion | mf.MISSING = mf.MISSING
    """Version or range. Default: the newest."""

    initial_data: mf.Json
    """The run's input."""

    source: WorkflowInitEventSource
    """Who sends it."""

    timestamp: DateTime
    """When it was sent."""

    priority: mf.Int | mf.MISSING = mf.MISSING
    """Runs with a higher number are served first."""

    metadata: Metadata | mf.MISSING = mf.MISSING
    """Free key/value pairs, read as `$.metadata`."""

    idempotency_key: WorkflowInitEventIdempotencyKey | mf.MISSING = mf.MISSING
    """A second event with this key starts no second run."""

    foreign_id: WorkflowInitEventForeignId | mf.MISSING = mf.MISSING
    """The sender's own id of what the run is about."""

    traceparent: TraceParent | mf.MISSING = mf.MISSING
    """Trace that the run belongs to."""
