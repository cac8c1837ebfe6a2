"""A string that a portable regular expression finds: short, readable, the same always;
or one by chance.

Reads the subset that `magicflow.regex` accepts and writes one string for it. Anchors
and word boundaries are not reasoned about: whoever asks validates the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

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


MORE = 4
"""How often an open repetition repeats beyond its least at most, by chance."""


def random_sampler(pattern: str) -> Callable[[Random], str]:
    """Strings for a pattern that `check_portable` accepts, by chance."""
    sampler = _RandomSampler(pattern)
    write = sampler.read()

    def draw(dice: Random) -> str:
        sampler.dice = dice
        return write(0)

    return draw


@dataclass(slots=True)
class _Sampler:
    text: str
    at: int = field(default=0)

    def read(self) -> Writer:
        """An alternation, up to its `)` or the end."""
        options: list[list[Writer]] = [[]]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                options.append([])
            else:
                options[-1].append(self._piece())
        return self._either(options)

    # what is chosen

    def _either(self, options: list[list[Writer]]) -> Writer:
        """The first of the alternatives."""
        chosen = options[0]
        return lambda grow: "".join(piece(grow) for piece in chosen)

    def _repeated(self, atom: Writer, low: int, high: int) -> Writer:
        """`high` is -1 for a repetition without an end."""

        def write(grow: int) -> str:
            times = max(low, grow) if high < 0 else max(low, min(high, grow))
            return atom(grow) * times

        return write

    def _of(self, ranges: Ranges) -> Writer:
        """One of these characters: the one that looks best."""
        text = _pick(ranges)
        return lambda grow: text

    # what is read

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
            atom = self._of(self._class())
        elif char == "\\":
            atom = self._escape()
        elif char in "^$":
            atom = _constant("")
        elif char == ".":
            atom = self._of([(0x61, 0x7A)])
        else:
            atom = _constant(char)
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
        return self._repeated(atom, low, high) if (low, high) != (1, 1) else atom

    def _escape(self) -> Writer:
        char = self.text[self.at]
        self.at += 1
        if char in "bB":
            return _constant("")
        if char.lower() in _CLASSES:
            return self._of(_ranges_of(char))
        return _constant(chr(self._code(char)))

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

    def _class(self) -> Ranges:
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
        return _complement(ranges) if negated else ranges

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


@dataclass(slots=True)
class _RandomSampler(_Sampler):
    dice: Random = field(default_factory=lambda: Random(0))

    def _either(self, options: list[list[Writer]]) -> Writer:
        def write(grow: int) -> str:
            chosen = options[int(self.dice.random() * len(options))]
            return "".join(piece(grow) for piece in chosen)

        return write

    def _repeated(self, atom: Writer, low: int, high: int) -> Writer:
        most = low + MORE if high < 0 or high > low + MORE else high

        def write(grow: int) -> str:
            times = low + int(self.dice.random() * (most - low + 1))
            return "".join(atom(grow) for _ in range(times))

        return write

    def _of(self, ranges: Ranges) -> Writer:
        """Letters, digits and the like where the class has them."""
        plain = [
            char
            for char in _PREFERRED
            if any(low <= ord(char) <= high for low, high in ranges)
        ]
        chars = plain or [_pick(ranges)]
        return lambda grow: chars[int(self.dice.random() * len(chars))]


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


def _pick(ranges: Ranges) -> str:
    for char in _PREFERRED:
        if any(low <= ord(char) <= high for low, high in ranges):
            return char
    # Not a surrogate: those are no characters.
    return chr(next((low for low, _ in ranges if not 0xD800 <= low < 0xE000), 0xFFFD))
