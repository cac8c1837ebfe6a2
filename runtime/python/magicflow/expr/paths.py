"""Paths of the plan (RFC 9535) as functions of a scope.

A singular path gives a value or MISSING, any other a list. Members of an object are
visited in the code point order of their names, so that every core gives one order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from magicflow.expr.scope import Scope
from magicflow.expr.values import MISSING, ExpressionError, Value

Evaluate = Callable[[Scope], Value]
Select = Callable[[Scope, Value], "list[Value]"]
CompileTest = Callable[[Mapping[str, Any]], Callable[[Scope], bool]]

_ATTRIBUTES = frozenset(
    [
        "input",
        "branches",
        "iterations",
        "response",
        "error",
        "execution",
        "metadata",
        "event",
    ]
)


def compile_path(expr: Mapping[str, Any], test: CompileTest) -> Evaluate:
    """The function that reads the path. `test` compiles a filter's condition."""
    root, names = _compile_root(expr)
    segments = expr["segments"]
    position = 0
    for segment in segments:
        selectors = segment["selectors"]
        if segment.get("descendant") or len(selectors) != 1:
            break
        member = selectors[0].get("member")
        if member is None:
            break
        names.append(member)
        position += 1
    start = _members(root, names)
    rest = segments[position:]
    if not rest:
        return start
    if all(_is_singular(segment) for segment in rest):
        return _steps(start, [_single(segment["selectors"][0]) for segment in rest])
    return _nodes(start, [_compile_segment(segment, test) for segment in rest])


def _compile_root(expr: Mapping[str, Any]) -> tuple[Evaluate, list[str]]:
    """The root's function and the member names that the root itself stands for."""
    root, name = expr["root"], expr.get("name")
    if root in _ATTRIBUTES:
        return attrgetter(root), []
    if root == "step":
        return _step(name or "", expr.get("field", "output")), []
    if root == "local":
        return lambda scope: scope.locals.get(name, MISSING), []
    if root == "undo":
        return attrgetter("undo"), [name or "output"]
    if root == "index":
        if name is None:
            return attrgetter("index"), []
        return lambda scope: scope.indexes.get(name, MISSING), []
    raise ValueError(f"the plan has the unknown root {root!r}")


def _step(name: str, field: str) -> Evaluate:
    def read(scope: Scope) -> Value:
        step = scope.step(name)
        return MISSING if step is None else step.get(field, MISSING)

    return read


def _members(root: Evaluate, names: list[str]) -> Evaluate:
    """The hot path: a chain of member names, by far the most frequent expression."""
    if not names:
        return root
    if len(names) == 1:
        (only,) = names

        def read_one(scope: Scope) -> Value:
            value = root(scope)
            return value.get(only, MISSING) if type(value) is dict else MISSING

        return read_one
    chain = tuple(names)

    def read_chain(scope: Scope) -> Value:
        value = root(scope)
        for name in chain:
            if type(value) is not dict:
                return MISSING
            value = value.get(name, MISSING)
        return value

    return read_chain


def _is_singular(segment: Mapping[str, Any]) -> bool:
    selectors = segment["selectors"]
    return (
        not segment.get("descendant")
        and len(selectors) == 1
        and not selectors[0].keys().isdisjoint(("member", "at", "length"))
    )


def _steps(start: Evaluate, selectors: list[Callable[[Value], Value]]) -> Evaluate:
    chain = tuple(selectors)

    def read(scope: Scope) -> Value:
        value = start(scope)
        for select in chain:
            value = select(value)
        return value

    return read


def _single(selector: Mapping[str, Any]) -> Callable[[Value], Value]:
    """A selector of at most one value; what selects nothing gives MISSING."""
    if "member" in selector:
        name = selector["member"]
        return lambda value: (
            value.get(name, MISSING) if isinstance(value, dict) else MISSING
        )
    if "at" in selector:
        at = selector["at"]

        def item(value: Value) -> Value:
            if isinstance(value, list) and -len(value) <= at < len(value):
                return value[at]
            return MISSING

        return item
    return _length


def _length(value: Value) -> Value:
    """Code points of a text, items of a list; an object's own member `length`."""
    if isinstance(value, str | list):
        return len(value)
    return value.get("length", MISSING) if isinstance(value, dict) else MISSING


def _nodes(start: Evaluate, segments: list[Select]) -> Evaluate:
    def read(scope: Scope) -> Value:
        value = start(scope)
        if value is MISSING:
            return []
        values = [value]
        for select in segments:
            values = [found for value in values for found in select(scope, value)]
        return values

    return read


def _compile_segment(segment: Mapping[str, Any], test: CompileTest) -> Select:
    selectors = [_compile_selector(s, test) for s in segment["selectors"]]
    descendant = bool(segment.get("descendant"))

    def select(scope: Scope, value: Value) -> list[Value]:
        found: list[Value] = []
        for current in _descendants(scope, value) if descendant else (value,):
            for each in selectors:
                found.extend(each(scope, current))
        spend(scope, len(found))
        return found

    return select


def _descendants(scope: Scope, value: Value) -> Iterator[Value]:
    """The value and all below it, parents before children."""
    stack = [value]
    while stack:
        current = stack.pop()
        spend(scope, 1)
        yield current
        stack.extend(reversed(_children(current)))


def _children(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return [value[name] for name in sorted(value)]
    return value if isinstance(value, list) else []


def _compile_selector(selector: Mapping[str, Any], test: CompileTest) -> Select:
    if "filter" in selector:
        return _filter(test(selector["filter"]))
    if "all" in selector:
        return lambda scope, value: _children(value)
    if "slice" in selector:
        first, last, step = selector["slice"]
        return lambda scope, value: (
            _slice(value, first, last, 1 if step is None else step)
            if isinstance(value, list)
            else []
        )
    single = _single(selector)

    def select(scope: Scope, value: Value) -> list[Value]:
        found = single(value)
        return [] if found is MISSING else [found]

    return select


def _slice(
    items: list[Value], first: int | None, last: int | None, step: int
) -> list[Value]:
    """RFC 9535, 2.3.4: as Python's, but a step of 0 selects nothing."""
    return items[first:last:step] if step else []


def _filter(holds: Callable[[Scope], bool]) -> Select:
    def select(scope: Scope, value: Value) -> list[Value]:
        children = _children(value)
        spend(scope, len(children))
        return bind(scope, "@", children, holds)

    return select


def bind(
    scope: Scope, name: str, items: list[Value], holds: Callable[[Scope], bool]
) -> list[Value]:
    """The items for which the condition holds while `name` stands for them."""
    outer = scope.locals
    inner = dict(outer)
    scope.locals = inner
    found: list[Value] = []
    try:
        for item in items:
            inner[name] = item
            if holds(scope):
                found.append(item)
    finally:
        scope.locals = outer
    return found


def spend(scope: Scope, work: int) -> None:
    """Count visited elements: an expression that visits too many fails."""
    scope.work -= work
    if scope.work < 0:
        raise ExpressionError("the expression visits too many elements")


def weigh(scope: Scope, value: Value) -> None:
    """Count what a lambda made, and not only that it was called: `[x, x]` of `[x, x]`
    of … is small in memory and endless for whoever walks or prints it."""
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            spend(scope, len(current) // 64)
        elif isinstance(current, list):
            spend(scope, len(current))
            stack.extend(current)
        elif isinstance(current, dict):
            spend(scope, len(current))
            stack.extend(current.values())
