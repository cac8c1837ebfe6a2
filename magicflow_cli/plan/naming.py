"""The identifiers of a plan's types, fields and enum members in a language."""

from __future__ import annotations

from functools import lru_cache

from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import (
    Language,
    field_name,
    field_of_words,
    member_name,
    split_words,
    type_name,
    value_words,
)


def name_of_type(name: plan.TypeName, language: Language) -> str:
    """The identifier of a type in a language."""
    pinned = (name.pinned or {}).get(language)
    return pinned or _name_of_words(tuple(name.words), language)


@lru_cache(maxsize=8192)
def _name_of_words(words: tuple[str, ...], language: Language) -> str:
    return type_name([part for word in words for part in split_words(word)], language)


def name_of_field(wire: str, field: plan.Field, language: Language) -> str:
    """The identifier of a field in a language."""
    names = field.names or {}
    if language in names:
        return names[language]
    if "*" in names and language != "typescript":
        return field_of_words(split_words(names["*"]), language)
    return field_name(wire, language)


def names_of_members(enum: plan.EnumType, language: Language) -> list[str]:
    """The identifiers of an enum's members in a language, in the order of its values."""
    type = name_of_type(enum.name, language)
    words = (
        [split_words(name) for name in enum.names]
        if enum.names is not None
        else [value_words(value) for value in enum.values]
    )
    return [member_name(each, type, language) for each in words]
