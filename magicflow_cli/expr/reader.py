"""Reads an expression by the grammar: tokens, then the LALR tables that lark made.

Nothing recurses over the input: the driver has its own stack, and what it builds is at
most DEPTH deep, so that whoever walks an AST may recurse.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from magicflow_cli.expr import mistakes, names
from magicflow_cli.expr._standalone import (
    ACCEPT,
    ACTIONS,
    GOTOS,
    RULES,
    START,
    TERMINALS,
)
from magicflow_cli.expr.actions import Builder
from magicflow_cli.expr.ast import Expr
from magicflow_cli.expr.parser import LENGTH
from magicflow_cli.expr.problems import Mistake, Problem
from magicflow_cli.load.nodes import Scalar

DEPTH = 64
"""How deep an expression may nest; every operator and call is a level."""

_NESTS = frozenset(
    ("binary", "unary", "call", "group", "array", "function", "select_filter")
)


class Token(NamedTuple):
    type: str
    text: str
    start: int
    end: int


def parse_any(node: Scalar, start: int, end: int) -> Expr | list[Problem]:
    """The expression in `node.text[start:end]`, or what is wrong with it."""
    try:
        tokens = read_tokens(node.text, start, end)
        builder = Builder(node)
        expr = _drive(tokens, node.text, builder)
    except Mistake as mistake:
        return [mistake.problem]
    if not builder.problems:
        return names.judge(expr) or expr
    return builder.problems


def read_tokens(text: str, start: int, end: int) -> list[Token]:
    """The tokens without blanks, `$END` last. Raises Mistake."""
    if end - start > LENGTH:
        raise mistakes.too_long(start, end, LENGTH)
    match = _terminals().match
    tokens: list[Token] = []
    position = start
    while position < end:
        found = match(text, position, end)
        if found is None:
            raise mistakes.unreadable(text, position, end, tokens)
        stop = found.end()
        kind = found.lastgroup
        assert kind is not None
        if kind != "BLANK":
            tokens.append(Token(kind, found.group(), position, stop))
        position = stop
    tokens.append(Token("$END", "", end, end))
    return tokens


@cache
def _terminals() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{regexp})" for name, regexp in TERMINALS))


def _drive(tokens: list[Token], text: str, builder: Builder) -> Expr:
    """The LALR driver: shifts push a state and a value, reductions replace the newest."""
    states = [START]
    values: list[Any] = []
    depths: list[int] = []
    for position, token in enumerate(tokens):
        kind = token.type
        while True:
            action = ACTIONS[states[-1]].get(kind)
            if action is None:
                raise mistakes.unexpected(text, tokens, position)
            if action >= 0:
                states.append(action)
                values.append(token)
                depths.append(0)
                break
            origin, size, name = RULES[-1 - action]
            if not name:  # one symbol that is handed on: the value stays where it is
                states.pop()
                states.append(GOTOS[states[-1]][origin])
                if states[-1] == ACCEPT and kind == "$END":
                    result: Expr = values[0]
                    return result
                continue
            taken = values[len(values) - size :]
            depth = max(depths[len(depths) - size :], default=0) + (name in _NESTS)
            if depth > DEPTH:
                raise mistakes.too_deep(taken[0], token, DEPTH)
            if size:
                del states[-size:], values[-size:], depths[-size:]
            values.append(getattr(builder, name)(*taken))
            depths.append(depth)
            states.append(GOTOS[states[-1]][origin])
    raise AssertionError("the tables accept nothing")  # pragma: no cover - `$END` ends
