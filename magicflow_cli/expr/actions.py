"""What the rules of the grammar build: one method per alias of grammar.lark.

A method receives the values of the rule's symbols, tokens included. What is wrong with
a piece is noted and a stand-in takes its place, so that one pass finds every mistake.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, cast

from magicflow.canonical import SAFE_INTEGER

from magicflow_cli.diagnostics import codes
from magicflow_cli.expr.ast import (
    Array,
    Binary,
    BinaryOperator,
    Call,
    Expr,
    Filter,
    Index,
    Lambda,
    Length,
    Literal,
    Member,
    Path,
    Segment,
    Selector,
    Slice,
    Unary,
    Wildcard,
)
from magicflow_cli.expr.numbers import read_number
from magicflow_cli.expr.problems import Problem, quoted
from magicflow_cli.load.nodes import Scalar

if TYPE_CHECKING:
    from magicflow_cli.expr.reader import Token

T = TypeVar("T")

_WORDS = {"||": "or", "&&": "and"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)|[\x00-\x08\x0b\x0c\x0e-\x1f]", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {
    c: c for c in "\\/'\""
}


class _OpenPath:
    __slots__ = ("root", "segments")

    def __init__(self, root: Token) -> None:
        self.root = root
        self.segments: list[Segment] = []


class Builder:
    """Builds the AST of one expression of `node`."""

    def __init__(self, node: Scalar) -> None:
        self.node = node
        self.problems: list[Problem] = []

    def _note(self, problem: Problem) -> None:
        self.problems.append(problem)

    # operators

    def binary(self, left: Expr, operator: Token, right: Expr) -> Expr:
        op = cast(BinaryOperator, _WORDS.get(operator.text, operator.text))
        return Binary(op, left, right, node=self.node, start=left.start, end=right.end)

    def unary(self, operator: Token, arg: Expr) -> Expr:
        place = {"start": operator.start, "end": arg.end}
        if operator.text != "-":
            return Unary("not", arg, node=self.node, **place)
        # `-1` is a literal, `-(1)` a negation: only then both print back as themselves.
        between = self.node.text[operator.end : arg.start]
        if isinstance(arg, Literal) and not between.strip() and _is_number(arg.value):
            return Literal(-cast(float, arg.value), node=self.node, **place)
        return Unary("neg", arg, node=self.node, **place)

    def group(self, opening: Token, inner: Expr, closing: Token) -> Expr:
        return inner

    # literals

    def number(self, token: Token) -> Expr:
        value = read_number(token.text)
        if isinstance(value, str):
            self._note(
                Problem(
                    codes.MF6008,
                    f"the number {quoted(token.text)} {value}",
                    token.start,
                    token.end,
                    "write it as a text, or use a number that every language holds exactly",
                )
            )
            value = 0
        return Literal(value, node=self.node, start=token.start, end=token.end)

    def constant(self, token: Token) -> Expr:
        return Literal(
            _CONSTANTS[token.text], node=self.node, start=token.start, end=token.end
        )

    def string(self, token: Token) -> Expr:
        return Literal(
            self._unescape(token), node=self.node, start=token.start, end=token.end
        )

    def array(self, opening: Token, *rest: list[Expr] | Token) -> Expr:
        items = tuple(cast("list[Expr]", rest[0])) if len(rest) == 2 else ()
        closing = cast("Token", rest[-1])
        return Array(items, node=self.node, start=opening.start, end=closing.end)

    def _unescape(self, token: Token) -> str:
        body = token.text[1:-1]

        def replace(match: re.Match[str]) -> str:
            escape = match.group(1)
            if escape is not None and escape[0] == "u" and len(escape) == 5:
                return chr(int(escape[1:], 16))
            if escape in _ESCAPES:
                return _ESCAPES[escape]
            start = token.start + 1 + match.start()
            what = "escape" if escape is not None else "character"
            self._note(
                Problem(
                    codes.MF6010,
                    f"a text cannot hold the {what} {quoted(match.group())}",
                    start,
                    start + len(match.group()),
                    "escapes are `\\\\`, `\\'`, `\\\"`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t`"
                    " and `\\uXXXX`; write a backslash as `\\\\`",
                )
            )
            return ""

        text = _ESCAPE.sub(replace, body)
        paired = text.encode("utf-16-le", "surrogatepass")
        try:
            return paired.decode("utf-16-le")
        except UnicodeDecodeError:
            self._note(
                Problem(
                    codes.MF6010,
                    "a text cannot hold half of a surrogate pair",
                    token.start,
                    token.end,
                    "write both halves, `\\ud83d\\ude00`, or the character itself",
                )
            )
            return ""

    # calls

    def call(self, name: Token, opening: Token, *rest: list[Expr] | Token) -> Expr:
        args = tuple(cast("list[Expr]", rest[0])) if len(rest) == 2 else ()
        closing = cast("Token", rest[-1])
        return Call(name.text, args, node=self.node, start=name.start, end=closing.end)

    def function(self, parameter: Token, arrow: Token, body: Expr) -> Expr:
        return Lambda(
            parameter.text, body, node=self.node, start=parameter.start, end=body.end
        )

    # paths

    def root(self, token: Token) -> _OpenPath:
        return _OpenPath(token)

    def path(self, opened: _OpenPath) -> Expr:
        segments = opened.segments
        if segments and (end := _length_for(segments[-1], self.node)) is not None:
            segments[-1] = end
        return Path(
            opened.root.text,
            tuple(segments),
            node=self.node,
            start=opened.root.start,
            end=segments[-1].end if segments else opened.root.end,
        )

    def member(self, opened: _OpenPath, token: Token) -> _OpenPath:
        selector = Member(
            token.text.lstrip("."), node=self.node, start=token.start, end=token.end
        )
        return self._open(
            opened, [selector], token.start, token.end, token.text.startswith("..")
        )

    def wildcard(self, opened: _OpenPath, token: Token) -> _OpenPath:
        selector = Wildcard(node=self.node, start=token.start, end=token.end)
        return self._open(
            opened, [selector], token.start, token.end, token.text.startswith("..")
        )

    def bracket(
        self,
        opened: _OpenPath,
        opening: Token,
        selectors: list[Selector],
        closing: Token,
    ) -> _OpenPath:
        return self._open(opened, selectors, opening.start, closing.end, False)

    def descendants(
        self,
        opened: _OpenPath,
        dots: Token,
        opening: Token,
        selectors: list[Selector],
        closing: Token,
    ) -> _OpenPath:
        return self._open(opened, selectors, dots.start, closing.end, True)

    def _open(
        self,
        opened: _OpenPath,
        selectors: list[Selector],
        start: int,
        end: int,
        descendant: bool,
    ) -> _OpenPath:
        opened.segments.append(
            Segment(tuple(selectors), descendant, node=self.node, start=start, end=end)
        )
        return opened

    # selectors

    def select_member(self, token: Token) -> Selector:
        return Member(
            self._unescape(token), node=self.node, start=token.start, end=token.end
        )

    def select_index(self, place: tuple[int, int, int]) -> Selector:
        index, start, end = place
        return Index(index, node=self.node, start=start, end=end)

    def select_all(self, token: Token) -> Selector:
        return Wildcard(node=self.node, start=token.start, end=token.end)

    def select_slice(self, *parts: tuple[int, int, int] | Token | None) -> Selector:
        bounds = [None if part is None else cast(int, part[0]) for part in parts[::2]]
        placed = [part for part in parts if part is not None]
        starts, ends = [], []
        for part in placed:
            starts.append(part[-2])
            ends.append(part[-1])
        return Slice(
            *bounds,
            node=self.node,
            start=min(starts),
            end=max(ends),
        )

    def select_filter(self, mark: Token, condition: Expr) -> Selector:
        return Filter(
            _as_test(condition), node=self.node, start=mark.start, end=condition.end
        )

    def integer(self, *tokens: Token) -> tuple[int, int, int]:
        text = "".join(token.text for token in tokens)
        start, end = tokens[0].start, tokens[-1].end
        digits = tokens[-1].text
        if not digits.isdecimal() or (digits[0] == "0" and text != "0"):
            self._note(_not_an_index(text, start, end))
            return 0, start, end
        if len(digits) > 16 or int(digits) > SAFE_INTEGER:
            self._note(_not_an_index(text, start, end))
            return 0, start, end
        return int(text), start, end

    def nothing(self) -> None:
        return None

    # lists of things

    def first(self, item: T) -> list[T]:
        return [item]

    def more(self, items: list[T], comma: Token, item: T) -> list[T]:
        items.append(item)
        return items


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _length_for(segment: Segment, node: Scalar) -> Segment | None:
    """A last `.length` is the language's own; `['length']` stays a member."""
    selector = segment.selectors[0]
    if (
        segment.descendant
        or not isinstance(selector, Member)
        or node.text[segment.start] == "["
        or selector.name != "length"
    ):
        return None
    start, end = segment.start, segment.end
    length = Length(node=node, start=start, end=end)
    return Segment((length,), node=node, start=start, end=end)


def _as_test(expr: Expr) -> Expr:
    """In a filter a bare path asks whether it is there (RFC 9535, 2.3.5)."""
    place = {"start": expr.start, "end": expr.end}
    if isinstance(expr, Path):
        return Call("exists", (expr,), node=expr.node, **place)
    if isinstance(expr, Unary) and expr.op == "not":
        return Unary("not", _as_test(expr.arg), node=expr.node, **place)
    if isinstance(expr, Binary) and expr.op in ("and", "or"):
        left, right = _as_test(expr.left), _as_test(expr.right)
        return Binary(expr.op, left, right, node=expr.node, **place)
    return expr


def _not_an_index(text: str, start: int, end: int) -> Problem:
    return Problem(
        codes.MF6001,
        f"{quoted(text)} is no index",
        start,
        end,
        "an index is an integer without leading zeros; a member name stands in quotes",
    )
