"""A string that a portable regular expression finds: short, readable, the same always.

Reads the subset that `magicflow.regex` accepts and writes one string for it. Anchors
and word boundaries are not reasoned about: whoever asks validates the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_CLASSES = {
    "d": [(0x30, 0x39)],
    "w": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
    "s": [(0x20, 0x20), (0x09, 0x0A), (0x0C, 0x0D)],
}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
# What a class is read as first: letters look better than the first code point.
_PREFERRED = (
    "a"
    + "A"
    + "1"
    + "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ023456789"
    + "-_. "
)

Writer = Callable[[int], str]
"""Writes a piece; the argument is how often an open repetition repeats at least."""
Ranges = list[tuple[int, int]]


def sample(pattern: str, grow: int = 0) -> str:
    """A string for a pattern that `check_portable` accepts; repetitions without an end
    repeat at least `grow` times."""
    return _Sampler(pattern).read()(grow)


@dataclass(slots=True)
class _Sampler:
    text: str
    at: int = field(default=0)

    def read(self) -> Writer:
        """The first alternative of an alternation, up to its `)` or the end."""
        pieces: list[Writer] = []
        first: list[Writer] | None = None
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                first, pieces = first if first is not None else pieces, []
            else:
                pieces.append(self._piece())
        chosen = pieces if first is None else first
        return lambda grow: "".join(piece(grow) for piece in chosen)

    def _piece(self) -> Writer:
        char = self.text[self.at]
        self.at += 1
        atom: Writer
        if char == "(":
            if self.text.startswith("?:", self.at):
                self.at += 2
            atom = self.read()
            self.at += 1
        elif char == "[":
            atom = _constant(self._class())
        elif char == "\\":
            atom = _constant(self._escape())
        elif char in "^$":
            atom = _constant("")
        else:
            atom = _constant("a" if char == "." else char)
        return self._repeat(atom)

    def _repeat(self, atom: Writer) -> Writer:
        char = self.text[self.at : self.at + 1]
        low, high = 1, 1
        if char == "*" or char == "+" or char == "?":
            self.at += 1
            low, high = (1 if char == "+" else 0), (1 if char == "?" else -1)
        elif char == "{":
            end = self.text.index("}", self.at)
            bounds = self.text[self.at + 1 : end].split(",")
            low = int(bounds[0])
            high = low if len(bounds) == 1 else int(bounds[1]) if bounds[1] else -1
            self.at = end + 1
        if self.text[self.at : self.at + 1] == "?":
            self.at += 1

        def write(grow: int) -> str:
            times = max(low, grow) if high < 0 else max(low, min(high, grow))
            return atom(grow) * times

        return write if (low, high) != (1, 1) else atom

    def _escape(self) -> str:
        char = self.text[self.at]
        self.at += 1
        if char in "bB":
            return ""
        if char.lower() in _CLASSES:
            return _pick(_ranges_of(char))
        return chr(self._code(char))

    def _code(self, char: str) -> int:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in "xu":
            width = 2 if char == "x" else 4
            code = int(self.text[self.at : self.at + width], 16)
            self.at += width
            if 0xD800 <= code < 0xDC00:
                low = int(self.text[self.at + 2 : self.at + 6], 16)
                self.at += 6
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            return code
        return ord(char)

    def _class(self) -> str:
        negated = self.text[self.at] == "^"
        self.at += negated
        ranges: Ranges = []
        while self.text[self.at] != "]":
            found = self._class_item()
            if (
                len(found) == 1
                and found[0][0] == found[0][1]
                and self.text[self.at] == "-"
                and self.text[self.at + 1] != "]"
            ):
                self.at += 1
                high = self._class_item()
                found = [(found[0][0], high[0][1])]
            ranges += found
        self.at += 1
        return _pick(ranges, negated)

    def _class_item(self) -> Ranges:
        char = self.text[self.at]
        self.at += 1
        if char == "\\":
            char = self.text[self.at]
            self.at += 1
            if char.lower() in _CLASSES:
                return _ranges_of(char)
            code = self._code(char)
        else:
            code = ord(char)
        return [(code, code)]


def _constant(text: str) -> Writer:
    return lambda grow: text


def _ranges_of(char: str) -> Ranges:
    ranges = _CLASSES[char.lower()]
    return ranges if char.islower() else _complement(ranges)


def _complement(ranges: Ranges) -> Ranges:
    found: Ranges = []
    next_code = 0x20
    for low, high in sorted(ranges):
        if low > next_code:
            found.append((next_code, low - 1))
        next_code = max(next_code, high + 1)
    return [*found, (next_code, 0x10FFFF)]


def _pick(ranges: Ranges, negated: bool = False) -> str:
    if negated:
        ranges = _complement(ranges)
    for char in _PREFERRED:
        if any(low <= ord(char) <= high for low, high in ranges):
            return char
    # Not a surrogate: those are no characters.
    return chr(next((low for low, _ in ranges if not 0xD800 <= low < 0xE000), 0xFFFD))
