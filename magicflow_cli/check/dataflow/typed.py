"""The static type of a value: what an expression gives, as far as it is known.

A declared type stays a reference into the plan's types; what expressions build has a
form of its own, so that nothing is named before it is needed. A `Hole` is a piece of an
undeclared function's data: its uses decide what it becomes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value

JsonKind: TypeAlias = Literal[
    "null", "boolean", "integer", "number", "string", "array", "object"
]
KINDS: frozenset[JsonKind] = frozenset(
    ("null", "boolean", "integer", "number", "string", "array", "object")
)
_BUILT_IN: dict[str, frozenset[JsonKind]] = {
    "any": KINDS,
    "null": frozenset(("null",)),
    "boolean": frozenset(("boolean",)),
    "integer": frozenset(("integer",)),
    "number": frozenset(("integer", "number")),
    "string": frozenset(("string",)),
    "object": frozenset(("object",)),
    "array": frozenset(("array",)),
}

Types: TypeAlias = dict[str, plan.TypeDef]


class Named(Value):
    """A type of the plan, by id: built in or defined."""

    id: str


class Constant(Value):
    """A literal; only scalars and null. `true` is not 1."""

    value: str | int | float | bool | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Constant):
            return NotImplemented
        return (type(self.value), self.value) == (type(other.value), other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


class ListOf(Value):
    item: Typed


class ObjectOf(Value):
    """An object whose members are known: a mapping, or a map of branches."""

    members: tuple[tuple[str, Typed], ...]
    open: bool = False  # there may be more

    def get(self, name: str) -> Typed | None:
        for member, value in self.members:
            if member == name:
                return value
        return None


class Hole(Value):
    """A piece of what an undeclared function gives. `path`: member names, `[]` for a
    list's item."""

    function: str
    path: tuple[str, ...] = ()


class OneOf(Value):
    """One of several forms."""

    options: tuple[Form, ...]


Form: TypeAlias = Named | Constant | ListOf | ObjectOf | Hole | OneOf

Absence: TypeAlias = Literal["", "maybe", "optional"]
"""Whether the value may be missing. "maybe": the flow or an index decides; "optional":
a schema says so."""


class Typed(Value):
    form: Form
    nullable: bool = False
    absent: Absence = ""

    @property
    def sure(self) -> Typed:
        """The same value where it is known to be there and not null."""
        return self.but(nullable=False, absent="")


ANY = Typed(Named("any"))
NULL = Typed(Constant(None))
BOOLEAN = Typed(Named("boolean"))
INTEGER = Typed(Named("integer"))
NUMBER = Typed(Named("number"))
STRING = Typed(Named("string"))
OBJECT = Typed(Named("object"))
ARRAY = Typed(Named("array"))


def of(ref: plan.TypeRef) -> Typed:
    """The static type of a plan type reference."""
    return Typed(Named(ref.type), bool(ref.nullable))


def definition(form: Form, types: Types) -> plan.TypeDef | None:
    """What a named type is, aliases followed; None for built-in ones."""
    seen = 0
    while isinstance(form, Named):
        found = types.get(form.id)
        if not isinstance(found, plan.AliasType) or seen > 64:
            return found
        form = Named(found.of.type)
        seen += 1
    return None


def settled(value: Typed, types: Types) -> Typed:
    """The value with aliases followed: built in, or defined as something else."""
    for _ in range(64):
        form = value.form
        found = types.get(form.id) if isinstance(form, Named) else None
        if not isinstance(found, plan.AliasType):
            break
        value = value.but(
            form=Named(found.of.type), nullable=value.nullable or _null(found.of)
        )
    return value


def _null(ref: plan.TypeRef) -> bool:
    return bool(ref.nullable)


def kinds(value: Typed, types: Types) -> frozenset[JsonKind]:
    """The JSON types that the value may have; a missing value counts as null."""
    value = settled(value, types)
    found = _form_kinds(value.form, types)
    if value.nullable or value.absent:
        found = found | {"null"}
    return found


def _form_kinds(form: Form, types: Types) -> frozenset[JsonKind]:
    match form:
        case Named(id=id):
            if id in _BUILT_IN:
                return _BUILT_IN[id]
            defined = types.get(id)
            return _definition_kinds(defined, types) if defined else KINDS
        case Constant(value=constant):
            return frozenset((kind_of(constant),))
        case ListOf():
            return frozenset(("array",))
        case ObjectOf():
            return frozenset(("object",))
        case OneOf(options=options):
            found: frozenset[JsonKind] = frozenset()
            for option in options:
                found |= _form_kinds(option, types)
            return found
        case Hole():
            return KINDS


