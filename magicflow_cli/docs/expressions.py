"""Expressions of a plan, printed in the language's own spelling."""

from __future__ import annotations

import json
import re

from magicflow_cli.plan.models import (
    ArrayExpr,
    BinaryExpr,
    CallExpr,
    Expr,
    LambdaExpr,
    LitExpr,
    ObjectExpr,
    PathExpr,
    SecretExpr,
    Segment,
    Selector,
    TemplateExpr,
    UnaryExpr,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_LEVELS = {
    "or": 1,
    "and": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "in": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
}
_UNARY = 6
_SPELLING = {"or": "||", "and": "&&"}
# A step of one of these names is written `$.steps.<name>.output`
_ROOTS = """input steps item branches iterations response result form error index
execution metadata conditions"""
_ROOTS_THAT_SHADOW = frozenset(_ROOTS.split())


def print_expression(expr: Expr) -> str:
    """`expr` as somebody would write it, e.g. `$.validate-user.ok == true`."""
    return _print(expr, 0, frozenset())


def print_value(expr: Expr) -> str:
    """A mapping value as it is written in YAML: texts without quotes."""
    if isinstance(expr, LitExpr) and isinstance(expr.value, str):
        return expr.value
    if isinstance(expr, TemplateExpr):
        return "".join(_part(part, frozenset()) for part in expr.parts)
    return print_expression(expr)


def _print(expr: Expr, level: int, binders: frozenset[str]) -> str:
    match expr:
        case LitExpr():
            return _literal(expr.value)
        case PathExpr():
            return _root(expr, binders) + "".join(
                _segment(segment, binders) for segment in expr.segments
            )
        case UnaryExpr():
            sign = "!" if expr.op == "not" else "-"
            return sign + _print(expr.arg, _UNARY, binders)
        case BinaryExpr():
            own = _LEVELS[expr.op]
            left = _print(expr.left, own, binders)
            right = _print(expr.right, own + 1, binders)
            text = f"{left} {_SPELLING.get(expr.op, expr.op)} {right}"
            return f"({text})" if own < level else text
        case CallExpr():
            arguments = ", ".join(_print(arg, 0, binders) for arg in expr.args)
            return f"{expr.function}({arguments})"
        case LambdaExpr():
            inside = binders | {expr.parameter}
            return f"{expr.parameter} -> {_print(expr.body, 0, inside)}"
        case ObjectExpr():
            members = (
                f"{_key(name)}: {_print(value, 0, binders)}"
                for name, value in expr.members.items()
            )
            return "{" + ", ".join(members) + "}"
        case ArrayExpr():
            return "[" + ", ".join(_print(i, 0, binders) for i in expr.items) + "]"
        case TemplateExpr():
            return '"' + "".join(_part(part, binders) for part in expr.parts) + '"'
        case SecretExpr():
            return f"${{{expr.from_}.{expr.name}}}"
    raise TypeError(type(expr))


def _part(expr: Expr, binders: frozenset[str]) -> str:
    if isinstance(expr, LitExpr) and isinstance(expr.value, str):
        return expr.value
    if isinstance(expr, SecretExpr):
        return _print(expr, 0, binders)
    return "${" + _print(expr, 0, binders) + "}"


def _root(path: PathExpr, binders: frozenset[str]) -> str:
    name = path.name or ""
    match path.root:
        case "step" if path.field == "output" and name not in _ROOTS_THAT_SHADOW:
            return f"$.{name}"
        case "step":
            return f"$.steps.{name}.{path.field}"
        case "local":
            return name if name in binders or name == "@" else f"$.{name}"
        case "undo":
            return f"$.{name}"
        case root:
            return f"$.{root}"


def _segment(segment: Segment, binders: frozenset[str]) -> str:
    dots = ".." if segment.descendant else ""
    if len(segment.selectors) == 1:
        only = segment.selectors[0]
        if only.length:
            return ".length"
        if only.member is not None and _NAME.match(only.member):
            return f"{dots or '.'}{only.member}"
    texts = (_selector(selector, binders) for selector in segment.selectors)
    return f"{dots}[{', '.join(texts)}]"


def _selector(selector: Selector, binders: frozenset[str]) -> str:
    if selector.member is not None:
        return _literal(selector.member)
    if selector.at is not None:
        return str(selector.at)
    if selector.slice is not None:
        start, stop, step = ("" if n is None else str(n) for n in selector.slice)
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if selector.filter is not None:
        return "?" + _print(selector.filter, 0, binders)
    return "*"


def _literal(value: object) -> str:
    if isinstance(value, str) and "'" not in value:
        text = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
        return f"'{text}'"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _NAME.match(name) else _literal(name)
