"""Whether the values of one type fit another, decided on the definitions.

`yes`: every value of the source fits the target. `no`: none does (of a source that has
values). `maybe`: some may; running decides. The answer is never wrong in its sure
directions; where deciding would need more than a look at the constraints it is `maybe`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from magicflow_cli.check.types.scalars import (
    Answer,
    constants_fit,
    numbers_fit,
    strings_fit,
)
from magicflow_cli.check.types.shape import KINDS, Kind, Value
from magicflow_cli.plan import models as plan

Piece: TypeAlias = tuple[Kind, plan.TypeDef | str]
"""The values of one JSON kind: a definition, or the id of a built-in type."""

_BUILT_IN: dict[str, tuple[Kind, ...]] = {
    "any": KINDS,
    "null": (),
    "boolean": ("boolean",),
    "integer": ("number",),
    "number": ("number",),
    "string": ("string",),
    "object": ("object",),
    "array": ("array",),
}


def is_assignable(
    source: plan.TypeRef, target: plan.TypeRef, types: Mapping[str, plan.TypeDef]
) -> Answer:
    """Whether values of `source` fit `target`; ids are looked up in `types`."""
    return _Assignment(types).refs(source, target)


class _Assignment:
    def __init__(self, types: Mapping[str, plan.TypeDef]) -> None:
        self._types = types
        # Pairs that are being decided: types that contain themselves are assumed to
        # fit, which no member contradicted so far.
        self._open: set[tuple[str, str]] = set()

    def refs(self, source: plan.TypeRef, target: plan.TypeRef) -> Answer:
        pair = (source.type, target.type)
        if pair in self._open:
            return "yes"
        self._open.add(pair)
        try:
            return self._decide(source, target)
        finally:
            self._open.discard(pair)

    def _decide(self, source: plan.TypeRef, target: plan.TypeRef) -> Answer:
        source_null, source_pieces = self._pieces(source)
        target_null, target_pieces = self._pieces(target)
        answers: list[Answer] = []
        if source_null:
            answers.append("yes" if target_null else "no")
        for kind, piece in source_pieces:
            options = [option for other, option in target_pieces if other == kind]
            answers.append(
                _best(self._piece(kind, piece, option) for option in options)
            )
        return _together(answers)

    def _pieces(self, ref: plan.TypeRef) -> tuple[bool, list[Piece]]:
        """Whether null is a value, and the pieces by JSON kind."""
        null = bool(ref.nullable) or ref.type in ("any", "null")
        if ref.type in _BUILT_IN:
            if ref.type == "any":
                return True, [(kind, kind) for kind in KINDS]
            return null, [(kind, ref.type) for kind in _BUILT_IN[ref.type]]
        definition = self._types[ref.type]
        match definition:
            case plan.AliasType():
                below_null, below = self._pieces(definition.of)
                return null or below_null, below
            case plan.NeverType():
                return null, []
            case plan.UnionType():
                pieces: list[Piece] = []
                for variant in definition.variants:
                    below_null, below = self._pieces(variant.type)
                    null = null or below_null
                    pieces += below
                return null, pieces
            case plan.EnumType():
                return null, _split_enum(definition)
            case plan.StringType():
                return null, [("string", definition)]
            case plan.IntegerType() | plan.NumberType():
                return null, [("number", definition)]
            case plan.ArrayType() | plan.TupleType():
                return null, [("array", definition)]
            case plan.MapType() | plan.ObjectType():
                return null, [("object", definition)]

    def _piece(
        self, kind: Kind, source: plan.TypeDef | str, target: plan.TypeDef | str
    ) -> Answer:
        """One piece against another of the same kind."""
        if source == target or target in (kind, "any"):
            return "yes"
        if isinstance(source, plan.EnumType):
            return constants_fit(source.values, target)
        if kind == "number":
            return numbers_fit(source, target)
        if kind == "string":
            return strings_fit(source, target)
        if kind == "array":
            return self._arrays(_array(source), _array(target))
        if kind == "object":
            return self._objects(_object(source), _object(target))
        return "maybe"

    def _arrays(
        self,
        source: plan.ArrayType | plan.TupleType,
        target: plan.ArrayType | plan.TupleType,
    ) -> Answer:
        low, high = _lengths(source)
        target_low, target_high = _lengths(target)
        if low > target_high or high < target_low:
            return "no"
        inside = target_low <= low and high <= target_high
        answers: list[Answer] = ["yes" if inside else "maybe"]
        if target.unique and not source.unique and high > 1:
            answers.append("maybe")
        for index in range(_shown(source, target)):
            found = self.refs(_item(source, index), _item(target, index))
            # Where the item may be left out, a list without it fits.
            answers.append("maybe" if found == "no" and index >= low else found)
        return _all(answers)

    def _objects(self, source: plan.ObjectType, target: plan.ObjectType) -> Answer:
        answers: list[Answer] = []
        required = _required(source)
        for name in sorted(
            {*source.fields, *required, *target.fields, *_required(target)}
        ):
            have = _member(source, name)
            want = _member(target, name)
            if have is None:
                if name in _required(target):
                    return "no"
                continue
            found = "no" if want is None else self.refs(have, want)
            if name in required:
                answers.append(found)
            else:
                missing: Answer = "maybe" if name in _required(target) else "yes"
                answers.append(_all([missing, "maybe" if found == "no" else found]))
        answers.append(self._extras(source, target))
        return _all(answers)

    def _extras(self, source: plan.ObjectType, target: plan.ObjectType) -> Answer:
        """Members that neither side names, and the rules for names and sizes."""
        if source.extra.allow != "forbid":
            want = _extra(target)
            have = _extra(source)
            if want is None or have is None or self.refs(have, want) != "yes":
                return "maybe"
        rules = (
            "key_patterns",
            "key_min_length",
            "key_max_length",
            "min_properties",
            "max_properties",
        )
        same = all(
            getattr(target, rule) in (None, getattr(source, rule)) for rule in rules
        )
        return "yes" if same else "maybe"


def _all(answers: Iterable[Answer]) -> Answer:
    """A value fits when all of it does."""
    found = list(answers)
    if "no" in found:
        return "no"
    return "maybe" if "maybe" in found else "yes"


def _together(answers: list[Answer]) -> Answer:
    """The values of several pieces side by side."""
    if all(answer == "yes" for answer in answers):
        return "yes"
    return "no" if all(answer == "no" for answer in answers) else "maybe"


def _best(answers: Iterable[Answer]) -> Answer:
    """One piece against several options, any of which will do."""
    found = list(answers)
    if "yes" in found:
        return "yes"
    return "maybe" if "maybe" in found else "no"


def _split_enum(enum: plan.EnumType) -> list[Piece]:
    kinds: dict[Kind, list[Value]] = {}
    for value in enum.values:
        kind: Kind = (
            "boolean"
            if isinstance(value, bool)
            else "string" if isinstance(value, str) else "number"
        )
        kinds.setdefault(kind, []).append(value)
    return [
        (kind, plan.EnumType(name=enum.name, base="mixed", values=values))
        for kind, values in kinds.items()
    ]


_NAME = plan.TypeName(words=["any"])
_ANY = plan.TypeRef(type="any")
_ENDLESS = 2**53


def _array(type: plan.TypeDef | str) -> plan.ArrayType | plan.TupleType:
    if isinstance(type, plan.ArrayType | plan.TupleType):
        return type
    return plan.ArrayType(name=_NAME, items=_ANY)


def _lengths(type: plan.ArrayType | plan.TupleType) -> tuple[int, int]:
    if isinstance(type, plan.TupleType):
        return len(type.items), len(type.items)
    return type.min_items or 0, _ENDLESS if type.max_items is None else type.max_items


def _item(type: plan.ArrayType | plan.TupleType, index: int) -> plan.TypeRef:
    if isinstance(type, plan.TupleType):
        return type.items[index]
    return type.items


def _shown(
    source: plan.ArrayType | plan.TupleType, target: plan.ArrayType | plan.TupleType
) -> int:
    """How many items have types of their own on either side."""
    for side in (source, target):
        if isinstance(side, plan.TupleType):
            return len(side.items)
    return min(1, _lengths(source)[1])


def _object(type: plan.TypeDef | str) -> plan.ObjectType:
    if isinstance(type, plan.ObjectType):
        return type
    if isinstance(type, plan.MapType):
        return plan.ObjectType(
            name=type.name,
            fields={},
            extra=plan.Extra(allow="typed", type=type.values),
            key_patterns=type.key_patterns,
            key_min_length=type.key_min_length,
            key_max_length=type.key_max_length,
            min_properties=type.min_properties,
            max_properties=type.max_properties,
        )
    return plan.ObjectType(name=_NAME, fields={}, extra=plan.Extra(allow="preserve"))


def _required(type: plan.ObjectType) -> set[str]:
    names = {name for name, field in type.fields.items() if field.required}
    return names | set(type.required_extra or ())


def _extra(type: plan.ObjectType) -> plan.TypeRef | None:
    """What members that are not declared may be; None: they may not be there."""
    if type.extra.allow == "forbid":
        return None
    return type.extra.type or _ANY


def _member(type: plan.ObjectType, name: str) -> plan.TypeRef | None:
    field = type.fields.get(name)
    return _extra(type) if field is None else field.type
