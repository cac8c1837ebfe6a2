"""Records behave as frozen dataclasses do, and cost little to import."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from magicflow_cli.plan import models
from magicflow_cli.record import Record, Value


def test_a_record_is_a_dataclass() -> None:
    ref = models.TypeRef(type="string")
    assert dataclasses.is_dataclass(models.TypeRef) and dataclasses.is_dataclass(ref)
    assert [f.name for f in dataclasses.fields(ref)] == ["type", "nullable"]
    assert dataclasses.replace(ref, nullable=True).nullable is True
    assert dataclasses.asdict(ref) == {"type": "string", "nullable": None}
    assert repr(ref) == "TypeRef(type='string', nullable=None)"


def test_a_required_field_is_required() -> None:
    with pytest.raises(TypeError, match="type"):
        models.TypeRef()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="oops"):
        models.TypeRef(type="x", oops=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        models.TypeRef("x")  # type: ignore[misc]


def test_a_record_is_frozen() -> None:
    ref = models.TypeRef(type="string")
    with pytest.raises(AttributeError, match="frozen"):
        ref.type = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del ref.type
    with pytest.raises(AttributeError):
        ref.more = 1  # type: ignore[attr-defined]


def test_equality_is_by_class_and_fields() -> None:
    ref = models.TypeRef(type="string")
    assert ref == models.TypeRef(type="string") != models.TypeRef(type="any")
    assert hash(ref) == hash(models.TypeRef(type="string"))
    assert ref != "string"
    assert models.Retention() != models.Branching()


def test_a_record_is_copied_and_pickled() -> None:
    ref = models.TypeRef(type="string", nullable=True)
    assert copy.deepcopy(ref) == ref
    assert pickle.loads(pickle.dumps(ref)) == ref


def test_a_record_without_fields() -> None:
    class Empty(Record):
        pass

    assert Empty() == Empty() and repr(Empty()).endswith("Empty()")
    assert not hasattr(Record, "__dataclass_fields__")


class Place(Value, kw_only=True, compare=False):
    line: int = 0


class Word(Place):
    text: str
    kind: str = "noun"


def test_inherited_fields_by_name_that_do_not_count() -> None:
    word = Word("map", line=3)
    assert (word.text, word.kind, word.line) == ("map", "noun", 3)
    assert word == Word("map", line=7) and hash(word) == hash(Word("map"))
    assert word != Word("map", "verb", line=3)
    assert repr(word) == "Word('map', 'noun')"
    with pytest.raises(TypeError, match="positional"):
        Word("map", "noun", 3)  # type: ignore[misc]


def test_inherited_fields_are_matched_copied_and_listed() -> None:
    match Word("map", line=3):
        case Word(text, kind, line=line):
            assert (text, kind, line) == ("map", "noun", 3)
    word = Word("map", line=3)
    assert word.but(text="x").line == copy.copy(word).line == 3
    assert pickle.loads(pickle.dumps(word)).line == 3
    assert {f.name for f in dataclasses.fields(word)} == {"text", "kind", "line"}
