"""`anyOf` and `oneOf`: told apart by JSON type, by constants, or by a tag.

For each JSON type the variants that accept some of its instances are combined on
their own. Both keywords mean the same once no two variants overlap; where they do,
the union is decided only if the result is a plain part again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from magicflow_cli.check.types.constants import number_fits, string_fits
from magicflow_cli.check.types.forms import FULL
from magicflow_cli.check.types.shape import (
    KINDS,
    ONLY,
    Atom,
    Conj,
    Kind,
    Number,
    NumberPart,
    ObjectPart,
    Part,
    Shape,
    StringPart,
    TaggedPart,
    Value,
    distinct,
)
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Label
from magicflow_cli.load.nodes import Mapping, Node

if TYPE_CHECKING:
    from magicflow_cli.check.types.shapes import Shapes

Variant: TypeAlias = tuple[Node, Conj, Shape]
Tags: TypeAlias = list[tuple[Conj, tuple[Value, ...]]]

_NOUNS: dict[Kind, str] = {
    "boolean": "booleans",
    "number": "numbers",
    "string": "strings",
    "array": "lists",
    "object": "objects",
}


class Unions:
    def __init__(self, values: Values, shapes: Shapes) -> None:
        self._values = values
        self._shapes = shapes

    def combine(self, union: Atom, variants: Sequence[Variant]) -> Shape:
        """The shape of a union of variants that are merged with what stands beside."""
        nulls = sum(shape.null for _, _, shape in variants)
        found: dict[Kind, Part | None] = {}
        sources: dict[Kind, Conj] = {}
        for kind in KINDS:
            having = [
                variant for variant in variants if variant[2].part(kind) is not None
            ]
            if len(having) == 1:
                _, conj, shape = having[0]
                found[kind] = shape.part(kind)
                sources[kind] = shape.sources.get(kind, conj)
            else:
                found[kind] = self._combine_kind(union, kind, having)
        self._check_discriminator(union, found.get("object"))
        null = nulls == 1 if union.what == "oneOf" else nulls > 0
        return Shape(null, **found, sources=sources)  # type: ignore[arg-type]

    def _combine_kind(
        self, union: Atom, kind: Kind, having: list[Variant]
    ) -> Part | None:
        if not having:
            return None
        every = [shape.part(kind) for _, _, shape in having]
        full = [part for part in every if part == FULL[kind]]
        if union.what == "anyOf" and (full or all(part == every[0] for part in every)):
            return FULL[kind] if full else every[0]
        if len(full) > 1:
            return None  # no instance fits exactly one
        if kind == "boolean":
            return _count_booleans(union, [shape.boolean for _, _, shape in having])
        if kind == "number":
            numbers = [part for part in every if isinstance(part, NumberPart)]
            values = _count(union, [part.values for part in numbers])
            if values is not None:
                return NumberPart(values=tuple(values)) if values else None
            return _absorb(union, numbers, number_fits) or self._undecided(
                union, kind, having
            )
        if kind == "string":
            strings = [part for part in every if isinstance(part, StringPart)]
            texts = _count(union, [part.values for part in strings])
            if texts is not None:
                return StringPart(values=tuple(texts)) if texts else None
            return _absorb(union, strings, string_fits) or self._undecided(
                union, kind, having
            )
        if kind == "object":
            tagged = self._find_tag(union, having)
            if tagged is not None:
                return tagged
            if self._discriminator(union) is not None:
                return FULL[kind]  # reported as a discriminator that does not fit
        return self._undecided(union, kind, having)

    def _undecided(self, union: Atom, kind: Kind, having: list[Variant]) -> Part:
        assert union.node is not None
        helps = {
            "object": "give every variant a required property of one name with a `const` of its own",
            "string": "use constants that differ, or one string type",
            "number": "use constants that differ, or one number type",
        }
        self._values.problem(
            codes.MF2030,
            f"{len(having)} variants of `{union.what}` accept {_NOUNS[kind]} and nothing tells them apart",
            union.node.entries[union.what].key.span(),
            helps.get(kind, "let at most one variant accept lists"),
            tuple(
                Label(node.span(), f"accepts {_NOUNS[kind]}")
                for node, _, _ in having[:4]
            ),
        )
        return FULL[kind]

    # objects

    def _find_tag(self, union: Atom, having: list[Variant]) -> TaggedPart | None:
        conjs: list[Conj] = []
        for _, conj, shape in having:
            if isinstance(shape.object, TaggedPart):
                conjs += [variant for variant, _ in shape.object.variants]
            elif shape.kinds == ("object",) and not shape.null:
                conjs.append(conj)
            else:
                conjs.append((*conj, ONLY["object"]))
        if union.what == "anyOf":
            conjs = list({frozenset(conj): conj for conj in conjs}.values())
        objects = [self._object(conj) for conj in conjs]
        names = self._named_property(union)
        if names is None:
            required = [part.required if part else frozenset() for part in objects]
            names = sorted(frozenset.intersection(*required))
        best: TaggedPart | None = None
        for name in names:
            tags = self._tags(name, conjs, objects)
            if tags is not None:
                strings = all(
                    isinstance(value, str) for _, found in tags for value in found
                )
                if strings:
                    return TaggedPart(name, tuple(tags))
                best = best or TaggedPart(name, tuple(tags))
        return best

    def _object(self, conj: Conj) -> ObjectPart | None:
        part = self._shapes.of(conj).object
        return part if isinstance(part, ObjectPart) else None

    def _tags(
        self, name: str, conjs: list[Conj], objects: list[ObjectPart | None]
    ) -> Tags | None:
        """Each variant's values of the property; None unless they are required, finite
        and different in all variants."""
        seen: list[Value] = []
        tags: Tags = []
        for conj, part in zip(conjs, objects, strict=True):
            if part is None or name not in part.required:
                return None
            values = tag_values(self._shapes.of_group(part.group(name)))
            if values is None or len(distinct([*seen, *values])) < len(seen) + len(
                values
            ):
                return None
            seen += values
            tags.append((conj, tuple(values)))
        return tags

    def _named_property(self, union: Atom) -> list[str] | None:
        discriminator = self._discriminator(union)
        if discriminator is None:
            return None
        name = self._values.text(discriminator, "propertyName")
        return None if name is None else [name]

    def _discriminator(self, union: Atom) -> Mapping | None:
        assert union.node is not None
        return self._values.mapping(union.node, "discriminator")

    def _check_discriminator(self, union: Atom, part: Part | None) -> None:
        discriminator = self._discriminator(union)
        if discriminator is None:
            return
        assert union.node is not None
        for key, entry in discriminator.entries.items():
            if key not in ("propertyName", "mapping") and not key.startswith("x-"):
                self._values.problem(
                    codes.MF2004,
                    f"`{key}` is not a key of `discriminator`",
                    entry.key.span(),
                    "it has `propertyName` and `mapping`",
                )
        name = self._values.text(discriminator, "propertyName")
        if not isinstance(part, TaggedPart) or part.property != name:
            self._values.problem(
                codes.MF2031,
                (
                    f"the property `{name}` does not tell the variants of `{union.what}` apart"
                    if name is not None
                    else "`discriminator` does not name a property"
                ),
                discriminator.span(),
                "every variant must be an object that requires it with a `const` or `enum` of its own",
            )
            return
        mapping = self._values.mapping(discriminator, "mapping")
        known = [value for _, found in part.variants for value in found]
        for key, target in mapping.items() if mapping is not None else ():
            if key not in known:
                self._values.problem(
                    codes.MF2031,
                    f"no variant has `{key}` for its `{name}`",
                    target.span(),
                    "the mapping may only repeat what the variants' constants say",
                )


def tag_values(shape: Shape) -> list[Value] | None:
    """The strings, integers and booleans that a shape consists of; None when it has
    anything else."""
    if shape.null or shape.array is not None or shape.object is not None:
        return None
    values: list[Value] = list(shape.boolean or ())
    for part in (shape.number, shape.string):
        if part is not None:
            if part.values is None or any(
                isinstance(value, float) for value in part.values
            ):
                return None
            values += part.values
    return values or None


_T = TypeVar("_T", bool, Number, str)
_P = TypeVar("_P", NumberPart, StringPart)


def _count_booleans(
    union: Atom, every: Sequence[tuple[bool, ...] | None]
) -> tuple[bool, ...] | None:
    found = _count(union, every)
    return tuple(found) if found else None


def _count(union: Atom, lists: Sequence[tuple[_T, ...] | None]) -> list[_T] | None:
    """Of finite sets, the values of any, or of exactly one; None when one is infinite."""
    values: list[_T] = []
    for found in lists:
        if found is None:
            return None
        values += found
    if union.what == "oneOf":
        return [value for value in values if values.count(value) == 1]
    return list(dict.fromkeys(values))


def _absorb(
    union: Atom, every: Sequence[_P], fits: Callable[[Any, _P], bool]
) -> _P | None:
    """Of an `anyOf`, the one part that accepts all that the others do."""
    if union.what == "oneOf":
        return None
    for wide in every:
        if wide.values is None and all(
            other == wide
            or (
                other.values is not None
                and all(fits(value, wide) for value in other.values)
            )
            for other in every
        ):
            return wide
    return None
