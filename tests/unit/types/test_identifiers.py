"""Words and identifiers: the same for the same name, whatever stands beside it."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.plan.identifiers import (
    LANGUAGES,
    Language,
    field_name,
    function_name,
    is_identifier,
    is_reserved,
    member_name,
    split_words,
    type_name,
    value_words,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("validate-user", ["validate", "user"]),
        ("validateUserInput", ["validate", "user", "input"]),
        ("order_processing", ["order", "processing"]),
        ("step-1", ["step", "1"]),
        ("step1", ["step1"]),
        ("HTTPServer", ["httpserver"]),
        ("userID", ["user", "id"]),
        ("a,b", ["a", "b"]),
        ("a.b/c:d", ["a", "b", "c", "d"]),
        ("__proto__", ["proto"]),
        ("$ref", ["ref"]),
        ("größe", ["gr", "u00f6", "u00df", "e"]),
        ("😀", ["u1f600"]),
        ("a\nb", ["a", "u000a", "b"]),
        ('a"b', ["a", "u0022", "b"]),
        ("a\\b", ["a", "u005c", "b"]),
        ("", ["empty"]),
        ("-", ["u002d"]),
        ("--", ["u002d", "u002d"]),
        (" ", ["u0020"]),
        ("\u202e", ["u202e"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert list(split_words(text)) == words


@pytest.mark.parametrize(
    ("text", "go", "python", "java"),
    [
        ("user-id", "UserID", "user_id", "userId"),
        ("api url", "APIURL", "api_url", "apiUrl"),
        ("2fast", "F2fast", "f_2fast", "f2fast"),
        ("class", "Class", "class_", "class_"),
        ("match", "Match", "match_", "match"),
        ("range", "Range", "range", "range"),
        ("getClass", "GetClass", "get_class", "getClass_"),
        ("hash code", "HashCode", "hash_code", "hashCode_"),
        ("model_dump", "ModelDump", "model_dump_", "modelDump"),
        ("self", "Self", "self_", "self"),
        ("record", "Record", "record", "record_"),
        ("", "Empty", "empty", "empty"),
    ],
)
def test_fields(text: str, go: str, python: str, java: str) -> None:
    assert field_name(text, "go") == go
    assert field_name(text, "python") == python
    assert field_name(text, "java") == java
    assert field_name(text, "typescript") == text


def test_types_functions_and_members() -> None:
    words = ["validate", "user", "id"]
    assert [type_name(words, language) for language in LANGUAGES] == [
        *("ValidateUserID", "ValidateUserId", "ValidateUserId", "ValidateUserId"),
    ]
    assert [function_name(words, language) for language in LANGUAGES] == [
        *("ValidateUserID", "validate_user_id", "validateUserId", "validateUserId"),
    ]
    assert [type_name(["string"], language) for language in LANGUAGES] == [
        *("String", "String", "String_", "String_"),
    ]
    assert [type_name(["2fa"], language) for language in LANGUAGES] == ["Type2fa"] * 4
    assert [function_name(["2fa"], language) for language in LANGUAGES] == [
        *("Step2fa", "step_2fa", "step2fa", "step2fa"),
    ]
    assert member_name(["in", "transit"], "Status", "go") == "StatusInTransit"
    assert member_name(["in", "transit"], "Status", "python") == "IN_TRANSIT"
    assert member_name(["1"], "Level", "java") == "VALUE_1"


def test_values() -> None:
    assert list(value_words("in-transit")) == ["in", "transit"]
    assert list(value_words(1)) == ["1"]
    assert list(value_words(-1)) == ["minus", "1"]
    assert list(value_words(1.5)) == ["1", "5"]
    assert list(value_words(True)) == ["true"]
    assert list(value_words(False)) == ["false"]


def test_reserved_words_of_python_are_complete() -> None:
    for word in [*keyword.kwlist, *keyword.softkwlist]:
        if word != "_":
            assert is_reserved(word, "python", "field"), word


def test_pins() -> None:
    assert is_identifier("OrderLine", "go", "type")
    assert not is_identifier("orderLine", "go", "field")
    assert is_identifier("order_line", "python", "field")
    for bad in ("", "1a", "a-b", "é", "a b", "_a", "a\n"):
        assert not any(is_identifier(bad, language, "field") for language in LANGUAGES)
    assert not is_identifier("class", "python", "field")
    assert not is_identifier("wait", "java", "field")
    assert not is_identifier("Promise", "typescript", "type")


@given(st.text(max_size=12), st.sampled_from(["go", "python", "java"]))
def test_every_name_is_an_identifier(text: str, language: Language) -> None:
    for name in (
        field_name(text, language),
        type_name(split_words(text), language),
        function_name(split_words(text), language),
        member_name(split_words(text), "Status", language),
    ):
        assert name.isascii() and name.isidentifier()
        assert not keyword.iskeyword(name) or language != "python"
        assert not name.startswith("_")
