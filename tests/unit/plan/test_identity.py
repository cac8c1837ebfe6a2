from __future__ import annotations

import copy
import json
from hashlib import sha256
from typing import Any

import pytest

from magicflow_cli.plan import canonical_json, from_json, plan_hash
from tests.unit.plan.samples import SCHEMA, instance

DATA = instance(SCHEMA, full=True, pick=3)


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


def test_the_canonical_text() -> None:
    text = canonical_json(from_json(DATA))
    assert json.loads(text) == DATA
    assert text == json.dumps(
        DATA, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert text == canonical_json(from_json(reversed_keys(DATA)))


def test_the_hash_is_of_the_canonical_text() -> None:
    rest = {key: DATA[key] for key in DATA if key not in ("hash", "presentation")}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert plan_hash(from_json(DATA)) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda data: data.update(hash="f" * 64), True),
        (lambda data: data["presentation"].update(step_order=["z"]), True),
        (lambda data: data["presentation"].pop("generator"), True),
        (lambda data: data.update(root="elsewhere"), False),
        (lambda data: data["workflow"].update(version="9.9.9"), False),
        (lambda data: data["workflow"].pop("description"), False),
    ],
)
def test_what_changes_the_hash(change: Any, same: bool) -> None:
    data = copy.deepcopy(DATA)
    change(data)
    changed = plan_hash(from_json(data)) != plan_hash(from_json(DATA))
    assert changed != same
