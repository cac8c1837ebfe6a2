"""Patterns of schemas are ECMA-262's, where `\\s` is Unicode's white space.

Portable regular expressions read `\\s` as five ASCII characters, so a schema's pattern
has it written out in the plan: no runtime can read it in another way.
"""

from __future__ import annotations

_SPACES = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_OTHERS = (
    r"\x00-\x08\x0e-\x1f!-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027"
    r"\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\ue000-\ufefe"
    "\uff00-\U0010ffff"
)


def spell_spaces(pattern: str) -> str:
    """The portable pattern with `\\s` and `\\S` written out as classes."""
    if "\\s" not in pattern and "\\S" not in pattern:
        return pattern
    out: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        piece = pattern[at : at + (2 if pattern[at] == "\\" else 1)]
        at += len(piece)
        if piece in ("\\s", "\\S"):
            ranges = _SPACES if piece == "\\s" else _OTHERS
            out.append(ranges if in_class else f"[{ranges}]")
            continue
        if piece == "[" and not in_class:
            in_class = True
        elif piece == "]":
            in_class = False
        out.append(piece)
    return "".join(out)
