"""Random values fit their types, whatever the types ask for."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow.types import NoExample, TypeSet
from magicflow.types.formats import FORMATS
from magicflow.types.sampling import random_sampler

from magicflow_cli.simulate.fakes import Fakes

NAME = {"words": ["t"]}
T = {"type": "t"}
Json = dict[str, Any]
STRING: Json = {"kind": "string"}


def values(definition: Json, count: int = 60, **others: Json) -> list[Any]:
    types = TypeSet({"t": {"name": NAME, **definition}, **others})
    fake, dice = Fakes(types).of(T), Random(7)
    found = [fake(dice) for _ in range(count)]
    accepts = types.compile(T).accepts
    assert all(map(accepts, found)), found
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_formats(format: str) -> None:
    found = values({**STRING, "format": format})
    assert len(set(found)) > 5


@pytest.mark.parametrize(
    "definition",
    [
        {**STRING, "min_length": 40},
        {**STRING, "max_length": 2},
        {**STRING, "patterns": ["^[A-Z]{3}-[0-9]{4}$"]},
        {**STRING, "patterns": ["^(red|green)-[a-f0-9]+$"], "max_length": 12},
        {"kind": "integer", "minimum": "10", "maximum": "12"},
        {"kind": "integer", "exclusive_minimum": "0", "multiple_of": ["7"]},
        {"kind": "integer", "maximum": "-5"},
        {"kind": "integer", "exclusive_maximum": "5", "minimum": "3"},
        {"kind": "number", "minimum": "0", "maximum": "1"},
        {"kind": "number", "multiple_of": ["0.25"]},
        {"kind": "number", "multiple_of": ["0.5", "0.75"], "minimum": "1"},
        {"kind": "number", "exclusive_minimum": "0", "exclusive_maximum": "0.001"},
        {"kind": "enum", "base": "string", "values": ["a", "b", "c"]},
        {"kind": "array", "items": {"type": "integer"}, "min_items": 2, "max_items": 4},
        {"kind": "array", "items": {"type": "boolean"}, "unique": True, "min_items": 2},
        {"kind": "array", "items": {"type": "any"}, "max_items": 0},
        {"kind": "tuple", "items": [{"type": "string"}, {"type": "number", "nullable": True}]},
        {"kind": "map", "values": {"type": "integer"}, "min_properties": 2},
        {"kind": "map", "values": {"type": "any"}, "key_patterns": ["^k[0-9]$"], "max_properties": 3},
    ],
)  # fmt: skip
def test_what_schemas_ask_for(definition: Json) -> None:
    assert values(definition)


def fields(**types: Any) -> Json:
    return {
        "kind": "object",
        "fields": {
            name: {"type": type, "required": required}
            for name, (type, required) in types.items()
        },
        "extra": {"allow": "forbid"},
    }


def test_optional_members_come_and_go() -> None:
    found = values(fields(a=({"type": "string"}, True), b=({"type": "integer"}, False)))
    assert {tuple(sorted(value)) for value in found} == {("a",), ("a", "b")}


def test_objects_with_numbers_of_members() -> None:
    many = fields(**{name: ({"type": "integer"}, False) for name in "abcdef"})
    assert all(
        2 <= len(v) <= 3
        for v in values({**many, "min_properties": 2, "max_properties": 3})
    )
    free = {**fields(), "extra": {"allow": "preserve"}, "min_properties": 2}
    assert all(len(value) >= 2 for value in values(free))
    more = {**fields(), "extra": {"allow": "preserve"}, "required_extra": ["z"]}
    assert all("z" in value for value in values(more))


def test_values_that_contain_themselves_end() -> None:
    tree = fields(
        left=({"type": "t", "nullable": True}, True),
        right=({"type": "t", "nullable": True}, True),
    )
    assert values(tree)
    either = {
        "kind": "union",
        "how": "json_type",
        "variants": [
            {"type": {"type": "node"}, "json_types": ["object"]},
            {"type": {"type": "string"}, "json_types": ["string"]},
        ],
    }
    node = {"name": NAME, **fields(items=({"type": "list"}, True))}
    listed = {"name": NAME, "kind": "array", "items": {"type": "t"}, "min_items": 2}
    found = values(either, 40, node=node, list=listed)
    assert {type(value) for value in found} == {str, dict}


def test_variants_by_tag() -> None:
    kinds = {
        name: {"name": NAME, **fields(kind=({"type": "string"}, True), **more)}
        for name, more in (("a", {}), ("b", {"n": ({"type": "integer"}, True)}))
    }
    union = {
        "kind": "union",
        "how": "tag",
        "property": "kind",
        "variants": [{"type": {"type": name}, "tags": [name]} for name in kinds],
    }
    assert {value["kind"] for value in values(union, **kinds)} == {"a", "b"}


def test_what_would_contain_itself_for_ever_is_left_out() -> None:
    endless = {"name": NAME, **fields(again=({"type": "endless"}, True))}
    held = fields(
        may=({"type": "endless"}, False),
        null=({"type": "endless", "nullable": True}, True),
        list=({"type": "list"}, True),
    )
    listed = {"name": NAME, "kind": "array", "items": {"type": "endless"}}
    assert values(held, endless=endless, list=listed)[0] == {"null": None, "list": []}


def test_examples_of_the_schema_are_used() -> None:
    found = values({**STRING, "doc": {"examples": ["Ada", "Bob"]}}, 200)
    assert 0.3 < sum(value in ("Ada", "Bob") for value in found) / 200 < 0.7


def test_a_type_without_values_is_told() -> None:
    for definition in (
        {"kind": "never"},
        {"kind": "integer", "minimum": "2", "maximum": "1"},
        fields(a=({"type": "t"}, True)),
    ):
        with pytest.raises(NoExample):
            values(definition)


@given(st.integers(0, 2**40))
def test_the_same_seed_gives_the_same_values(seed: int) -> None:
    types = TypeSet({"t": {"name": NAME, **fields(a=({"type": "any"}, True))}})
    first, second = Fakes(types), Fakes(types)
    assert first.of(T)(Random(seed)) == second.of(T)(Random(seed))


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            r"^\d{3}\w*$",
            "^[^a-z]{2,}$",
            "^x.y?$",
            "^(a|bc)+$",
            r"^[\w.]+@[a-z]+\.io$",
            "a{2,5}",
        ]
    ),
    st.integers(0, 1000),
)
def test_patterns_by_chance(pattern: str, seed: int) -> None:
    assert re.search(pattern, random_sampler(pattern)(Random(seed)))
