"""The executable plan: one class for each node kind, and what the run needs to know.

These are frozen by convention: nothing changes them after `load_plan`. Expressions are
closures over a scope; a check is a function that gives the problems of a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Evaluate = Callable[[Any], Any]
"""A compiled expression. Gives a JSON value or MISSING; raises ExpressionError."""

Check = Callable[[Any], list[dict[str, Any]]]
"""Problems of a value, each `{path, message}`; an empty list when it fits."""


@dataclass(slots=True, eq=False)
class Node:
    """The envelope, equal for all kinds.

    `secrets` are JSON pointers to the placeholders in what `input` gives; `handler` says
    that the node's step is not on the main line; `rules` are the outcome
    rules that read the step; `timed` that the core itself measures `timeout`.
    """

    id: str
    kind: str
    step: str | None = None
    guard: Evaluate | None = None
    guard_skip: str | None = None
    input: Evaluate | None = None
    secrets: tuple[str, ...] = ()
    output: Evaluate | None = None
    output_check: Check | None = None
    timeout: int | None = None
    next: str | None = None
    timed: bool = False
    handler: bool = False
    rethrow: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(slots=True, eq=False)
class Seq(Node):
    nodes: tuple[str, ...] = ()
    start: str | None = None
    deps: dict[str, tuple[str, ...]] | None = None
    dependents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    keeps_value: bool = False
    """Whether somebody reads the block's value and it has no output mapping."""


@dataclass(slots=True, eq=False)
class Set(Node):
    value: Evaluate | None = None


@dataclass(slots=True, eq=False)
class Branching:
    """Where a switch goes: into a block, or to a node of its own block."""

    body: str | None
    goto: str | None


@dataclass(slots=True, eq=False)
class Switch(Node):
    cases: tuple[tuple[Evaluate, Branching], ...] = ()
    default: Branching | None = None


@dataclass(slots=True, eq=False)
class Request:
    """An HTTP request's parts as expressions."""

    url: Evaluate
    headers: dict[str, Evaluate]
    query: dict[str, Evaluate]
    body: Evaluate | None
    expect: list[int]


@dataclass(slots=True, eq=False)
class Compensation:
    node: str
    on: Literal["unknown", "completed"]


@dataclass(slots=True, eq=False)
class Call(Node):
    message: dict[str, Any] = field(default_factory=dict)
    """The members of a TaskMessage that are the same for every task of the node."""
    input_check: Check | None = None
    result_check: Check | None = None
    request: Request | None = None
    errors: dict[str, bool] = field(default_factory=dict)
    """Declared error codes and whether they are retryable."""
    compensation: Compensation | None = None


@dataclass(slots=True, eq=False)
class Emit(Node):
    event: str = ""
    data: Evaluate | None = None
    data_check: Check | None = None


@dataclass(slots=True, eq=False)
class HumanTask:
    assignee: Evaluate | None
    title: Evaluate | None
    description: Evaluate | None
    form: dict[str, Any]
    """TypeRef of the answer."""


@dataclass(slots=True, eq=False)
class Listen(Node):
    event: str = ""
    correlate: tuple[tuple[str, Evaluate], ...] = ()
    data_check: Check | None = None
    task: HumanTask | None = None


@dataclass(slots=True, eq=False)
class Wait(Node):
    duration: int | None = None
    until: Evaluate | None = None


@dataclass(slots=True, eq=False)
class Fork(Node):
    mode: Literal["all", "any", "race"] = "all"
    fail_fast: bool = True
    max_concurrency: int | None = None
    branches: tuple[tuple[str, str], ...] = ()
    """(name, id of the body), in the order of the document."""


@dataclass(slots=True, eq=False)
class For(Node):
    items: Evaluate | None = None
    condition: Evaluate | None = None
    variable: str = "item"
    parallel: bool = False
    batch_size: int | None = None
    max_iterations: int = 0
    body: str = ""
    collect: Evaluate | None = None


@dataclass(slots=True, eq=False)
class Retry:
    max_attempts: int
    backoff: Literal["fixed", "linear", "exponential"]
    initial_delay: int
    max_delay: int
    jitter: bool
    retry_on: frozenset[str] | None
    non_retryable: frozenset[str]


@dataclass(slots=True, eq=False)
class Catch:
    timeout: bool
    circuit_open: bool
    any: bool
    before_retry: bool
    action: Literal["run", "goto", "ignore", "end_run"]
    handler: str | None
    target: str | None


@dataclass(slots=True, eq=False)
class Try(Node):
    body: str = ""
    retry: Retry | None = None
    catch: tuple[Catch, ...] = ()


@dataclass(slots=True, eq=False)
class Raise(Node):
    code: str = "WORKFLOW_ERROR"
    message: Evaluate | None = None
    details: Evaluate | None = None
    final: Literal["failed", "timed_out"] | None = None
    compensate: bool = False


@dataclass(slots=True, eq=False)
class Sub(Node):
    workflow: str = ""
    version: str = "*"
    result_check: Check | None = None


@dataclass(slots=True, eq=False)
class RuleAction:
    type: Literal["fail", "compensate", "continue", "goto", "block_fails"]
    code: str
    message: Evaluate | None
    details: Evaluate | None
    body: str | None
    target: str | None
    keep_error: bool


@dataclass(slots=True, eq=False)
class Rule:
    id: str
    when: Evaluate
    reads: tuple[str, ...]
    outcome: bool
    outermost: bool
    action: RuleAction


@dataclass(slots=True, eq=False)
class RunTimeout:
    after: int
    action: Literal["cancel_and_cleanup", "fallback", "retry", "ignore"]
    handler: str | None


@dataclass(slots=True, eq=False)
class Limits:
    visits_per_block: int
    occurrences_per_run: int
    value_bytes: int
    cancel_grace: int


@dataclass(slots=True, eq=False)
class Plan:
    """A workflow, ready to run."""

    hash: str
    name: str
    version: str
    root: str
    nodes: dict[str, Node]
    rules: tuple[Rule, ...]
    output: Evaluate
    output_check: Check | None
    input_check: Check | None
    input_defaults: Callable[[Any], Any]
    events: dict[str, Check | None]
    """Every event that the workflow listens to, with the check of its data."""
    correlations: dict[str, tuple[tuple[str, ...], ...]]
    """By event: the sets of member names that its listeners are matched on, longest
    first, then by name."""
    timeout: RunTimeout | None
    notifications: tuple[Any, ...]
    limits: Limits
