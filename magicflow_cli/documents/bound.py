"""Models that know the node they were bound from."""

from __future__ import annotations

from typing import TypeVar

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Mapping, Scalar
from magicflow_cli.record import Record

_set = object.__setattr__


class Bound(Record):
    """Base of the document models. The node takes no part in equality."""

    __slots__ = ("_node",)


B = TypeVar("B", bound=Bound)


def attach(model: B, node: Mapping) -> B:
    _set(model, "_node", node)
    return model


def node_of(model: Bound) -> Mapping:
    """The mapping that `model` was bound from; AttributeError for a model made by hand."""
    node: Mapping = model._node  # type: ignore[attr-defined]
    return node


def key_span(model: Bound, key: str) -> Span:
    """Where `key` (the document's spelling) of `model` stands: its value; for a value
    that is a list or a mapping its key; for an absent key the model itself."""
    node = node_of(model)
    entry = node.entries.get(key)
    if entry is None:
        return node.span()
    if isinstance(entry.value, Scalar):
        return entry.value.span()
    return entry.key.span()
