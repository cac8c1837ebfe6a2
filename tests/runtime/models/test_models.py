"""The base of generated types: presence, decoding, encoding, defaults, limits."""

from __future__ import annotations

import copy
import pickle
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from magicflow import models as mf
from magicflow.types import DomainError
from pydantic import TypeAdapter, ValidationError


class Kind(mf.StringEnum):
    PAID = "paid"
    OPEN = "open"


class Level(mf.IntegerEnum):
    LOW = 1
    HIGH = 2


class Line(mf.Model, extra="forbid"):
    sku: Annotated[str, mf.Text(min_length=1, max_length=3)]
    count: Annotated[mf.Int | mf.MISSING, mf.Default(1)] = mf.MISSING


class Order(mf.Model):
    order_id: Annotated[str, mf.Field(alias="orderId")]
    placed: mf.DateTime | mf.MISSING = mf.MISSING
    day: mf.Date | mf.MISSING = mf.MISSING
    key: mf.Uuid | mf.MISSING = mf.MISSING
    note: str | mf.MISSING | None = mf.MISSING
    kind: Annotated[Kind | mf.MISSING, mf.Default("open")] = mf.MISSING
    level: Level | mf.MISSING = mf.MISSING
    photo: Annotated[bytes, mf.Text(format="byte")] | mf.MISSING = mf.MISSING
    price: Annotated[Decimal, mf.Text(format="decimal")] | mf.MISSING = mf.MISSING
    serial: Annotated[int, mf.Text(format="int64")] | mf.MISSING = mf.MISSING
    lines: list[Line] | mf.MISSING = mf.MISSING
    corner: Annotated[tuple[mf.Float, mf.Int], mf.Fixed()] | mf.MISSING = mf.MISSING


class Node(mf.RecursiveModel):
    children: list[Node] | mf.MISSING = mf.MISSING


class Labels(mf.RuledModel):
    __pydantic_extra__: dict[str, mf.Int]
    magicflow_members = mf.Members(
        min=1, max=2, required=("x",), names=mf.Text(patterns=("^[a-z]$",))
    )


def fails(decode: Any, text: str) -> str:
    with pytest.raises(ValidationError) as error:
        decode(text)
    return str(error.value.errors()[0]["type"])


def test_four_states_of_presence() -> None:
    absent = Order.decode('{"orderId": "1"}')
    null = Order.decode('{"orderId": "1", "note": null}')
    assert absent.note is mf.MISSING
    assert null.note is None
    assert absent.encode() == b'{"orderId":"1"}'
    assert null.encode() == b'{"orderId":"1","note":null}'
    assert fails(Order.decode, '{"orderId": "1", "kind": null}')
    assert fails(Order.decode, "{}") == "missing"


def test_wire_names_on_the_wire_and_python_names_in_programs() -> None:
    assert Order(order_id="1").encode() == b'{"orderId":"1"}'
    assert fails(Order.decode, '{"order_id": "1"}') == "missing"
    both = Order.decode('{"orderId": "1", "order_id": "2"}')
    assert both.order_id == "1"
    assert both.to_json() == {"orderId": "1", "order_id": "2"}


def test_unknown_members_are_kept_or_refused() -> None:
    order = Order.decode('{"orderId": "1", "x": {"y": [1, null]}}')
    assert order.model_extra == {"x": {"y": [1, None]}}
    assert order.to_json() == {"orderId": "1", "x": {"y": [1, None]}}
    assert fails(Line.decode, '{"sku": "a", "x": 1}') == "extra_forbidden"


