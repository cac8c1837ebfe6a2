"""The shape of a conjunction: schema objects are intersected, unions distributed.

`{X, anyOf [A, B]}` is `X∧A` or `X∧B`: each variant is merged with what stands beside
the union before the variants are told apart.
"""

from __future__ import annotations

from magicflow_cli.check.types.conjunctions import Conjunctions, merge
from magicflow_cli.check.types.intersection import intersect
from magicflow_cli.check.types.places import Places
from magicflow_cli.check.types.read import read_base
from magicflow_cli.check.types.shape import (
    ANY,
    NEVER,
    Atom,
    Conj,
    Group,
    Shape,
    StringPart,
    only,
)
from magicflow_cli.check.types.unions import Unions
from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.load.nodes import Mapping, Node, Sequence

MAX_DEPTH = 60
MAX_VARIANTS = 1_000
MAX_VARIANTS_IN_ALL = 20_000
"""How deep unions nest in unions, and how many variants one schema and all of them
come to when unions that stand beside each other are multiplied: beyond, the schema is
refused."""


class Shapes:
    def __init__(
        self, values: Values, places: Places, conjunctions: Conjunctions
    ) -> None:
        self._values = values
        self._places = places
        self._conjunctions = conjunctions
        self._unions = Unions(values, self)
        self._base: dict[Mapping, Shape] = {}
        self._reading: set[Mapping] = set()
        self._shapes: dict[frozenset[Atom], Shape] = {}
        self._depth = 0
        self._variants = 0
        self._variants_in_all = 0
        self._refused = False

    def of_group(self, group: Group) -> Shape:
        return self.of(self._conjunctions.of(group))

    def of(self, conj: Conj) -> Shape:
        """The shape of a conjunction; problems of its schemas are reported."""
        key = frozenset(conj)
        if key not in self._shapes:
            if not self._depth:
                self._variants = 0
                self._refused = False
            self._depth += 1
            try:
                self._shapes[key] = self._make(conj)
            finally:
                self._depth -= 1
        return self._shapes[key]

    def _make(self, conj: Conj) -> Shape:
        union = next((atom for atom in conj if atom.what in ("anyOf", "oneOf")), None)
        if union is None:
            return self._make_plain(conj)
        assert union.node is not None
        if (
            self._depth > MAX_DEPTH
            or self._variants > MAX_VARIANTS
            or self._variants_in_all > MAX_VARIANTS_IN_ALL
        ):
            if not self._refused:
                self._refused = True
                self._values.problem(
                    codes.MF2032,
                    f"`{union.what}` has too many combinations",
                    union.node.entries[union.what].key.span(),
                    "nest fewer unions in each other, or merge them into one",
                )
            return ANY
        rest = tuple(atom for atom in conj if atom is not union)
        variants = []
        for node in self._conjunctions.variants(union):
            self._variants += 1
            self._variants_in_all += 1
            alone = self._conjunctions.of((node,))
            merged = merge(rest, alone)
            shape = self.of(merged)
            if len(merged) > len(alone) and self.of(alone) == shape:
                merged = alone
            variants.append((node, merged, shape))
        return self._unions.combine(union, variants)

    def _make_plain(self, conj: Conj) -> Shape:
        shape = ANY
        for atom in conj:
            if atom.what == "never":
                return NEVER
            if atom.node is not None:
                shape = intersect(shape, self._of_base(atom.node))
        for atom in conj:
            if atom.kind is not None:
                shape = only(shape, atom.kind)
        return shape

    def _of_base(self, node: Mapping) -> Shape:
        if node in self._reading:
            self._values.problem(
                codes.MF2021,
                "the schema describes its own property names",
                node.entries["propertyNames"].key.span(),
                "names are strings: refer to a schema of strings",
            )
            return ANY
        if len(self._reading) > MAX_DEPTH:
            self._values.problem(
                codes.MF2032,
                "names of names are described too deeply",
                node.span(),
                "names are strings: refer to a schema of strings",
            )
            return ANY
        if node not in self._base:
            self._reading.add(node)
            shape = read_base(
                node, self._values, lambda names: self._names(node, names)
            )
            self._reading.discard(node)
            self._place_children(node)
            self._base[node] = shape
        return self._base[node]

    def _names(self, parent: Mapping, names: Node) -> StringPart | None:
        self._places.child(parent, names, "propertyNames")
        return self.of_group((names,)).string

    def _place_children(self, node: Mapping) -> None:
        properties = node.get("properties")
        if isinstance(properties, Mapping):
            for name, child in properties.items():
                self._places.child(node, child, "properties", name)
        for keyword in ("items", "prefixItems"):
            items = node.get(keyword)
            if isinstance(items, Sequence):
                for index, child in enumerate(items.items):
                    self._places.child(node, child, keyword, str(index))
        for keyword in ("items", "additionalItems", "additionalProperties"):
            single = node.get(keyword)
            if single is not None and not isinstance(single, Sequence):
                self._places.child(node, single, keyword)
