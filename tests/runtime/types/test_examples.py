"""Examples fit their type; defaults fill in what is absent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from magicflow.regex import check_portable, compile_portable
from magicflow.types import NoExample, TypeSet, apply_defaults, example
from magicflow.types.sampling import sample

NAME = {"words": ["t"]}
T = {"type": "t"}


def make(definition: dict[str, Any], **others: Any) -> Any:
    types = TypeSet({"t": {"name": NAME, **definition}, **others})
    value = example(types, T)
    assert types.compile(T).check(value) == []
    assert example(types, T) == value
    return value


def test_examples_are_readable() -> None:
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"kind": "string"}, "string"),
        ({"kind": "string", "min_length": 8}, "stringaa"),
        ({"kind": "string", "max_length": 3}, "str"),
        ({"kind": "string", "format": "email"}, "user@example.com"),
        ({"kind": "string", "patterns": ["^[A-Z]{3}-\\d{2}$"]}, "AAA-11"),
        ({"kind": "string", "patterns": ["^a+$"], "min_length": 5}, "aaaaa"),
        ({"kind": "integer"}, 1),
        ({"kind": "integer", "minimum": "10"}, 10),
        ({"kind": "integer", "exclusive_maximum": "-3"}, -4),
        ({"kind": "integer", "multiple_of": ["4", "6"]}, 12),
        ({"kind": "integer", "multiple_of": ["0.5"], "minimum": "7"}, 7),
        ({"kind": "number", "exclusive_minimum": "0", "exclusive_maximum": "1"}, 0.25),
        ({"kind": "number", "multiple_of": ["0.25"], "exclusive_minimum": "2"}, 2.25),
        ({"kind": "enum", "base": "string", "values": ["b", "a"]}, "b"),
        ({"kind": "array", "items": {"type": "integer"}}, [1]),
        ({"kind": "array", "items": {"type": "any"}, "max_items": 0}, []),
        ({"kind": "array", "items": {"type": "string"}, "min_items": 3, "unique": True}, ["string", "string2", "string3"]),
        ({"kind": "array", "items": {"type": "number"}, "min_items": 2, "unique": True}, [1.5, 2.5]),
        ({"kind": "tuple", "items": [{"type": "string"}, {"type": "null"}]}, ["string", None]),
        ({"kind": "map", "values": {"type": "boolean"}}, {"key": True}),
        ({"kind": "map", "values": {"type": "boolean"}, "max_properties": 0}, {}),
        ({"kind": "map", "values": {"type": "any"}, "min_properties": 2, "key_patterns": ["^[0-9]+$"]}, {"0": None, "1": None}),
        ({"kind": "map", "values": {"type": "any"}, "key_min_length": 5, "key_max_length": 6}, {"kkkkk": None}),
    ]  # fmt: skip
    for definition, expected in cases:
        assert make(definition) == expected, definition


def test_what_the_schema_offers_comes_first() -> None:
    assert make({"kind": "integer", "minimum": "5", "doc": {"examples": [1, 7]}}) == 7
    fields = {
        "a": {
            "type": {"type": "string"},
            "required": False,
            "doc": {"examples": [1, "x"]},
        },
        "b": {
            "type": {"type": "integer"},
            "required": True,
            "default": 9,
            "has_default": True,
        },
        "c": {"type": {"type": "never"}, "required": False},
    }
    never = {"kind": "never", "name": NAME}
    definition = {"kind": "object", "fields": fields, "extra": {"allow": "forbid"}}
    assert make(definition, never=never) == {"b": 9, "a": "x"}


def test_objects_have_the_size_that_is_asked_for() -> None:
    field = {"type": {"type": "integer"}, "required": False}
    definition = {"kind": "object", "fields": {"a": field, "b": field}}
    extra = {"allow": "typed", "type": {"type": "null"}}
    assert make({**definition, "extra": {"allow": "forbid"}, "max_properties": 1}) == {
        "a": 1
    }
    assert make({**definition, "extra": extra, "min_properties": 3}) == {
        "a": 1,
        "b": 1,
        "key": None,
    }
    assert make({**definition, "extra": extra, "required_extra": ["x"]}) == {
        "x": None,
        "a": 1,
        "b": 1,
    }


def test_recursion_ends_where_the_type_lets_it() -> None:
    def node(required: bool, nullable: bool) -> dict[str, Any]:
        ref = {"type": "t", "nullable": nullable}
        field = {"type": ref, "required": required}
        return {
            "kind": "object",
            "fields": {"next": field},
            "extra": {"allow": "forbid"},
        }

    assert make(node(False, False)) == {}
    assert make(node(True, True)) == {"next": None}
    with pytest.raises(NoExample, match="contains itself"):
        make(node(True, False))
    assert make({"kind": "array", "items": T}) == []
    assert make({"kind": "map", "values": T}) == {}
    with pytest.raises(NoExample):
        make({"kind": "array", "items": T, "min_items": 1})
    with pytest.raises(NoExample):
        make({"kind": "map", "values": T, "min_properties": 1})
    union = {
        "kind": "union",
        "how": "json_type",
        "variants": [
            {"type": {"type": "l"}, "json_types": ["array"]},
            {"type": {"type": "string"}, "json_types": ["string"]},
        ],
    }
    assert make(union, l={"kind": "tuple", "name": NAME, "items": [T]}) == "string"


def test_where_there_is_none_it_says_so() -> None:
    hopeless: list[dict[str, Any]] = [
        {"kind": "never"},
        {"kind": "string", "min_length": 200_000},
        {"kind": "string", "format": "uuid", "max_length": 3},
        {"kind": "integer", "minimum": "1", "maximum": "2", "multiple_of": ["5"]},
        {"kind": "array", "items": {"type": "string"}, "min_items": 5_000},
        {"kind": "array", "items": {"type": "null"}, "min_items": 2, "unique": True},
        {"kind": "map", "values": {"type": "any"}, "min_properties": 5_000},
        {
            "kind": "map",
            "values": {"type": "any"},
            "min_properties": 3,
            "key_patterns": ["^x$"],
        },
        {"kind": "union", "how": "json_type", "variants": []},
    ]
    for definition in hopeless:
        with pytest.raises(NoExample):
            make(definition)
    types = TypeSet({"t": {"kind": "never", "name": NAME}})
    assert example(types, {"type": "t", "nullable": True}) is None
    impossible = TypeSet(
        {
            "t": {
                "kind": "array",
                "name": NAME,
                "items": {"type": "null"},
                "min_items": 2,
                "unique": True,
            }
        }
    )
    assert example(impossible, {"type": "t", "nullable": True}) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^$",
        "^a|b$",
        "^(?:a|b)+c{2}d{1,3}?e{2,}$",
        r"^\d\w\s\D\W\S$",
        r"^[^a-z][^\d][\s\-x]$",
        r"^\t\n\r\f\v\x41\u00e9\ud83d\ude00$",
        r"^[a-c\d-]{3}[\]\\]$",
        r"\bfoo\b",
        "^.*@.+$",
        "^((a)(b)?)*?$",
        r"^[\u4e00-\u9fff]{2}$",
        r"^[^\x00-\x7f]$",
        r"^[\s]$",
    ],
)
def test_samples_match(pattern: str) -> None:
    assert check_portable(pattern) is None
    for grow in (0, 1, 3):
        assert compile_portable(pattern).search(sample(pattern, grow))


PIECES = st.recursive(
    st.sampled_from(
        ["a", ".", r"\d", r"\w", r"\s", "[a-c]", "[^x]", r"\.", "é", r"[\d_]"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda found: f"({'|'.join(found)})"
        ),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"])
        ).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@given(PIECES, st.integers(0, 4))
def test_samples_of_random_patterns_match(pattern: str, grow: int) -> None:
    assume(check_portable(pattern) is None)
    assert compile_portable(f"^(?:{pattern})$").search(sample(pattern, grow))


def test_defaults() -> None:
    inner = {
        "kind": "object",
        "name": NAME,
        "fields": {
            "x": {
                "type": {"type": "integer"},
                "required": False,
                "default": 1,
                "has_default": True,
            }
        },
        "extra": {"allow": "preserve"},
    }
    types = TypeSet(
        {
            "inner": inner,
            "list": {"kind": "array", "name": NAME, "items": {"type": "inner"}},
            "tuple": {"kind": "tuple", "name": NAME, "items": [{"type": "inner"}, {"type": "any"}]},
            "map": {"kind": "map", "name": NAME, "values": {"type": "inner", "nullable": True}},
            "alias": {"kind": "alias", "name": NAME, "of": {"type": "inner"}},
            "union": {
                "kind": "union",
                "name": NAME,
                "how": "json_type",
                "variants": [
                    {"type": {"type": "list"}, "json_types": ["array"]},
                    {"type": {"type": "inner"}, "json_types": ["object"]},
                ],
            },
            "outer": {
                "kind": "object",
                "name": NAME,
                "fields": {
                    "i": {"type": {"type": "inner"}, "required": False},
                    "n": {"type": {"type": "integer", "nullable": True}, "required": False, "default": None, "has_default": True},
                    "o": {"type": {"type": "inner"}, "required": False, "default": {}, "has_default": True},
                    "f": {"type": {"type": "any"}, "required": False},
                },
                "extra": {"allow": "typed", "type": {"type": "inner"}},
            },
        }
    )  # fmt: skip

    def fill(id: str, value: Any) -> Any:
        return apply_defaults(types, {"type": id}, value)

    assert fill("outer", {}) == {"n": None, "o": {"x": 1}}
    assert fill("outer", {"n": 2, "o": {"x": 3}, "i": {}, "e": {}}) == {
        "n": 2,
        "o": {"x": 3},
        "i": {"x": 1},
        "e": {"x": 1},
    }
    assert fill("list", [{}, {"x": 2}]) == [{"x": 1}, {"x": 2}]
    assert fill("tuple", [{}, {}]) == [{"x": 1}, {}]
    assert fill("map", {"a": {}, "b": None}) == {"a": {"x": 1}, "b": None}
    assert fill("alias", {}) == {"x": 1}
    assert fill("union", [{}]) == [{"x": 1}]
    assert fill("union", "x") == "x"
    assert fill("object", {"a": 1}) == {"a": 1}
    assert fill("inner", None) is None


def test_defaults_share_what_they_do_not_change_and_copy_what_they_add() -> None:
    default: list[Any] = []
    types = TypeSet(
        {
            "t": {
                "kind": "object",
                "name": NAME,
                "fields": {"a": {"type": {"type": "array"}, "required": False, "default": default, "has_default": True}},
                "extra": {"allow": "preserve"},
            },
            "l": {"kind": "array", "name": NAME, "items": {"type": "t"}},
        }
    )  # fmt: skip
    value = [{"a": [1]}]
    assert apply_defaults(types, {"type": "l"}, value) is value
    given: dict[str, Any] = {}
    filled = apply_defaults(types, {"type": "t"}, given)
    filled["a"].append(1)
    assert given == {} and default == []
    assert apply_defaults(types, {"type": "t"}, {}) == {"a": []}
