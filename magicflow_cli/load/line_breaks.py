"""U+0085, U+2028 and U+2029: line breaks in YAML 1.1, ordinary characters in YAML 1.2.

The parsers know YAML 1.1 here, so they see other characters in their stead, which the
reader turns back.
"""

from __future__ import annotations

from typing import Final

_BREAKS: Final = ("\x85", "\u2028", "\u2029")
_FIRST_CANDIDATE: Final = 0xE000  # private use


def stand_in(text: str) -> tuple[str, dict[int, str]]:
    """`text` with each of the three replaced by a character that the text has neither
    as such nor as an escape, and the table that `str.translate` needs to go back; the
    text itself and an empty table when it has none of them."""
    if text.isascii() or not any(char in text for char in _BREAKS):
        return text, {}
    lowered = text.lower()
    table: dict[int, str] = {}
    candidate = _FIRST_CANDIDATE
    for char in _BREAKS:
        while chr(candidate) in text or f"{candidate:x}" in lowered:
            candidate += 1
        table[candidate] = char
        candidate += 1
    forward = {ord(char): stand for stand, char in table.items()}
    return text.translate(forward), table
