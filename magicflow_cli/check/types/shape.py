"""Shapes: what a schema says about each JSON type, keywords and references resolved.

JSON Schema's keywords constrain the instances of one JSON type each, so every schema
without `not` and the like is a union over the JSON types with a part for each: null,
booleans, numbers, strings, arrays, objects. A part that is None accepts no instance.
`allOf` is the intersection part by part.

Members and items are not resolved here: a `Group` is the schemas that all apply to
them. That keeps recursive schemas finite.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from magicflow_cli.load.nodes import Mapping, Node, Scalar

Kind: TypeAlias = Literal["boolean", "number", "string", "array", "object"]
KINDS: tuple[Kind, ...] = ("boolean", "number", "string", "array", "object")
Number: TypeAlias = int | float
Value: TypeAlias = str | int | float | bool | None

_T = TypeVar("_T")

Group: TypeAlias = tuple[Node, ...]
"""Schemas that all apply; none: anything fits."""


class Atom:
    """A piece of a conjunction, one object for each (compared by identity). `base`: the
    keywords of one schema object but those that combine schemas; `anyOf`, `oneOf`: that
    keyword of it; `only`: instances of one kind; `never`: nothing."""

    __slots__ = ("kind", "node", "what")

    def __init__(
        self,
        what: Literal["base", "anyOf", "oneOf", "only", "never"],
        node: Mapping | None = None,
        kind: Kind | None = None,
    ) -> None:
        self.what = what
        self.node = node
        self.kind = kind


NOTHING = Atom("never")
ONLY: dict[Kind, Atom] = {kind: Atom("only", kind=kind) for kind in KINDS}

Conj: TypeAlias = tuple[Atom, ...]
"""Atoms that all apply, in document order; their order has no meaning."""


class NumberPart(NamedTuple):
    integer: bool = False
    bits: Literal[32] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: tuple[Decimal, ...] = ()
    values: tuple[Number, ...] | None = None


class StringPart(NamedTuple):
    formats: tuple[str, ...] = ()
    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[str, ...] = ()
    values: tuple[str, ...] | None = None


class ArrayPart(NamedTuple):
    prefix: tuple[Group, ...] = ()
    items: Group = ()
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False


class ObjectPart(NamedTuple):
    fields: tuple[tuple[str, Group], ...] = ()
    extra: Group = ()
    required: frozenset[str] = frozenset()
    key_patterns: tuple[str, ...] = ()
    key_min_length: int = 0
    key_max_length: int | None = None
    min_properties: int = 0
    max_properties: int | None = None

    def group(self, name: str) -> Group:
        """What applies to the member `name`."""
        for wire, group in self.fields:
            if wire == name:
                return group
        return self.extra


class TaggedPart(NamedTuple):
    """Objects told apart by the values of one required property."""

    property: str
    variants: tuple[tuple[Conj, tuple[Value, ...]], ...]


Part: TypeAlias = (
    tuple[bool, ...] | NumberPart | StringPart | ArrayPart | ObjectPart | TaggedPart
)


class Shape:
    """What is accepted, by kind. `sources` says of a part which conjunction it comes
    from unchanged, so that a union can refer to its variants' own types; it takes no
    part in equality. Shapes are never changed."""

    __slots__ = ("array", "boolean", "null", "number", "object", "sources", "string")

    def __init__(
        self,
        null: bool = False,
        boolean: tuple[bool, ...] | None = None,
        number: NumberPart | None = None,
        string: StringPart | None = None,
        array: ArrayPart | None = None,
        object: ObjectPart | TaggedPart | None = None,
        sources: dict[Kind, Conj] | None = None,
    ) -> None:
        self.null = null
        self.boolean = boolean
        self.number = number
        self.string = string
        self.array = array
        self.object = object
        self.sources: dict[Kind, Conj] = {} if sources is None else sources

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Shape):
            return NotImplemented
        return self.null == other.null and all(
            getattr(self, kind) == getattr(other, kind) for kind in KINDS
        )

    __hash__ = None  # type: ignore[assignment]

    def part(self, kind: Kind) -> Part | None:
        part: Part | None = getattr(self, kind)
        return part

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def empty(self) -> bool:
        return not self.null and not self.kinds


NUMBER, STRING, ARRAY, OBJECT = NumberPart(), StringPart(), ArrayPart(), ObjectPart()
INTEGER = NumberPart(integer=True)
BOOLEAN = (False, True)
ANY = Shape(True, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT)
NEVER = Shape()


def is_false(group: Group) -> bool:
    """Whether a group contains the schema `false`."""
    return any(isinstance(node, Scalar) and node.value is False for node in group)


def only(shape: Shape, kind: Kind) -> Shape:
    """The instances of one kind."""
    parts = {name: getattr(shape, name) if name == kind else None for name in KINDS}
    return Shape(False, **parts, sources=shape.sources)


def same_value(a: Value, b: Value) -> bool:
    """JSON equality of scalars: `1` is `1.0` and not `true`."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def distinct(values: Iterable[Value]) -> list[Value]:
    """The values without repetition, by JSON equality, in their order."""
    found: dict[tuple[bool, Value], Value] = {}
    for value in values:
        found.setdefault((isinstance(value, bool), value), value)
    return list(found.values())
