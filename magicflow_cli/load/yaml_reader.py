"""YAML events to nodes, limits enforced on the events before a node is built.

An alias becomes fresh nodes: their span is where the anchor's content stands, their
pointer is where the alias is used.
"""

from __future__ import annotations

import re
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
from magicflow_cli.diagnostics.model import Code, Label, Report, Span
from magicflow_cli.load import core_schema, limits
from magicflow_cli.load.nodes import (
    Document,
    Entry,
    Mapping,
    Node,
    Scalar,
    ScalarValue,
    Sequence,
    Source,
    Style,
)
from magicflow_cli.load.places import Places
from magicflow_cli.load.yaml_parsers import open_parser
from magicflow_cli.load.yaml_problems import report_problem

_STYLES: Final[dict[str | None, Style]] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*|(?:[ \t\r\n]|(?:(?<=\s)|^)\#[^\r\n]*)+")
_LONG_POINTER: Final = limits.POINTER_CHARS // limits.NODES


class _Stop(Exception):
    """Nothing more can be read; the diagnostic is in the report."""


@dataclass(slots=True)
class _Anchor:
    """A finished anchored node and what a copy of it costs."""

    node: Node
    nodes: int
    chars: int
    height: int


class YamlReader:
    """Reads one file's text. `extents`, when asked for, receives the index ranges of
    all scalars, inside which no `#` starts a comment."""

    def __init__(
        self, source: Source, text: str, report: Report, pure: bool | None = None
    ) -> None:
        self._source = source
        self._text = text
        self._report = report
        self._parser = open_parser(text, pure)
        self._lazy_places: Places | None = None
        self._anchors: dict[str, _Anchor | None] = {}
        self._nodes = 0
        self._chars = 0
        self._long_pointers = 0
        self._deepest = 0
        self.extents: list[tuple[int, int]] = []

    @property
    def places(self) -> Places:
        if self._lazy_places is None:
            self._lazy_places = Places(self._source.file, self._text)
        return self._lazy_places

    def read(self) -> tuple[Document, ...]:
        """All documents that are complete, empty ones left out."""
        documents: list[Document] = []
        next_event = self._parser.get_event
        try:
            while True:
                event = next_event()
                kind = type(event)
                if kind is StreamEndEvent or event is None:
                    break
                if kind is DocumentStartEvent:
                    self._anchors = {}
                    root = self._node(next_event(), "", 0)
                    if not _is_empty(root):
                        documents.append(Document(root, self._source, len(documents)))
        except _Stop:
            pass
        except MarkedYAMLError as error:
            report_problem(error, self._text, self.places, self._report)
        return tuple(documents)

    # Nodes

    def _node(self, event: Any, pointer: str, depth: int) -> Node:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event, pointer)
        if kind is AliasEvent:
            return self._alias(event, pointer, depth)
        anchor = event.anchor
        if anchor is None:
            return self._collection(event, pointer, depth)
        nodes, chars, deepest = self._nodes, self._chars, self._deepest
        self._anchors[anchor] = None
        self._deepest = depth
        node = self._collection(event, pointer, depth)
        self._anchors[anchor] = _Anchor(
            node, self._nodes - nodes, self._chars - chars, self._deepest - depth
        )
        self._deepest = max(self._deepest, deepest)
        return node

    def _collection(self, event: Any, pointer: str, depth: int) -> Node:
        depth += 1
        if depth > limits.DEPTH:
            self._refuse_depth(event)
        self._deepest = max(self._deepest, depth)
        self._count(pointer)
        mark = event.start_mark
        line, col = mark.line + 1, mark.column + 1
        if event.anchor is not None or event.tag is not None:
            self._check_collection_tag(event)
            start, _ = self._skip_properties(mark.index, len(self._text))
            line, col = self.places.at(start)
        if type(event) is MappingStartEvent:
            mapping = Mapping(self._source, line, col, line, col, pointer, {})
            self._fill_mapping(mapping, depth, bool(event.flow_style))
            return mapping
        sequence = Sequence(self._source, line, col, line, col, pointer, [])
        self._fill_sequence(sequence, depth, bool(event.flow_style))
        return sequence

    def _fill_sequence(self, sequence: Sequence, depth: int, flow: bool) -> None:
        next_event = self._parser.get_event
        items = sequence.items
        prefix = sequence.pointer + "/"
        event = next_event()
        while type(event) is not SequenceEndEvent:
            items.append(self._node(event, f"{prefix}{len(items)}", depth))
            event = next_event()
        if flow:
            _end_at(sequence, event.end_mark)
        elif items:
            _end_with(sequence, items[-1])

    def _fill_mapping(self, mapping: Mapping, depth: int, flow: bool) -> None:
        next_event = self._parser.get_event
        entries = mapping.entries
        prefix = mapping.pointer + "/"
        value: Node | None = None
        event = next_event()
        while type(event) is not MappingEndEvent:
            key = self._key(event, prefix, depth)
            if key is None:
                value = self._node(next_event(), prefix, depth)
            else:
                value = self._node(next_event(), key.pointer, depth)
                if key.text in entries:
                    self._refuse_duplicate(key, entries[key.text].key)
                else:
                    entries[key.text] = Entry(key, value)
            event = next_event()
        if flow:
            _end_at(mapping, event.end_mark)
        elif value is not None:
            _end_with(mapping, value)

    def _scalar(self, event: Any, pointer: str) -> Scalar:
        text: str = event.value
        self._count(pointer)
        self._chars += len(text)
        start, end = event.start_mark, event.end_mark
        style = _STYLES[event.style]
        plain = style == "plain"
        if plain and end.index - start.index == len(text):
            value: ScalarValue = text
            if text in core_schema.WORDS:
                value = core_schema.WORDS[text]
            elif text[0] in core_schema.NUMBER_STARTS:
                value = self._number(text, event)
            scalar = Scalar(
                self._source,
                start.line + 1,
                start.column + 1,
                end.line + 1,
                end.column + 1,
                pointer,
                value,
                text,
                style,
            )
        else:
            scalar = self._intricate_scalar(event, pointer, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(scalar, 1, len(text), 0)
        return scalar

    def _intricate_scalar(self, event: Any, pointer: str, style: Style) -> Scalar:
        """A scalar that is quoted, stands on several lines or has an anchor or tag."""
        text = event.value
        first, last = event.start_mark, event.end_mark
        start, end = first.index, last.index
        line, col, end_line, end_col = (
            first.line + 1,
            first.column + 1,
            last.line + 1,
            last.column + 1,
        )
        bang = False
        if self._text[start : start + 1] in ("&", "!"):
            start, bang = self._skip_properties(start, end)
            line, col = self.places.at(start)
        if style in ("literal", "folded"):
            end = start + len(self._text[start:end].rstrip())
            end_line, end_col = self.places.at(end)
            head = self._text.find("\n", start, end)
            self.extents.append((end if head < 0 else head, end))
        else:
            self.extents.append((start, end))
        if event.tag is not None and event.tag != "!":
            value = self._tagged(event, start)
        elif style == "plain" and not bang:
            value = self._plain(text, event)
        else:
            value = text
        return Scalar(
            self._source, line, col, end_line, end_col, pointer, value, text, style
        )

    def _plain(self, text: str, event: Any) -> ScalarValue:
        if text in core_schema.WORDS:
            return core_schema.WORDS[text]
        if text[0] in core_schema.NUMBER_STARTS:
            return self._number(text, event)
        return text

    def _number(self, text: str, event: Any) -> ScalarValue:
        try:
            return core_schema.resolve_number(text)
        except core_schema.Unfit as unfit:
            self._add(unfit.code, unfit.message, self._span(event), unfit.help)
            return 0

    # Keys

    def _key(self, event: Any, prefix: str, depth: int) -> Scalar | None:
        """The key of an entry, always a string; None after a diagnostic."""
        kind = type(event)
        if kind is ScalarEvent:
            key = self._key_scalar(event)
        elif kind is AliasEvent:
            target = self._alias(event, prefix, depth)
            if not isinstance(target, Scalar):
                self._refuse_key(event)
                return None
            key = Scalar(
                self._source,
                event.start_mark.line + 1,
                event.start_mark.column + 1,
                event.end_mark.line + 1,
                event.end_mark.column + 1,
                "",
                target.text,
                target.text,
                "plain",
            )
        else:
            self._refuse_key(event)
            self._node(event, prefix, depth)
            return None
        text = key.text
        if key.style == "plain":
            if text == "":
                self._add(
                    codes.MF0218,
                    "key is empty",
                    self._span(event),
                    'write a name before the `:`, or `""` for an empty key',
                )
                return None
            if text == "<<":
                self._add(
                    codes.MF0216,
                    "merge key `<<` is not part of YAML 1.2",
                    self._span(event),
                    'write the keys out, or quote `"<<"` to make it an ordinary key',
                )
                return None
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        key.pointer = prefix + text
        return key

    def _key_scalar(self, event: Any) -> Scalar:
        text: str = event.value
        start, end = event.start_mark, event.end_mark
        style = _STYLES[event.style]
        if end.index - start.index == len(text) and style == "plain":
            self._count("")
            self._chars += len(text)
            return Scalar(
                self._source,
                start.line + 1,
                start.column + 1,
                end.line + 1,
                end.column + 1,
                "",
                text,
                text,
                style,
            )
        # A number as key is a name and has no range: resolve nothing but the place.
        key = self._scalar(event, "") if event.tag else self._untagged_key(event, style)
        key.value = key.text
        return key

    def _untagged_key(self, event: Any, style: Style) -> Scalar:
        self._count("")
        self._chars += len(event.value)
        text = event.value
        event.value = "k"
        try:
            key = self._intricate_scalar(event, "", style)
        finally:
            event.value = text
        key.text = text
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(key, 1, len(text), 0)
        return key

    # Aliases

    def _alias(self, event: Any, pointer: str, depth: int) -> Node:
        name = event.anchor
        if name not in self._anchors:
            self._add(
                codes.MF0212,
                f"alias `*{name}` has no anchor",
                self._span(event),
                f"define `&{name}` before it in the same document, or quote the text",
            )
            return self._null(event, pointer)
        anchor = self._anchors[name]
        if anchor is None:
            self._add(
                codes.MF0213,
                f"alias `*{name}` stands inside its own anchor",
                self._span(event),
                "write out what is meant: a value cannot contain itself",
            )
            return self._null(event, pointer)
        if depth + anchor.height > limits.DEPTH:
            self._refuse_depth(event)
        self._nodes += anchor.nodes
        self._chars += anchor.chars
        if self._nodes > limits.NODES or self._chars > limits.FILE_BYTES:
            self._add(
                codes.MF0112,
                f"aliases expand to more than {limits.NODES:,} values or "
                f"{limits.FILE_BYTES // 1024} KiB of text",
                self._span(event),
                "use fewer aliases of aliases",
            )
            raise _Stop
        return self._copy(anchor.node, pointer)

    def _copy(self, node: Node, pointer: str) -> Node:
        place = (node.source, node.line, node.col, node.end_line, node.end_col, pointer)
        self._count_pointer(pointer)
        if isinstance(node, Scalar):
            return Scalar(*place, node.value, node.text, node.style)
        if isinstance(node, Sequence):
            return Sequence(
                *place,
                [
                    self._copy(item, f"{pointer}/{index}")
                    for index, item in enumerate(node.items)
                ],
            )
        entries: dict[str, Entry] = {}
        for text, entry in node.entries.items():
            below = f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"
            key = self._copy(entry.key, below)
            assert isinstance(key, Scalar)
            entries[text] = Entry(key, self._copy(entry.value, below))
        return Mapping(*place, entries)

    def _null(self, event: Any, pointer: str) -> Scalar:
        start, end = event.start_mark, event.end_mark
        return Scalar(
            self._source,
            start.line + 1,
            start.column + 1,
            end.line + 1,
            end.column + 1,
            pointer,
            None,
            "",
            "plain",
        )

    # Properties and tags

    def _skip_properties(self, index: int, end: int) -> tuple[int, bool]:
        """Where the content starts after `&anchor` and `!tag`, and whether the
        non-specific tag `!` stood there."""
        bang = False
        while index < end:
            match = _PROPERTY.match(self._text, index, end)
            if match is None:
                break
            bang = bang or match[0] == "!"
            index = match.end()
        return index, bang

    def _tagged(self, event: Any, start: int) -> ScalarValue:
        if event.tag not in core_schema.SCALAR_TAGS:
            self._refuse_tag(event, "a scalar", "str, int, float, bool, null")
            return str(event.value)
        try:
            return core_schema.resolve_tagged(event.tag, event.value)
        except core_schema.Unfit as unfit:
            span = self.places.span(start, max(start, event.end_mark.index))
            self._add(unfit.code, unfit.message, span, unfit.help)
            return str(event.value)

    def _check_collection_tag(self, event: Any) -> None:
        mapping = type(event) is MappingStartEvent
        expected = core_schema.MAPPING_TAG if mapping else core_schema.SEQUENCE_TAG
        if event.tag not in (None, "!", expected):
            what, fitting = ("a mapping", "map") if mapping else ("a list", "seq")
            self._refuse_tag(event, what, fitting)

    # Diagnostics

    def _refuse_tag(self, event: Any, what: str, fitting: str) -> None:
        index = event.start_mark.index
        end = index
        for match in _PROPERTY.finditer(self._text, index):
            end = match.end()
            if match[0].startswith("!"):
                index = match.start()
                break
        written = self._text[index : min(end, index + 60)]
        self._add(
            codes.MF0214,
            f"tag `{written}` is not supported on {what}",
            self.places.span(index, end),
            f"remove it; the tags that may stand here are {_tags(fitting)}",
        )

    def _refuse_duplicate(self, key: Scalar, first: Scalar) -> None:
        self._add(
            codes.MF0120,
            f"key `{_shorten(key.text)}` stands twice in one mapping",
            key.span(),
            "remove one of the two",
            [Label(first.span(), "it stands here first")],
        )

    def _refuse_key(self, event: Any) -> None:
        self._add(
            codes.MF0217,
            "key is not a scalar",
            self.places.span(event.start_mark.index),
            "write the key as a text; quote `{{ … }}` and other texts with brackets",
        )

    def _refuse_depth(self, event: Any) -> None:
        self._add(
            codes.MF0110,
            f"collections are nested more than {limits.DEPTH} levels deep",
            self.places.span(event.start_mark.index),
            "flatten the structure",
        )
        raise _Stop

    def _count(self, pointer: str) -> None:
        self._nodes += 1
        if self._nodes > limits.NODES:
            self._add(
                codes.MF0111,
                f"file holds more than {limits.NODES:,} values",
                Span(self._source.file, 1, 1, 1, 1),
                "split it into several files",
            )
            raise _Stop
        if len(pointer) > _LONG_POINTER:
            self._count_pointer(pointer)

    def _count_pointer(self, pointer: str) -> None:
        if len(pointer) <= _LONG_POINTER:
            return
        self._long_pointers += len(pointer)
        if self._long_pointers > limits.POINTER_CHARS:
            self._add(
                codes.MF0111,
                "file holds too many values under long keys",
                Span(self._source.file, 1, 1, 1, 1),
                "shorten the keys",
            )
            raise _Stop

    def _span(self, event: Any) -> Span:
        return self.places.span(
            event.start_mark.index, max(event.start_mark.index, event.end_mark.index)
        )

    def _add(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str,
        labels: list[Label] | None = None,
    ) -> None:
        self._report.add(code, message, span, help=help, labels=labels or ())
        if len(self._report.diagnostics) >= limits.PROBLEMS:
            self._report.add(
                codes.MF0116,
                f"file has more than {limits.PROBLEMS} problems; the rest is not read",
                span,
                help="mend the first ones and try again",
            )
            raise _Stop


def _is_empty(root: Node) -> bool:
    return isinstance(root, Scalar) and root.text == "" and root.style == "plain"


def _end_at(node: Mapping | Sequence, mark: Any) -> None:
    node.end_line, node.end_col = mark.line + 1, mark.column + 1


def _end_with(node: Mapping | Sequence, last: Node) -> None:
    node.end_line, node.end_col = last.end_line, last.end_col


def _tags(names: str) -> str:
    return ", ".join(f"`!!{name}`" for name in names.split(", "))


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
