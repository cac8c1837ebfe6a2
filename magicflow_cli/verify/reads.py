"""What the expressions of a plan read.

A read is where a value comes from and the way to it, as far as names lead:
`("step", "charge", "output", ("card", "kind"))`. Behind the first segment that is no
name (an index, a filter) the whole value counts as read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]
Path = tuple[str, ...]


class Read(NamedTuple):
    """`name` and `field` are for steps: `field` is output, status, error or attempts;
    for `undo`, `name` is input or output."""

    root: str
    name: str
    field: str
    path: Path


def expressions(node: Any) -> Iterator[Json]:
    """Every outermost expression in a piece of the plan."""
    if isinstance(node, list):
        for item in node:
            yield from expressions(item)
    elif isinstance(node, Mapping):
        if "op" in node:
            yield node
        else:
            for value in node.values():
                yield from expressions(value)


def parts(expr: Json) -> Iterator[Json]:
    """The expressions directly in an expression, filters of paths included."""
    if expr["op"] == "lit":
        return
    for value in expr.values():
        yield from expressions(value)


def walk(expr: Json) -> Iterator[Json]:
    """The expression and all below it."""
    yield expr
    for part in parts(expr):
        yield from walk(part)


def reads_of(expr: Json) -> Iterator[Read]:
    """Everything that an expression reads, wherever in it."""
    for part in walk(expr):
        if part["op"] == "path":
            yield read_of(part)


def read_of(path: Json) -> Read:
    """What one path reads."""
    return Read(
        path["root"], path.get("name", ""), path.get("field", ""), names_of(path)
    )


def names_of(path: Json) -> Path:
    """The names that a path begins with."""
    names: list[str] = []
    for segment in path["segments"]:
        selectors = segment["selectors"]
        if segment.get("descendant") or len(selectors) != 1:
            break
        if "member" not in selectors[0]:
            break
        names.append(selectors[0]["member"])
    return tuple(names)