def test_values_of_formats() -> None:
    order = Order(
        order_id="1",
        placed=mf.DateTime.of(datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        day=mf.Date.of(date(2026, 1, 31)),
        key=mf.Uuid.of(UUID(int=5)),
        photo=b"\x00\xff",
        price=Decimal("1.50"),
        serial=2**60,
        level=Level.HIGH,
        corner=(1.5, 2),
    )
    assert order.to_json() == {
        "orderId": "1",
        "placed": "2026-01-31T12:30:00Z",
        "day": "2026-01-31",
        "key": "00000000-0000-0000-0000-000000000005",
        "photo": "AP8=",
        "price": "1.50",
        "serial": "1152921504606846976",
        "level": 2,
        "corner": [1.5, 2],
    }
    back = Order.decode(order.encode())
    assert back == order
    assert isinstance(back.placed, mf.DateTime)
    assert back.placed.datetime == datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
    assert isinstance(back.day, mf.Date)
    assert back.day.date == date(2026, 1, 31)
    assert isinstance(back.key, mf.Uuid)
    assert back.key.uuid == UUID(int=5)
    assert back.serial == 2**60


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("placed", "2026-01-31t12:00:00.123456789-00:00"),
        ("placed", "0000-02-29T00:00:00Z"),
        ("day", "0000-01-01"),
        ("key", "AAAAAAAA-0000-0000-0000-00000000000a"),
        ("price", "-0.000000000000000000000000000010"),
        ("serial", "-9223372036854775808"),
    ],
)
def test_texts_come_back_as_they_were(member: str, text: str) -> None:
    data = {"orderId": "1", member: text}
    assert Order.from_json(data).to_json() == data


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("placed", "2026-01-31"),
        ("placed", 0),
        ("day", "2026-02-30"),
        ("key", "{00000000-0000-0000-0000-000000000005}"),
        ("photo", "!!"),
        ("price", "1e5"),
        ("price", 1.5),
        ("serial", 5),
        ("serial", True),
        ("serial", "9223372036854775808"),
        ("level", True),
        ("level", 3),
        ("kind", "PAID"),
        ("corner", [1, 2, 3]),
        ("corner", [1, 2.5]),
        ("corner", [True, 1]),
        ("lines", {"0": {"sku": "a"}}),
        ("lines", [{"sku": ""}]),
        ("lines", [{"sku": "\U0001f600" * 4}]),
    ],
)
def test_what_does_not_fit(member: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Order.from_json({"orderId": "1", member: value})


def test_lengths_are_code_points() -> None:
    assert Line(sku="\U0001f600" * 3).sku == "\U0001f600" * 3


def test_a_leap_second_is_outside_the_domain() -> None:
    text = '{"orderId": "1", "placed": "2026-12-31T23:59:60Z"}'
    assert fails(Order.decode, text) == "MFD007"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"orderId": "1", "orderId": "1"}', "MFD005"),
        ('{"orderId": 9007199254740993}', "MFD002"),
        ('{"orderId": "\\ud800"}', "MFD004"),
        ("{", "MFD001"),
        ("[" * 513 + "]" * 513, "MFD006"),
    ],
)
def test_texts_outside_the_domain(text: str, code: str) -> None:
    with pytest.raises(DomainError) as error:
        Order.decode(text)
    assert error.value.code == code


def test_what_no_json_can_hold_is_not_encoded() -> None:
    for value in (float("nan"), 2**53, "\ud800", {1: 2}, {"x": object()}, {1, 2}):
        order = Order.decode('{"orderId": "1"}')
        assert order.model_extra is not None
        order.model_extra["x"] = value
        with pytest.raises(DomainError):
            order.encode()


def test_assignments_are_checked() -> None:
    order = Order(order_id="1")
    order.kind = Kind.PAID
    with pytest.raises(ValidationError):
        order.kind = "nothing"  # type: ignore[assignment]
    assert order.kind is Kind.PAID


def test_defaults_at_every_depth() -> None:
    order = Order.decode(
        '{"orderId": "1", "lines": [{"sku": "a"}, {"sku": "b", "count": 2}]}'
    )
    filled = order.with_defaults()
    assert filled.to_json() == {
        "orderId": "1",
        "kind": "open",
        "lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
    }
    assert order.kind is mf.MISSING, "the order itself is as it was"
    assert filled.kind is Kind.OPEN


def test_rules_of_members() -> None:
    assert Labels.decode('{"x": 1, "y": 2}').to_json() == {"x": 1, "y": 2}
    assert fails(Labels.decode, "{}") == "minProperties"
    assert fails(Labels.decode, '{"x": 1, "y": 2, "z": 3}') == "maxProperties"
    assert fails(Labels.decode, '{"y": 1}') == "required"
    assert fails(Labels.decode, '{"x": 1, "long": 2}') == "propertyNames"
    assert fails(Labels.decode, '{"x": true}')


def deep(levels: int) -> str:
    return '{"children":[' * levels + "{}" + "]}" * levels


def test_values_as_deep_as_the_domain() -> None:
    text = deep(255)  # 511 collections
    assert Node.decode(text).encode().decode() == text


def test_deep_values_in_threads_with_a_stack_of_their_own() -> None:
    found: list[bytes] = []
    thread = threading.Thread(
        target=lambda: found.append(Node.decode(deep(255)).encode())
    )
    thread.start()
    thread.join()
    assert found == [deep(255).encode()]


