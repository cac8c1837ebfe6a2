"""Which open parts of a run go on without minding each other.

Branches of a fork, iterations of a parallel loop and steps of a graph run side by side.
Two of them are independent when every order of what happens in them comes to the same:
no data goes from one to the other, they wait for different events, and how far one has
come when the other ends everything is seen by nobody. docs/verify.md has the argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from magicflow.core import State

from magicflow_cli.verify.moves import Move
from magicflow_cli.verify.structure import Structure

Place = tuple[str, str, str]
"""A concurrent frame's path, its node, and the child of it that something is in: the
child's node, with the index for iterations."""


class Independence:
    """Of one plan; what it works out it keeps."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._mind = cache(self._work_out)

    def group(self, state: State, moves: list[Move]) -> list[Move]:
        """Moves that are enough to look at in this state, as long as the others are
        looked at in states behind it."""
        items: dict[str, list[Place]] = {}
        for move in moves:
            if not move.encloses and move.item and move.item not in items:
                items[move.item] = self._places(state, move.item)
        if len(items) < 2 or state["run"]["phase"] not in ("running", "handling"):
            return moves
        ordered = list(items)
        chosen = {ordered[0]}
        waiting = [ordered[0]]
        while waiting:
            current = items[waiting.pop()]
            for other in ordered:
                if other not in chosen and self._are_dependent(current, items[other]):
                    chosen.add(other)
                    waiting.append(other)
        return [m for m in moves if m.encloses or not m.item or m.item in chosen]

    def _places(self, state: State, path: str) -> list[Place]:
        """The concurrent frames above something, outermost first."""
        found: list[Place] = []
        frame = state["frames"].get(path)
        while frame is not None:
            above = state["frames"].get(frame["parent"])
            if above is not None and self._is_concurrent(above["node"]):
                part = f"{frame['node']}\0{frame.get('index', '')}"
                found.append((above["path"], above["node"], part))
            frame = above
        return found[::-1]

    def _is_concurrent(self, node_id: str) -> bool:
        node = self.structure.nodes.get(node_id)
        if node is None:
            return False
        return (
            node["kind"] == "fork"
            or (node["kind"] == "for" and bool(node["parallel"]))
            or (node["kind"] == "seq" and node.get("deps") is not None)
        )

    def _are_dependent(self, one: list[Place], other: list[Place]) -> bool:
        for mine, theirs in zip(one, other, strict=False):
            if mine != theirs:
                if mine[:2] != theirs[:2]:
                    return True
                return self._mind(mine[1], *sorted((_node(mine), _node(theirs))))
        return True

    def _work_out(self, above: str, one: str, other: str) -> bool:
        """Whether the order matters between two parts of a concurrent node."""
        structure = self.structure
        node = structure.nodes[above]
        if node["kind"] == "fork" and node["mode"] != "all":
            return True  # who is first decides
        first, second = self._reach(above, one), self._reach(above, other)
        if self._exchange(first, second) or self._exchange(second, first):
            return True
        if self._events(first) & self._events(second):
            return True
        parts = ((one, other), (other, one))
        return any(self._is_seen(above, a) and self._ends(above, b) for a, b in parts)

    def _reach(self, above: str, part: str) -> frozenset[str]:
        """What runs in a part, in a graph with what waits for it."""
        found = set(self.structure.inside(part))
        node = self.structure.nodes[above]
        if node["kind"] == "seq":
            waiting = [part]
            while waiting:
                current = waiting.pop()
                for name, needs in (node.get("deps") or {}).items():
                    if current in needs and name not in found:
                        found |= self.structure.inside(name)
                        waiting.append(name)
        return frozenset(found)

    def _exchange(self, writers: frozenset[str], readers: frozenset[str]) -> bool:
        """Whether steps of one part are read in what only the other leads to."""
        steps = {self.structure.nodes[id].get("step") for id in writers - readers}
        return any(
            read.root == "step" and read.name in steps
            for id in readers - writers
            for read in self.structure.reads(id)
        )

    def _events(self, part: frozenset[str]) -> set[str]:
        nodes = (self.structure.nodes[id] for id in part)
        return {n["event"] for n in nodes if n["kind"] == "listen" and "task" not in n}

    def _is_seen(self, above: str, part: str) -> bool:
        """Whether anybody can tell how far a part had come when it was ended: by what
        is to be undone, or by reading its steps afterwards."""
        inside = self.structure.inside(part)
        nodes = [self.structure.nodes[id] for id in inside]
        if any(node.get("compensation") for node in nodes):
            return True
        steps = {node.get("step") for node in nodes} - {None}
        return any(
            read.root == "step" and read.name in steps
            for read in self._read_after_failure(above)
        )

    @cache  # noqa: B019  (one object per search)
    def _read_after_failure(self, above: str) -> frozenset[Any]:
        """What may be read when a concurrent node has failed or was ended."""
        structure = self.structure
        entries = list(structure.rule_targets)
        handler = (structure.plan.get("timeout") or {}).get("handler")
        entries += [handler] if handler else []
        current: str | None = above
        while current is not None:
            node = structure.nodes[current]
            for clause in node.get("catch") or ():
                entries += [clause.get("handler"), clause.get("target")]
                if clause["action"] == "ignore" and node.get("next"):
                    entries.append(node["next"])
            if node.get("next") and self._continues:
                entries.append(node["next"])
            current = structure.parents.get(current)
        found = set(structure.rule_reads)
        known = [name for name in entries if name and name in structure.nodes]
        for name in known:
            found |= structure.entered_reads(name)
        if self._continues or any(map(self._completes, known)):
            found |= structure.output_reads
        return frozenset(found)

    @property
    def _continues(self) -> bool:
        """Whether a rule lets the flow go on after a failure."""
        rules = self.structure.plan["rules"]
        return any(rule["action"]["type"] == "continue" for rule in rules)

    def _completes(self, node_id: str) -> bool:
        """Whether the run may complete when this node was entered."""
        structure = self.structure
        root = structure.plan["root"]
        members = set(structure.nodes[root]["nodes"])
        if node_id not in members:
            return True  # where the block around goes on is not looked at
        for id in structure.entered(node_id):
            node = structure.nodes[id]
            if node.get("next") == "@run":
                return True
            ends = node.get("next") in (None, "@block") and node["kind"] != "raise"
            if ends and id in members:
                return True
        return False

    def _ends(self, above: str, part: str) -> bool:
        """Whether something in a part can end the other parts."""
        structure = self.structure
        node = structure.nodes[above]
        if node["kind"] != "fork" or node["fail_fast"] or structure.acting_rules:
            return True
        if structure.plan.get("timeout") is not None or self._is_timed(above):
            return True
        nodes = (structure.nodes[id] for id in structure.inside(part))
        return any(
            n.get("final") or n.get("next") == "@run" or _ends_run(n) for n in nodes
        )

    def _is_timed(self, node_id: str) -> bool:
        current: str | None = node_id
        while current is not None:
            if self.structure.nodes[current].get("timeout") is not None:
                return True
            current = self.structure.parents.get(current)
        return False


def _node(place: Place) -> str:
    return place[2].partition("\0")[0]


def _ends_run(node: Mapping[str, Any]) -> bool:
    return any(clause["action"] == "end_run" for clause in node.get("catch") or ())
