"""Scalar events to scalars: their value, their tag and where their text stands."""

from __future__ import annotations

import re
from typing import Any, Final

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Span
from magicflow_cli.load import core_schema
from magicflow_cli.load.budget import Budget, shorten
from magicflow_cli.load.nodes import Scalar, ScalarValue, Source, Style
from magicflow_cli.load.places import Places

STYLES: Final[dict[str | None, Style]] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_PROPERTY = re.compile(r"&[A-Za-z0-9_-]+|!<[^>\s]*>|![^\s,\[\]{}]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\r\n]*)+")
_LINE_END = re.compile(r"[\r\n]|\Z")
_WHITE: Final = " \t\r\n"


class ScalarReader:
    """Reads the scalars of one file. `restored` maps stand-in characters back, see
    `line_breaks`. `extents` collects, in order, the index ranges in which `#` may be
    text: quoted, block and many-line scalars."""

    def __init__(
        self, source: Source, places: Places, restored: dict[int, str], budget: Budget
    ) -> None:
        self._source = source
        self._text = source.text
        self._places = places
        self._restored = restored
        self._budget = budget
        self.extents: list[tuple[int, int]] = []

    def read(self, event: Any, pointer: str) -> Scalar:
        """The scalar of an event, with its value in the core schema."""
        text = self._content(event)
        start, end = event.start_mark, event.end_mark
        if event.style in _PLAIN and text and end.index - start.index == len(text):
            value: ScalarValue = text
            if text in core_schema.WORDS:
                value = core_schema.WORDS[text]
            elif text[0] in core_schema.NUMBER_STARTS:
                value = self._number(text, event)
            return Scalar(
                self._source,
                start.line + 1,
                start.column + 1,
                end.line + 1,
                end.column + 1,
                pointer,
                value,
                text,
                "plain",
            )
        scalar, bang = self._intricate(event, text)
        scalar.pointer = pointer
        if event.tag is not None and event.tag != "!":
            scalar.value = self._tagged(event, text, scalar.span())
        elif scalar.style == "plain" and not bang:
            scalar.value = self._plain(text, event)
        return scalar

    def read_key(self, event: Any) -> Scalar:
        """The scalar of a mapping key: its value is its text, its pointer empty."""
        text = self._content(event)
        start, end = event.start_mark, event.end_mark
        if event.style in _PLAIN and text and end.index - start.index == len(text):
            return Scalar(
                self._source,
                start.line + 1,
                start.column + 1,
                end.line + 1,
                end.column + 1,
                "",
                text,
                text,
                "plain",
            )
        if event.tag is not None:
            self._check_scalar_tag(event)
        return self._intricate(event, text)[0]

    def _content(self, event: Any) -> str:
        text: str = event.value
        if self._restored:
            text = text.translate(self._restored)
        self._budget.chars += len(text)
        return text

    def _intricate(self, event: Any, text: str) -> tuple[Scalar, bool]:
        """A scalar that is quoted, empty, stands on several lines or has an anchor or
        tag; and whether it has the non-specific tag `!`."""
        start, end = event.start_mark.index, event.end_mark.index
        style = STYLES[event.style]
        start, bang = self.skip_properties(start, end)
        if style in ("literal", "folded"):
            head = _LINE_END.search(self._text, start)
            end = start + len(self._text[start:end].rstrip(_WHITE))
            if head is not None and head.start() < end:
                self.extents.append((head.start(), end))
        elif text or style != "plain":
            self.extents.append((start, end))
        line, col = self._places.at(start)
        end_line, end_col = self._places.at(end)
        scalar = Scalar(
            self._source, line, col, end_line, end_col, "", text, text, style
        )
        return scalar, bang

    # Values

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
            span = self._places.span(event.start_mark.index, event.end_mark.index)
            self._budget.report(unfit.code, unfit.message, span, unfit.help)
            return 0

    def _tagged(self, event: Any, text: str, span: Span) -> ScalarValue:
        if not self._check_scalar_tag(event):
            return text
        try:
            return core_schema.resolve_tagged(event.tag, text)
        except core_schema.Unfit as unfit:
            self._budget.report(unfit.code, unfit.message, span, unfit.help)
            return text

    # Tags

    def _check_scalar_tag(self, event: Any) -> bool:
        return self.check_tag(event, core_schema.SCALAR_TAGS, "a scalar")

    def check_tag(self, event: Any, allowed: frozenset[str], what: str) -> bool:
        """Whether an event's tag is one of `allowed`, or `!`; a diagnostic otherwise."""
        if event.tag is None or event.tag == "!":
            return True
        place = self._find_tag(event.start_mark.index)
        written = self._text[place[0] : place[1]]
        if event.tag in allowed and "%" not in written:
            return True
        fitting = ", ".join(f"`!!{tag.rpartition(':')[2]}`" for tag in sorted(allowed))
        self._budget.report(
            codes.MF0214,
            f"tag `{shorten(written)}` is not supported on {what}",
            self._places.span(*place),
            f"remove it; the tags that may stand here are {fitting}",
        )
        return False

    def _find_tag(self, index: int) -> tuple[int, int]:
        """Where the tag is written among the properties that start at an index."""
        while (match := _PROPERTY.match(self._text, index)) is not None:
            if match[0].startswith("!"):
                return match.span()
            between = _BETWEEN.match(self._text, match.end())
            index = between.end() if between is not None else match.end()
        return index, index + 1

    def skip_properties(self, start: int, end: int) -> tuple[int, bool]:
        """Where the content of a node starts after `&anchor` and `!tag`, and whether
        the non-specific tag `!` is among them. Without content: where they end."""
        bang = False
        last = start
        while (match := _PROPERTY.match(self._text, start, end)) is not None:
            bang = bang or match[0] == "!"
            last = match.end()
            between = _BETWEEN.match(self._text, last, end)
            start = between.end() if between is not None else last
            if start == last:
                break
        return (start if start < end else last), bang


_PLAIN: Final = frozenset(style for style in STYLES if STYLES[style] == "plain")
