"""How much room texts take in a drawing, without a font: estimates on the wide side."""

from __future__ import annotations

import unicodedata

TITLE, BODY = 7.4, 6.0
"""Pixels per character of a title (13 px, bold) and of other text (11 px)."""


def width_of(text: str, per_character: float) -> float:
    """Pixels; full-width characters count twice, combining ones nothing."""
    units = 0.0
    for character in text:
        if unicodedata.combining(character):
            continue
        wide = unicodedata.east_asian_width(character) in "WF"
        units += 1.8 if wide else 1.0
    return units * per_character


def clip(text: str, limit: float, per_character: float) -> str:
    """`text`, shortened with `…` to what fits into `limit` pixels."""
    if width_of(text, per_character) <= limit:
        return text
    while text and width_of(text + "…", per_character) > limit:
        text = text[:-1] if len(text) < 200 else text[:199]
    return text.rstrip() + "…"


def printable(text: str) -> str:
    """`text` on one line, with what would be invisible or turn the text around (control
    and direction characters, lone surrogates) shown as escapes."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\n\r\t\x85" or unicodedata.category(character)[0] == "Z":
        return " "
    return f"\\u{ord(character):04x}" if ord(character) < 65_536 else "\ufffd"
