"""What the functions of this layer share: the checked workflow and the node table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from magicflow_cli.check.model import CheckedWorkflow, End, StepInfo, Target
from magicflow_cli.diagnostics import Span
from magicflow_cli.documents.duration import parse_duration
from magicflow_cli.load.nodes import Node
from magicflow_cli.plan import models as plan

Envelope: TypeAlias = dict[str, Any]
"""Keyword arguments that every node kind takes: step, guard, input, output,
output_type, timeout, next; absent ones are left out."""

NULL = plan.LitExpr(value=None)
TRUE = plan.LitExpr(value=True)


@dataclass(slots=True)
class Builder:
    """Collects the plan's nodes; `spans` says where each stands in the source."""

    checked: CheckedWorkflow
    nodes: dict[str, plan.Node] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def add(self, id: str, node: plan.Node, span: Span) -> str:
        if id in self.nodes:
            raise AssertionError(f"node {id} is built twice")
        self.nodes[id] = node
        self.spans[f"/nodes/{escape_pointer(id)}"] = span
        return id

    def value(self, node: Node) -> plan.Expr:
        """The resolved expression of a node that holds one."""
        return self.checked.values[node]

    def optional(self, node: Node | None) -> plan.Expr | None:
        return None if node is None else self.value(node)

    def values(self, nodes: dict[str, Node] | None) -> dict[str, plan.Expr] | None:
        if nodes is None:
            return None
        return {key: self.value(node) for key, node in nodes.items()}


def millis(text: str | None) -> int | None:
    """A duration that checking has accepted, in milliseconds."""
    if text is None:
        return None
    duration = parse_duration(text)
    if duration is None:
        raise AssertionError(f"{text!r} passed the checks and is no duration")
    return duration


def following_id(step: StepInfo, target: Target | None) -> str | None:
    """The plan's `next` for a target."""
    if isinstance(target, StepInfo):
        return target.name
    if target is End.RETHROW:
        return f"{step.name}/rethrow"
    return target.value if target is not None else None


def without_absent(**members: Any) -> Envelope:
    return {key: value for key, value in members.items() if value is not None}


def escape_pointer(part: str) -> str:
    """A JSON pointer's reference token."""
    return part.replace("~", "~0").replace("/", "~1")
