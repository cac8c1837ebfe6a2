"""JSON to nodes, with places and the limits of YAML."""

from __future__ import annotations

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.load.budget import Budget, Stop, escape_pointer
from magicflow_cli.load.json_tokens import JsonTokens
from magicflow_cli.load.nodes import (
    Document,
    Entry,
    Mapping,
    Node,
    Scalar,
    ScalarValue,
    Sequence,
    Source,
)
from magicflow_cli.load.places import Places


class JsonReader:
    """Reads the one document of a file. `-0` is the integer 0; an integer keeps all its
    digits, also beyond 2^53."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._places = Places(source.file, source.text)
        self._budget = Budget(source.file, report)
        self._tokens = JsonTokens(source.text, self._places, self._budget)

    def read(self) -> Document | None:
        """The document; None for an empty file, or after a diagnostic that ends the
        reading."""
        tokens = self._tokens
        if not tokens.peek():
            return None
        try:
            root = self._value("", 0)
            if tokens.peek():
                self._budget.stop(
                    codes.MF0307,
                    "text follows the JSON value",
                    self._places.span(tokens.index),
                    "a JSON file holds one value: remove what follows it",
                )
        except Stop:
            return None
        return Document(root, self._source, 0)

    def _value(self, pointer: str, depth: int) -> Node:
        self._budget.count(pointer)
        found = self._tokens.peek()
        start = self._tokens.index
        if found == "{":
            return self._object(pointer, depth + 1)
        if found == "[":
            return self._array(pointer, depth + 1)
        if found == '"':
            text = self._tokens.string()
            return self._scalar(start, pointer, text, text)
        return self._scalar(start, pointer, *self._tokens.word())

    def _object(self, pointer: str, depth: int) -> Mapping:
        tokens = self._tokens
        opened = self._open(depth)
        entries: dict[str, Entry] = {}
        if tokens.peek() == "}":
            tokens.index += 1
        else:
            while True:
                key = self._key(pointer)
                tokens.take(":", "`:`", opened)
                entry = Entry(key, self._value(key.pointer, depth))
                first = entries.setdefault(key.text, entry).key
                if first is not key:
                    self._budget.report_duplicate(key.text, key.span(), first.span())
                if tokens.take(",}", "`,` or `}`", opened) == "}":
                    break
        place = (*self._places.at(opened), *self._places.at(tokens.index))
        return Mapping(self._source, *place, pointer, entries)

    def _array(self, pointer: str, depth: int) -> Sequence:
        tokens = self._tokens
        opened = self._open(depth)
        items: list[Node] = []
        if tokens.peek() == "]":
            tokens.index += 1
        else:
            while True:
                items.append(self._value(f"{pointer}/{len(items)}", depth))
                if tokens.take(",]", "`,` or `]`", opened) == "]":
                    break
        place = (*self._places.at(opened), *self._places.at(tokens.index))
        return Sequence(self._source, *place, pointer, items)

    def _open(self, depth: int) -> int:
        """Take a bracket; its index."""
        opened = self._tokens.index
        self._budget.check_depth(depth, self._places.span(opened))
        self._tokens.index += 1
        return opened

    def _key(self, pointer: str) -> Scalar:
        if self._tokens.peek() != '"':
            self._tokens.fail_expected("a key in double quotes")
        start = self._tokens.index
        text = self._tokens.string()
        below = f"{pointer}/{escape_pointer(text)}"
        self._budget.count(below)
        return self._scalar(start, below, text, text)

    def _scalar(
        self, start: int, pointer: str, value: ScalarValue, text: str
    ) -> Scalar:
        place = (*self._places.at(start), *self._places.at(self._tokens.index))
        return Scalar(self._source, *place, pointer, value, text, "json")
