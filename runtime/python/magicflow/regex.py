"""Portable regular expressions: the subset that RE2, Go, Java, JavaScript and Python
read alike, matched in time linear in the text.

Matching is RE2's (the `google-re2` package), because Python's `re` backtracks: a
pattern and a text of a user could stop the engine. `\\d \\w \\s \\b` are ASCII (`\\s` is
`[\\t\\n\\f\\r ]`), `.` is any code point but `\\n`, `^` and `$` are the ends of the text,
`search` finds the pattern anywhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LENGTH = 4_096
"""How many code points a pattern may have."""

REPEAT = 1_000
"""The largest count of a repetition, nested ones multiplied."""

SIZE = 10_000
"""How many single characters a pattern may stand for when repetitions are written out."""

DEPTH = 64
"""How deep groups may nest."""

_CLASSES = frozenset("dDwWsS")
_CONTROLS = frozenset("tnrfv")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_HEX = frozenset("0123456789abcdefABCDEF")
_GROUPS = {
    "?=": "look-ahead `(?=`",
    "?!": "look-ahead `(?!`",
    "?<=": "look-behind `(?<=`",
    "?<!": "look-behind `(?<!`",
    "?>": "the atomic group `(?>`",
    "?P": "the named group `(?P<…>`",
    "?<": "the named group `(?<…>`",
    "?#": "the comment `(?#`",
}


class Portable:
    """A compiled pattern."""

    __slots__ = ("_find", "pattern")

    def __init__(self, pattern: str, compiled: Any) -> None:
        self.pattern = pattern
        self._find = compiled.search

    def search(self, text: str) -> bool:
        """Whether the pattern is found in the text. A text with lone surrogates, which
        is no JSON text, has nothing in it."""
        try:
            return self._find(text) is not None
        except UnicodeEncodeError:
            return False


def check_portable(pattern: str) -> str | None:
    """What keeps the pattern from being portable, as the end of a sentence, or None."""
    try:
        _Reader(pattern).read()
    except _NotPortable as error:
        return str(error)
    return None


@lru_cache(maxsize=1_024)
def compile_portable(pattern: str) -> Portable:
    """Compile a pattern; raises ValueError when it is not portable."""
    try:
        rewritten = _Reader(pattern).read()
    except _NotPortable as error:
        raise ValueError(f"the pattern is not portable: {error}") from None
    import re2  # type: ignore[import-untyped]  # 12 ms, only for plans that have patterns

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return Portable(pattern, re2.compile(rewritten, options))


class _NotPortable(Exception):
    pass


class _Reader:
    """Reads a pattern once, from left to right, and writes RE2's spelling of it."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.out: list[str] = []

    def read(self) -> str:
        if len(self.text) > LENGTH:
            raise _NotPortable(f"it has more than {LENGTH} characters")
        self._alternation(0)
        if self.at < len(self.text):
            raise _NotPortable("a `)` closes nothing; write `\\)` for the character")
        return "".join(self.out)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self.text[self.at]
        self.at += 1
        return char

    def _alternation(self, depth: int) -> tuple[int, int]:
        """Read up to a `)` or the end: the size, and the most repetitions inside."""
        if depth > DEPTH:
            raise _NotPortable(f"groups are nested more than {DEPTH} deep")
        size, repeats = 0, 1
        while self.at < len(self.text) and self._peek() != ")":
            if self._peek() == "|":
                self.out.append(self._take())
            else:
                more, inside = self._piece(depth)
                size, repeats = size + more, max(repeats, inside)
            if size > SIZE:
                raise _NotPortable(_TOO_LARGE)
        return size, repeats

    def _piece(self, depth: int) -> tuple[int, int]:
        """An atom with its quantifier: its size, and its repetitions multiplied."""
        char = self._take()
        size, repeats, anchor = 1, 1, False
        if char == "(":
            size, repeats = self._group(depth)
        elif char == "[":
            self._class()
        elif char == "\\":
            anchor = self._escape()
        elif char in "^$":
            anchor = True
            self.out.append("^" if char == "^" else r"\z")
        elif char in "*+?":
            raise _NotPortable(f"`{char}` repeats nothing; write `\\{char}` for it")
        elif char in "{}]":
            raise _NotPortable(f"`{char}` stands alone; write `\\{char}` for it")
        else:
            self.out.append(_literal(char))
        quantifier = self._quantifier()
        if quantifier is None:
            return size, repeats
        if anchor:
            raise _NotPortable("an anchor is repeated")
        if quantifier * repeats > REPEAT:
            raise _NotPortable(f"it repeats more than {REPEAT} times")
        return size * max(quantifier, 1) + 1, max(quantifier, 1) * repeats

    def _quantifier(self) -> int | None:
        """The quantifier that follows, if any, as how often it writes its atom out."""
        char = self._peek()
        if char in ("*", "+", "?") and char:
            self.out.append(self._take())
            times = 1
        elif char == "{":
            times = self._counted()
        else:
            return None
        if self._peek() == "?":
            self.out.append(self._take())
        if self._peek() == "+":
            raise _NotPortable(
                "a possessive quantifier or a quantifier of a quantifier"
            )
        if self._peek() in ("*", "?", "{") and self._peek():
            raise _NotPortable("a quantifier is quantified; write a group around it")
        return times

    def _counted(self) -> int:
        end = self.text.find("}", self.at)
        bounds = self.text[self.at + 1 : end].split(",") if end >= 0 else []
        if not (
            1 <= len(bounds) <= 2
            and all(b.isascii() and (b.isdecimal() or not b) for b in bounds)
            and bounds[0]
        ):
            raise _NotPortable(
                "`{` begins no repetition `{2}`, `{2,}`, `{2,5}`; write `\\{`"
            )
        if any(len(bound) > 4 for bound in bounds):
            raise _NotPortable(f"it repeats more than {REPEAT} times")
        numbers = [int(bound) for bound in bounds if bound]
        if len(numbers) == 2 and numbers[1] < numbers[0]:
            raise _NotPortable("a repetition's bounds are in the wrong order")
        if max(numbers) > REPEAT:
            raise _NotPortable(f"it repeats more than {REPEAT} times")
        self.out.append(self.text[self.at : end + 1])
        self.at = end + 1
        return max(numbers)

    def _group(self, depth: int) -> tuple[int, int]:
        if self._peek() == "?":
            if not self.text.startswith("?:", self.at):
                for start, what in _GROUPS.items():
                    if self.text.startswith(start, self.at) and not (
                        start == "?<"
                        and self.text[self.at + 2 : self.at + 3] in ("=", "!")
                    ):
                        raise _NotPortable(f"{what} is not in every language")
                raise _NotPortable("flags such as `(?i)` are not in every language")
            self.at += 2
        self.out.append("(?:")
        inside = self._alternation(depth + 1)
        if self._peek() != ")":
            raise _NotPortable("a `(` is never closed")
        self.out.append(self._take())
        return inside

    def _escape(self) -> bool:
        """One escape outside a class; the answer is whether it is an anchor."""
        char = self._escaped()
        if char in ("b", "B"):
            self.out.append("\\" + char)
            return True
        if char in _CLASSES:
            self.out.append("\\" + char)
        else:
            self.out.append(_code_point(self._character(char)))
        return False

    def _escaped(self) -> str:
        if self.at >= len(self.text):
            raise _NotPortable("it ends in a backslash")
        return self._take()

    def _character(self, char: str) -> int:
        """The code point of the escape whose letter was read."""
        if char in _CONTROLS:
            return {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}[char]
        if char == "x":
            return self._hex(2, char)
        if char == "u":
            code = self._hex(4, char)
            if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.at):
                self.at += 2
                low = self._hex(4, char)
                if 0xDC00 <= low < 0xE000:
                    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            if 0xD800 <= code < 0xE000:
                raise _NotPortable("half of a surrogate pair stands alone")
            return code
        if char in _PUNCTUATION:
            return ord(char)
        if char.isdecimal():
            raise _NotPortable("back-references are not in every language")
        if char in "pP":
            raise _NotPortable(
                "`\\p{…}` means different characters in different languages"
            )
        raise _NotPortable(f"the escape `\\{_shown(char)}` is not in every language")

    def _hex(self, width: int, char: str) -> int:
        digits = self.text[self.at : self.at + width]
        if len(digits) < width or not all(d in _HEX for d in digits):
            raise _NotPortable(f"`\\{char}` wants {width} hexadecimal digits")
        self.at += width
        return int(digits, 16)

    def _class(self) -> None:
        self.out.append("[")
        if self._peek() == "^":
            self.out.append(self._take())
        first = self.at
        while True:
            char = self._peek()
            if not char:
                raise _NotPortable("a `[` is never closed")
            if char == "]":
                if self.at == first:
                    raise _NotPortable(
                        "a class is empty; write `\\]` for the character"
                    )
                self.out.append(self._take())
                return
            self._class_item(first)

    def _class_item(self, first: int) -> None:
        start = self.at
        low = self._class_character()
        if low == ord("-") and self.text[start] == "-":
            if start != first and self._peek() != "]":
                raise _NotPortable("`-` stands inside a class; write `\\-` for it")
            self.out.append(r"\-")
            return
        if self._peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("", "]"):
            if low is not None:
                self.out.append(_code_point(low))
            return
        self.at += 1
        high = self._class_character()
        if low is None or high is None:
            raise _NotPortable("a range has a class such as `\\d` as its end")
        if high < low:
            raise _NotPortable("a range is in the wrong order")
        self.out.append(f"{_code_point(low)}-{_code_point(high)}")

    def _class_character(self) -> int | None:
        """One character, or None for `\\d` and its like, which are written at once."""
        char = self._take()
        if char == "\\":
            char = self._escaped()
            if char in _CLASSES:
                self.out.append("\\" + char)
                return None
            return self._character(char)
        if char == "[":
            raise _NotPortable("`[` stands inside a class; write `\\[` for it")
        if char in "&|~" and self._peek() == char:
            raise _NotPortable(
                f"`{char}{char}` stands inside a class; write `\\{char}`"
            )
        _literal(char)
        return ord(char)


_TOO_LARGE = (
    f"it stands for more than {SIZE} characters when repetitions are written out"
)


def _literal(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        raise _NotPortable("half of a surrogate pair stands alone")
    return char if char == "." else _code_point(ord(char))


def _code_point(code: int) -> str:
    char = chr(code)
    return char if char.isalnum() and char.isascii() else f"\\x{{{code:x}}}"


def _shown(char: str) -> str:
    return char if char.isprintable() else f"u{ord(char):04x}"
