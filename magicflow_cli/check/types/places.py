"""Where a schema stands in its document: its type id, its words, its references."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence


class Root(NamedTuple):
    """A schema document: what `#` means in it. `shared` is the document whose
    `#/definitions/…` its schemas can name too (the context's `spec`)."""

    node: Node
    id: str
    words: tuple[str, ...]
    shared: Root | None = None
    is_schema: bool = True


class Place(NamedTuple):
    id: str
    words: tuple[str, ...]
    root: Root


_SCHEMA_MAPS = frozenset({"properties", "definitions", "$defs"})
_SCHEMA_LISTS = frozenset({"prefixItems", "allOf", "anyOf", "oneOf"})
_SCHEMAS = frozenset(
    {"items", "additionalItems", "additionalProperties", "propertyNames"}
)
_LOCAL = re.compile(r"#(?:/.*)?\Z", re.DOTALL)
_BAD_ESCAPE = re.compile(r"~(?![01])")


class Places:
    """The place of every schema node that was reached, and what references lead to."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._places: dict[Node, Place] = {}

    def add_root(self, root: Root) -> None:
        self._places.setdefault(root.node, Place(root.id, root.words, root))

    def of(self, node: Node) -> Place:
        return self._places[node]

    def child(self, parent: Node, child: Node, *path: str) -> Node:
        """`child`, with its place below its parent's; `path` as in its JSON pointer."""
        if child not in self._places:
            place = self._places[parent]
            self._places[child] = _below(place, path)
        return child

    def resolve(self, node: Mapping) -> Node | None:
        """What the `$ref` of a schema object leads to; None when it was reported."""
        value = node.entries["$ref"].value
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            self._values.invalid("$ref", value, "a path like `#/definitions/Name`")
            return None
        text = value.value
        if _LOCAL.match(text) is None:
            if text.startswith("#"):
                help = "refer to the schema by its path, `#/$defs/…`"
                self._values.problem(
                    codes.MF2020,
                    f"`$ref` `{text[:80]}` is neither `#` nor a path that starts with `#/`",
                    value.span(),
                    help,
                )
            else:
                self._values.problem(
                    codes.MF2022,
                    f"`$ref` `{text[:80]}` leads out of the document",
                    value.span(),
                    "nothing is fetched: put the schema under `definitions` and refer to `#/definitions/Name`",
                )
            return None
        root: Root | None = self._places[node].root
        while root is not None:
            found = self._walk(root, text[1:])
            if found is not None:
                return found
            root = root.shared
        self._values.problem(
            codes.MF2020,
            f"`$ref` `{text[:80]}` leads to nothing",
            value.span(),
            self._help_missing(self._places[node].root, text),
        )
        return None

    def _help_missing(self, root: Root | None, text: str) -> str:
        known: list[str] = []
        while root is not None:
            for keyword in ("definitions", "$defs"):
                mapping = (
                    root.node.get(keyword) if isinstance(root.node, Mapping) else None
                )
                if isinstance(mapping, Mapping):
                    known += [
                        f"#/{keyword}/{_escape(name)}" for name in mapping.entries
                    ]
            root = root.shared
        near = suggest(text, known)
        if near:
            return f"did you mean `{near}`?"
        if not known:
            return "declare the schema under `definitions`"
        shown = ", ".join(f"`{name}`" for name in sorted(known)[:8])
        return f"the document declares {shown}"

    def _walk(self, root: Root, pointer: str) -> Node | None:
        """Follows a pointer through positions that hold schemas."""
        node = root.node
        if not pointer and not root.is_schema:
            return None
        self.add_root(root)
        tokens = [_unescape(token) for token in pointer.split("/")[1:]]
        if _BAD_ESCAPE.search(pointer):
            return None
        position = 0
        while position < len(tokens):
            if not isinstance(node, Mapping):
                return None
            token = tokens[position]
            value = node.get(token)
            rest = tokens[position + 1 : position + 2]
            if token in _SCHEMA_MAPS and isinstance(value, Mapping) and rest:
                child = value.get(rest[0])
            elif (
                (token in _SCHEMA_LISTS or token == "items")
                and isinstance(value, Sequence)
                and rest
            ):
                child = _item(value, rest[0])
            elif (
                token in _SCHEMAS
                and value is not None
                and not isinstance(value, Sequence)
            ):
                child, rest = value, []
            else:
                return None
            if child is None:
                return None
            node = self.child(node, child, token, *rest)
            position += 1 + len(rest)
        return node


def _item(sequence: Sequence, token: str) -> Node | None:
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", token) or int(token) >= len(
        sequence.items
    ):
        return None
    return sequence.items[int(token)]


def _below(place: Place, path: tuple[str, ...]) -> Place:
    id = place.id + "".join("/" + _escape(token) for token in path)
    words = place.words
    match path:
        case ("definitions" | "$defs", name):
            # Definitions that schemas share are named alone, others after their schema.
            words = (*place.root.words, name)
        case ("properties", name):
            words = (*words, name)
        case ("items" | "prefixItems", index):
            words = (*words, "item", str(int(index) + 1))
        case ("items" | "additionalItems",):
            words = (*words, "item")
        case ("additionalProperties",):
            words = (*words, "value")
        case ("anyOf" | "oneOf", index):
            words = (*words, "variant", str(int(index) + 1))
        case ("allOf", index):
            words = (*words, "part", str(int(index) + 1))
        case ("propertyNames",):
            words = (*words, "name")
    return Place(id, words, place.root)


def _escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _unescape(token: str) -> str:
    return unquote(token, errors="replace").replace("~1", "/").replace("~0", "~")
