"""Reads one expression: plain paths at once, everything else by the grammar."""

from __future__ import annotations

import re

from magicflow_cli.expr.ast import Expr, Length, Member, Path, Segment, Selector
from magicflow_cli.expr.problems import Problem
from magicflow_cli.load.nodes import Scalar

LENGTH = 16_384
"""How many code points an expression may have."""

_PLAIN = re.compile(r"\s*(\$(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\s*")


def parse(node: Scalar, start: int, end: int) -> Expr | list[Problem]:
    """The expression in `node.text[start:end]`, or what is wrong with it."""
    plain = _PLAIN.fullmatch(node.text, start, end)
    if plain is not None and end - start <= LENGTH:
        return plain_path(node, plain.start(1), plain.end(1))
    from magicflow_cli.expr.reader import parse_any  # the tables take time to load

    return parse_any(node, start, end)


def plain_path(node: Scalar, start: int, end: int) -> Path:
    """`$.a.b-c` without the grammar: most values of a workflow are such paths, and they
    need neither tables nor tokens. A test holds it equal to `parse_any`."""
    segments: list[Segment] = []
    offset = start + 1
    words = node.text[offset:end].split(".")[1:]
    last = len(words) - 1
    for number, word in enumerate(words):
        stop = offset + 1 + len(word)
        selector: Selector
        if number == last and word == "length":
            selector = Length(node=node, start=offset, end=stop)
        else:
            selector = Member(word, node=node, start=offset, end=stop)
        segments.append(Segment((selector,), node=node, start=offset, end=stop))
        offset = stop
    return Path("$", tuple(segments), node=node, start=start, end=end)
