"""The table of types: JSON Schemas in, plan types out."""

from __future__ import annotations

from collections.abc import Sequence

from magicflow_cli.check.types.annotations import Annotations
from magicflow_cli.check.types.conjunctions import Conjunctions
from magicflow_cli.check.types.lower import BUILT_IN, Lowering
from magicflow_cli.check.types.names import check_names
from magicflow_cli.check.types.places import Places, Root
from magicflow_cli.check.types.shapes import Shapes
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.load.nodes import Mapping, Node, Scalar
from magicflow_cli.plan import models as plan


class TypeTable:
    """Normalises JSON Schemas into plan types.

    `types`, `field_order` (wire names as declared, by type id) and `spans` (where a
    type is written, by type id) grow with every schema added. Whatever is outside the
    profile or wrong is reported at its keyword and taken as absent, so that the types
    of a report without errors are exact and those of another are good guesses.
    """

    def __init__(self, report: Report) -> None:
        self.types: dict[str, plan.TypeDef] = {}
        self.field_order: dict[str, list[str]] = {}
        self.spans: dict[str, Span] = {}
        self.inferred_spans: dict[str, Span] = {}
        self._values = Values(report)
        self._places = Places(self._values)
        self._conjunctions = Conjunctions(self._values, self._places)
        self._shapes = Shapes(self._values, self._places, self._conjunctions)
        self._annotations = Annotations(self._values, self._places, self._conjunctions)
        self._lowering = Lowering(
            self._values, self._conjunctions, self._shapes, self._annotations
        )
        self._shared: Root | None = None

    def share(self, spec: Node, id: str) -> None:
        """Makes `#/definitions/…` of a context's `spec` known to all schemas that are
        added later; their type ids start with `id` (`order-context#`)."""
        self._shared = Root(spec, id, (), is_schema=False)

    def add_schema(
        self, node: Node, id: str, words: Sequence[str], *, named: bool = False
    ) -> plan.TypeRef:
        """The type of a schema; everything that it refers to is added too.

        `id` is the type's id (`order-context#/input_schema`); inner types append their
        pointer. `words` name it (`["validate-user", "input"]`). With `named` the id is
        a key of `types` in any case, an alias where the schema is a bare built-in or
        reference.
        """
        root = Root(node, id, tuple(words), self._shared)
        self._places.add_root(root)
        self._check_dialect(node)
        return self._add(node, id, named)

    def add_definitions(self) -> None:
        """Adds every shared definition, referred to or not."""
        root = self._shared
        if root is None or not isinstance(root.node, Mapping):
            return
        self._places.add_root(root)
        for keyword in ("definitions", "$defs"):
            definitions = root.node.get(keyword)
            if isinstance(definitions, Mapping):
                for name, schema in definitions.items():
                    self._places.child(root.node, schema, keyword, name)
                    self._add(schema, self._places.of(schema).id, True)

    def define(
        self, id: str, type: plan.TypeDef, span: Span | None = None
    ) -> plan.TypeRef:
        """Adds a type that the compiler made itself."""
        self.types[id] = type
        if isinstance(type, plan.ObjectType):
            self.field_order[id] = list(type.fields)
        if span is not None:
            self.spans[id] = span
        return plan.TypeRef(type=id)

    def finish(self) -> None:
        """Checks what needs all types: names that collide, defaults that do not fit."""
        lowering = self._lowering
        check_names(
            self.types,
            self.inferred_spans | self.spans,
            lowering.field_spans,
            self._values,
        )
        if lowering.default_spans and not self._values.report.has_errors:
            from magicflow_cli.check.types.defaults import check_defaults

            check_defaults(self.types, lowering.default_spans, self._values)

    def _add(self, node: Node, id: str, named: bool) -> plan.TypeRef:
        ref = self._lowering.ref_group((node,))
        self._define_wanted()
        if named and id not in self.types:
            name = self._annotations.name_of(node)
            doc = self._annotations.doc_of(node)
            self.define(id, plan.AliasType(name=name, doc=doc, of=ref), node.span())
        return ref

    def _define_wanted(self) -> None:
        wanted = self._lowering.wanted
        while wanted:
            id = next(iter(wanted))
            conj = wanted.pop(id)
            if id in self.types:
                continue
            type, order = self._lowering.define(id, conj)
            self.types[id] = type
            if isinstance(type, plan.ObjectType):
                self.field_order[id] = order
            span = self._annotations.written_span(conj)
            if span is not None:
                self.spans[id] = span

    def _check_dialect(self, node: Node) -> None:
        if not isinstance(node, Mapping):
            return
        dialect = node.get("$schema")
        if dialect is None:
            return
        from magicflow_cli.diagnostics import codes

        known = (
            "https://json-schema.org/draft/2020-12/schema",
            "http://json-schema.org/draft-07/schema",
        )
        text = dialect.value if isinstance(dialect, Scalar) else None
        if not isinstance(text, str) or text.rstrip("#") not in known:
            self._values.problem(
                codes.MF2006,
                "`$schema` names a dialect outside of profile mf-2026.1",
                dialect.span(),
                f"use `{known[0]}`, or leave it out",
            )


def is_built_in(id: str) -> bool:
    """Whether a type id is one of the plan's built-in types."""
    return id in BUILT_IN
