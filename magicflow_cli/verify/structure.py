"""What may still run: for every node of a plan, what an open frame of it leads to.

The core's state names its open frames; from them alone this says which nodes may be
entered later and so which values may still be read. It looks at the plan only and errs
on the side of more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from magicflow_cli.verify.reads import Json, Read, expressions, reads_of

_LATE = ("output", "while", "collect")
"""Expressions of a node that are evaluated after it was entered."""

TOP = ("@handling", "@undo")


class Structure:
    """The plan's JSON, and what was found out about it."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.nodes: dict[str, Json] = dict(plan["nodes"])
        self._entered: dict[str, frozenset[str]] = {}
        self._late: dict[str, frozenset[Read]] = {}

    # what may run

    def entered(self, node_id: str) -> frozenset[str]:
        """Every node that may run when this one is entered: it, what is in it, what
        follows it in its block."""
        found = self._entered.get(node_id)
        if found is None:
            found = frozenset(self._closure([node_id]))
            self._entered[node_id] = found
        return found

    def later(self, node_id: str) -> frozenset[str]:
        """Every node that may be entered because a frame of this one is open, what its
        open children lead to aside."""
        if node_id in TOP or node_id not in self.nodes:
            return frozenset()
        return frozenset(self._closure([*self._again(node_id), *self.follows(node_id)]))

    def inside(self, node_id: str) -> frozenset[str]:
        """The nodes of a subtree: it and what is in it, wherever that jumps to."""
        found: set[str] = set()
        waiting = [node_id]
        while waiting:
            current = waiting.pop()
            if current not in found and current in self.nodes:
                found.add(current)
                waiting += self.children(current)
        return frozenset(found)

    def _closure(self, starts: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            current = waiting.pop()
            if current not in found and current in self.nodes:
                found.add(current)
                waiting += self.children(current)
                waiting += self.follows(current)
        return found

    def children(self, node_id: str) -> list[str]:
        """The nodes directly in a node, its handlers and its compensation included."""
        node = self.nodes[node_id]
        match node["kind"]:
            case "seq":
                return list(node["nodes"])
            case "switch":
                ways = [case["then"] for case in node["cases"]]
                ways += [node["default"]] if node.get("default") else []
                return [way["body"] for way in ways if way.get("body")]
            case "fork":
                return [branch["body"] for branch in node["branches"]]
            case "for":
                return [node["body"]]
            case "try":
                handlers = [c["handler"] for c in node["catch"] if c.get("handler")]
                return [node["body"], *handlers]
            case "call" if node.get("compensation"):
                return [node["compensation"]["node"]]
        return []

    def follows(self, node_id: str) -> list[str]:
        """Where a node may lead in the blocks around it."""
        node = self.nodes[node_id]
        found = [node.get("next"), (node.get("guard") or {}).get("skip")]
        if node["kind"] == "switch":
            ways = [case["then"] for case in node["cases"]]
            ways += [node["default"]] if node.get("default") else []
            found += [way.get("goto") for way in ways]
        elif node["kind"] == "try":
            found += [clause.get("target") for clause in node["catch"]]
        return [name for name in found if name and not name.startswith("@")]

    def _again(self, node_id: str) -> list[str]:
        """What in an open node may be entered once more, or not yet was."""
        node = self.nodes[node_id]
        match node["kind"]:
            case "for":
                return [node["body"]]
            case "try":
                handlers = [c["handler"] for c in node["catch"] if c.get("handler")]
                return [*handlers, *([node["body"]] if node.get("retry") else [])]
            case "fork" if node.get("max_concurrency"):
                return [branch["body"] for branch in node["branches"]]
            case "seq" if node.get("deps") is not None:
                return list(node["nodes"])
            case "call" if node.get("compensation"):
                return [node["compensation"]["node"]]
        return []

    # what may be read

    def late_reads(self, node_id: str) -> frozenset[Read]:
        """What may be read because a frame of this node is open."""
        found = self._late.get(node_id)
        if found is None:
            reads: set[Read] = set()
            if node_id in self.nodes:
                node = self.nodes[node_id]
                for name in _LATE:
                    reads.update(_reads(node.get(name)))
            for name in self.later(node_id):
                reads.update(self.reads(name))
            found = self._late[node_id] = frozenset(reads)
        return found

    def entered_reads(self, node_id: str) -> frozenset[Read]:
        """What may be read when this node is entered."""
        return frozenset(r for name in self.entered(node_id) for r in self.reads(name))

    def reads(self, node_id: str) -> frozenset[Read]:
        """What the expressions of one node read."""
        return self._own_reads[node_id]

    @cached_property
    def _own_reads(self) -> dict[str, frozenset[Read]]:
        return {id: frozenset(_reads(node)) for id, node in self.nodes.items()}

    @cached_property
    def rule_reads(self) -> frozenset[Read]:
        """What failure rules read, and what runs because of them."""
        found = set(_reads(self.plan["rules"]))
        for name in self.rule_targets:
            found.update(self.entered_reads(name))
        return frozenset(found)

    @cached_property
    def rule_targets(self) -> list[str]:
        actions = [rule["action"] for rule in self.plan["rules"]]
        found = [a.get("body") or a.get("target") for a in actions]
        return [name for name in found if name]

    @cached_property
    def output_reads(self) -> frozenset[Read]:
        """What the run's output reads."""
        return frozenset(_reads(self.plan["output"]["value"]))

    @cached_property
    def timeout_reads(self) -> frozenset[Read]:
        """What the fallback of the workflow's timeout reads."""
        handler = (self.plan.get("timeout") or {}).get("handler")
        return self.entered_reads(handler) if handler else frozenset()

    @cached_property
    def acting_rules(self) -> bool:
        """Whether a failure rule can take the whole run over."""
        return any(
            rule["action"]["type"] not in ("continue", "block_fails")
            for rule in self.plan["rules"]
        )

    @cached_property
    def parents(self) -> dict[str, str]:
        """The node that each node is directly in."""
        found: dict[str, str] = {}
        for id in self.nodes:
            for child in self.children(id):
                found.setdefault(child, id)
        return found

    def step_of(self, node_id: str) -> str | None:
        """The step that a node is or is part of."""
        current: str | None = node_id
        while current is not None and current in self.nodes:
            step: str | None = self.nodes[current].get("step")
            if step is not None:
                return step
            current = self.parents.get(current)
        return None


def _reads(piece: Any) -> Iterator[Read]:
    for expr in expressions(piece):
        yield from reads_of(expr)
