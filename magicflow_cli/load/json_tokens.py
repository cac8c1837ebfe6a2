"""The words of JSON (RFC 8259): strings, numbers and constants, one position ahead."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Label
from magicflow_cli.load import core_schema
from magicflow_cli.load.budget import Budget, shorten
from magicflow_cli.load.decode import describe
from magicflow_cli.load.nodes import ScalarValue
from magicflow_cli.load.places import Places

_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[-+.0-9A-Za-z_$]+")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_WORDS: Final[dict[str, ScalarValue]] = {"true": True, "false": False, "null": None}
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity", "+Infinity"})
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
_UNIT_CHARS: Final = 6  # \uXXXX
_REPLACEMENT: Final = "\ufffd"


class JsonTokens:
    """Takes tokens from a text. `index` is the position of the next character; methods
    that fail report and raise `budget.Stop`."""

    def __init__(self, text: str, places: Places, budget: Budget) -> None:
        self.text = text
        self.index = 0
        self._places = places
        self._budget = budget

    def peek(self) -> str:
        """The next character that is no white space, "" at the end."""
        space = _SPACE.match(self.text, self.index)
        assert space is not None
        self.index = space.end()
        return self.text[self.index : self.index + 1]

    def take(self, characters: str, what: str, opened: int | None = None) -> str:
        """The next character that is no white space, one of `characters`. `opened` is
        the index of the bracket that a diagnostic should point to."""
        found = self.peek()
        if not found or found not in characters:
            self.fail_expected(what, opened)
        self.index += 1
        return found

    def fail_expected(self, what: str, opened: int | None = None) -> NoReturn:
        found = self.peek()
        shown = f"`{found}`" if found.isprintable() else describe(found)
        labels = []
        if opened is not None:
            span = self._places.span(opened)
            labels.append(Label(span, "the bracket is opened here"))
        self._budget.stop(
            codes.MF0301,
            f"expected {what}, found {shown if found else 'the end of the file'}",
            self._places.span(self.index),
            "JSON has double quotes, no comments and no comma after the last entry",
            labels,
        )

    def word(self) -> tuple[ScalarValue, str]:
        """Take a number or constant: its value and its text."""
        match = _WORD.match(self.text, self.index)
        if match is None:
            self.fail_expected("a value")
        word = match[0]
        start = self.index
        number = _NUMBER.fullmatch(word)
        if number is None and word not in _WORDS:
            self._refuse_word(word)
        self.index = match.end()
        if number is None:
            return _WORDS[word], word
        try:
            return _number(number), word
        except core_schema.Unfit as unfit:
            span = self._places.span(start, self.index)
            self._budget.report(unfit.code, unfit.message, span, unfit.help)
            return 0, word

    def _refuse_word(self, word: str) -> NoReturn:
        if word in _NOT_FINITE:
            self._fail(
                codes.MF0115,
                f"`{word}` is not a finite number",
                "JSON knows neither infinity nor NaN: leave the value out",
                len(word),
            )
        if word[0] in "-+.0123456789":
            self._fail(
                codes.MF0306,
                f"`{shorten(word)}` is not a JSON number",
                "write digits, without a leading zero or `+`, as in `-1.5e3`",
                len(word),
            )
        self._fail(
            codes.MF0301,
            f"`{shorten(word)}` is not a JSON value",
            "put a text into double quotes; the words are `true`, `false` and `null`",
            len(word),
        )

    def string(self) -> str:
        """Take a string, its opening quote being next."""
        start = self.index
        self.index += 1
        parts: list[str] = []
        while True:
            chunk = _CHUNK.match(self.text, self.index)
            assert chunk is not None
            parts.append(chunk[0])
            self.index = chunk.end()
            character = self.text[self.index : self.index + 1]
            if character == '"':
                self.index += 1
                return "".join(parts)
            if character == "\\":
                parts.append(self._escape())
            elif character in ("", "\n", "\r"):
                end = self._places.span(self.index)
                self._budget.stop(
                    codes.MF0302,
                    "string is not closed",
                    self._places.span(start),
                    'add the closing `"`; write a line break as `\\n`',
                    [Label(end, "the line ends here")],
                )
            else:
                self._fail(
                    codes.MF0303,
                    f"{describe(character)} stands in a JSON string",
                    f"write it as the escape `\\u{ord(character):04x}`",
                )

    def _escape(self) -> str:
        """Take one escape, a surrogate pair as one."""
        start = self.index
        letter = self.text[start + 1 : start + 2]
        if letter in _ESCAPES:
            self.index += 2
            return _ESCAPES[letter]
        unit = self._unit(start)
        if unit is None:
            self._fail(
                codes.MF0304,
                "escape is not valid in a JSON string",
                r"write \" \\ \/ \b \f \n \r \t or \u with four hexadecimal digits",
                min(2, len(self.text) - start),
            )
        self.index += _UNIT_CHARS
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        low = self._unit(self.index)
        if unit >= 0xDC00 or low is None or not 0xDC00 <= low <= 0xDFFF:
            self._budget.report(
                codes.MF0305,
                f"escape `\\u{unit:04x}` is half of a surrogate pair",
                self._places.span(start, self.index),
                "write both halves, or the character itself",
            )
            return _REPLACEMENT
        self.index += _UNIT_CHARS
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def _unit(self, index: int) -> int | None:
        """The UTF-16 code unit of the `\\uXXXX` at an index."""
        if not self.text.startswith("\\u", index):
            return None
        match = _HEX.match(self.text, index + 2)
        return int(match[0], 16) if match is not None else None

    def _fail(self, code: Code, message: str, help: str, length: int = 1) -> NoReturn:
        span = self._places.span(self.index, self.index + length)
        self._budget.stop(code, message, span, help)


def _number(match: re.Match[str]) -> int | float:
    core_schema.check_length(match[0])
    if match[1] is None and match[2] is None:
        return int(match[0])
    return core_schema.finite(match[0])
