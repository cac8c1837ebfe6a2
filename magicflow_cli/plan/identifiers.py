"""From words to identifiers, in every target language; the policy is docs/types.md's.

Names are resolved here once, from the words alone: no order, no neighbour and no number
takes part, so the same name gives the same identifier whatever stands beside it. Names
that meet are an error that `check.types.names` reports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["go", "python", "typescript", "java"]
Kind: TypeAlias = Literal["type", "field", "member", "function"]

LANGUAGES: Final[tuple[Language, ...]] = ("go", "python", "typescript", "java")

_ACRONYMS: Final = frozenset({"id", "url", "uri", "http", "json", "uuid", "api", "sql"})
_PREFIXES: Final[dict[Kind, str]] = {
    "type": "type",
    "field": "f",
    "member": "value",
    "function": "step",
}
"""What stands before a name that starts with a digit."""

# A lower-case letter before an upper-case one ends a word; digits belong to the letters
# before them. Quotes, backslashes, control characters and what is not ASCII are written
# out, other punctuation separates.
_WORD = re.compile(r"[A-Za-z0-9]+|[\"'`\\\x00-\x1f\x7f]|[^\x00-\x7f]", re.DOTALL)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def split_words(text: str) -> list[str]:
    """The words of a name, in lower case: `userId`, `user-id` and `user id` are `user`,
    `id`; `größe` is `gr`, `u00f6`, `u00df`, `e`; a name without letters and digits is
    written out whole, and the empty name is `empty`."""
    return list(_split(text))


@lru_cache(maxsize=16_384)
def _split(text: str) -> list[str]:
    found = _WORD.findall(text)
    if not found and text:
        return [_escape(char) for char in text]
    words: list[str] = []
    for piece in found:
        if piece.isascii() and piece.isalnum():
            words += [word.lower() for word in _HUMP.split(piece)]
        else:
            words.append(_escape(piece))
    return words or ["empty"]


def _escape(char: str) -> str:
    return f"u{ord(char):04x}"


def type_name(words: Iterable[str], language: Language) -> str:
    """The name of a type: `ValidateUserInput`."""
    return _avoid(_pascal(_start(words, "type"), language), language, "type")


@lru_cache(maxsize=16_384)
def field_name(wire: str, language: Language) -> str:
    """The name of a field: `UserID`, `user_id`, `userId`; TypeScript keeps the wire
    name, which the generator quotes where it is no identifier."""
    if language == "typescript":
        return wire
    return field_of_words(split_words(wire), language)


def field_of_words(words: Iterable[str], language: Language) -> str:
    """The name of a field whose words are given, by a pin for instance."""
    return _variable(_start(words, "field"), language, "field")


def function_name(words: Iterable[str], language: Language) -> str:
    """The name of a function or method: `ValidateUser`, `validate_user`, `validateUser`."""
    return _variable(_start(words, "function"), language, "function")


def member_name(words: Iterable[str], type: str, language: Language) -> str:
    """The name of an enum's member: `StatusPaid` in Go (where it is global), `PAID`."""
    if language == "go":
        return type + _pascal(words, language)
    name = "_".join(_start(words, "member")).upper()
    return _avoid(name, language, "member")


def value_words(value: str | int | float | bool) -> list[str]:
    """The words of an enum's value: `in-transit` is `in`, `transit`; -1 is `minus`, `1`."""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str):
        return split_words(value)
    from magicflow.canonical import format_number

    text = format_number(value)
    words = [word for word in re.split(r"[^0-9e]+", text) if word]
    return ["minus", *words] if text.startswith("-") else words


def is_reserved(name: str, language: Language, kind: Kind) -> bool:
    """Whether a language, or what the generated code uses, has the name for itself."""
    return name in _reserved(language)[kind]


def is_identifier(name: str, language: Language, kind: Kind) -> bool:
    """Whether a pinned name can stand in generated code as it is."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is None:
        return False
    if language == "go" and not name[0].isupper():
        return False
    return not is_reserved(name, language, kind)


def _start(words: Iterable[str], kind: Kind) -> list[str]:
    found = list(words)
    if not found or not found[0][:1].isalpha():
        found.insert(0, _PREFIXES[kind])
    return found


def _pascal(words: Iterable[str], language: Language) -> str:
    return "".join(
        (
            word.upper()
            if language == "go" and word in _ACRONYMS
            else word[:1].upper() + word[1:]
        )
        for word in words
    )


def _variable(words: Sequence[str], language: Language, kind: Kind) -> str:
    if language == "go":
        name = _pascal(words, language)
    elif language == "python":
        name = "_".join(words)
    else:
        name = words[0] + _pascal(words[1:], language)
    return _avoid(name, language, kind)


def _avoid(name: str, language: Language, kind: Kind) -> str:
    return name + "_" if is_reserved(name, language, kind) else name


@cache
def _reserved(language: Language) -> dict[Kind, frozenset[str]]:
    """The reserved names of a language, by kind: `all` holds for every kind."""
    text = files("magicflow_cli.plan").joinpath("reserved.json").read_text("utf-8")
    table: dict[str, list[str]] = json.loads(text)[language]
    shared = frozenset(table["all"])
    return {kind: shared | frozenset(table.get(kind, ())) for kind in _PREFIXES}