def _definition_kinds(defined: plan.TypeDef, types: Types) -> frozenset[JsonKind]:
    match defined:
        case plan.StringType():
            return frozenset(("string",))
        case plan.IntegerType():
            return frozenset(("integer",))
        case plan.NumberType():
            return frozenset(("integer", "number"))
        case plan.EnumType(values=values):
            return frozenset(kind_of(value) for value in values)
        case plan.ArrayType() | plan.TupleType():
            return frozenset(("array",))
        case plan.MapType() | plan.ObjectType():
            return frozenset(("object",))
        case plan.UnionType(variants=variants):
            found: frozenset[JsonKind] = frozenset()
            for variant in variants:
                found |= kinds(of(variant.type), types)
            return found
        case plan.NeverType():
            return frozenset()
        case _:  # an alias of itself, reported elsewhere
            return KINDS


def kind_of(value: object) -> JsonKind:
    """The JSON type of a value; an integral float is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def constants(value: Typed, types: Types) -> tuple[object, ...] | None:
    """The values that the type is limited to, null aside; None when it is not."""
    value = settled(value, types)
    if isinstance(value.form, Constant):
        return (value.form.value,)
    if isinstance(value.form, OneOf):
        parts = [constants(Typed(option), types) for option in value.form.options]
        if any(part is None for part in parts):
            return None
        return tuple(v for part in parts for v in part or ())
    defined = definition(value.form, types)
    if isinstance(defined, plan.EnumType):
        return tuple(v for v in defined.values if v is not None)
    return None


def either(values: Iterable[Typed]) -> Typed:
    """A value that is one of several."""
    forms: list[Form] = []
    nullable = False
    absent: Absence = ""
    for value in values:
        nullable = nullable or value.nullable
        absent = worse(absent, value.absent)
        if isinstance(value.form, Constant) and value.form.value is None:
            nullable = True
            continue
        options = value.form.options if isinstance(value.form, OneOf) else (value.form,)
        forms.extend(option for option in options if option not in forms)
    if not forms:
        return NULL.but(absent=absent)
    if Named("any") in forms:
        return Typed(Named("any"), nullable, absent)
    return Typed(forms[0] if len(forms) == 1 else OneOf(tuple(forms)), nullable, absent)


def worse(one: Absence, other: Absence) -> Absence:
    if "optional" in (one, other):
        return "optional"
    return one or other


def describe(value: Typed, types: Types) -> str:
    """The type in a few words for a message, for example "a string or null"."""
    value = settled(value, types)
    text = _describe_form(value.form, types)
    if value.nullable and text != "null":
        text += " or null"
    return text


_WORDS: dict[str, str] = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}


def _describe_form(form: Form, types: Types) -> str:
    if isinstance(form, Constant):
        return "null" if form.value is None else f"the constant {quoted(form.value)}"
    limited = constants(Typed(form), types)
    if limited:
        shown = ", ".join(quoted(value) for value in limited[:5])
        return f"one of {shown}" + (", …" if len(limited) > 5 else "")
    defined = definition(form, types)
    if isinstance(defined, plan.StringType) and defined.format:
        return f"a string of format {defined.format}"
    found = set(_form_kinds(form, types)) - {"null"}
    if len(found) >= 6:
        return "any value"
    if "number" in found:
        found.discard("integer")
    words = [word for kind, word in _WORDS.items() if kind in found]
    return " or ".join(words) or "nothing"


def quoted(value: object) -> str:
    """A scalar as the language writes it."""
    if isinstance(value, str):
        short = value if len(value) <= 40 else value[:39] + "…"
        return f"'{short}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


MOST_PARTS = 1_000
"""How many parts the known form of a step's outputs may have. Mappings that copy whole
outputs into each other would otherwise double it with every step."""


def size(value: Typed) -> int:
    """The number of parts of a value's form, counted up to `MOST_PARTS`."""
    count = 0
    stack = [value.form]
    while stack and count <= MOST_PARTS:
        form = stack.pop()
        count += 1
        match form:
            case ListOf(item=item):
                stack.append(item.form)
            case ObjectOf(members=members):
                stack.extend(member.form for _, member in members)
            case OneOf(options=options):
                stack.extend(options)
    return count


def bounded(value: Typed) -> Typed:
    """The value, or where its form is too large one that knows the members' names and
    JSON types only."""
    if size(value) <= MOST_PARTS:
        return value
    if not isinstance(value.form, ObjectOf) or len(value.form.members) > MOST_PARTS:
        return value.but(form=_coarse(value.form))
    members = tuple(
        (name, member.but(form=_coarse(member.form)))
        for name, member in value.form.members
    )
    return value.but(form=value.form.but(members=members))


def _coarse(form: Form) -> Form:
    match form:
        case ListOf():
            return Named("array")
        case ObjectOf():
            return Named("object")
        case OneOf():
            return Named("any")
        case _:
            return form
