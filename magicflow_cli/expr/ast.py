"""The AST of expressions and mapping values: frozen records.

Equality ignores places, so that two spellings of one expression are equal; values are
equal when their types are too (`1`, `1.0` and `true` differ). `start` and `end` are
offsets in code points into the text of `node`, the scalar that the piece stands in; for
an object or a list of the document `node` is that mapping or sequence.

The classes are written out because seventeen dataclasses take 10 ms to import.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import TypeAlias

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Node, Scalar, ScalarValue

_set = object.__setattr__


class Placed:
    """Where a piece stands; `node` is None only for pieces that no text was read for."""

    __slots__ = ("end", "node", "start")
    _fields: tuple[str, ...] = ()

    node: Node | None
    start: int
    end: int

    def __init__(self, node: Node | None, start: int, end: int) -> None:
        _set(self, "node", node)
        _set(self, "start", start)
        _set(self, "end", end)

    def span(self) -> Span | None:
        """The piece's place in the source file."""
        if isinstance(self.node, Scalar):
            return self.node.at(self.start, self.end)
        return self.node.span() if self.node is not None else None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to {name!r}: expressions are frozen")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            type(a := getattr(self, name)) is type(b := getattr(other, name)) and a == b
            for name in self._fields
        )

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._fields)))

    def __repr__(self) -> str:
        values = ", ".join(repr(getattr(self, name)) for name in self._fields)
        return f"{type(self).__name__}({values})"


class Literal(Placed):
    """A scalar: str, int, float, bool or None, within the domain of JSON numbers."""

    __slots__ = ("value",)
    _fields = ("value",)
    __match_args__ = ("value",)

    value: ScalarValue

    def __init__(
        self,
        value: ScalarValue,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "value", value)
        Placed.__init__(self, node, start, end)


class Path(Placed):
    """`root` is `$`, `@` (the element that a filter looks at) or a lambda's parameter."""

    __slots__ = ("root", "segments")
    _fields = ("root", "segments")
    __match_args__ = ("root", "segments")

    root: str
    segments: tuple[Segment, ...]

    def __init__(
        self,
        root: str,
        segments: tuple[Segment, ...] = (),
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "root", root)
        _set(self, "segments", segments)
        Placed.__init__(self, node, start, end)

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

    __slots__ = ("descendant", "selectors")
    _fields = ("selectors", "descendant")
    __match_args__ = ("selectors", "descendant")

    selectors: tuple[Selector, ...]
    descendant: bool

    def __init__(
        self,
        selectors: tuple[Selector, ...],
        descendant: bool = False,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "selectors", selectors)
        _set(self, "descendant", descendant)
        Placed.__init__(self, node, start, end)

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

    __slots__ = ("name",)
    _fields = ("name",)
    __match_args__ = ("name",)

    name: str

    def __init__(
        self,
        name: str,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "name", name)
        Placed.__init__(self, node, start, end)


class Index(Placed):
    """`[0]`, `[-1]`."""

    __slots__ = ("index",)
    _fields = ("index",)
    __match_args__ = ("index",)

    index: int

    def __init__(
        self,
        index: int,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "index", index)
        Placed.__init__(self, node, start, end)


