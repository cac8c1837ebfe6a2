"""What plain scalars mean: YAML 1.2.2, chapter 10.3, and nothing of YAML 1.1."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.load.outline import at, data, load_yaml, problems, root

VALUES: list[tuple[str, Any]] = [
    *((text, None) for text in ("~", "null", "Null", "NULL")),
    *((text, True) for text in ("true", "True", "TRUE")),
    *((text, False) for text in ("false", "False", "FALSE")),
    *(("0", 0), ("-0", 0), ("+12", 12), ("-19", -19), ("012", 12), ("0007", 7)),
    *(("0o14", 12), ("0xC", 12), ("0xfF", 255)),
    *(("1.5", 1.5), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("+1e3", 1000.0)),
    *(("1E-2", 0.01), ("12e03", 12000.0), ("-2.5E+1", -25.0), ("1e-400", 0.0)),
    *((text, text) for text in ("yes", "no", "on", "off", "y", "n", "Yes", "nUll")),
    *((text, text) for text in ("12:30", "12:30:45", "190:20:30", "2026-11-20")),
    *((text, text) for text in ("1_000", "0b11", "0o8", "0xg", "-0o7", "+0x1", "1e")),
    *((text, text) for text in (".", "-x", "+", "...x", "e5", "--1", "1.2.3", ".e1")),
    *((text, text) for text in (".Inf1", "inf", "nan", "-.nan", "infinity", "=", "<")),
    (str(2**53), 2**53),
    ("-12345678901234567890", -12345678901234567890),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_plain_scalar_has_the_value_of_the_core_schema(text: str, value: Any) -> None:
    for tree in (data(f"k: {text}\n"), data(f"k: {text}\n", pure=True)):
        assert tree["k"] == value
        assert type(tree["k"]) is type(value)


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_quoted_scalar_is_a_text(text: str, value: Any) -> None:
    assert data(f"k: '{text}'\n") == {"k": text}
    assert data(f'k: "{text}"\n') == {"k": text}


def test_a_number_keeps_its_digits() -> None:
    text = "a: 1.10\nb: 0x0F\nc: 12345678901234567890.0\n"
    tree = root(text)
    assert [at(tree, key).text for key in "abc"] == [
        "1.10",
        "0x0F",
        "12345678901234567890.0",
    ]


def test_numbers_may_have_100_characters() -> None:
    longest = "9" * 100
    assert data(f"k: {longest}\n") == {"k": int(longest)}
    assert data(f"k: 0.{'1' * 98}\n") == {"k": 1 / 9}
    for text in ("9" * 101, "-" + "9" * 100, "0." + "1" * 99, "0x" + "f" * 99):
        assert problems(load_yaml(f"k: {text}\n")) == [("MF0113", 1, 4)]
    assert problems(load_yaml("k: " + "1" * 10_000)) == [("MF0113", 1, 4)]


def test_numbers_reach_to_the_largest_double() -> None:
    largest = math.nextafter(math.inf, 0)
    assert data(f"k: {largest!r}\n") == {"k": largest}
    assert problems(load_yaml("k: 1.8e308\n")) == [("MF0114", 1, 4)]
    assert problems(load_yaml("- -1e400\n")) == [("MF0114", 1, 3)]


@pytest.mark.parametrize(
    "text", [".inf", "+.Inf", "-.INF", ".nan", ".NaN", ".NAN", "-.inf"]
)
def test_numbers_are_finite(text: str) -> None:
    assert problems(load_yaml(f"k: {text}\n")) == [("MF0115", 1, 4)]
    assert data(f"k: '{text}'\n") == {"k": text}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!!str 12", "12"),
        ("!!str", ""),
        ("! 12", "12"),
        ('!!int "3"', 3),
        ("!!int 0x1F", 31),
        ("!!float 1", 1.0),
        ("!!float '1.5'", 1.5),
        ("!!bool TRUE", True),
        ("!!null ''", None),
        ("!!null", None),
        ("!<tag:yaml.org,2002:str> 1", "1"),
        ("!!str &a 1", "1"),
        ("&a !!str 1", "1"),
        ("!!seq [1]", [1]),
        ("!!map {a: 1}", {"a": 1}),
        ("! [1]", [1]),
        ("!!str |-\n  x", "x"),
    ],
)
def test_tags_of_the_core_schema_decide(written: str, value: Any) -> None:
    for pure in (False, True):
        found = data(f"k: {written}\n", pure=pure)["k"]
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    "written",
    [
        "!!int three",
        "!!int 1.5",
        "!!int true",
        "!!float x",
        "!!float true",
        "!!bool yes",
        "!!null 0",
        "!!int",
    ],
)
def test_a_value_that_does_not_fit_its_tag(written: str) -> None:
    for pure in (False, True):
        [(code, line, _)] = problems(load_yaml(f"k: {written}\n", pure=pure))
        assert (code, line) == ("MF0215", 1)


def test_a_tagged_integer_beyond_the_doubles() -> None:
    text = f"k: !!float {'9' * 400}\n"
    assert problems(load_yaml(text)) == [("MF0113", 1, 12)]


@pytest.mark.parametrize(
    "written",
    [
        "!!python/object/apply:os.system [ls]",
        "!!python/name:os.system ''",
        "!!binary aGk=",
        "!!timestamp 2026-11-20",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!local x",
        "!<x> y",
        "!!str [1]",
        "!!str {a: 1}",
        "!!map [1]",
        "!!seq {a: 1}",
        "!!map x",
        "!!st%72 x",
        "!!str%00x y",
    ],
)
def test_other_tags_are_refused(written: str) -> None:
    for pure in (False, True):
        assert problems(load_yaml(f"k: &a {written}\n", pure=pure)) == [
            ("MF0214", 1, 7)
        ]
