"""JSON text in and out of the domain."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from magicflow.types import DomainError, check_domain, decode_json, encode_json
from magicflow.types.decode import RECURSION, with_deep_stack

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: Any) -> None:
    assert decode_json(encode_json(value)) == value
    check_domain(value)


@given(VALUES, st.sampled_from([None, 0, 3, "\t"]), st.booleans())
def test_every_spelling_decodes_to_the_same(
    value: Any, indent: Any, ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    assert decode_json(text) == value
    assert decode_json(text.encode()) == value


@given(st.dictionaries(st.text(), VALUES, min_size=1), st.data())
def test_a_repeated_key_is_always_found(
    value: dict[str, Any], data: st.DataObject
) -> None:
    members = [(json.dumps(name), json.dumps(child)) for name, child in value.items()]
    members.insert(
        data.draw(st.integers(0, len(members))), data.draw(st.sampled_from(members))
    )
    colon = data.draw(st.sampled_from([":", " : ", ":\n"]))
    text = "{" + ",".join(f"{name}{colon}{child}" for name, child in members) + "}"
    with pytest.raises(DomainError) as caught:
        decode_json(text)
    assert caught.value.code == "MFD005"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xff", "MFD001"),
        (b'"\xed\xa0\x80"', "MFD001"),
        (b'"\xc3\x28"', "MFD001"),
        (b"\xef\xbb\xbf1", "MFD001"),
        ("1".encode("utf-16"), "MFD001"),
        (b"", "MFD001"),
        (b"NaN", "MFD001"),
        (b"[1,]", "MFD001"),
        ('"\ud800"', "MFD001"),
        ("9007199254740992", "MFD002"),
        ("[1, -9007199254740992]", "MFD002"),
        ("1" * 5_000, "MFD002"),
        ("1e309", "MFD003"),
        ('{"a": 9007199254740991, "b": 1e999}', "MFD003"),
        ('"\\uD800"', "MFD004"),
        ('{"\\udc00x": 1}', "MFD004"),
        ('[[{"a": ["\\ud83d\\ud83d"]}]]', "MFD004"),
        ('{"a": {"b": 1, "b": 2}}', "MFD005"),
        ('{"\\u0022": 1, "\\u0022": 2}', "MFD005"),
        ('{"\\u0022\\u0022": 1, "a": 1, "\\u0022\\u0022": 2}', "MFD005"),
        ('{"a\\"": 1,  "a\\"": 2}', "MFD005"),
        ("[" * 513 + "]" * 513, "MFD006"),
        ("[" * 200_000, "MFD006"),
    ],
)
def test_what_is_outside_has_a_code(text: str | bytes, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        decode_json(text)
    assert caught.value.code == code
    assert caught.value.message == str(caught.value) != ""


def test_where_it_is() -> None:
    with pytest.raises(DomainError, match="line 2, column 3"):
        decode_json("{\n  a: 1}")
    with pytest.raises(DomainError, match='twice in one object: "a"'):
        decode_json('{"a":1,"a":1}')
    with pytest.raises(DomainError, match="at character 1"):
        decode_json('"\ud800"')
    with pytest.raises(DomainError, match="at byte 2"):
        decode_json(b'"a\xff"')


def test_numbers_stay_what_they_are() -> None:
    assert [type(value) for value in decode_json("[1, 1.0, 1e0, -0, -0.0]")] == [
        *(int, float, float, int, float),
    ]
    assert decode_json("9007199254740991") == 9007199254740991
    assert decode_json("[1234567890123456, 0.12345678901234567890]") == [
        1234567890123456,
        0.12345678901234568,
    ]
    assert decode_json('{"n": 12345678901234567.5}') == {"n": 1.2345678901234568e16}
    assert encode_json([1e20, 1.0, -0.0]) == b"[1e+20,1.0,-0.0]"


def test_digits_and_brackets_in_strings_mean_nothing() -> None:
    value = {"card": "4111111111111111", "x": ":9007199254740993", "y": "[" * 600}
    assert decode_json(json.dumps(value)) == value
    assert decode_json(encode_json(value)) == value


def test_512_collections_are_fine_both_ways() -> None:
    text = "[" * 512 + "]" * 512
    assert encode_json(decode_json(text)) == text.encode()
    objects = '{"a":' * 511 + "{}" + "}" * 511
    assert encode_json(decode_json(objects)) == objects.encode()


def test_messages_may_stand_around_a_value() -> None:
    text = '{"input":' + "[" * 512 + "]" * 512 + "}"
    assert decode_json(text, around=1)["input"]
    with pytest.raises(DomainError):
        decode_json(text)


def test_the_recursion_limit_rises_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = [1_000]
    monkeypatch.setattr(sys, "getrecursionlimit", lambda: limits[-1])
    monkeypatch.setattr(sys, "setrecursionlimit", limits.append)

    def endless() -> None:
        raise RecursionError

    with pytest.raises(RecursionError):
        with_deep_stack(endless)
    assert limits == [1_000, RECURSION]
    with pytest.raises(RecursionError):
        with_deep_stack(endless)
    assert limits == [1_000, RECURSION]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53, "MFD002"),
        ([{"a": -(2**53)}], "MFD002"),
        (float("nan"), "MFD003"),
        ([float("-inf")], "MFD003"),
        ("\ud800", "MFD004"),
        ({"\udc00": 1}, "MFD004"),
        ({1: 2}, "MFD001"),
        ((1, 2), "MFD001"),
        ({"a": {1, 2}}, "MFD001"),
        (b"x", "MFD001"),
    ],
)
def test_values_of_the_program_are_checked_too(value: Any, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_domain(value)
    assert caught.value.code == code


def test_cycles_and_deep_values_end() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(DomainError) as caught:
        check_domain(cycle)
    assert caught.value.code == "MFD006"
    deep: Any = []
    for _ in range(511):
        deep = [deep]
    check_domain(deep)
    with pytest.raises(DomainError):
        check_domain([deep])
