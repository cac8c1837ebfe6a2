"""JSON (RFC 8259) to nodes, with places and the limits of YAML."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Label, Report, Span
from magicflow_cli.load import core_schema, limits
from magicflow_cli.load.decode import describe
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

_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NUMBER_LIKE = re.compile(r"[-+.0-9][-+.0-9a-zA-Z]*")
_WORD = re.compile(r"[A-Za-z_$][A-Za-z_$0-9]*")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_WORDS: Final[dict[str, ScalarValue]] = {"true": True, "false": False, "null": None}
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})
_ESCAPES: Final = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_LONG_POINTER: Final = limits.POINTER_CHARS // limits.NODES


class _Stop(Exception):
    """Nothing more can be read; the diagnostic is in the report."""


class JsonReader:
    """Reads one file's text."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._text = source.text
        self._report = report
        self._places = Places(source.file, source.text)
        self._index = 0
        self._nodes = 0
        self._long_pointers = 0

    def read(self) -> Document | None:
        """The file's document; None for an empty file, or after a diagnostic that ends
        the reading."""
        try:
            self._skip_space()
            if self._index == len(self._text):
                return None
            root = self._value("", 0)
            self._skip_space()
            if self._index < len(self._text):
                self._fail(
                    codes.MF0307,
                    "text follows the JSON value",
                    "a JSON file holds one value: remove what follows it",
                )
        except _Stop:
            return None
        return Document(root, self._source, 0)

    def _value(self, pointer: str, depth: int) -> Node:
        self._count(pointer)
        start = self._index
        character = self._text[start : start + 1]
        if character == "{":
            return self._object(pointer, depth + 1)
        if character == "[":
            return self._array(pointer, depth + 1)
        if character == '"':
            text = self._string()
            return self._scalar(start, pointer, text, text)
        if character and character in "-+.0123456789":
            return self._number(pointer)
        word = _WORD.match(self._text, start)
        if word is None:
            self._expect_failed("a value")
        if word[0] in _NOT_FINITE:
            self._refuse_not_finite(word[0], start)
        if word[0] not in _WORDS:
            self._fail(
                codes.MF0301,
                f"`{_shorten(word[0])}` is not a JSON value",
                "put a text into double quotes; the words are `true`, `false` and `null`",
                end=word.end(),
            )
        self._index = word.end()
        return self._scalar(start, pointer, _WORDS[word[0]], word[0])

    def _object(self, pointer: str, depth: int) -> Mapping:
        self._check_depth(depth)
        line, col = self._places.at(self._index)
        opened = self._index
        self._index += 1
        entries: dict[str, Entry] = {}
        mapping = Mapping(self._source, line, col, line, col, pointer, entries)
        closing = False
        while not self._closes("}", closing):
            key = self._key(pointer)
            self._skip_space()
            self._take(":", "`:`", opened)
            self._skip_space()
            value = self._value(key.pointer, depth)
            first = entries.setdefault(key.text, Entry(key, value)).key
            if first is not key:
                self._refuse_duplicate(key, first)
            closing = self._separates("}", opened)
        mapping.end_line, mapping.end_col = self._places.at(self._index)
        return mapping

    def _array(self, pointer: str, depth: int) -> Sequence:
        self._check_depth(depth)
        line, col = self._places.at(self._index)
        opened = self._index
        self._index += 1
        items: list[Node] = []
        sequence = Sequence(self._source, line, col, line, col, pointer, items)
        closing = False
        while not self._closes("]", closing):
            items.append(self._value(f"{pointer}/{len(items)}", depth))
            closing = self._separates("]", opened)
        sequence.end_line, sequence.end_col = self._places.at(self._index)
        return sequence

    def _closes(self, bracket: str, closing: bool) -> bool:
        """Take the bracket of an empty collection; `closing` says that it is taken."""
        if closing:
            return True
        self._skip_space()
        if self._text[self._index - 1] != "," and self._peek() == bracket:
            self._index += 1
            return True
        return False

    def _separates(self, bracket: str, opened: int) -> bool:
        """Take `,` or the closing bracket; True for the bracket."""
        self._skip_space()
        found = self._peek()
        if found not in (",", bracket) or not found:
            self._expect_failed(f"`,` or `{bracket}`", opened)
        self._index += 1
        if found == bracket:
            return True
        self._skip_space()
        if self._peek() == bracket:
            self._expect_failed("a value after `,`")
        return False

    def _key(self, pointer: str) -> Scalar:
        start = self._index
        if self._peek() != '"':
            self._expect_failed("a key in double quotes")
        self._count("")
        text = self._string()
        token = text.replace("~", "~0").replace("/", "~1")
        return self._scalar(start, f"{pointer}/{token}", text, text)

    def _scalar(
        self, start: int, pointer: str, value: ScalarValue, text: str
    ) -> Scalar:
        line, col = self._places.at(start)
        end_line, end_col = self._places.at(self._index)
        return Scalar(
            self._source, line, col, end_line, end_col, pointer, value, text, "json"
        )

    # Numbers

    def _number(self, pointer: str) -> Scalar:
        start = self._index
        like = _NUMBER_LIKE.match(self._text, start)
        assert like is not None
        text = like[0]
        if text in _NOT_FINITE:
            self._refuse_not_finite(text, start)
        match = _NUMBER.fullmatch(text)
        if match is None:
            self._fail(
                codes.MF0306,
                f"`{_shorten(text)}` is not a JSON number",
                "write digits, without a leading zero or `+`, as in `-1.5e3`",
                end=like.end(),
            )
        self._index = like.end()
        value: ScalarValue = 0
        try:
            core_schema.check_length(text)
            fractional = match[1] is not None or match[2] is not None
            value = core_schema.finite(text) if fractional else int(text)
        except core_schema.Unfit as unfit:
            span = self._places.span(start, self._index)
            self._add(unfit.code, unfit.message, span, unfit.help)
        return self._scalar(start, pointer, value, text)

    def _refuse_not_finite(self, text: str, start: int) -> NoReturn:
        self._fail(
            codes.MF0115,
            f"`{text}` is not a finite number",
            "JSON knows neither infinity nor NaN: leave the value out",
            end=start + len(text),
        )

    # Strings

    def _string(self) -> str:
        """Take a string, its opening quote being next."""
        start = self._index
        self._index += 1
        parts: list[str] = []
        while True:
            chunk = _CHUNK.match(self._text, self._index)
            assert chunk is not None
            parts.append(chunk[0])
            self._index = chunk.end()
            character = self._peek()
            if character == '"':
                self._index += 1
                return "".join(parts)
            if character == "\\":
                parts.append(self._escape())
            elif character in ("", "\n", "\r"):
                self._refuse_unclosed(start)
            else:
                self._fail(
                    codes.MF0303,
                    f"{describe(character)} stands in a JSON string",
                    "write it as an escape such as `\\t` or `\\u0001`",
                )

    def _refuse_unclosed(self, start: int) -> NoReturn:
        self._add(
            codes.MF0302,
            "string is not closed",
            self._places.span(start),
            'add the closing `"`; write a line break as `\\n`',
            [Label(self._places.span(self._index), "the string ends here")],
        )
        raise _Stop

    def _escape(self) -> str:
        """Take one escape, a surrogate pair as one."""
        start = self._index
        letter = self._text[start + 1 : start + 2]
        if letter in _ESCAPES:
            self._index += 2
            return _ESCAPES[letter]
        unit = self._unit(start)
        if unit is None:
            self._fail(
                codes.MF0304,
                "escape is not valid in a JSON string",
                'JSON knows \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits',
                end=min(start + 2, len(self._text)),
            )
        self._index += 6
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        low = self._unit(self._index) if unit < 0xDC00 else None
        if low is None or not 0xDC00 <= low <= 0xDFFF:
            self._add(
                codes.MF0305,
                f"escape \\u{unit:04x} is half of a surrogate pair",
                self._places.span(start, self._index),
                "write both halves, or the character itself",
            )
            return "\ufffd"
        self._index += 6
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def _unit(self, index: int) -> int | None:
        """The UTF-16 code unit of the `\\uXXXX` at an index."""
        if not self._text.startswith("\\u", index):
            return None
        match = _HEX.match(self._text, index + 2)
        return int(match[0], 16) if match is not None else None

    # Reading and reporting

    def _peek(self) -> str:
        return self._text[self._index : self._index + 1]

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._index)
        assert match is not None
        self._index = match.end()

    def _take(self, character: str, what: str, opened: int) -> None:
        if self._peek() != character:
            self._expect_failed(what, opened)
        self._index += 1

    def _expect_failed(self, what: str, opened: int | None = None) -> NoReturn:
        found = self._peek()
        labels = []
        if opened is not None:
            labels.append(
                Label(self._places.span(opened), "the bracket is opened here")
            )
        shown = "the end of the file" if not found else f"`{found}`"
        if found and not found.isprintable():
            shown = describe(found)
        self._add(
            codes.MF0301,
            f"expected {what}, found {shown}",
            self._places.span(self._index),
            "JSON has double quotes, no comments and no comma after the last entry",
            labels,
        )
        raise _Stop

    def _fail(
        self, code: Code, message: str, help: str, end: int | None = None
    ) -> NoReturn:
        self._add(code, message, self._places.span(self._index, end), help)
        raise _Stop

    def _refuse_duplicate(self, key: Scalar, first: Scalar) -> None:
        self._add(
            codes.MF0120,
            f"key `{_shorten(key.text)}` stands twice in one mapping",
            key.span(),
            "remove one of the two",
            [Label(first.span(), "it stands here first")],
        )

    def _check_depth(self, depth: int) -> None:
        if depth > limits.DEPTH:
            self._fail(
                codes.MF0110,
                f"collections are nested more than {limits.DEPTH} levels deep",
                "flatten the structure",
            )

    def _count(self, pointer: str) -> None:
        self._nodes += 1
        if len(pointer) > _LONG_POINTER:
            self._long_pointers += len(pointer)
        if self._nodes > limits.NODES:
            message = f"file holds more than {limits.NODES:,} values"
            help = "split it into several files"
        elif self._long_pointers > limits.POINTER_CHARS:
            message = "file holds too many values under long keys"
            help = "shorten the keys"
        else:
            return
        self._add(codes.MF0111, message, Span(self._source.file, 1, 1, 1, 1), help)
        raise _Stop

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


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
