"""Entry points: a scalar that is an expression, and a node that is a mapping value."""

from __future__ import annotations

import re

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Edit, Fix, Report
from magicflow_cli.expr.ast import Array, Expr, Literal, Object, Secret, Template
from magicflow_cli.expr.numbers import in_domain
from magicflow_cli.expr.parser import parse
from magicflow_cli.expr.problems import Problem, quoted
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

TEXT_LENGTH = 262_144
"""How many code points a text with `${…}` may have: the size limit of a value."""

PARTS = 1_000
"""How many `${…}` a text may have."""

_SECRET = re.compile(r"\s*(secrets|env)\.([A-Za-z_][A-Za-z0-9_-]*)\s*")
_SECRET_LIKE = re.compile(r"\s*(secrets|env)\b")
_SPECIAL = re.compile(r"\$\$\{|\$\{")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_CALL_LIKE = re.compile(r"\s*([a-z_]+)\(.*\$\..*\)\s*", re.DOTALL)
_WRAPPED = re.compile(r"\s*\$\{(.*)\}\s*", re.DOTALL)


def parse_expression(node: Scalar, report: Report) -> Expr | None:
    """The expression that the scalar is, as under `condition`, `while`, `when`.

    Anything wrong is reported, then the answer is None.
    """
    if not isinstance(node, Scalar):
        report.add(
            codes.MF6009,
            "an expression is wanted here",
            node.span(),
            help="write it as one text, for example `$.input.total > 0`",
        )
        return None
    if isinstance(node.value, bool):
        return Literal(node.value, node=node, start=0, end=len(node.text))
    if not isinstance(node.value, str):
        shown = "nothing" if node.value is None else quoted(node.text)
        report.add(
            codes.MF6009,
            f"an expression is wanted here, and {shown} stands here",
            node.span(),
            help="write a condition such as `$.input.total > 0`, or leave the key out",
        )
        return None
    wrapped = _WRAPPED.fullmatch(node.text)
    if wrapped is not None:
        report.add(
            codes.MF6001,
            "an expression stands without `${` and `}` here",
            node.at(0, len(node.text)),
            help=f"write {quoted(wrapped.group(1).strip())}",
        )
        return None
    return _settle(parse(node, 0, len(node.text)), node, report)


def parse_value(node: Node, report: Report) -> Expr | None:
    """The mapping value that the node is: a literal, a path or expression (`$`, `$.…`),
    a text with `${…}`, or an object or list of such. Every mistake inside is reported;
    with any the answer is None.
    """
    if isinstance(node, Mapping):
        members: list[tuple[str, Expr]] = []
        for key, value in node.items():
            member = parse_value(value, report)
            if member is not None:
                members.append((key, member))
        whole = len(members) == len(node.entries)
        return Object(tuple(members), node=node) if whole else None
    if isinstance(node, Sequence):
        items = [parse_value(item, report) for item in node.items]
        parsed = tuple(item for item in items if item is not None)
        return Array(parsed, node=node) if len(parsed) == len(items) else None
    if not isinstance(node.value, str):
        return _number(node, report)
    return _text(node, report)


def _number(node: Scalar, report: Report) -> Expr | None:
    if not in_domain(node.value):
        report.add(
            codes.MF6008,
            f"the number {quoted(node.text)} is beyond what every language holds exactly",
            node.span(),
            help="write it in quotes, as a text; integers go up to ±(2^53−1)",
        )
        return None
    value = node.value
    if isinstance(value, float) and value.is_integer() and in_domain(int(value)):
        value = int(value)
    return Literal(value, node=node, start=0, end=len(node.text))


def _text(node: Scalar, report: Report) -> Expr | None:
    text = node.text
    if text == "$" or text.startswith("$."):
        return _settle(parse(node, 0, len(text)), node, report)
    if "\0" in text:
        at = text.index("\0")
        report.add(
            codes.MF6010,
            "a text cannot hold the character `\\u0000`",
            node.at(at, at + 1),
            help="remove it: no database and few programs keep it",
        )
        return None
    start = 1 if text.startswith("$$.") else 0
    if "${" not in text:
        if not start:
            _warn_of_look_alikes(node, report)
        return Literal(text[start:], node=node, start=0, end=len(text))
    return _template(node, start, report)


