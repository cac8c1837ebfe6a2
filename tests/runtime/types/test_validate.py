"""Problems: every place, the keyword that is broken, a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from magicflow.types import TypeSet
from magicflow.types.validate import MAX_PROBLEMS

NAME = {"words": ["t"]}
ANY = {"type": "any"}


def problems(
    definition: dict[str, Any], value: Any, **others: Any
) -> list[tuple[str, str, str]]:
    types = TypeSet({"t": {"name": NAME, **definition}, **others})
    found = types.compile({"type": "t"}).check(value)
    return [(problem.path, problem.code, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("definition", "value", "expected"),
    [
        ({"kind": "string"}, 1, ("", "type", "the value is an integer, not a string")),
        ({"kind": "string", "min_length": 3}, "ab", ("", "minLength", "the string has 2 characters, fewer than 3")),
        ({"kind": "string", "max_length": 1}, "😀😀", ("", "maxLength", "the string has 2 characters, more than 1")),
        ({"kind": "string", "format": "uuid"}, "x", ("", "format", "the string is no `uuid`")),
        ({"kind": "string", "format": "time"}, "23:59:60Z", ("", "MFD007", "the time has a leap second")),
        ({"kind": "string", "patterns": ["^a"]}, "b", ("", "pattern", "the string does not match `^a`")),
        ({"kind": "integer"}, 1.5, ("", "type", "the value is a number, not an integer")),
        ({"kind": "integer"}, True, ("", "type", "the value is a boolean, not an integer")),
        ({"kind": "integer"}, 1e20, ("", "MFD002", "the integer is beyond ±(2^53−1)")),
        ({"kind": "integer"}, 2**60, ("", "MFD002", "the integer is beyond ±(2^53−1)")),
        ({"kind": "number"}, 2**60, ("", "MFD002", "the integer is beyond ±(2^53−1)")),
        ({"kind": "number"}, float("inf"), ("", "MFD003", "the number is beyond the range of doubles")),
        ({"kind": "number"}, "1", ("", "type", "the value is a string, not a number")),
        ({"kind": "integer", "bits": 32}, 2**31, ("", "format", "the number is not within 32 bits")),
        ({"kind": "number", "minimum": "0.5"}, 0.4, ("", "minimum", "the number is not at least 0.5")),
        ({"kind": "number", "exclusive_maximum": "2"}, 2, ("", "exclusiveMaximum", "the number is not below 2")),
        ({"kind": "number", "multiple_of": ["0.1"]}, 0.25, ("", "multipleOf", "the number is not a multiple of 0.1")),
        ({"kind": "enum", "base": "string", "values": ["a", "b"]}, "c", ("", "enum", 'the value is none of "a", "b"')),
        ({"kind": "enum", "base": "integer", "values": [1]}, True, ("", "const", "the value is not 1")),
        ({"kind": "enum", "base": "integer", "values": list(range(20))}, 20, ("", "enum", "the value is none of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …")),
        ({"kind": "enum", "base": "string", "values": ["x" * 50]}, [], ("", "const", 'the value is not "' + "x" * 39 + "…")),
        ({"kind": "array", "items": {"type": "integer"}}, [1, "x"], ("/1", "type", "the value is a string, not an integer")),
        ({"kind": "array", "items": ANY}, {}, ("", "type", "the value is an object, not a list")),
        ({"kind": "array", "items": ANY, "min_items": 1}, [], ("", "minItems", "the list has 0 items, fewer than 1")),
        ({"kind": "array", "items": ANY, "max_items": 1}, [1, 2], ("", "maxItems", "the list has 2 items, more than 1")),
        ({"kind": "array", "items": ANY, "unique": True}, [1, 2, 1.0], ("/2", "uniqueItems", "the item equals item 0")),
        ({"kind": "tuple", "items": [ANY]}, [], ("", "minItems", "the list has 0 items, not 1")),
        ({"kind": "tuple", "items": [ANY]}, [1, 2], ("", "maxItems", "the list has 2 items, not 1")),
        ({"kind": "tuple", "items": [ANY]}, None, ("", "type", "the value is null, not a list")),
        ({"kind": "tuple", "items": [{"type": "string"}]}, [1], ("/0", "type", "the value is an integer, not a string")),
        ({"kind": "tuple", "items": [ANY, ANY], "unique": True}, [[], []], ("/1", "uniqueItems", "the item equals item 0")),
        ({"kind": "map", "values": {"type": "integer"}}, {"a/b~": "x"}, ("/a~1b~0", "type", "the value is a string, not an integer")),
        ({"kind": "map", "values": ANY}, [], ("", "type", "the value is a list, not an object")),
        ({"kind": "map", "values": ANY, "min_properties": 1}, {}, ("", "minProperties", "the object has 0 members, fewer than 1")),
        ({"kind": "map", "values": ANY, "max_properties": 0}, {"a": 1}, ("", "maxProperties", "the object has 1 members, more than 0")),
        ({"kind": "map", "values": ANY, "key_patterns": ["^a"], "key_min_length": 1, "key_max_length": 3}, {"b": 1}, ("/b", "propertyNames", "the name of the member must match `^a` and have at least 1 characters and have at most 3 characters")),
        ({"kind": "object", "fields": {}, "extra": {"allow": "forbid"}}, {"x": 1}, ("/x", "additionalProperties", "no member of this name is allowed")),
        ({"kind": "object", "fields": {}, "extra": {"allow": "preserve"}}, "x", ("", "type", "the value is a string, not an object")),
        ({"kind": "object", "fields": {}, "extra": {"allow": "preserve"}, "required_extra": ["r"]}, {}, ("/r", "required", "the member is missing")),
        ({"kind": "object", "fields": {}, "extra": {"allow": "typed", "type": {"type": "null"}}}, {"x": 1}, ("/x", "type", "the value is an integer, not null")),
        ({"kind": "object", "fields": {}, "extra": {"allow": "preserve"}, "key_min_length": 2}, {"x": 1}, ("/x", "propertyNames", "the name of the member must have at least 2 characters")),
        ({"kind": "object", "fields": {"a": {"type": {"type": "string"}, "required": True}}, "extra": {"allow": "preserve"}, "max_properties": 1}, {"a": "", "b": 1}, ("", "maxProperties", "the object has 2 members, more than 1")),
        ({"kind": "never"}, None, ("", "false", "no value is allowed here")),
        ({"kind": "union", "how": "json_type", "variants": [{"type": {"type": "string"}, "json_types": ["string"]}, {"type": {"type": "integer"}, "json_types": ["integer"]}]}, [], ("", "type", "the value is a list, not a string or an integer")),
        ({"kind": "union", "how": "json_type", "variants": [{"type": {"type": "integer"}, "json_types": ["integer"]}]}, 1.5, ("", "type", "the value is a number, not an integer")),
    ],
)  # fmt: skip
def test_one_problem(
    definition: dict[str, Any], value: Any, expected: tuple[str, str, str]
) -> None:
    assert problems(definition, value) == [expected]


def test_a_tag_chooses_the_variant_that_explains() -> None:
    variant = {
        "kind": "object",
        "name": NAME,
        "fields": {"n": {"type": {"type": "integer"}, "required": True}},
        "extra": {"allow": "preserve"},
    }
    union = {
        "kind": "union",
        "how": "tag",
        "property": "by",
        "variants": [
            {"type": {"type": "a"}, "tags": ["a", True]},
            {"type": {"type": "b"}, "tags": [1]},
        ],
    }
    others = {"a": variant, "b": variant}
    assert problems(union, {"by": "a"}, **others) == [
        ("/n", "required", "the member is missing")
    ]
    assert problems(union, {"by": 1.0, "n": "x"}, **others) == [
        ("/n", "type", "the value is a string, not an integer")
    ]
    assert problems(union, {"n": 1}, **others) == [
        ("/by", "required", "the member is missing")
    ]
    for tag in ("c", 0, None, [], {}):
        assert problems(union, {"by": tag, "n": 1}, **others) == [
            ("/by", "enum", 'the value is none of "a", true, 1')
        ]
    assert problems(union, [], **others) == [
        ("", "type", "the value is a list, not an object")
    ]
    assert problems(union, {"by": True, "n": 1}, **others) == []


def test_numbers_choose_integer_before_number() -> None:
    union = {
        "kind": "union",
        "how": "json_type",
        "variants": [
            {"type": {"type": "small"}, "json_types": ["integer"]},
            {"type": {"type": "number"}, "json_types": ["number"]},
            {"type": {"type": "boolean"}, "json_types": ["boolean", "null"]},
        ],
    }
    small = {"kind": "integer", "name": NAME, "maximum": "5"}
    assert problems(union, 5, small=small) == problems(union, 6.5, small=small) == []
    assert problems(union, 6.0, small=small) == [
        ("", "maximum", "the number is not at most 5")
    ]
    assert problems(union, True, small=small) == []


def test_all_places_at_once_and_not_too_many() -> None:
    definition = {
        "kind": "object",
        "fields": {
            "a": {"type": {"type": "string"}, "required": True},
            "b": {"type": {"type": "integer"}, "required": False},
            "c": {"type": {"type": "boolean"}, "required": True},
        },
        "extra": {"allow": "forbid"},
    }
    assert [
        found[:2] for found in problems(definition, {"b": "x", "d": 1, "c": None})
    ] == [
        ("/a", "required"),
        ("/b", "type"),
        ("/c", "type"),
        ("/d", "additionalProperties"),
    ]
    many = problems({"kind": "array", "items": {"type": "string"}}, list(range(500)))
    assert len(many) == MAX_PROBLEMS


def test_references() -> None:
    types = TypeSet(
        {
            "alias": {
                "kind": "alias",
                "name": NAME,
                "of": {"type": "inner", "nullable": True},
            },
            "inner": {"kind": "alias", "name": NAME, "of": {"type": "string"}},
        }
    )
    validator = types.compile({"type": "alias"})
    assert (
        validator.accepts(None) and validator.accepts("x") and not validator.accepts(1)
    )
    assert types.compile({"type": "alias"}) is validator
    assert types.resolve({"type": "alias"}) == (None, "string", True)
    assert not types.compile({"type": "inner"}).accepts(None)
    assert types.compile({"type": "any", "nullable": True}).check(None) == []
    assert types.compile({"type": "array"}).accepts([object])
    with pytest.raises(KeyError):
        types.compile({"type": "missing"})
    with pytest.raises(ValueError, match="unknown kind"):
        TypeSet({"x": {"kind": "tree", "name": NAME}}).compile({"type": "x"})


def test_values_deeper_than_the_stack() -> None:
    tree = {
        "kind": "object",
        "name": NAME,
        "fields": {"next": {"type": {"type": "t", "nullable": True}, "required": True}},
        "extra": {"allow": "forbid"},
    }
    good: Any = None
    bad: Any = 1
    for _ in range(512):
        good, bad = {"next": good}, {"next": bad}
    validator = TypeSet({"t": tree}).compile({"type": "t"})
    assert validator.check(good) == []
    (problem,) = validator.check(bad)
    assert problem.path == "/next" * 512
