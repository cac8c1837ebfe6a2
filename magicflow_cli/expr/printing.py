"""Prints ASTs back, so that reading the text gives an equal AST."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from magicflow.canonical import canonical, format_number

from magicflow_cli.expr.ast import (
    Array,
    Binary,
    Call,
    Expr,
    Filter,
    Index,
    Lambda,
    Length,
    Literal,
    Member,
    Object,
    Path,
    Secret,
    Segment,
    Selector,
    Slice,
    Template,
    Unary,
    Wildcard,
)

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_SHORTHAND = re.compile(r"[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*")
_LEVELS = {"or": 1, "and": 2, "not": 3, "in": 4, "+": 5, "-": 5} | {
    "*": 6,
    "/": 6,
    "%": 6,
    "neg": 7,
}
_COMPARISON = 4
_ATOM = 8


def print_expression(expr: Expr) -> str:
    """The text of the expression, with as few parentheses as it needs.

    For what only a mapping value can be (a template, a secret, an object) this is a
    text for people; `print_value` gives what reads back.
    """
    return _print(expr, 0)


def print_value(expr: Expr) -> Json:
    """The mapping value: texts, and objects and lists of them, as the document has them."""
    match expr:
        case Literal(value=value):
            return _escape(value, True) if isinstance(value, str) else value
        case Object(members=members):
            return {key: print_value(value) for key, value in members}
        case Array(items=items):
            return [print_value(item) for item in items]
        case Template(parts=parts):
            return _print_template(parts)
        case Secret(source=source, name=name):
            return f"${{{source}.{name}}}"
    text = print_expression(expr)
    return text if text == "$" or text.startswith("$.") else f"${{{text}}}"


def _print_template(parts: tuple[Expr, ...]) -> str:
    texts: list[str] = []
    for index, part in enumerate(parts):
        if isinstance(part, Literal) and isinstance(part.value, str):
            texts.append(_escape(part.value, index == 0, index + 1 < len(parts)))
        elif isinstance(part, Secret):
            texts.append(f"${{{part.source}.{part.name}}}")
        else:
            texts.append(f"${{{print_expression(part)}}}")
    return "".join(texts)


def _escape(text: str, first: bool, followed: bool = False) -> str:
    """A literal's text in a mapping value. `followed`: a `${` comes behind it."""
    begin = end = ""
    if first and (text == "$" or text.startswith("$$.")):
        begin, text = "${'$'}", text[1:]
    elif first and text.startswith("$."):
        begin, text = "$$.", text[2:]
    dollars = len(text) - len(text.rstrip("$"))
    if followed and dollars:
        text, end = text[:-dollars], f"${{'{'$' * dollars}'}}"
    return begin + text.replace("${", "$${") + end


def _print(expr: Expr, level: int) -> str:
    """`level` is how tightly the surroundings bind; looser text gets parentheses."""
    match expr:
        case Literal():
            return _print_literal(expr)
        case Path():
            last = len(expr.segments) - 1
            return expr.root + "".join(
                _print_segment(segment, index == last)
                for index, segment in enumerate(expr.segments)
            )
        case Unary(op=op, arg=arg):
            own = _LEVELS[op]
            if op == "neg":
                inner = _print(arg, own)
                text = f"-({inner})" if isinstance(arg, Literal) else f"-{inner}"
            else:
                text = f"not {_print(arg, own)}"
        case Binary(op=op, left=left, right=right):
            own = _LEVELS.get(op, _COMPARISON)
            left_level = own + 1 if own == _COMPARISON else own
            text = f"{_print(left, left_level)} {op} {_print(right, own + 1)}"
        case Call(function=function, args=args):
            return f"{function}({', '.join(_print(arg, 0) for arg in args)})"
        case Lambda(parameter=parameter, body=body):
            return f"{parameter} -> {_print(body, 0)}"
        case Array(items=items):
            return f"[{', '.join(_print(item, 0) for item in items)}]"
        case Object(members=members):
            inner = ", ".join(f"{quote(k)}: {_print(v, 0)}" for k, v in members)
            return f"{{{inner}}}"
        case Template(parts=parts):
            return _print_template(parts)
        case Secret(source=source, name=name):
            return f"${{{source}.{name}}}"
    return f"({text})" if own < level else text


def _print_literal(literal: Literal) -> str:
    value = literal.value
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool) or value is None:
        return canonical(value)
    text = format_number(value)
    # Beyond 2^53 only a point says that the nearest double is meant.
    return (
        f"{text}.0"
        if isinstance(value, float) and text.lstrip("-").isdecimal()
        else text
    )


def quote(text: str) -> str:
    """A text as a literal in single quotes."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return "'" + inner.replace("'", "\\'") + "'"


def _print_segment(segment: Segment, last: bool) -> str:
    dots = ".." if segment.descendant else ""
    if len(segment.selectors) == 1:
        selector = segment.selectors[0]
        if isinstance(selector, Length):
            return ".length"
        if isinstance(selector, Wildcard):
            return f"{dots or '.'}*"
        if (
            isinstance(selector, Member)
            and _SHORTHAND.fullmatch(selector.name)
            and (dots or not last or selector.name != "length")
        ):
            return f"{dots or '.'}{selector.name}"
    return f"{dots}[{', '.join(map(_print_selector, segment.selectors))}]"


def _print_selector(selector: Selector) -> str:
    match selector:
        case Member(name=name):
            return quote(name)
        case Index(index=index):
            return str(index)
        case Wildcard():
            return "*"
        case Slice(first=first, last=last, step=step):
            parts = ["" if bound is None else str(bound) for bound in (first, last)]
            return ":".join(parts) + ("" if step is None else f":{step}")
        case Filter(condition=condition):
            return f"?{_print(condition, 0)}"
        case Length():
            return "'length'"
