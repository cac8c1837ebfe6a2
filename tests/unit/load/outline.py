"""Trees as comparable data."""

from __future__ import annotations

from typing import Any

from magicflow_cli.load import Loaded, load_text
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence, plain


def outline(node: Node) -> Any:
    """Everything about a tree: kind, place, pointer, values with their types."""
    place = (node.line, node.col, node.end_line, node.end_col, node.pointer)
    if isinstance(node, Mapping):
        entries = [
            (key, outline(entry.key), outline(entry.value))
            for key, entry in node.entries.items()
        ]
        return ("mapping", place, entries)
    if isinstance(node, Sequence):
        return ("sequence", place, [outline(item) for item in node.items])
    return ("scalar", place, repr(node.value), node.text, node.style)


def load_yaml(text: str, *, pure: bool | None = None) -> Loaded:
    return load_text(text.encode(), "f.yaml", pure=pure)


def root(text: str, *, pure: bool | None = None) -> Node:
    """The root of the one document of a text without problems."""
    loaded = load_yaml(text, pure=pure)
    assert loaded.diagnostics == ()
    assert len(loaded.documents) == 1
    return loaded.documents[0].root


def data(text: str, *, pure: bool | None = None) -> Any:
    return plain(root(text, pure=pure))


def at(node: Node, *path: str | int) -> Any:
    """The node below `node` at a path of keys and indices."""
    for step in path:
        if isinstance(step, str):
            assert isinstance(node, Mapping)
            node = node.entries[step].value
        else:
            assert isinstance(node, Sequence)
            node = node.items[step]
    return node


def cut(node: Node) -> str:
    """The text that a node's place names, of a place within one line."""
    lines = node.source.text.splitlines()
    assert node.line == node.end_line
    return lines[node.line - 1][node.col - 1 : node.end_col - 1]


def problems(loaded: Loaded) -> list[tuple[str, int, int]]:
    """Code, line and column of every diagnostic."""
    found = []
    for diagnostic in loaded.diagnostics:
        assert diagnostic.span is not None
        found.append((diagnostic.code, diagnostic.span.line, diagnostic.span.col))
    return found


__all__ = ["Scalar", "at", "cut", "data", "load_yaml", "outline", "problems", "root"]
