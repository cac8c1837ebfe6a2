"""From shapes to the plan's type definitions."""

from __future__ import annotations

from magicflow_cli.check.types.annotations import Annotations
from magicflow_cli.check.types.conjunctions import NEVER, Conjunctions
from magicflow_cli.check.types.constants import string_fits
from magicflow_cli.check.types.forms import (
    FULL,
    base_of,
    built_in_id,
    constants_of,
    is_integer,
    key_rules,
    number_type,
)
from magicflow_cli.check.types.shape import (
    ONLY,
    ArrayPart,
    Conj,
    Group,
    Kind,
    NumberPart,
    ObjectPart,
    Shape,
    StringPart,
    TaggedPart,
    Value,
    is_false,
)
from magicflow_cli.check.types.shapes import Shapes
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import models as plan

BUILT_IN = frozenset(
    {"any", "null", "boolean", "integer", "number", "string", "object", "array"}
)

MAX_MERGED = 1_000


class Lowering:
    """Turns conjunctions into `TypeRef`s, and on request into their definitions.

    `ref` names what is needed, `define` makes one definition; whoever calls keeps the
    list of what is still to be defined, so that recursion needs no stack.
    """

    def __init__(
        self,
        values: Values,
        conjunctions: Conjunctions,
        shapes: Shapes,
        annotations: Annotations,
    ) -> None:
        self._values = values
        self._conjunctions = conjunctions
        self._shapes = shapes
        self._annotations = annotations
        self.wanted: dict[str, Conj] = {}
        self._merged: set[str] = set()
        self.field_spans: dict[tuple[str, str], Span] = {}
        self.default_spans: dict[tuple[str, str], Span] = {}

    def ref_group(self, group: Group) -> plan.TypeRef:
        return self.ref(self._conjunctions.of(group))

    def ref(self, conj: Conj) -> plan.TypeRef:
        """A reference to the type of a conjunction; what is not built in is wanted."""
        shape = self._shapes.of(conj)
        nullable = shape.null or None
        built_in = built_in_id(shape)
        if built_in is not None:
            return plan.TypeRef(
                type=built_in,
                nullable=None if built_in in ("any", "null") else nullable,
            )
        source = self._source(conj, shape)
        if source is not None:
            ref = self.ref(source)
            return ref if not nullable else plan.TypeRef(type=ref.type, nullable=True)
        id = self._annotations.id(conj)
        if self._annotations.is_merged(conj) and not self._may_merge(id, conj):
            return plan.TypeRef(type="any")
        self.wanted.setdefault(id, conj)
        return plan.TypeRef(type=id, nullable=nullable)

    def _may_merge(self, id: str, conj: Conj) -> bool:
        """Schemas merged out of others may be many more than were written."""
        self._merged.add(id)
        if len(self._merged) <= MAX_MERGED:
            return True
        self._values.problem(
            codes.MF2032,
            f"merging schemas gives more than {MAX_MERGED} types",
            self._annotations.span(conj),
            "merge fewer schemas that contain each other with `allOf`",
        )
        return False

    def _source(self, conj: Conj, shape: Shape) -> Conj | None:
        """The one variant that everything but null comes from unchanged."""
        kinds = shape.kinds
        sources = [shape.sources.get(kind) for kind in kinds]
        first = sources[0] if sources else None
        if first is None or any(
            source is None or frozenset(source) != frozenset(first)
            for source in sources
        ):
            return None
        own = self._shapes.of(first)
        if own.kinds != kinds or (own.null and not shape.null):
            return None
        if frozenset(first) == frozenset(conj):
            return None
        return first

    def define(self, id: str, conj: Conj) -> tuple[plan.TypeDef, list[str]]:
        """The definition, and the order of its fields when it is an object."""
        shape = self._shapes.of(conj)
        name = self._annotations.name(conj)
        doc = self._annotations.doc(conj)
        kinds = shape.kinds
        constants = constants_of(shape)
        if not kinds:
            self._warn_never(conj)
            return plan.NeverType(name=name, doc=doc), []
        if constants is not None:
            return self._enum(conj, constants, name, doc), []
        if len(kinds) > 1:
            self._warn_untyped(conj, shape)
            return self._json_union(conj, shape, name, doc), []
        match shape.part(kinds[0]):
            case NumberPart() as part:
                return number_type(part, name, doc), []
            case StringPart() as part:
                return self._string(conj, part, name, doc), []
            case ArrayPart() as part:
                return self._array(conj, part, name, doc), []
            case ObjectPart() as part:
                return self._object(id, part, name, doc)
            case TaggedPart() as part:
                return self._tagged(part, name, doc), []
        raise TypeError(f"no part for {kinds}")

    def _enum(
        self,
        conj: Conj,
        constants: list[Value],
        name: plan.TypeName,
        doc: plan.Doc | None,
    ) -> plan.EnumType:
        kinds = {base_of(value) for value in constants}
        base = kinds.pop() if len(kinds) == 1 else "mixed"
        if kinds and {base, *kinds} <= {"mixed", "integer", "number"}:
            base = "number"
        constants = self._annotations.order(conj, constants)
        return plan.EnumType(
            name=name,
            doc=doc,
            base=base,  # type: ignore[arg-type]
            values=constants,
            names=self._annotations.enum_names(conj, constants),
            const=(
                True
                if len(constants) == 1 and self._annotations.is_const(conj)
                else None
            ),
        )

    def _string(
        self, conj: Conj, part: StringPart, name: plan.TypeName, doc: plan.Doc | None
    ) -> plan.StringType:
        formats = part.formats
        if len(formats) > 1:
            self._values.problem(
                codes.MF2011,
                f"a string cannot have the formats {' and '.join(f'`{format}`' for format in formats)} at once",
                self._annotations.span(conj),
                "leave all but one of them out",
            )
        return plan.StringType(
            name=name,
            doc=doc,
            format=formats[0] if formats else None,  # type: ignore[arg-type]
            min_length=part.min_length or None,
            max_length=part.max_length,
            patterns=list(part.patterns) or None,
        )

    def _array(
        self, conj: Conj, part: ArrayPart, name: plan.TypeName, doc: plan.Doc | None
    ) -> plan.ArrayType | plan.TupleType:
        if not part.prefix:
            return plan.ArrayType(
                name=name,
                doc=doc,
                items=self.ref_group(part.items),
                min_items=part.min_items or None,
                max_items=part.max_items,
                unique=part.unique or None,
            )
        length = len(part.prefix)
        if part.min_items != length or part.max_items != length:
            self._values.problem(
                codes.MF2120,
                f"the tuple of {length} may be shorter or longer",
                self._annotations.span(conj, "prefixItems", "items"),
                f"close it with `items: false` and `minItems: {length}`, or describe all items with `items`",
            )
        return plan.TupleType(
            name=name,
            doc=doc,
            items=[self.ref_group(group) for group in part.prefix],
            unique=part.unique or None,
        )

    def _object(
        self, id: str, part: ObjectPart, name: plan.TypeName, doc: plan.Doc | None
    ) -> tuple[plan.TypeDef, list[str]]:
        extra = self._extra(part.extra)
        names = [wire for wire, _ in part.fields]
        missing = sorted(part.required.difference(names))
        if not names and not missing and extra.allow != "forbid":
            return (
                plan.MapType(
                    name=name,
                    doc=doc,
                    values=extra.type or plan.TypeRef(type="any"),
                    key_patterns=list(part.key_patterns) or None,
                    key_min_length=part.key_min_length or None,
                    key_max_length=part.key_max_length,
                    min_properties=part.min_properties or None,
                    max_properties=part.max_properties,
                ),
                [],
            )
        fields: dict[str, plan.Field] = {}
        for wire, group in part.fields:
            if is_false(group) and extra.allow == "forbid":
                continue
            fits = string_fits(wire, key_rules(part))
            ref = self.ref_group(group) if fits else self.ref(NEVER)
            fields[wire] = self._annotations.field(group, ref, wire in part.required)
            self._note_spans(id, wire, group)
        return (
            plan.ObjectType(
                name=name,
                doc=doc,
                fields=dict(sorted(fields.items())),
                extra=extra,
                required_extra=missing or None,
                key_patterns=list(part.key_patterns) or None,
                key_min_length=part.key_min_length or None,
                key_max_length=part.key_max_length,
                min_properties=part.min_properties or None,
                max_properties=part.max_properties,
            ),
            list(fields),
        )

    def _note_spans(self, id: str, wire: str, group: Group) -> None:
        if group:
            self.field_spans[id, wire] = group[0].span()
        for node in group:
            entry = node.entries.get("default") if isinstance(node, Mapping) else None
            if entry is not None:
                self.default_spans.setdefault((id, wire), entry.value.span())

    def _extra(self, group: Group) -> plan.Extra:
        shape = self._shapes.of_group(group)
        if shape.empty:
            return plan.Extra(allow="forbid")
        ref = self.ref_group(group)
        if ref.type == "any":
            return plan.Extra(allow="preserve")
        return plan.Extra(allow="typed", type=ref)

    def _tagged(
        self, part: TaggedPart, name: plan.TypeName, doc: plan.Doc | None
    ) -> plan.UnionType:
        return plan.UnionType(
            name=name,
            doc=doc,
            how="tag",
            property=part.property,
            variants=[
                plan.Variant(type=self.ref(conj), tags=list(tags))
                for conj, tags in part.variants
            ],
        )

    def _json_union(
        self, conj: Conj, shape: Shape, name: plan.TypeName, doc: plan.Doc | None
    ) -> plan.UnionType:
        variants: list[plan.Variant] = []
        for kind in shape.kinds:
            part = shape.part(kind)
            integral = isinstance(part, NumberPart) and is_integer(part)
            variants.append(
                plan.Variant(
                    type=self._part_ref(conj, shape, kind),
                    json_types=["integer" if integral else kind],
                )
            )
        return plan.UnionType(name=name, doc=doc, how="json_type", variants=variants)

    def _part_ref(self, conj: Conj, shape: Shape, kind: Kind) -> plan.TypeRef:
        """The type of one kind of a shape: a variant's own where that is all it is."""
        source = shape.sources.get(kind, conj)
        if self._shapes.of(source).kinds != (kind,):
            source = (*source, ONLY[kind])
        ref = self.ref(source)
        return plan.TypeRef(type=ref.type)

    def _warn_never(self, conj: Conj) -> None:
        span = self._annotations.written_span(conj)
        if span is not None:
            self._values.problem(
                codes.MF2010,
                "the schema accepts nothing",
                span,
                "its constraints contradict each other; leave one of them out",
            )

    def _warn_untyped(self, conj: Conj, shape: Shape) -> None:
        owner = self._conjunctions.owner(conj)
        if owner is None or not shape.null or len(shape.kinds) != 5 or shape.sources:
            return
        constrained = [kind for kind in shape.kinds if shape.part(kind) != FULL[kind]]
        named = constrained[0] if constrained else "object"
        self._values.problem(
            codes.MF2041,
            f"the schema constrains {' and '.join(f'{kind}s' for kind in constrained)} and accepts every value of another type",
            owner.span(),
            f"add `type: {named}`",
        )
