"""Models that know the node they were bound from."""

from __future__ import annotations

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load.nodes import Mapping, Scalar
from magicflow_cli.record import Record


class Bound(Record, compare=False):
    """Base of the document models. The node takes no part in equality."""

    _node: Mapping | None = None


def node_of(model: Bound) -> Mapping:
    """The mapping that `model` was bound from; AssertionError for one made by hand."""
    assert model._node is not None
    return model._node


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
