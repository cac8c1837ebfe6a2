"""YAML events to nodes, limits enforced on the events before a node is built.

An alias becomes fresh nodes: their span is where the anchor's content stands, their
pointer is where the alias is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.load import core_schema
from magicflow_cli.load.budget import Budget, Stop, escape_pointer
from magicflow_cli.load.line_breaks import stand_in
from magicflow_cli.load.nodes import (
    Document,
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
)
from magicflow_cli.load.places import Places
from magicflow_cli.load.yaml_parsers import find_tag_escape, open_parser
from magicflow_cli.load.yaml_problems import report_problem, report_tag_escape
from magicflow_cli.load.yaml_scalars import ScalarReader

_MAPPING_TAGS: Final = frozenset({core_schema.MAPPING_TAG})
_SEQUENCE_TAGS: Final = frozenset({core_schema.SEQUENCE_TAG})


@dataclass(slots=True)
class _Anchor:
    """A finished anchored node and what a copy of it costs; `height` counts the
    collections inside each other, itself included."""

    node: Node
    nodes: int
    chars: int
    height: int


class YamlReader:
    """Reads the documents of one file. After `read`, `extents` are the index ranges in
    which `#` may be text, see `ScalarReader`."""

    def __init__(
        self, source: Source, report: Report, pure: bool | None = None
    ) -> None:
        self._source = source
        self._report = report
        self._pure = pure
        self._places = Places(source.file, source.text)
        self._budget = Budget(source.file, report)
        self._parsed, restored = stand_in(source.text)
        self._parser = open_parser(self._parsed, pure)
        self._scalars = ScalarReader(source, self._places, restored, self._budget)
        self._anchors: dict[str, _Anchor | None] = {}
        self._deepest = 0
        self.extents = self._scalars.extents

    def read(self) -> tuple[Document, ...]:
        """All documents that are complete, empty ones left out."""
        documents: list[Document] = []
        next_event = self._parser.get_event
        try:
            while type(event := next_event()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    self._start_document(event)
                    root = self._node(next_event(), "", 0)
                    if not _is_empty(root):
                        documents.append(Document(root, self._source, len(documents)))
        except Stop:
            pass
        except MarkedYAMLError as error:
            report_problem(error, self._parsed, self._places, self._report)
        except UnicodeDecodeError:
            # libyaml hands out tags whose escapes are not UTF-8.
            index = find_tag_escape(self._parsed)
            report_tag_escape(index, self._places, self._report)
        return tuple(documents)

    def _start_document(self, event: Any) -> None:
        self._anchors = {}
        if event.tags:
            self._budget.report(
                codes.MF0219,
                "directive `%TAG` is not supported",
                self._places.span(event.start_mark.index),
                "remove it; only the tags of the core schema are supported",
            )

    # Values

    def _node(self, event: Any, pointer: str, depth: int) -> Node:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event, pointer)
        if kind is AliasEvent:
            return self._alias(event, pointer, depth) or self._null(event, pointer)
        anchor = event.anchor
        if anchor is None:
            return self._collection(event, pointer, depth)
        budget = self._budget
        nodes, chars, deepest = budget.nodes, budget.chars, self._deepest
        self._anchors[anchor] = None
        self._deepest = depth
        node = self._collection(event, pointer, depth)
        self._anchors[anchor] = _Anchor(
            node,
            budget.nodes - nodes,
            budget.chars - chars,
            self._deepest - depth,
        )
        self._deepest = max(self._deepest, deepest)
        return node

    def _scalar(self, event: Any, pointer: str) -> Scalar:
        self._budget.count(pointer)
        scalar = self._scalars.read(event, pointer)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(scalar, 1, len(scalar.text), 0)
        return scalar

    def _collection(self, event: Any, pointer: str, depth: int) -> Node:
        depth += 1
        mark = event.start_mark
        if depth > self._deepest:
            self._budget.check_depth(depth, self._places.span(mark.index))
            self._deepest = depth
        self._budget.count(pointer)
        line, col = mark.line + 1, mark.column + 1
        mapping = type(event) is MappingStartEvent
        if event.tag is not None or event.anchor is not None:
            allowed = _MAPPING_TAGS if mapping else _SEQUENCE_TAGS
            what = "a mapping" if mapping else "a list"
            self._scalars.check_tag(event, allowed, what)
            start, _ = self._scalars.skip_properties(mark.index, len(self._source.text))
            line, col = self._places.at(start)
        node: Mapping | Sequence
        if mapping:
            node = Mapping(self._source, line, col, line, col, pointer, {})
            last, end = self._fill_mapping(node, depth)
        else:
            node = Sequence(self._source, line, col, line, col, pointer, [])
            last, end = self._fill_sequence(node, depth)
        if event.flow_style and end.end_mark.index > end.start_mark.index:
            node.end_line = end.end_mark.line + 1
            node.end_col = end.end_mark.column + 1
        elif last is not None:
            node.end_line, node.end_col = last
        return node

    def _fill_sequence(
        self, sequence: Sequence, depth: int
    ) -> tuple[tuple[int, int] | None, Any]:
        """Read the entries. Returns where the last one ends, and the end event."""
        next_event = self._parser.get_event
        items = sequence.items
        prefix = sequence.pointer + "/"
        while type(event := next_event()) is not SequenceEndEvent:
            items.append(self._node(event, f"{prefix}{len(items)}", depth))
        return (_end_of(items[-1]) if items else None), event

    def _fill_mapping(
        self, mapping: Mapping, depth: int
    ) -> tuple[tuple[int, int] | None, Any]:
        """Read the entries. Returns where the last value ends, and the end event."""
        next_event = self._parser.get_event
        entries = mapping.entries
        prefix = mapping.pointer + "/"
        value: Node | None = None
        while type(event := next_event()) is not MappingEndEvent:
            key = self._key(event, prefix, depth)
            if key is None:
                value = self._node(next_event(), prefix, depth)
                continue
            value = self._node(next_event(), key.pointer, depth)
            first = entries.get(key.text)
            if first is None:
                entries[key.text] = Entry(key, value)
            else:
                self._budget.report_duplicate(key.text, key.span(), first.key.span())
        return (_end_of(value) if value is not None else None), event

    # Keys

    def _key(self, event: Any, prefix: str, depth: int) -> Scalar | None:
        """The key of an entry, always a string; None after a diagnostic."""
        kind = type(event)
        if kind is ScalarEvent:
            self._budget.count(prefix)
            key = self._scalars.read_key(event)
            if event.anchor is not None:
                value = self._scalars.read(event, prefix)
                self._anchors[event.anchor] = _Anchor(value, 1, len(value.text), 0)
        elif kind is AliasEvent:
            target = self._alias(event, prefix, depth)
            if target is None:
                return None
            if not isinstance(target, Scalar):
                self._refuse_key(event)
                return None
            key = self._null(event, "")
            key.value = key.text = target.text
            key.style = target.style
        else:
            self._refuse_key(event)
            self._node(event, prefix, depth)
            return None
        if key.style == "plain" and key.text in ("", "<<"):
            self._refuse_plain_key(key.text, event)
            return None
        key.pointer = prefix + escape_pointer(key.text)
        return key

    def _refuse_key(self, event: Any) -> None:
        self._budget.report(
            codes.MF0217,
            "key is not a scalar",
            self._places.span(event.start_mark.index),
            "write the key as a text; quote texts that start with `{`, `[` or `*`",
        )

    def _refuse_plain_key(self, text: str, event: Any) -> None:
        span = self._span(event)
        if text:
            self._budget.report(
                codes.MF0216,
                "merge key `<<` is not part of YAML 1.2",
                span,
                'write the keys out, or quote `"<<"` to make it an ordinary key',
            )
        else:
            self._budget.report(
                codes.MF0218,
                "key is empty",
                span,
                'write a name before the `:`, or `""` for an empty key',
            )

    # Aliases

    def _alias(self, event: Any, pointer: str, depth: int) -> Node | None:
        """Fresh nodes for an alias; None after a diagnostic."""
        name = event.anchor
        anchor = self._anchors.get(name)
        if anchor is not None:
            span = self._span(event)
            self._budget.check_depth(depth + anchor.height, span)
            self._budget.expand(anchor.nodes, anchor.chars, span)
            return self._copy(anchor.node, pointer)
        if name in self._anchors:
            self._budget.report(
                codes.MF0213,
                f"alias `*{name}` stands inside its own anchor",
                self._span(event),
                "write out what is meant: a value cannot contain itself",
            )
        else:
            self._budget.report(
                codes.MF0212,
                f"alias `*{name}` has no anchor",
                self._span(event),
                f"define `&{name}` before it in the same document, or quote the text",
            )
        return None

    def _copy(self, node: Node, pointer: str) -> Node:
        place = (node.source, node.line, node.col, node.end_line, node.end_col, pointer)
        self._budget.count_pointer(pointer)
        if isinstance(node, Scalar):
            return Scalar(*place, node.value, node.text, node.style)
        if isinstance(node, Sequence):
            items = enumerate(node.items)
            copies = [self._copy(item, f"{pointer}/{i}") for i, item in items]
            return Sequence(*place, copies)
        entries: dict[str, Entry] = {}
        for text, entry in node.entries.items():
            below = f"{pointer}/{escape_pointer(text)}"
            key = self._copy(entry.key, below)
            assert isinstance(key, Scalar)
            entries[text] = Entry(key, self._copy(entry.value, below))
        return Mapping(*place, entries)

    def _null(self, event: Any, pointer: str) -> Scalar:
        """A null in the place of an alias."""
        line, col = self._places.at(event.start_mark.index)
        end_line, end_col = self._places.at(event.end_mark.index)
        return Scalar(
            self._source, line, col, end_line, end_col, pointer, None, "", "plain"
        )

    def _span(self, event: Any) -> Span:
        return self._places.span(event.start_mark.index, event.end_mark.index)


def _is_empty(root: Node) -> bool:
    return isinstance(root, Scalar) and root.text == "" and root.style == "plain"


def _end_of(node: Node) -> tuple[int, int]:
    return node.end_line, node.end_col
