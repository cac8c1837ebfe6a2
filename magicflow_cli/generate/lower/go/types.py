"""The target `types`: structs, enums and unions with their codecs, constants, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from magicflow_cli.generate.lower.go.constants import lower_constants
from magicflow_cli.generate.lower.go.errors import lower_errors
from magicflow_cli.generate.lower.go.functions import step_functions
from magicflow_cli.generate.lower.go.layout import pad_rows
from magicflow_cli.generate.lower.go.names import (
    Scope,
    go_name,
    lower_first,
    package_of,
)
from magicflow_cli.generate.lower.go.references import References, name_rules
from magicflow_cli.generate.lower.go.sinks import doc, json_text, string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import is_reserved
from magicflow_cli.plan.naming import name_of_field, name_of_type
from magicflow_cli.record import Value


class Declaration(Value):
    """One type. `form` is `struct`, `enum` or `list`; `rows` are a struct's lines or an
    enum's constants, `of` what a type that is no struct is made of. `codec` are the
    lines between `= ` and the end of the codec's statement, `kinds` the alternatives of
    a union."""

    form: str
    name: str
    doc: str
    codec_name: str
    codec: tuple[str, ...]
    rows: tuple[str, ...] = ()
    of: str = ""
    members: str = ""
    kinds: tuple[str, ...] = ()
    has_defaults: bool = False


class Alias(Value):
    """A type under the name of a step that takes or gives it."""

    name: str
    of: str
    step: Untrusted
    verb: str


class TypesView(Value):
    package: str
    workflow: Untrusted
    declarations: tuple[Declaration, ...]
    aliases: tuple[Alias, ...]
    imports_runtime: bool


class PackageView(Value):
    package: str
    doc: str


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    info = document.workflow
    package = package_of(info.name)
    about = f"Package {package} has the types and names of the workflow {info.name}. "
    text = doc(Untrusted(about + (info.description or "")))
    yield View(f"{package}/doc_gen.go", "types/doc.go.j2", PackageView(package, text))
    scope = Scope(document.types)
    declarations = lower_declarations(
        document.types, document.presentation.field_order, scope
    )
    aliases = _aliases(document)
    if declarations or aliases:
        yield from types_views(package, Untrusted(info.name), declarations, aliases)
    constants = lower_constants(document, package, scope)
    yield View(f"{package}/constants_gen.go", "types/constants.go.j2", constants)
    errors = lower_errors(document, package)
    if errors.errors:
        yield View(f"{package}/errors_gen.go", "types/errors.go.j2", errors)


def types_views(
    package: str,
    workflow: Untrusted,
    declarations: tuple[Declaration, ...],
    aliases: tuple[Alias, ...] = (),
) -> Iterator[View]:
    """What people read, and what reads JSON, in a file each."""
    lines = [line for each in declarations for line in (*each.rows, each.of)]
    shown = any(_QUALIFIED.search(line) for line in lines)
    shown = shown or any(_QUALIFIED.search(each.of) for each in aliases)
    view = TypesView(package, workflow, declarations, aliases, shown)
    yield View(f"{package}/types_gen.go", "types/types.go.j2", view)
    if declarations:
        yield View(f"{package}/codecs_gen.go", "types/codecs.go.j2", view)


_QUALIFIED = re.compile(r"^(?!\t//)[^`]*\bmf\.[A-Z]")
"""A use of the runtime in a line, comments and tags aside."""


def _aliases(document: plan.Plan) -> tuple[Alias, ...]:
    references = References(document.types)
    found: list[Alias] = []
    for each in step_functions(document):
        for direction, verb in (("input", "takes"), ("output", "gives")):
            ref = each.takes if direction == "input" else each.gives
            name = go_name(each.step, direction)
            if name not in each.taken:
                of = references.of(ref).go
                found.append(Alias(name, of, Untrusted(each.step), verb))
    return tuple(sorted(found, key=lambda alias: alias.name))


def lower_declarations(
    types: Mapping[str, plan.TypeDef],
    field_order: Mapping[str, Sequence[str]],
    scope: Scope,
) -> tuple[Declaration, ...]:
    """Every type that has a name in Go, by name."""
    lowering = _Lowering(types, field_order, scope)
    made = [lowering.declare(id) for id in types if lowering.references.is_named(id)]
    return tuple(sorted(made, key=lambda each: each.name))


class _Lowering:
    def __init__(
        self,
        types: Mapping[str, plan.TypeDef],
        field_order: Mapping[str, Sequence[str]],
        scope: Scope,
    ) -> None:
        self.types = types
        self.references = References(types)
        self._order = field_order
        self._scope = scope

    def declare(self, id: str) -> Declaration:
        match self.types[id]:
            case plan.ObjectType() as object:
                return self._object(id, object)
            case plan.EnumType() as enum:
                return self._enum(enum)
            case plan.TupleType() as tuple_:
                return self._tuple(id, tuple_)
            case plan.UnionType() as union:
                return self._union(union)
        return self._list(id)

    def _about(self, definition: plan.TypeDef, name: str, fallback: str) -> str:
        text = _doc_text(definition.doc)
        shown = f"{name}: {text}" if text else f"{name} {fallback}"
        about = doc(Untrusted(shown))
        if definition.doc is not None and definition.doc.deprecated:
            about += "\n//\n// Deprecated: the schema says so."
        return about

    def _object(self, id: str, object: plan.ObjectType) -> Declaration:
        name = name_of_type(object.name, "go")
        rows: list[Sequence[str] | str] = []
        fields: list[str] = []
        for wire in self._fields(id, object):
            field = object.fields[wire]
            ident = name_of_field(wire, field, "go")
            go, statement, omit = self._field(id, name, wire, ident, field)
            fields.append(statement)
            rows += _field_doc(field, ident)
            rows.append((ident, go, *_tag(wire, omit)))
        others, extra = self._others(name, object)
        if extra:
            rows.append(("Extra", extra, '`json:"-"`'))
        codec = ["mf.Object(", f"\t{others},", *(f"\t{each}," for each in fields), ")"]
        about = self._about(object, name, "is an object of the workflow")
        return Declaration(
            form="struct",
            name=name,
            doc=about,
            codec_name=f"{lower_first(name)}Codec",
            codec=tuple(codec),
            rows=tuple(pad_rows(rows)),
            has_defaults=any(f.has_default for f in object.fields.values()),
        )

    def _fields(self, id: str, object: plan.ObjectType) -> list[str]:
        declared = [n for n in self._order.get(id, ()) if n in object.fields]
        return declared + sorted(object.fields.keys() - set(declared))

    def _field(
        self, id: str, owner: str, wire: str, ident: str, field: plan.Field
    ) -> tuple[str, str, str]:
        """Type, codec's statement, and what the tag says of absence."""
        kind, omit = "Required", ""
        if field.required:
            of = self.references.inside(id, field.type)
            go = of.go
        elif self.references.is_nullable(field.type):
            of = self.references.bare(field.type)
            kind, go, omit = "OptionalNullable", f"mf.OptNull[{of.go}]", ",omitzero"
        else:
            of = self.references.of(field.type)
            omit = ",omitempty"
            if of.shape == "list":
                kind, go = "OptionalList", of.go
            elif of.shape == "map":
                kind, go = "OptionalMap", of.go
            else:
                kind, go = "Optional", f"*{of.go}"
        at = _at(owner, go, ident)
        statement = f"mf.{kind}({string_literal(wire)}, {at}, {of.codec})"
        if field.has_default and not field.required:
            statement += f".Default({json_text(field.default)})"
        return go, statement, omit

    def _others(self, name: str, object: plan.ObjectType) -> tuple[str, str]:
        """The codec of what no field declares, and the type of the map that has it."""
        rules = name_rules(object)
        extra, need = "", ""
        if object.required_extra:
            names = ", ".join(string_literal(n) for n in sorted(object.required_extra))
            need = f".Need({names})"
        if object.extra.allow == "forbid":
            return f"mf.Forbid[{name}]({', '.join(rules)}){need}", ""
        if object.extra.type is not None:
            of = self.references.of(object.extra.type)
            extra = f"map[string]{of.go}"
            arguments = [_at(name, extra, "Extra"), of.codec, *rules]
            return f"mf.Extra({', '.join(arguments)}){need}", extra
        extra = "map[string]mf.Raw"
        arguments = [_at(name, extra, "Extra"), *rules]
        return f"mf.Preserve({', '.join(arguments)}){need}", extra

    def _enum(self, enum: plan.EnumType) -> Declaration:
        name = name_of_type(enum.name, "go")
        members = self._scope.members(enum)
        function, go = _ENUMS[enum.base]
        texts = [_constant(value) for value in enum.values]
        rows = pad_rows(
            (member, name, f"= {text}")
            for member, text in zip(members, texts, strict=True)
        )
        listed = ", ".join(members)
        return Declaration(
            form="enum",
            name=name,
            doc=self._about(enum, name, "is one of a closed set of values"),
            codec_name=f"{lower_first(name)}Codec",
            codec=(f"mf.{function}({listed})",),
            rows=tuple(rows),
            of=go,
            members=listed,
        )

    def _tuple(self, id: str, tuple_: plan.TupleType) -> Declaration:
        name = name_of_type(tuple_.name, "go")
        rows: list[Sequence[str]] = []
        codec = [f"mf.Tuple({'true' if tuple_.unique else 'false'},"]
        for index, ref in enumerate(tuple_.items):
            of = self.references.inside(id, ref)
            rows.append((f"F{index}", of.go))
            codec.append(f"\tmf.Item({_at(name, of.go, f'F{index}')}, {of.codec}),")
        if not tuple_.items:
            codec = [f"mf.Tuple[{name}](false"]
        return Declaration(
            form="struct",
            name=name,
            doc=self._about(tuple_, name, "is a list of a fixed length"),
            codec_name=f"{lower_first(name)}Codec",
            codec=(*codec, ")") if tuple_.items else (codec[0] + ")",),
            rows=tuple(pad_rows(rows)),
        )

    def _union(self, union: plan.UnionType) -> Declaration:
        name = name_of_type(union.name, "go")
        rows: list[Sequence[str]] = []
        by_tag = union.how == "tag"
        head = (
            f"mf.TagUnion({string_literal(union.property or '')},"
            if by_tag
            else "mf.KindUnion("
        )
        codec = [head]
        kinds: list[str] = []
        for variant in union.variants:
            of = self.references.of(variant.type)
            ident = self._variant(variant, by_tag, kinds)
            kinds.append(ident)
            rows.append((ident, f"*{of.go}"))
            at = _at(name, f"*{of.go}", ident)
            if by_tag:
                chosen = [json_text(tag) for tag in variant.tags or ()]
                function = "Tagged"
            else:
                chosen = [string_literal(kind) for kind in variant.json_types or ()]
                function = "OfKind"
            codec.append(f"\tmf.{function}({', '.join([at, of.codec, *chosen])}),")
        return Declaration(
            form="struct",
            name=name,
            doc=self._about(union, name, "holds exactly one of its alternatives"),
            codec_name=f"{lower_first(name)}Codec",
            codec=(*codec, ")"),
            rows=tuple(pad_rows(rows)),
            kinds=tuple(kinds),
        )

    def _variant(self, variant: plan.Variant, by_tag: bool, taken: list[str]) -> str:
        id, _ = self.references.resolve(variant.type)
        if by_tag and self.references.is_named(id):
            ident = name_of_type(self.types[id].name, "go")
        else:
            kinds = [str(kind) for kind in variant.json_types or ["object"]]
            ident = _KINDS["number" if "number" in kinds else kinds[0]]
        while ident in taken or is_reserved(ident, "go", "field"):
            ident += "_"
        return ident

    def _list(self, id: str) -> Declaration:
        definition = self.types[id]
        name = name_of_type(definition.name, "go")
        of = self.references.written_out(id, name)
        return Declaration(
            form="list",
            name=name,
            doc=self._about(definition, name, "may contain itself"),
            codec_name=f"{lower_first(name)}Codec",
            codec=(of.codec,),
            of=of.go,
        )


