"""Flattens `$ref` and `allOf`: which schema objects and unions apply to one place.

Works on an explicit stack: a chain of references may be longer than Python's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from magicflow_cli.check.types.keywords import COMPOSITION, CONSTRAINTS, KEYWORDS
from magicflow_cli.check.types.places import Places
from magicflow_cli.check.types.shape import NOTHING, Atom, Conj, Group
from magicflow_cli.check.types.values import Values, describe
from magicflow_cli.diagnostics import codes
from magicflow_cli.load.nodes import Mapping, Node, Scalar

NEVER: Conj = (NOTHING,)


class Conjunctions:
    """`of(group)` is everything that applies where all schemas of the group apply."""

    def __init__(self, values: Values, places: Places) -> None:
        self._values = values
        self._places = places
        self._done: dict[Node, Conj] = {}
        self._targets: dict[Mapping, Node | None] = {}
        self._atoms: dict[tuple[str, Mapping], Atom] = {}
        self._loops: set[tuple[Node, Node]] = set()

    def of(self, group: Group) -> Conj:
        return merge(*(self._of_node(node) for node in group))

    def variants(self, atom: Atom) -> list[Node]:
        """The schemas of an `anyOf` or `oneOf`."""
        node = atom.node
        assert node is not None
        items = self._values.schemas(node, atom.what)
        return [
            self._places.child(node, item, atom.what, str(index))
            for index, item in enumerate(items)
            if (node, item) not in self._loops
        ]

    def owner(self, conj: Conj) -> Mapping | None:
        """The schema object that says exactly this by itself, if there is one."""
        key = frozenset(conj)
        for atom in conj:
            node = atom.node if atom.what == "base" else None
            if node is not None and frozenset(self._done.get(node, ())) == key:
                return node
        return None

    def _of_node(self, node: Node) -> Conj:
        if node not in self._done:
            self._settle(node)
        return self._done[node]

    def _settle(self, start: Node) -> None:
        """Depth first over everything that applies in place; a schema that reaches
        itself that way means nothing and is refused."""
        path: list[Node] = []
        on_path: set[Node] = set()
        stack: list[tuple[Node, list[Node]]] = []

        def enter(node: Node) -> None:
            path.append(node)
            on_path.add(node)
            stack.append((node, list(reversed(self._in_place(node)))))

        enter(start)
        while stack:
            node, waiting = stack[-1]
            while waiting and waiting[-1] in self._done:
                waiting.pop()
            if waiting:
                below = waiting.pop()
                if below in on_path:
                    self._report_loop(node, below)
                else:
                    enter(below)
                continue
            stack.pop()
            path.pop()
            on_path.discard(node)
            self._done[node] = self._flatten(node)

    def _in_place(self, node: Node) -> list[Node]:
        """The schemas that constrain the same instance as `node` does."""
        if not isinstance(node, Mapping):
            return []
        found: list[Node] = []
        if "$ref" in node:
            target = self._places.resolve(node)
            self._targets[node] = target
            if target is not None:
                found.append(target)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for index, item in enumerate(self._values.schemas(node, keyword)):
                found.append(self._places.child(node, item, keyword, str(index)))
        return found

    def _flatten(self, node: Node) -> Conj:
        """The conjunction of a node whose in-place schemas are done."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return () if node.value else NEVER
        if not isinstance(node, Mapping):
            self._values.problem(
                codes.MF2002,
                f"a schema is a mapping, true or false, not {describe(node)}",
                node.span(),
                "write `{type: …}`",
            )
            return ()
        composed = [keyword for keyword in COMPOSITION if keyword in node]
        constrained = any(keyword in CONSTRAINTS for keyword in node.entries)
        self._check_siblings(node, constrained or len(composed) > 1)
        self._check_resource(node)
        parts: list[Conj] = []
        if composed != ["$ref"] or constrained or _says_more(node):
            parts.append((self._atom("base", node),))
        target = self._targets.get(node)
        if target is not None:
            parts.append(self._done.get(target, ()))
        for item in self._values.schemas(node, "allOf"):
            parts.append(self._done.get(item, ()))
        if self._values.schemas(node, "anyOf"):
            parts.append((self._atom("anyOf", node),))
        if self._values.schemas(node, "oneOf"):
            parts.append((self._atom("oneOf", node),))
        return merge(*parts)

    def _atom(self, what: Literal["base", "anyOf", "oneOf"], node: Mapping) -> Atom:
        return self._atoms.setdefault((what, node), Atom(what, node))

    def _check_siblings(self, node: Mapping, siblings: bool) -> None:
        if "$ref" not in node or not siblings:
            return
        root = self._places.of(node).root.node
        dialect = root.get("$schema") if isinstance(root, Mapping) else None
        if isinstance(dialect, Scalar) and "draft-07" in str(dialect.value):
            self._values.problem(
                codes.MF2006,
                "keywords beside `$ref` are ignored in draft-07 and count in 2020-12",
                node.entries["$ref"].key.span(),
                "leave them out, or leave `$schema` out if they are meant to count",
            )

    def _check_resource(self, node: Mapping) -> None:
        """A schema with an id of its own would be another document for `#`."""
        if node is self._places.of(node).root.node:
            return
        for keyword in ("$id", "$schema"):
            if keyword in node:
                self._values.problem(
                    codes.MF2001,
                    f"`{keyword}` below the root is outside profile mf-2026.1",
                    node.entries[keyword].key.span(),
                    "leave it out: `#` is the whole schema",
                )

    def _report_loop(self, node: Node, below: Node) -> None:
        self._loops.add((node, below))
        entry = node.entries.get("$ref") if isinstance(node, Mapping) else None
        span = (entry.value if entry is not None else node).span()
        name = self._places.of(below).id.rpartition("/")[2]
        self._values.problem(
            codes.MF2021,
            f"the schema `{name}` refers to itself without a property or item between",
            span,
            "a schema may contain itself below a property or as an item of a list only",
        )


def merge(*parts: Iterable[Atom]) -> Conj:
    """Everything of all conjunctions, once."""
    found: dict[Atom, None] = {}
    for part in parts:
        for atom in part:
            found.setdefault(atom)
    return NEVER if NOTHING in found else tuple(found)


def _says_more(node: Mapping) -> bool:
    """Whether keywords stand here that only reading the object as a whole reports."""
    return any(
        name == "discriminator"
        or (name in KEYWORDS and KEYWORDS[name].status == "refused")
        or (
            name not in KEYWORDS
            and (not name.startswith("x-") or name.startswith("x-magicflow-"))
        )
        for name in node.entries
    )
