from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magicflow_cli.plan import from_json, models, to_json
from magicflow_cli.plan.serial import decode
from tests.unit.plan.samples import DEFS, RECORDS, SCHEMA, instance

VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def valid(name: str, data: Any) -> bool:
    return VALIDATOR.evolve(schema={"$ref": f"#/$defs/{name}", "$defs": DEFS}).is_valid(
        data
    )


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("name", RECORDS)
def test_every_definition_there_and_back(name: str, full: bool) -> None:
    for pick in range(13):
        data = instance(DEFS[name], full=full, pick=pick)
        assert valid(name, data)
        model = decode(getattr(models, name), data)
        assert to_json(model) == data
        assert decode(type(model), to_json(model)) == model


@settings(max_examples=60, deadline=None)
@given(full=st.booleans(), pick=st.integers(0, 200))
def test_whole_plans_there_and_back(full: bool, pick: int) -> None:
    data = instance(SCHEMA, full=full, pick=pick)
    VALIDATOR.validate(data)
    plan = from_json(data)
    assert to_json(plan) == data
    assert from_json(copy.deepcopy(data)) == plan


def test_null_is_told_apart_from_absent() -> None:
    literal = models.LitExpr(value=None)
    assert to_json(literal) == {"op": "lit", "value": None}
    text = models.TypeRef(type="string")
    absent = models.Field(type=text, required=False)
    null = models.Field(type=text, required=False, has_default=True)
    assert "default" not in to_json(absent)
    assert to_json(null)["default"] is None
    assert decode(models.Field, to_json(null)) == null != absent


def test_raw_json_keeps_its_nulls() -> None:
    value = {"a": None, "b": [None, {"c": None}]}
    literal = models.LitExpr(value=value)
    assert to_json(literal)["value"] == value
    assert decode(models.LitExpr, to_json(literal)).value == value


def test_a_keyword_is_a_key() -> None:
    secret = models.SecretExpr(from_="env", name="X")
    assert to_json(secret) == {"op": "secret", "from": "env", "name": "X"}


PLAN = instance(SCHEMA, full=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(plan_version=2),
        lambda data: data.update(plan_version=True),
        lambda data: data.pop("plan_version"),
        lambda data: data.pop("workflow"),
        lambda data: data.update(surprise=1),
        lambda data: data.update(workflow=5),
        lambda data: data["nodes"]["a"].update(kind="teleport"),
        lambda data: data["nodes"].update(a=5),
        lambda data: data["output"]["value"].update(op="guess"),
    ],
)
def test_what_is_no_plan_is_refused(change: Any) -> None:
    data = copy.deepcopy(PLAN)
    change(data)
    with pytest.raises(ValueError, match=r"."):
        from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="plan_version"):
        from_json(data)