_ENUMS = {
    "string": ("OneOfStrings", "string"),
    "integer": ("OneOfNumbers", "int64"),
    "number": ("OneOfNumbers", "float64"),
    "boolean": ("OneOfBools", "bool"),
}
_KINDS = {
    "null": "Null",
    "boolean": "Bool",
    "integer": "Integer",
    "number": "Number",
    "string": "String",
    "array": "List",
    "object": "Object",
}


_ONE_LINE = 100
"""gofmt keeps a function on one line while its head and body have no more characters."""


def _at(owner: str, go: str, ident: str) -> str:
    head, body = f"func(v *{owner}) *{go}", f"return &v.{ident}"
    if len(head) + len(body) <= _ONE_LINE:
        return f"{head} {{ {body} }}"
    return f"{head} {{\n\t\t{body}\n\t}}"


def _constant(value: object) -> str:
    if isinstance(value, str):
        return string_literal(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    from magicflow.canonical import format_number

    assert isinstance(value, int | float)
    return format_number(value)


def _tag(wire: str, omit: str) -> tuple[str, ...]:
    """A struct tag, for names that one can carry: the codec reads and writes, the tag
    tells people and tools."""
    if wire == "-" or re.fullmatch(r"[A-Za-z0-9_.-]+", wire) is None:
        return ()
    return (f'`json:"{wire}{omit}"`',)


def _field_doc(field: plan.Field, ident: str) -> Iterator[str]:
    text = _doc_text(field.doc)
    if text:
        yield doc(Untrusted(text), 1, ident)
    if field.deprecated:
        if text:
            yield "\t//"
        yield "\t// Deprecated: the schema says so."


def _doc_text(about: plan.Doc | None) -> str:
    if about is None:
        return ""
    return ". ".join(t for t in (about.title, about.description) if t and t.strip())
