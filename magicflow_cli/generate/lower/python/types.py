"""The target `types`: models, constants and errors of one workflow."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.generate.lower.python.annotations import (
    MISSING,
    annotated,
    body_of,
    json_code,
    name_of,
    string,
    strings,
    text_rules,
    type_of,
)
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Code,
    assignment,
    call,
    declaration,
    either,
    flat,
    layout,
    subscript,
)
from magicflow_cli.generate.lower.python.constants import lower_constants
from magicflow_cli.generate.lower.python.errors import lower_errors
from magicflow_cli.generate.lower.python.messages import lower_messages
from magicflow_cli.generate.lower.python.names import class_of, folder_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.generate.order import TypeOrder, fields_of
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_field, names_of_members
from magicflow_cli.record import Value

ALIAS = Atom("TypeAlias")


class Field(Value):
    """`code` is the whole statement."""

    code: str
    doc: Untrusted | None


class Definition(Value):
    """`form` is `class`, `enum` or `alias`. `head` is the statement's first line, or
    the whole statement of an alias; `body` stands before the fields."""

    form: str
    name: str
    head: str
    doc: Untrusted | None = None
    body: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


class TypesView(Value):
    workflow: Untrusted
    standard: tuple[str, ...]
    typing: tuple[str, ...]
    extensions: tuple[str, ...]
    definitions: tuple[Definition, ...]
    steps: tuple[str, ...]
    rebuild: tuple[str, ...]


class PackageView(Value):
    doc: Untrusted


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    folder = folder_of(document.workflow.name, options)
    info = document.workflow
    package = PackageView(Untrusted(info.description or info.name))
    yield View(f"{folder}__init__.py", "types/package.py.j2", package)
    yield View(f"{folder}types.py", "types/types.py.j2", lower_types(document))
    yield View(
        f"{folder}constants.py", "types/constants.py.j2", lower_constants(document)
    )
    yield View(f"{folder}messages.py", "types/messages.py.j2", lower_messages(document))
    errors = lower_errors(document)
    if errors.functions:
        yield View(f"{folder}errors.py", "types/errors.py.j2", errors)


def lower_types(document: plan.Plan) -> TypesView:
    """The view of `types.py`."""
    order = TypeOrder(document)
    definitions = tuple(_define(document, order, id) for id in order.ordered)
    steps = tuple(_lower_steps(document))
    text = "\n".join(
        [
            *steps,
            *(
                "\n".join([d.head, *d.body, *(f.code for f in d.fields)])
                for d in definitions
            ),
        ]
    )
    return TypesView(
        workflow=Untrusted(document.workflow.name),
        standard=("Decimal",) if "Decimal" in text else (),
        typing=tuple(
            name
            for name in ("Annotated", "Literal", "TypeAlias")
            if f"{name}[" in text
            or f": {name} " in text
            or f"({name}\n" in text
            or f"    {name}\n" in text
        ),
        extensions=("TypeAliasType",) if "= TypeAliasType(" in text else (),
        definitions=definitions,
        steps=steps,
        rebuild=tuple(
            name_of(document.types[id])
            for id in order.ordered
            if id in order.circular and isinstance(document.types[id], plan.ObjectType)
        ),
    )


def _define(document: plan.Plan, order: TypeOrder, id: str) -> Definition:
    definition = document.types[id]
    name = name_of(definition)
    doc = _doc(definition.doc)
    match definition:
        case plan.ObjectType():
            bases = _bases(definition, id in order.circular)
            return _define_object(document, id, definition, bases, doc)
        case plan.EnumType(base="string" | "integer") if not definition.const:
            return _define_enum(definition, name, doc)
    body = body_of(definition, lambda ref: type_of(ref, document.types))
    if id in order.circular:
        body = annotated(body, call("mf.Recursive"))
        text = Atom(string_literal(flat(body)))
        code = call("TypeAliasType", string(name), text)
        return Definition("alias", name, assignment(name, code), doc)
    return Definition("alias", name, declaration(name, ALIAS, body), doc)


def _define_enum(
    definition: plan.EnumType, name: str, doc: Untrusted | None
) -> Definition:
    base = "mf.StringEnum" if definition.base == "string" else "mf.IntegerEnum"
    members = tuple(
        Field(assignment(member, json_code(_enum_value(value)), "    "), None)
        for member, value in zip(
            names_of_members(definition, "python"), definition.values, strict=True
        )
    )
    return Definition("enum", name, f"class {name}({base}):", doc, (), members)


def _enum_value(value: object) -> object:
    return int(value) if isinstance(value, float) else value


def _define_object(
    document: plan.Plan,
    id: str,
    definition: plan.ObjectType,
    bases: list[str],
    doc: Untrusted | None,
) -> Definition:
    name = name_of(definition)
    rest = {"extra": string("forbid")} if definition.extra.allow == "forbid" else {}
    head = layout("", call(f"class {name}", *map(Atom, bases), **rest), ":")
    body: list[str] = []
    if definition.extra.type is not None:
        extra = subscript(
            "dict", Atom("str"), type_of(definition.extra.type, document.types)
        )
        body.append(declaration("__pydantic_extra__", extra, None, "    "))
    rules = _members(definition)
    if rules:
        body.append(assignment("magicflow_members", rules, "    "))
    fields = tuple(
        _define_field(document, wire, definition.fields[wire])
        for wire in fields_of(document, id)
    )
    return Definition("class", name, head, doc, tuple(body), fields)


def _bases(definition: plan.ObjectType, is_circular: bool) -> list[str]:
    bases: list[str] = []
    if _members(definition) is not None:
        bases.append("mf.RuledModel")
    if is_circular:
        bases.append("mf.RecursiveModel")
    return bases or ["mf.Model"]


def _members(definition: plan.ObjectType) -> Code | None:
    rules: dict[str, Code] = {}
    if definition.min_properties:
        rules["min"] = Atom(str(definition.min_properties))
    if definition.max_properties is not None:
        rules["max"] = Atom(str(definition.max_properties))
    if definition.required_extra:
        rules["required"] = strings(definition.required_extra)
    names = text_rules(
        definition.key_patterns,
        definition.key_min_length,
        definition.key_max_length,
        None,
    )
    if names:
        rules["names"] = call("mf.Text", **names)
    return call("mf.Members", **rules) if rules else None


def _define_field(document: plan.Plan, wire: str, field: plan.Field) -> Field:
    name = name_of_field(wire, field, "python")
    type = type_of(field.type, document.types)
    if not field.required:
        type = either((type, MISSING))
    metadata: list[Code] = []
    if name != wire:
        metadata.append(call("mf.Field", alias=string(wire)))
    if field.has_default:
        metadata.append(call("mf.Default", json_code(field.default)))
    value = None if field.required else MISSING
    code = declaration(name, annotated(type, *metadata), value, "    ")
    return Field(code, _doc(field.doc, field))


def _doc(doc: plan.Doc | None, field: plan.Field | None = None) -> Untrusted | None:
    """Title, description, and what else people have to know."""
    parts: list[str] = []
    if doc is not None:
        parts += [text for text in (doc.title, doc.description) if text]
    if (doc is not None and doc.deprecated) or (field is not None and field.deprecated):
        parts.append("Deprecated.")
    if field is not None and field.read_only:
        parts.append("Read only.")
    if field is not None and field.write_only:
        parts.append("Write only.")
    text = "\n\n".join(parts)
    return Untrusted(text) if text.strip() else None


def _lower_steps(document: plan.Plan) -> Iterator[str]:
    """`<Step>Input` and `<Step>Output` of every step that calls a function, `Input` and
    `Output` of the run: names for types that are called otherwise."""
    taken = {name_of(definition): id for id, definition in document.types.items()}
    for name, ref in step_types(document):
        code = type_of(ref, document.types)
        if name not in taken:
            taken[name] = ref.type
            yield declaration(name, ALIAS, code)


def step_types(document: plan.Plan) -> Iterator[tuple[str, plan.TypeRef]]:
    """The names under which the types of functions are known, by step."""
    for name in document.presentation.step_order:
        step = document.steps[name]
        function = document.functions.get(step.function or "")
        if function is not None:
            yield class_of(name, "input"), function.input
            yield class_of(name, "output"), function.output
