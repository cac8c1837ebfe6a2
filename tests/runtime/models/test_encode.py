"""`encode` is `encode_json(dump(…))`: the same text, or the same refusal."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, namedtuple
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from magicflow import models as mf
from magicflow.models import encode as encoding
from magicflow.models.dump import Int64, dump
from magicflow.models.encode import encode
from magicflow.types import DomainError, encode_json
from pydantic import BaseModel


class Colour(mf.StringEnum):
    RED = "red"
    ODD = 'with "quotes"'


class Level(mf.IntegerEnum):
    LOW = 1
    HUGE = 2**60


class Mixed(Enum):
    TEXT = "text"
    RATIO = 0.5


class Lost(Enum):
    NOTHING = float("nan")


class Plain(StrEnum):
    A = "a"


class Line(mf.Model, extra="forbid"):
    sku: Annotated[str, mf.Text(min_length=1)]
    price: mf.Float
    tags: list[str] | mf.MISSING = mf.MISSING


class Order(mf.Model):
    id: str
    lines: list[Line]
    total: mf.Float | None
    note: str | mf.MISSING | None = mf.MISSING
    weight: mf.Float | mf.MISSING = mf.MISSING
    placed: mf.DateTime | mf.MISSING = mf.MISSING
    anything: Any = None
    colour: Colour | mf.MISSING = mf.MISSING


class Renamed(mf.Model):
    class_: Annotated[str, mf.Field(alias="class")]
    empty: Annotated[int | mf.MISSING, mf.Field(alias="")] = mf.MISSING
    quoted: Annotated[Any, mf.Field(alias='"\\]}\n')] = None


class Node(mf.RecursiveModel):
    below: list[Node] | mf.MISSING = mf.MISSING


class Twice(mf.Model):
    a: Annotated[int | mf.MISSING, mf.Field(alias="x")] = mf.MISSING
    b: Annotated[int | mf.MISSING, mf.Field(alias="x")] = mf.MISSING


class Cached(mf.Model):
    a: int

    @cached_property
    def twice(self) -> int:
        return 2 * self.a


class Empty(mf.Model):
    pass


class Foreign(BaseModel):
    a: float


Pair = namedtuple("Pair", "a b")


@dataclasses.dataclass
class Data:
    a: int = 1


class Text(str):
    pass


class Number(int):
    pass


def outcome(write: Any, value: Any) -> Any:
    try:
        return write(value)
    except DomainError as error:
        return error.code, str(error)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return type(error)


def assert_same(value: Any) -> Any:
    """That both ways end alike; returns how."""
    found = outcome(encode, value)
    assert found == outcome(lambda value: encode_json(dump(value)), value)
    return found


GOOD = [
    *(None, True, 0, -0.0, 1.0, 1e22, 5e-324, 2**53 - 1, "", "é\U0001f600"),
    *(Colour.RED, Colour.ODD, Level.LOW, Mixed.TEXT, Mixed.RATIO, Plain.A),
    *(b"\xff\x00", Decimal("1E+3"), Decimal("-0.10"), Int64(2**63), Text("t")),
    *(mf.DateTime("2026-01-31t12:00:00.123456789z"), Empty(), Foreign(a=1.5)),
    *(Line(sku="a", price=1), Line(sku="a", price=1.0, tags=[])),
    Order(id="1", lines=[Line(sku="a", price=1)], total=None, note=None),
    Order.model_validate({"id": "1", "lines": [], "total": -0.0, "more": {"a": [1]}}),
    Order(id="1", lines=[], total=1, weight=2.5, anything=[1, (2.5,)], colour="red"),
    *(Renamed(class_="a"), Renamed(class_="a", empty=1, quoted=[b"a"])),
    *(Twice(a=1), Twice(b=2), Node(below=[Node(), Node(below=[])])),
]
BAD = [
    *(float("nan"), float("inf"), -float("inf"), 2**53, -(2**53), "\ud800"),
    *(UUID(int=1), datetime(2026, 1, 1), date(2026, 1, 1), timedelta(1), Data(), {1}),
    *(orjson.Fragment(b"1"), Pair(1, 2), OrderedDict(a=1), Number(1), Lost.NOTHING),
    *(Level.HUGE, Path("a"), mf.MISSING, object(), 1j, iter([1]), Text("\udfff")),
    Line.model_construct(sku="a", price=float("nan")),
    Line.model_construct(sku=UUID(int=1), price=1),
    Line.model_construct(price=1),
    Line.model_construct(sku=mf.MISSING, price=1),
    Line.model_construct(sku="a", price=1, tags=[float("inf")]),
    Line.model_construct(sku="a", price=1, tags=(float("inf"),)),
    Order.model_construct(id="1", lines=[None, 1.5, UUID(int=2)], total=1),
    Renamed.model_construct(class_=datetime(2026, 1, 1)),
]
KEYS = ["a", "é", "", Plain.A, Colour.ODD, Text("t"), 1, None, "\ud800", 1.5, b"a"]


@pytest.mark.parametrize("value", [*GOOD, *BAD], ids=lambda value: repr(value)[:50])
@pytest.mark.parametrize(
    "around",
    [
        lambda value: value,
        lambda value: [value],
        lambda value: ("a", value),
        lambda value: {"a": 1, "b": value},
        lambda value: Order.model_construct(
            id="1", lines=[], total=1, anything=[{"a": value}]
        ),
        lambda value: Order.model_construct(id="1", lines=[], total=1, extra=value),
        lambda value: Line.model_construct(sku="1", price=value, tags=[value]),
    ],
)
def test_any_value_at_any_place(value: Any, around: Any) -> None:
    assert_same(around(value))


@pytest.mark.parametrize("value", GOOD, ids=lambda value: repr(value)[:50])
def test_good_values_take_the_fast_way(
    value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = isinstance(value, Twice) or value is Mixed.TEXT or value is Mixed.RATIO
    expected = encode_json(dump(value))
    if not slow:
        monkeypatch.delattr(encoding, "dump")
    assert encode([value]) == b"[" + expected + b"]"


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_any_key(key: Any) -> None:
    order = Order(id="1", lines=[], total=1)
    order.__pydantic_extra__ = {key: 1}
    assert_same({key: 1})
    assert_same(order)


def test_refusals_carry_the_code_of_the_domain() -> None:
    line = Line(sku="a", price=1)
    line.tags = ["a"]
    line.tags.append(float("nan"))  # type: ignore[arg-type]
    assert assert_same(line)[0] == "MFD003"
    assert assert_same([2**53])[0] == "MFD002"
    assert assert_same(Order(id="\ud800", lines=[], total=1))[0] == "MFD004"
    assert assert_same([UUID(int=1)])[0] == "MFD001"


def test_members_beside_the_fields() -> None:
    cached = Cached(a=2)
    assert cached.twice == 4
    assert assert_same(cached) == b'{"a":2}'
    deleted = Line(sku="a", price=1)
    del deleted.__dict__["price"]
    assert assert_same(deleted) is KeyError
    hidden = Renamed(class_="a")
    hidden.__pydantic_extra__ = {"class": "b"}
    assert assert_same(hidden) == b'{"class":"b","\\"\\\\]}\\n":null}'


def test_the_value_is_left_as_it_was() -> None:
    line = Line(sku="a", price=1)
    order = Order.model_validate({"id": "1", "lines": [], "total": 1, "more": 1})
    before = dict(line.__dict__), dict(order.__dict__), dict(order.model_extra or {})
    encode([line, order])
    assert before == (line.__dict__, order.__dict__, order.model_extra)


@pytest.mark.parametrize("depth", [120, 126, 127, 128, 250, 255, 256, 300])
def test_deep_models(depth: int) -> None:
    node = Node()
    for _ in range(depth):
        node = Node(below=[node])
    found = assert_same(node)
    if 2 * depth + 1 > 512:
        assert found[0] == "MFD006"
    else:
        assert Node.decode(found).encode() == found


@pytest.mark.parametrize(
    "depth", [84, 126, 127, 128, 254, 255, 256, 257, 511, 512, 513, 5_000]
)
@pytest.mark.parametrize(
    "around",
    [
        lambda value: [value],
        lambda value: {"a": value},
        lambda value: (value,),
        lambda value: [(value,)],
        lambda value: ({"a": value},),
        lambda value: (Order.model_construct(id=value, lines=[], total=1),),
    ],
)
def test_deep_collections(depth: int, around: Any) -> None:
    value = around(1)
    for _ in range(depth - 1):
        value = around(value)
    assert_same(value)


def test_cycles() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert assert_same(endless)[0] == "MFD006"
    node = Node(below=[])
    assert isinstance(node.below, list)
    node.below.append(node)
    assert assert_same(node)[0] == "MFD006"


def test_what_a_program_built_is_checked_before() -> None:
    codec = mf.Codec[Any](Literal["a", "b"])
    assert codec.encode("a") == b'"a"'
    with pytest.raises(ValueError, match="literal_error"):
        codec.encode("c")


scalars = st.one_of(
    st.sampled_from(
        [item for item in [*GOOD, *BAD] if not isinstance(item, BaseModel)]
    ),
    st.floats(),
    st.integers(-(2**64), 2**64),
    st.text(st.characters(exclude_categories=())),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.sampled_from(KEYS)), inner),
        st.builds(
            lambda **members: Order.model_construct(**members),
            id=inner,
            lines=inner,
            total=inner,
            note=inner,
            weight=inner,
            more=inner,
        ),
        st.builds(
            lambda a, b: Renamed.model_construct(class_=a, quoted=b), inner, inner
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(values)
def test_whatever_a_program_built(value: Any) -> None:
    assert_same(value)