def test_codecs_of_types_that_are_no_objects() -> None:
    numbers = mf.Codec[list[int]](Annotated[list[mf.Int], mf.Unique()])
    assert numbers.decode("[1, 2.0]") == [1, 2]
    assert numbers.encode([1, 2]) == b"[1,2]"
    with pytest.raises(ValidationError):
        numbers.decode("[1, 1.0]")
    with pytest.raises(ValidationError):
        numbers.encode([1, 1])
    long = mf.Codec[int](Annotated[int, mf.Text(format="int64")])
    assert long.to_json(7) == "7"
    assert long.from_json("7") == 7
    with pytest.raises(ValidationError):
        long.from_json(7)


def test_unique_items_that_a_program_built() -> None:
    lines: mf.Codec[list[Line]] = mf.Codec(Annotated[list[Line], mf.Unique()])
    assert lines.to_json([Line(sku="a"), Line(sku="b")]) == [{"sku": "a"}, {"sku": "b"}]
    with pytest.raises(ValidationError):
        lines.to_json([Line(sku="a"), Line(sku="a")])


def test_unions_choose_before_they_try() -> None:
    class Card(mf.Model, extra="forbid"):
        type_: Annotated[Literal["card"], mf.Field(alias="type")]

    class Cash(mf.Model, extra="forbid"):
        type_: Annotated[Kind, mf.Field(alias="type")]

    payment: mf.Codec[Any] = mf.Codec(
        Annotated[
            Annotated[Card, mf.Tag("Card")] | Annotated[Cash, mf.Tag("Cash")],
            mf.Discriminator(
                mf.by_property("type", {"Card": ["card"], "Cash": ["paid", "open"]})
            ),
        ]
    )
    assert isinstance(payment.from_json({"type": "open"}), Cash)
    assert payment.to_json(Cash(type_=Kind.PAID)) == {"type": "paid"}
    for wrong in ({"type": "x"}, {"type": True}, {}, [], "card", {"type": {}}, None):
        with pytest.raises(ValidationError):
            payment.from_json(wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.0, "integer"),
        (1.5, "number"),
        ("x", "string"),
        (b"x", "string"),
        (Decimal(1), "string"),
        ([], "array"),
        ((), "array"),
        ({}, "object"),
        (Line(sku="a"), "object"),
        (Kind.PAID, "string"),
        (Level.LOW, "integer"),
        (object(), None),
    ],
)
def test_json_types(value: object, expected: str | None) -> None:
    names = ("null", "boolean", "integer", "number", "string", "array", "object")
    choose = mf.by_json_type({name: [name] for name in names})
    assert choose(value) == expected
    assert mf.by_json_type({"n": ["number"]})(1) == "n"


def test_texts_of_formats_check_themselves() -> None:
    for make, text in ((mf.DateTime, "x"), (mf.Date, "2026-13-01"), (mf.Uuid, "1")):
        with pytest.raises(ValueError, match="is no"):
            make(text)
    with pytest.raises(ValueError, match="no time zone"):
        mf.DateTime.of(datetime(2026, 1, 1))
    assert copy.deepcopy(mf.Date("2026-01-01")) == "2026-01-01"
    assert type(pickle.loads(pickle.dumps(mf.Date("2026-01-01")))) is mf.Date


def test_one_of_knows_true_from_one() -> None:
    one: mf.Codec[Any] = mf.Codec(Annotated[int | str, mf.OneOf(1, "two")])
    assert one.from_json(1.0) == 1
    assert one.from_json("two") == "two"
    for wrong in (True, "1", 2, None, []):
        with pytest.raises(ValidationError):
            one.from_json(wrong)


def test_nothing_accepts_nothing() -> None:
    nothing: mf.Codec[Any] = mf.Codec(mf.Nothing)
    for value in (None, 1, {}):
        with pytest.raises(ValidationError):
            nothing.from_json(value)


def test_schemas_for_people() -> None:
    placed = Order.model_json_schema()["properties"]["placed"]
    assert (placed["type"], placed["format"]) == ("string", "date-time")
    for type_ in (
        Annotated[int, mf.Integer(minimum="1", multiple_of=("2",))],
        Annotated[float, mf.Number(maximum="1")],
        Annotated[str, mf.Text(patterns=("a",), max_length=3)],
        Annotated[list[int], mf.Unique()],
        Annotated[tuple[int, int], mf.Fixed()],
        Annotated[int, mf.OneOf(1)],
        mf.Nothing,
        Kind,
        mf.Uuid,
    ):
        assert TypeAdapter(type_).json_schema()
