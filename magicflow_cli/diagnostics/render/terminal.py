"""Text that a terminal shows as it is: nothing in it moves the cursor, changes colours
or reorders what stands around it."""

from __future__ import annotations

import unicodedata
from enum import Enum
from typing import Final

_CLIP: Final = 2_000
_TAB: Final = "    "
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_COMBINING: Final = frozenset({"Mn", "Me"})


class Paint(Enum):
    """SGR parameters."""

    ERROR = "1;31"
    WARNING = "1;33"
    NOTE = "1;36"
    BOLD = "1"
    DIM = "1;34"
    PLAIN = ""


def paint(text: str, how: Paint, color: bool) -> str:
    if not color or not text or how is Paint.PLAIN:
        return text
    return f"\x1b[{how.value}m{text}\x1b[0m"


def escape(character: str) -> str:
    """A character as it is, or written as an escape when a terminal might obey it:
    control, format (bidirectional, zero width), line separators, unassigned."""
    if character.isascii() and character.isprintable():
        return character
    if unicodedata.category(character) in _UNSAFE:
        return _NAMED.get(character, f"\\u{{{ord(character):x}}}")
    return character


def safe(text: str) -> str:
    """One line of safe text; very long texts are cut."""
    if len(text) > _CLIP:
        text = text[:_CLIP] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(escape, text))


def shown(character: str) -> str:
    """A character of a source line: as `escape`, and a tab as spaces."""
    return _TAB if character == "\t" else escape(character)


def cells(text: str) -> int:
    """The columns that safe text takes: 2 for wide characters, 0 for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.category(character) in _COMBINING:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