def _template(node: Scalar, start: int, report: Report) -> Expr | None:
    """A text with `${…}`; exactly one and nothing else keeps its type."""
    text = node.text
    if len(text) > TEXT_LENGTH:
        report.add(
            codes.MF6003,
            f"a text with `${{…}}` may have {TEXT_LENGTH} characters",
            node.span(),
            help="take the long part from the input or from a file",
        )
        return None
    pieces = _Pieces(node, start)
    whole = True
    position = start
    while (found := _SPECIAL.search(text, position)) is not None:
        pieces.add_text(text[position : found.start()], found.start())
        if found.group() == "$${":
            pieces.add_text("${", found.end())
            _warn_of_escape(node, found, report)
            position = found.end()
            continue
        close = _closing(text, found.end())
        if close is None:
            report.add(
                codes.MF6002,
                "`${` is never closed",
                node.at(*found.span()),
                help="add the missing `}`, or write `$${` for the two characters themselves",
            )
            return None
        part = _part(node, found.end(), close, report)
        whole = whole and part is not None
        if part is not None:
            pieces.add(part, close + 1)
        position = close + 1
        if len(pieces.parts) > 2 * PARTS:
            report.add(
                codes.MF6003,
                f"a text may have {PARTS} `${{…}}`",
                node.span(),
                help="build the list in a step and join it: `${join($.list, ', ')}`",
            )
            return None
    pieces.add_text(text[position:], len(text))
    if not whole:
        return None
    if len(pieces.parts) == 1:
        return pieces.parts[0]
    return Template(tuple(pieces.parts), node=node, start=0, end=len(text))


class _Pieces:
    """The parts of a template; texts that follow each other become one."""

    def __init__(self, node: Scalar, start: int) -> None:
        self.node = node
        self.parts: list[Expr] = []
        self._end = start

    def add_text(self, text: str, end: int) -> None:
        if text:
            self._join(text, end)
        self._end = end

    def add(self, part: Expr, end: int) -> None:
        if isinstance(part, Literal) and isinstance(part.value, str) and self.parts:
            self._join(part.value, end)
        else:
            self.parts.append(part)
        self._end = end

    def _join(self, text: str, end: int) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Literal) and isinstance(last.value, str):
            self.parts[-1] = Literal(
                last.value + text, node=self.node, start=last.start, end=end
            )
        elif text:
            self.parts.append(Literal(text, node=self.node, start=self._end, end=end))


def _closing(text: str, position: int) -> int | None:
    """Where the `}` of a `${` stands that begins before `position`; quotes hide it."""
    while position < len(text):
        char = text[position]
        if char == "}":
            return position
        if char in "'\"":
            quote = _QUOTED.match(text, position)
            if quote is None:
                closing = text.find("}", position)
                return closing if closing >= 0 else None
            position = quote.end()
        else:
            position += 1
    return None


def _part(node: Scalar, start: int, end: int, report: Report) -> Expr | None:
    text = node.text
    secret = _SECRET.fullmatch(text, start, end)
    if secret is not None:
        return Secret(
            "secrets" if secret.group(1) == "secrets" else "env",
            secret.group(2),
            node=node,
            start=start,
            end=end,
        )
    if _SECRET_LIKE.match(text, start, end):
        report.add(
            codes.MF6012,
            f"{quoted(text[start:end].strip())} is no secret's name",
            node.at(start, end),
            help="write `${secrets.NAME}` or `${env.NAME}`, without operators; the name has"
            " letters, digits, `_` and `-`",
        )
        return None
    if not text[start:end].strip():
        report.add(
            codes.MF6001,
            "`${}` is empty",
            node.at(start - 2, end + 1),
            help="write a path between the braces, `${$.input.id}`, or `$${` for the"
            " characters themselves",
        )
        return None
    return _settle(parse(node, start, end), node, report)


def _warn_of_look_alikes(node: Scalar, report: Report) -> None:
    """A literal that was probably meant to be an expression."""
    from magicflow_cli.expr.functions import FUNCTIONS

    text = node.text
    call = _CALL_LIKE.fullmatch(text) if len(text) <= 1_000 and "$." in text else None
    if text.startswith(("$[", "$ .")) or (call and call.group(1) in FUNCTIONS):
        report.add(
            codes.MF6013,
            f"{quoted(text)} is a text here, not an expression",
            node.at(0, len(text)),
            help="only a value that begins with `$.` is one; write `${…}` around others",
        )


def _warn_of_escape(node: Scalar, found: re.Match[str], report: Report) -> None:
    """`$${$.price}` is rather a price in dollars than the text `${$.price}`."""
    close = node.text.find("}", found.end())
    if close < 0 or not node.text.startswith("$.", found.end()):
        return
    piece = node.text[found.start() : close + 1]
    report.add(
        codes.MF6013,
        f"{quoted(piece)} is the text {quoted(piece[1:])} here, not an expression",
        node.at(found.start(), close + 1),
        help="for a dollar sign before a value write " + quoted("${'$'}" + piece[1:]),
    )


def _settle(result: Expr | list[Problem], node: Scalar, report: Report) -> Expr | None:
    if not isinstance(result, list):
        return result
    for problem in result:
        report.add(
            problem.code,
            problem.message,
            node.at(problem.start, problem.end),
            help=problem.help,
            fix=_fix(problem, node),
        )
    return None


def _fix(problem: Problem, node: Scalar) -> Fix | None:
    """The mend, where the scalar stands in the file as it reads."""
    span = node.at(problem.start, problem.end)
    exact = span.line == span.end_line and (
        span.end_col - span.col == problem.end - problem.start
    )
    if problem.replacement is None or not exact:
        return None
    title = f"write {quoted(problem.replacement.strip())}"
    return Fix(title, (Edit(span, problem.replacement),))
