"""Shapes: what a schema says about each JSON type, keywords and references resolved.

JSON Schema's keywords constrain the instances of one JSON type each, so every schema
without `not` and the like is a union over the JSON types with a part for each: null,
booleans, numbers, strings, arrays, objects. A part that is None accepts no instance.
`allOf` is the intersection part by part.

Members and items are not resolved here: a `Group` is the schemas that all apply to
them. That keeps recursive schemas finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar

from magicflow_cli.load.nodes import Mapping, Node, Scalar

Kind: TypeAlias = Literal["boolean", "number", "string", "array", "object"]
KINDS: tuple[Kind, ...] = ("boolean", "number", "string", "array", "object")
Number: TypeAlias = int | float
Value: TypeAlias = str | int | float | bool | None

_T = TypeVar("_T")

Group: TypeAlias = tuple[Node, ...]
"""Schemas that all apply; none: anything fits."""


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """A piece of a conjunction, one object for each (compared by identity). `base`: the keywords of one schema object but those
    that combine schemas; `anyOf`, `oneOf`: that keyword of it; `only`: instances of one
    kind; `never`: nothing."""

    what: Literal["base", "anyOf", "oneOf", "only", "never"]
    node: Mapping | None = None
    kind: Kind | None = None


NOTHING = Atom("never")
ONLY: dict[Kind, Atom] = {kind: Atom("only", kind=kind) for kind in KINDS}

Conj: TypeAlias = tuple[Atom, ...]
"""Atoms that all apply, in document order; their order has no meaning."""


@dataclass(frozen=True, slots=True)
class NumberPart:
    integer: bool = False
    bits: Literal[32] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: tuple[Decimal, ...] = ()
    values: tuple[Number, ...] | None = None


@dataclass(frozen=True, slots=True)
class StringPart:
    formats: tuple[str, ...] = ()
    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[str, ...] = ()
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ArrayPart:
    prefix: tuple[Group, ...] = ()
    items: Group = ()
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True)
class ObjectPart:
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


@dataclass(frozen=True, slots=True)
class TaggedPart:
    """Objects told apart by the values of one required property."""

    property: str
    variants: tuple[tuple[Conj, tuple[Value, ...]], ...]


Part: TypeAlias = (
    tuple[bool, ...] | NumberPart | StringPart | ArrayPart | ObjectPart | TaggedPart
)


@dataclass(frozen=True, slots=True)
class Shape:
    """`sources` says of a part which conjunction it comes from unchanged, so that a
    union can refer to its variants' own types; it takes no part in equality."""

    null: bool = False
    boolean: tuple[bool, ...] | None = None
    number: NumberPart | None = None
    string: StringPart | None = None
    array: ArrayPart | None = None
    object: ObjectPart | TaggedPart | None = None
    sources: dict[Kind, Conj] = field(default_factory=dict, compare=False)

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


def intersect(a: Shape, b: Shape) -> Shape:
    """The instances that fit both. Neither shape may have a `TaggedPart`."""
    return Shape(
        a.null and b.null,
        _booleans(a.boolean, b.boolean),
        _meet(a.number, b.number, NUMBER, _numbers),
        _meet(a.string, b.string, STRING, _strings),
        _meet(a.array, b.array, ARRAY, _arrays),
        None if a.object is None or b.object is None else _objects(a.object, b.object),
    )


def _meet(
    a: _T | None, b: _T | None, full: object, merge: Callable[[_T, _T], _T | None]
) -> _T | None:
    """What both parts accept; `full` is the part that accepts everything."""
    if a is None or b is None:
        return None
    if a is full:
        return b
    return a if b is full else merge(a, b)


def _booleans(
    a: tuple[bool, ...] | None, b: tuple[bool, ...] | None
) -> tuple[bool, ...] | None:
    if a is None or b is None:
        return None
    return tuple(value for value in a if value in b) or None


def _numbers(a: NumberPart, b: NumberPart) -> NumberPart | None:
    merged = NumberPart(
        a.integer or b.integer,
        a.bits or b.bits,
        _largest(a.minimum, b.minimum),
        _smallest(a.maximum, b.maximum),
        _largest(a.exclusive_minimum, b.exclusive_minimum),
        _smallest(a.exclusive_maximum, b.exclusive_maximum),
        tuple(sorted({*a.multiple_of, *b.multiple_of})),
        _common(a.values, b.values),
    )
    return settle_number(merged)


def settle_number(part: NumberPart) -> NumberPart | None:
    """Enumerated values that fit the constraints replace them; None when nothing fits."""
    if part.values is not None:
        values = tuple(value for value in part.values if number_fits(value, part))
        return NumberPart(values=values) if values else None
    low = _largest(part.minimum, part.exclusive_minimum)
    high = _smallest(part.maximum, part.exclusive_maximum)
    if low is not None and high is not None:
        if low > high:
            return None
        if low == high and (
            part.exclusive_minimum == low or part.exclusive_maximum == high
        ):
            return None
    return part


