"""The AST of expressions and mapping values: frozen records.

Equality ignores places, so that two spellings of one expression are equal; values are
equal when their types are too (`1`, `1.0` and `true` differ). `start` and `end` are
offsets in code points into the text of `node`, the scalar that the piece stands in; for
an object or a list of the document `node` is that mapping or sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import TypeAlias

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Node, Scalar, ScalarValue
from magicflow_cli.record import Value


class Placed(Value, kw_only=True, compare=False):
    """Where a piece stands; `node` is None only for pieces that no text was read for."""

    node: Node | None = None
    start: int = 0
    end: int = 0

    def span(self) -> Span | None:
        """The piece's place in the source file."""
        if isinstance(self.node, Scalar):
            return self.node.at(self.start, self.end)
        return self.node.span() if self.node is not None else None


class Literal(Placed):
    """A scalar: str, int, float, bool or None, within the domain of JSON numbers."""

    value: ScalarValue

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Literal)
            and type(self.value) is type(other.value)
            and self.value == other.value
        )

    __hash__ = Placed.__hash__


class Path(Placed):
    """`root` is `$`, `@` (the element that a filter looks at) or a lambda's parameter."""

    root: str
    segments: tuple[Segment, ...] = ()

    @property
    def singular(self) -> bool:
        """Whether the path gives one value (or none) and not a list."""
        return all(segment.singular for segment in self.segments)

    @property
    def names(self) -> tuple[str, ...]:
        """The member names that follow the root, up to the first other segment.

        A final `.length` counts as a name here: whether it is one, only the resolved
        path can tell (`$.order.length` may be a step's field).
        """
        names: list[str] = []
        for segment in self.segments:
            name = segment.name
            if name is None:
                break
            names.append(name)
        return tuple(names)


class Segment(Placed):
    """One RFC 9535 segment. `descendant` is `..`."""

    selectors: tuple[Selector, ...]
    descendant: bool = False

    @property
    def singular(self) -> bool:
        return (
            not self.descendant
            and len(self.selectors) == 1
            and isinstance(self.selectors[0], Member | Index | Length)
        )

    @property
    def name(self) -> str | None:
        """The member's name where the segment is exactly one, else None."""
        if self.descendant or len(self.selectors) != 1:
            return None
        selector = self.selectors[0]
        if isinstance(selector, Member):
            return selector.name
        return "length" if isinstance(selector, Length) else None


class Member(Placed):
    """`.name`, `['name']`."""

    name: str


class Index(Placed):
    """`[0]`, `[-1]`."""

    index: int


class Wildcard(Placed):
    """`.*`, `[*]`."""


class Slice(Placed):
    """`[first:last:step]`."""

    first: int | None = None
    last: int | None = None
    step: int | None = None


class Filter(Placed):
    """`[?condition]`; the condition reads the element as `@`. A path that stands where a
    truth value is wanted is an existence test there and already `exists(path)`."""

    condition: Expr


class Length(Placed):
    """`.length` as the last segment."""


Selector: TypeAlias = Member | Index | Wildcard | Slice | Filter | Length

UnaryOperator: TypeAlias = OneOf["not", "neg"]
BinaryOperator: TypeAlias = OneOf[
    "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"
]


class Unary(Placed):
    op: UnaryOperator
    arg: Expr


class Binary(Placed):
    op: BinaryOperator
    left: Expr
    right: Expr


class Call(Placed):
    """A call of a function of the table, with an arity that fits."""

    function: str
    args: tuple[Expr, ...] = ()


class Lambda(Placed):
    """`x -> body`: only as the second argument of `map` and `filter`."""

    parameter: str
    body: Expr


class Template(Placed):
    """Interpolated text: literals of text between expressions and secrets."""

    parts: tuple[Expr, ...]


class Object(Placed):
    """A mapping of the document, in document order. Names are unique."""

    members: tuple[tuple[str, Expr], ...]


class Array(Placed):
    """A sequence of the document, or a list `[1, 2]` in an expression."""

    items: tuple[Expr, ...]


class Secret(Placed):
    """`${secrets.X}` or `${env.X}`."""

    source: OneOf["secrets", "env"]
    name: str


Expr: TypeAlias = (
    Literal | Path | Unary | Binary | Call | Lambda | Template | Object | Array | Secret
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside, in the order of the text; the conditions of a
    path's filters are children of the path."""
    match expr:
        case Literal() | Secret():
            return ()
        case Path(segments=segments):
            return tuple(
                selector.condition
                for segment in segments
                for selector in segment.selectors
                if isinstance(selector, Filter)
            )
        case Unary(arg=arg):
            return (arg,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(args=args):
            return args
        case Lambda(body=body):
            return (body,)
        case Template(parts=parts):
            return parts
        case Object(members=members):
            return tuple(value for _, value in members)
        case Array(items=items):
            return items


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all that it contains, parents before children."""
    stack = [expr]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def paths(expr: Expr) -> Iterator[Path]:
    """Every path in the expression, those in filters and lambdas included."""
    for current in walk(expr):
        if isinstance(current, Path):
            yield current