class Wildcard(Placed):
    """`.*`, `[*]`."""

    __slots__ = ()

    def __init__(
        self,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        Placed.__init__(self, node, start, end)


class Slice(Placed):
    """`[first:last:step]`."""

    __slots__ = ("first", "last", "step")
    _fields = ("first", "last", "step")
    __match_args__ = ("first", "last", "step")

    first: int | None
    last: int | None
    step: int | None

    def __init__(
        self,
        first: int | None = None,
        last: int | None = None,
        step: int | None = None,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "first", first)
        _set(self, "last", last)
        _set(self, "step", step)
        Placed.__init__(self, node, start, end)


class Filter(Placed):
    """`[?condition]`; the condition reads the element as `@`. A path that stands where a
    truth value is wanted is an existence test there and already `exists(path)`."""

    __slots__ = ("condition",)
    _fields = ("condition",)
    __match_args__ = ("condition",)

    condition: Expr

    def __init__(
        self,
        condition: Expr,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "condition", condition)
        Placed.__init__(self, node, start, end)


class Length(Placed):
    """`.length` as the last segment."""

    __slots__ = ()

    def __init__(
        self,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        Placed.__init__(self, node, start, end)


Selector: TypeAlias = Member | Index | Wildcard | Slice | Filter | Length

UnaryOperator: TypeAlias = OneOf["not", "neg"]
BinaryOperator: TypeAlias = OneOf[
    "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"
]


class Unary(Placed):
    __slots__ = ("arg", "op")
    _fields = ("op", "arg")
    __match_args__ = ("op", "arg")

    op: UnaryOperator
    arg: Expr

    def __init__(
        self,
        op: UnaryOperator,
        arg: Expr,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "op", op)
        _set(self, "arg", arg)
        Placed.__init__(self, node, start, end)


class Binary(Placed):
    __slots__ = ("left", "op", "right")
    _fields = ("op", "left", "right")
    __match_args__ = ("op", "left", "right")

    op: BinaryOperator
    left: Expr
    right: Expr

    def __init__(
        self,
        op: BinaryOperator,
        left: Expr,
        right: Expr,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "op", op)
        _set(self, "left", left)
        _set(self, "right", right)
        Placed.__init__(self, node, start, end)


class Call(Placed):
    """A call of a function of the table, with an arity that fits."""

    __slots__ = ("args", "function")
    _fields = ("function", "args")
    __match_args__ = ("function", "args")

    function: str
    args: tuple[Expr, ...]

    def __init__(
        self,
        function: str,
        args: tuple[Expr, ...] = (),
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "function", function)
        _set(self, "args", args)
        Placed.__init__(self, node, start, end)


class Lambda(Placed):
    """`x -> body`: only as the second argument of `map` and `filter`."""

    __slots__ = ("body", "parameter")
    _fields = ("parameter", "body")
    __match_args__ = ("parameter", "body")

    parameter: str
    body: Expr

    def __init__(
        self,
        parameter: str,
        body: Expr,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "parameter", parameter)
        _set(self, "body", body)
        Placed.__init__(self, node, start, end)


class Template(Placed):
    """Interpolated text: literals of text between expressions and secrets."""

    __slots__ = ("parts",)
    _fields = ("parts",)
    __match_args__ = ("parts",)

    parts: tuple[Expr, ...]

    def __init__(
        self,
        parts: tuple[Expr, ...],
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "parts", parts)
        Placed.__init__(self, node, start, end)


class Object(Placed):
    """A mapping of the document, in document order. Names are unique."""

    __slots__ = ("members",)
    _fields = ("members",)
    __match_args__ = ("members",)

    members: tuple[tuple[str, Expr], ...]

    def __init__(
        self,
        members: tuple[tuple[str, Expr], ...],
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "members", members)
        Placed.__init__(self, node, start, end)


class Array(Placed):
    """A sequence of the document, or a list `[1, 2]` in an expression."""

    __slots__ = ("items",)
    _fields = ("items",)
    __match_args__ = ("items",)

    items: tuple[Expr, ...]

    def __init__(
        self,
        items: tuple[Expr, ...],
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "items", items)
        Placed.__init__(self, node, start, end)


class Secret(Placed):
    """`${secrets.X}` or `${env.X}`."""

    __slots__ = ("name", "source")
    _fields = ("source", "name")
    __match_args__ = ("source", "name")

    source: OneOf["secrets", "env"]
    name: str

    def __init__(
        self,
        source: OneOf["secrets", "env"],
        name: str,
        *,
        node: Node | None = None,
        start: int = 0,
        end: int = 0,
    ) -> None:
        _set(self, "source", source)
        _set(self, "name", name)
        Placed.__init__(self, node, start, end)


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
