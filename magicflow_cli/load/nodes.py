"""The node tree: what YAML and JSON become, every node with its place.

Nodes are identity objects (no equality) so that later layers can key facts by node.
Lines and columns count from 1, in code points; ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from magicflow_cli.diagnostics.model import Span
from magicflow_cli.record import Value

ScalarValue: TypeAlias = str | int | float | bool | None
Style: TypeAlias = Literal["plain", "single", "double", "literal", "folded", "json"]


@dataclass(slots=True, eq=False)
class Source:
    """One file's text. `suppressions` maps a line to the codes that a
    `# magic-flow: ignore[...]` comment on it silences."""

    file: str
    text: str
    suppressions: dict[int, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Located:
    source: Source
    line: int
    col: int
    end_line: int
    end_col: int
    pointer: str

    def span(self) -> Span:
        return Span(
            self.source.file,
            self.line,
            self.col,
            self.end_line,
            self.end_col,
            self.pointer,
        )


@dataclass(slots=True, eq=False)
class Scalar(_Located):
    """A leaf. `value` follows the YAML 1.2 core schema; `text` is the scalar's text
    before resolution (after unescaping), which keeps a number's exact digits."""

    value: ScalarValue
    text: str
    style: Style

    def at(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`: exact where the scalar stands on one line
        without escapes, the whole scalar otherwise."""
        quote = 0 if self.style == "plain" else 1
        width = self.end_col - self.col - 2 * quote
        if (
            self.style in ("literal", "folded")
            or self.line != self.end_line
            or width != len(self.text)
        ):
            return self.span()
        col = self.col + quote
        return Span(
            self.source.file,
            self.line,
            col + start,
            self.line,
            col + end,
            self.pointer,
        )


@dataclass(slots=True, eq=False)
class Entry:
    key: Scalar
    value: Node


@dataclass(slots=True, eq=False)
class Mapping(_Located):
    """Members by key text, in document order."""

    entries: dict[str, Entry]

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.value if entry is not None else None

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def items(self) -> Iterator[tuple[str, Node]]:
        for key, entry in self.entries.items():
            yield key, entry.value


@dataclass(slots=True, eq=False)
class Sequence(_Located):
    items: list[Node]


Node: TypeAlias = Scalar | Mapping | Sequence


class Document(Value):
    """One YAML or JSON document of a file; `index` counts from 0 within the file."""

    root: Node
    source: Source
    index: int


def plain(node: Node) -> object:
    """The tree as plain Python data: dict, list, str, int, float, bool, None."""
    if isinstance(node, Mapping):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value
