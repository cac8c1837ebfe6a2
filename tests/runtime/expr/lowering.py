"""Text → plan for the conformance cases: the AST with the roots spelled in full.

The compiler resolves names against a workflow; the cases have none, so only
`$.input`, `$.steps.<name>.<field>`, the loop's names and the other roots stand in them.
"""

from __future__ import annotations

from typing import Any

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.expr import ast, parse_expression, parse_value
from magicflow_cli.load.nodes import Entry, Mapping, Node, Scalar, Sequence, Source

ROOTS = frozenset(
    [
        "input",
        "branches",
        "iterations",
        "response",
        "error",
        "execution",
        "metadata",
        "event",
        "index",
    ]
)


def node_of(value: Any) -> Node:
    """A tree as the JSON reader would give it, with places on one line."""
    if isinstance(value, dict):
        entries = {k: Entry(_scalar(k), node_of(v)) for k, v in value.items()}
        return Mapping(Source("case", ""), 1, 1, 1, 1, "", entries)
    if isinstance(value, list):
        return Sequence(Source("case", ""), 1, 1, 1, 1, "", list(map(node_of, value)))
    return _scalar(value)


def _scalar(value: Any) -> Scalar:
    text = value if isinstance(value, str) else str(value)
    return Scalar(
        Source("case", text), 1, 1, 1, 1 + len(text), "", value, text, "plain"
    )


def lower_expression(text: str) -> dict[str, Any]:
    report = Report()
    expr = parse_expression(_scalar(text), report)
    assert expr is not None, (text, report.diagnostics)
    return lower(expr, frozenset())


def lower_mapping(value: Any) -> dict[str, Any]:
    report = Report()
    expr = parse_value(node_of(value), report)
    assert expr is not None, (value, report.diagnostics)
    return lower(expr, frozenset())


def lower(expr: ast.Expr, bound: frozenset[str]) -> dict[str, Any]:
    match expr:
        case ast.Literal(value=value):
            return {"op": "lit", "value": value}
        case ast.Path():
            return _path(expr, bound)
        case ast.Unary(op=op, arg=arg):
            return {"op": op, "arg": lower(arg, bound)}
        case ast.Binary(op=binary, left=left, right=right):
            return {
                "op": binary,
                "left": lower(left, bound),
                "right": lower(right, bound),
            }
        case ast.Call(function=function, args=args):
            return {
                "op": "call",
                "function": function,
                "args": [lower(a, bound) for a in args],
            }
        case ast.Lambda(parameter=parameter, body=body):
            inner = bound | {parameter}
            return {"op": "lambda", "parameter": parameter, "body": lower(body, inner)}
        case ast.Template(parts=parts):
            return {"op": "template", "parts": [lower(part, bound) for part in parts]}
        case ast.Object(members=members):
            return {"op": "object", "members": {k: lower(v, bound) for k, v in members}}
        case ast.Array(items=items):
            return {"op": "array", "items": [lower(item, bound) for item in items]}
        case ast.Secret(source=source, name=name):
            return {"op": "secret", "from": source, "name": name}


def _path(path: ast.Path, bound: frozenset[str]) -> dict[str, Any]:
    names = path.names
    known: dict[str, Any]
    if path.root != "$":
        known, used = {"root": "local", "name": path.root}, 0
    elif names[0] == "steps":
        known, used = {"root": "step", "name": names[1], "field": names[2]}, 3
    elif names[0] == "undo":
        known, used = {"root": "undo", "name": names[1]}, 2
    elif names[0] in ROOTS:
        known, used = {"root": names[0]}, 1
    else:
        known, used = {"root": "local", "name": names[0]}, 1
    segments = [_segment(segment, bound) for segment in path.segments[used:]]
    return {"op": "path", **known, "segments": segments, "singular": path.singular}


def _segment(segment: ast.Segment, bound: frozenset[str]) -> dict[str, Any]:
    selectors = [_selector(selector, bound) for selector in segment.selectors]
    return {"selectors": selectors} | (
        {"descendant": True} if segment.descendant else {}
    )


def _selector(selector: ast.Selector, bound: frozenset[str]) -> dict[str, Any]:
    match selector:
        case ast.Member(name=name):
            return {"member": name}
        case ast.Index(index=index):
            return {"at": index}
        case ast.Wildcard():
            return {"all": True}
        case ast.Slice(first=first, last=last, step=step):
            return {"slice": [first, last, step]}
        case ast.Filter(condition=condition):
            return {"filter": lower(condition, bound | {"@"})}
        case ast.Length():
            return {"length": True}
