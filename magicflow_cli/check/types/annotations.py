"""What stands beside the constraints: ids, names, docs, defaults, pins."""

from __future__ import annotations

import re

from magicflow_cli.check.types.conjunctions import Conjunctions
from magicflow_cli.check.types.names import check_member_name, read_pins
from magicflow_cli.check.types.places import Places
from magicflow_cli.check.types.shape import Conj, Group, Value, same_value
from magicflow_cli.check.types.values import (
    Values,
    is_in_domain,
    json_value,
    plain_number,
)
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import split_words

_PROPERTY = re.compile(r"/properties/[^/]*\Z")


class Annotations:
    """Reads what names and describes the types of conjunctions and fields."""

    def __init__(
        self, values: Values, places: Places, conjunctions: Conjunctions
    ) -> None:
        self._values = values
        self._places = places
        self._conjunctions = conjunctions

    def id(self, conj: Conj) -> str:
        """The type id: the place of the schema that says exactly this, else the places
        of all that apply, sorted, so that no order of traversal shows."""
        suffix = "".join(sorted(f"/~{atom.kind}" for atom in conj if atom.kind))
        bare = tuple(atom for atom in conj if not atom.kind)
        owner = self._conjunctions.owner(bare)
        if owner is not None:
            return self._places.of(owner).id + suffix
        if not bare or bare[0].what == "never":
            return "never"
        return (
            "&".join(sorted(self._places.of(node).id for node in _nodes(bare))) + suffix
        )

    def is_merged(self, conj: Conj) -> bool:
        """Whether no schema object says this by itself."""
        bare = tuple(atom for atom in conj if not atom.kind)
        return self._conjunctions.owner(bare) is None

    def name(self, conj: Conj) -> plan.TypeName:
        """The name of a conjunction's type; a kind is the last word of a part's."""
        bare = tuple(atom for atom in conj if not atom.kind)
        kinds = [atom.kind for atom in conj if atom.kind]
        owner = self._conjunctions.owner(bare)
        if owner is None:
            return plan.TypeName(words=[*self._joined_words(bare), *kinds])
        if kinds:
            return plan.TypeName(words=[*self._words(owner), *kinds])
        return self.name_of(owner)

    def name_of(self, node: Node) -> plan.TypeName:
        """The name of the type that a schema says by itself, pins included."""
        pins: dict[str, str] = {}
        if isinstance(node, Mapping):
            is_property = self._is_property(node)
            pins = read_pins(node, self._values, of_type=True, is_property=is_property)
        words = split_words(pins["*"]) if "*" in pins else self._words(node)
        return plan.TypeName(words=list(words), pinned=pins or None)

    def _is_property(self, node: Node) -> bool:
        return _PROPERTY.search(self._places.of(node).id) is not None

    def _words(self, node: Node) -> list[str]:
        return [
            word for text in self._places.of(node).words for word in split_words(text)
        ]

    def _joined_words(self, conj: Conj) -> list[str]:
        nodes = _nodes(conj)
        places = [self._places.of(node).id for node in nodes]
        inner = [
            node
            for node, place in zip(nodes, places, strict=True)
            if not any(other.startswith(place + "/") for other in places)
        ]
        words: list[str] = []
        for node in sorted(inner, key=lambda node: self._places.of(node).id):
            words += (["and"] if words else []) + self._words(node)
        return words or ["never"]

    def span(self, conj: Conj, *keywords: str) -> Span:
        """Where a conjunction is written; at one of the keywords if it is there."""
        nodes = _nodes(conj)
        for node in nodes:
            for keyword in keywords:
                if keyword in node.entries:
                    return node.entries[keyword].key.span()
        owner = self._conjunctions.owner(conj)
        return (owner or nodes[0]).span()

    def written_span(self, conj: Conj) -> Span | None:
        """As `span`, None where nobody wrote a schema object (the schema `false`)."""
        return self.span(conj) if _nodes(conj) else None

    def doc(self, conj: Conj) -> plan.Doc | None:
        owner = self._conjunctions.owner(conj)
        return None if owner is None else self.doc_of(owner)

    def doc_of(self, node: Node) -> plan.Doc | None:
        if not isinstance(node, Mapping):
            return None
        examples = self._examples(node)
        doc = plan.Doc(
            title=self._values.text(node, "title"),
            description=self._values.text(node, "description"),
            deprecated=self._values.flag(node, "deprecated") or None,
            examples=examples or None,
        )
        return None if doc == plan.Doc() else doc

    def _examples(self, node: Mapping) -> list[object]:
        listed = node.get("examples")
        items = listed.items if isinstance(listed, Sequence) else []
        single = node.get("example")
        found: list[object] = []
        for item in [*items, *([] if single is None else [single])]:
            value = json_value(item)
            if is_in_domain(value):
                found.append(value)
            else:
                self._values.outside("examples", item)
        return found

    def field(self, group: Group, type: plan.TypeRef, required: bool) -> plan.Field:
        """A field; of several schemas that apply, the first that says something wins."""
        nodes = [node for node in group if isinstance(node, Mapping)]
        default = next((node for node in nodes if "default" in node), None)
        value = (
            None if default is None else json_value(default.entries["default"].value)
        )
        names: dict[str, str] = {}
        for node in nodes:
            if self._is_property(node):
                names = names or read_pins(
                    node, self._values, of_type=False, is_property=True
                )
        docs = [doc for node in nodes if (doc := self.doc_of(node)) is not None]
        return plan.Field(
            type=type,
            required=required,
            default=value,
            has_default=True if default is not None else None,
            read_only=any(self._values.flag(node, "readOnly") for node in nodes)
            or None,
            write_only=any(self._values.flag(node, "writeOnly") for node in nodes)
            or None,
            deprecated=any(self._values.flag(node, "deprecated") for node in nodes)
            or None,
            names=names or None,
            doc=docs[0] if docs else None,
        )

    # enums

    def order(self, conj: Conj, constants: list[Value]) -> list[Value]:
        """Constants in the order in which the schema lists them."""
        written: list[Value] = []
        for node in _nodes(conj):
            listed = node.get("enum")
            if isinstance(listed, Sequence):
                for item in listed.items:
                    if isinstance(item, Scalar):
                        written.append(_constant(item))
        ranks = {
            _key(value): rank for rank, value in reversed(list(enumerate(written)))
        }
        last = len(written)
        return sorted(constants, key=lambda value: ranks.get(_key(value), last))

    def enum_names(self, conj: Conj, constants: list[Value]) -> list[str] | None:
        """The pinned names of an enum's members, by the position of their values."""
        for node in _nodes(conj):
            if "x-magicflow-enum-names" not in node:
                continue
            names = self._values.texts(node, "x-magicflow-enum-names")
            listed = node.get("enum")
            written = (
                [_constant(item) for item in listed.items if isinstance(item, Scalar)]
                if isinstance(listed, Sequence)
                else []
            )
            for item in self._values.schemas(node, "x-magicflow-enum-names"):
                check_member_name(item, self._values)
            if len(written) != len(names):
                self._values.problem(
                    codes.MF2203,
                    f"{len(names)} names stand for {len(written)} values",
                    node.entries["x-magicflow-enum-names"].key.span(),
                    "write one name for each value of `enum`, in the same order",
                )
                return None
            return [
                next(
                    name
                    for name, value in zip(names, written, strict=True)
                    if same_value(value, constant)
                )
                for constant in constants
            ]
        return None

    def is_const(self, conj: Conj) -> bool:
        return any("const" in node for node in _nodes(conj))


def _constant(item: Scalar) -> Value:
    value = item.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return plain_number(value)
    return value


def _key(value: Value) -> tuple[bool, Value]:
    return isinstance(value, bool), value


def _nodes(conj: Conj) -> list[Mapping]:
    return [atom.node for atom in conj if atom.node is not None and atom.what == "base"]
