"""What lies below a value: a member, an item, the values of an object."""

from __future__ import annotations

from magicflow_cli.check.dataflow.holes import ITEM
from magicflow_cli.check.dataflow.typed import (
    ANY,
    NULL,
    Absence,
    Constant,
    Form,
    Hole,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Typed,
    Types,
    definition,
    either,
    of,
    settled,
    worse,
)
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class Missing(Value):
    """There is no such member. `known`: the members that there are; None where the
    value is no object at all."""

    known: tuple[str, ...] | None


def member(
    value: Typed, name: str, types: Types, *, defaulted: bool = False
) -> Typed | Missing:
    """The member `name`; `defaulted`: the server has filled in schema defaults."""
    value = settled(value, types)
    found = _member(value.form, name, types, defaulted)
    if isinstance(found, Missing):
        return found
    return found.but(absent=worse(found.absent, _base(value)))


def _base(value: Typed) -> Absence:
    """A member of null or of nothing is missing."""
    return worse(value.absent, "optional" if value.nullable else "")


def _member(form: Form, name: str, types: Types, defaulted: bool) -> Typed | Missing:
    match form:
        case Named(id="any"):
            return ANY
        case Named(id="object"):
            return ANY.but(absent="maybe")
        case Named(id="null") | Constant(value=None):
            return NULL
        case Named():
            return _defined_member(definition(form, types), name, types, defaulted)
        case Constant() | ListOf():
            return Missing(None)
        case ObjectOf(members=members, open=is_open):
            found = form.get(name)
            if found is None:
                return ANY if is_open else Missing(tuple(m for m, _ in members))
            return found
        case Hole(function=function, path=path):
            return Typed(Hole(function, (*path, name)))
        case OneOf(options=options):
            return _of_options([Typed(o) for o in options], name, types, defaulted)


def _defined_member(
    defined: plan.TypeDef | None, name: str, types: Types, defaulted: bool
) -> Typed | Missing:
    match defined:
        case plan.ObjectType():
            return _field(defined, name, types, defaulted)
        case plan.MapType(values=values):
            return of(values).but(absent="maybe")
        case plan.UnionType(variants=variants):
            options = [of(variant.type) for variant in variants]
            return _of_options(options, name, types, defaulted)
        case _:
            return Missing(None)


def _field(
    defined: plan.ObjectType, name: str, types: Types, defaulted: bool
) -> Typed | Missing:
    declared = defined.fields.get(name)
    if declared is not None:
        there = declared.required or (defaulted and bool(declared.has_default))
        return of(declared.type).but(absent="" if there else "optional")
    if name in (defined.required_extra or ()):
        return ANY
    if defined.extra.allow == "typed" and defined.extra.type is not None:
        return of(defined.extra.type).but(absent="maybe")
    if defined.extra.allow == "preserve" and not defined.fields:
        return ANY.but(absent="maybe")
    return Missing(tuple(defined.fields))


def _of_options(
    options: list[Typed], name: str, types: Types, defaulted: bool
) -> Typed | Missing:
    """Of several forms: the member of those that have it."""
    found: list[Typed] = []
    known: list[str] = []
    lacking = False
    for option in options:
        result = member(option, name, types, defaulted=defaulted)
        if isinstance(result, Missing):
            lacking = True
            known.extend(n for n in result.known or () if n not in known)
        else:
            found.append(result)
    if not found:
        return Missing(tuple(known) or None)
    result = either(found)
    return result.but(absent=worse(result.absent, "maybe" if lacking else ""))


def item(value: Typed, types: Types) -> Typed | None:
    """One item of a list; None where the value cannot be a list."""
    value = settled(value, types)
    match value.form:
        case Named(id="any" | "array"):
            return ANY
        case ListOf(item=found):
            return found
        case Hole(function=function, path=path):
            return Typed(Hole(function, (*path, ITEM)))
        case OneOf(options=options):
            items = [item(Typed(option), types) for option in options]
            present = [found for found in items if found is not None]
            return either(present) if present else None
    match definition(value.form, types):
        case plan.ArrayType(items=ref):
            return of(ref)
        case plan.TupleType(items=refs):
            return either(of(ref) for ref in refs)
        case plan.UnionType(variants=variants):
            found_items = [item(of(v.type), types) for v in variants]
            there = [found for found in found_items if found is not None]
            return either(there) if there else None
        case _:
            return None


def item_at(value: Typed, index: int, types: Types) -> Typed | None:
    """The item at a fixed index; it may be missing unless a tuple has it."""
    defined = definition(settled(value, types).form, types)
    if isinstance(defined, plan.TupleType) and 0 <= index < len(defined.items):
        return of(defined.items[index]).but(absent=_base(value))
    found = item(value, types)
    if found is None:
        return None
    return found.but(absent=worse(worse(found.absent, "maybe"), _base(value)))


def values_of(value: Typed, types: Types) -> Typed:
    """What an object's members may be, or a list's items."""
    value = settled(value, types)
    match value.form:
        case ObjectOf(members=members, open=False) if members:
            return either(v for _, v in members).sure
        case ListOf(item=found):
            return found
    match definition(value.form, types):
        case plan.MapType(values=ref):
            return of(ref)
        case plan.ArrayType(items=ref):
            return of(ref)
        case _:
            return ANY