def number_fits(value: Number, part: NumberPart) -> bool:
    """Whether a number fits the bounds of a part, in decimal arithmetic."""
    exact = decimal_of(value)
    if (part.integer or part.bits) and exact != exact.to_integral_value():
        return False
    if part.bits and not -(2**31) <= exact < 2**31:
        return False
    return (
        (part.minimum is None or exact >= part.minimum)
        and (part.maximum is None or exact <= part.maximum)
        and (part.exclusive_minimum is None or exact > part.exclusive_minimum)
        and (part.exclusive_maximum is None or exact < part.exclusive_maximum)
        and all(is_multiple(exact, step) for step in part.multiple_of)
    )


def decimal_of(value: Number) -> Decimal:
    """The decimal number that a JSON number is: the shortest text of its double."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether value is an integral multiple of step, exactly."""
    value_top, value_bottom = value.as_integer_ratio()
    step_top, step_bottom = step.as_integer_ratio()
    return (value_top * step_bottom) % (value_bottom * step_top) == 0


def _strings(a: StringPart, b: StringPart) -> StringPart | None:
    return settle_string(
        StringPart(
            tuple(sorted({*a.formats, *b.formats})),
            max(a.min_length, b.min_length),
            _least(a.max_length, b.max_length),
            tuple(sorted({*a.patterns, *b.patterns})),
            _common(a.values, b.values),
        )
    )


def settle_string(part: StringPart) -> StringPart | None:
    """Enumerated values that fit the constraints replace them; None when nothing fits."""
    if part.values is not None:
        from magicflow_cli.check.types.strings import string_fits

        values = tuple(value for value in part.values if string_fits(value, part))
        return StringPart(values=values) if values else None
    if part.max_length is not None and part.min_length > part.max_length:
        return None
    return part


def _arrays(a: ArrayPart, b: ArrayPart) -> ArrayPart | None:
    length = max(len(a.prefix), len(b.prefix))
    return settle_array(
        ArrayPart(
            tuple(join(_item(a, index), _item(b, index)) for index in range(length)),
            join(a.items, b.items),
            max(a.min_items, b.min_items),
            _least(a.max_items, b.max_items),
            a.unique or b.unique,
        )
    )


def _item(part: ArrayPart, index: int) -> Group:
    return part.prefix[index] if index < len(part.prefix) else part.items


def settle_array(part: ArrayPart) -> ArrayPart | None:
    """`false` items bound the length, and the length cuts what lies behind it."""
    limit = part.max_items
    for index in range(len(part.prefix)):
        if is_false(part.prefix[index]):
            limit = _least(limit, index)
            break
    else:
        if is_false(part.items):
            limit = _least(limit, len(part.prefix))
    if limit is not None and part.min_items > limit:
        return None
    if limit is None or limit > len(part.prefix):
        return replace(part, max_items=limit)
    prefix = part.prefix[:limit]
    return replace(
        part, prefix=prefix, items=() if not prefix else part.items, max_items=limit
    )


def _objects(
    a: ObjectPart | TaggedPart, b: ObjectPart | TaggedPart
) -> ObjectPart | TaggedPart | None:
    if a is OBJECT or b is OBJECT:
        return b if a is OBJECT else a
    if isinstance(a, TaggedPart) or isinstance(b, TaggedPart):
        raise TypeError("unions are distributed before shapes are merged")
    ours, theirs = dict(a.fields), dict(b.fields)
    names = dict.fromkeys([*ours, *theirs])
    return settle_object(
        ObjectPart(
            tuple(
                (name, join(ours.get(name, a.extra), theirs.get(name, b.extra)))
                for name in names
            ),
            join(a.extra, b.extra),
            a.required | b.required,
            tuple(sorted({*a.key_patterns, *b.key_patterns})),
            max(a.key_min_length, b.key_min_length),
            _least(a.key_max_length, b.key_max_length),
            max(a.min_properties, b.min_properties),
            _least(a.max_properties, b.max_properties),
        )
    )


def settle_object(part: ObjectPart) -> ObjectPart | None:
    """None when the constraints leave no object."""
    if part.max_properties is not None and (
        part.min_properties > part.max_properties
        or len(part.required) > part.max_properties
    ):
        return None
    fields = dict(part.fields)
    if any(is_false(fields.get(name, part.extra)) for name in part.required):
        return None
    return part


def join(a: Group, b: Group) -> Group:
    """Everything of both groups, once."""
    return tuple(dict.fromkeys((*a, *b)))


def same_value(a: Value, b: Value) -> bool:
    """JSON equality of scalars: `1` is `1.0` and not `true`."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _common(
    a: tuple[_T, ...] | None, b: tuple[_T, ...] | None
) -> tuple[_T, ...] | None:
    if a is None or b is None:
        return a if b is None else b
    return tuple(value for value in a if value in b)


def _largest(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    present = [bound for bound in (a, b) if bound is not None]
    return max(present, default=None)


def _smallest(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    present = [bound for bound in (a, b) if bound is not None]
    return min(present, default=None)


def _least(a: int | None, b: int | None) -> int | None:
    present = [bound for bound in (a, b) if bound is not None]
    return min(present, default=None)


def distinct(values: Iterable[Value]) -> list[Value]:
    """The values without repetition, by JSON equality, in their order."""
    found: dict[tuple[bool, Value], Value] = {}
    for value in values:
        found.setdefault((isinstance(value, bool), value), value)
    return list(found.values())
