"""The messages of the runtime are generated from their schema; those of a workflow have
its types."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from magicflow.models import messages
from pydantic import ValidationError

from tests.unit.generate.plans import ROOT, example_plan, run


def test_the_messages_are_those_of_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    generate = import_module("generate_messages")
    assert generate.messages() == generate.OUTPUT.read_text("utf-8")


def test_a_task_as_a_server_sends_it() -> None:
    data = {
        "run_id": "r",
        "task_id": "t",
        "workflow_id": "w",
        "step_id": "s",
        "attempt": 1,
        "delivery": 1,
        "idempotency_key": "k",
        "plan_hash": "0" * 64,
        "executor": "e",
        "function": "f",
        "context": {"x": [1, None]},
        "unknown": True,
    }
    task = messages.TaskMessage.from_json(data)
    assert task.to_json() == data
    with pytest.raises(ValidationError):
        messages.TaskMessage.from_json({**data, "attempt": 0})


def test_a_workflows_messages_have_its_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, [example_plan("user-onboarding")], ("types",))
    (tmp_path / "workflows").rename(tmp_path / "messages_of_a_test")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = import_module("messages_of_a_test.user_onboarding.messages")
    start = {
        "workflow_name": "user-onboarding",
        "initial_data": {"email": "a@b.co", "name": "Ann"},
        "source": "test",
        "timestamp": "2026-01-31T12:00:00Z",
    }
    event = found.InitEvent.decode(json.dumps(start))
    assert event.initial_data.email == "a@b.co"
    assert event.to_json() == start
    for wrong in ({"workflow_name": "other"}, {"initial_data": {"email": "x"}}):
        with pytest.raises(ValidationError):
            found.InitEvent.from_json({**start, **wrong})
    for name in [name for name in sys.modules if name.startswith("messages_of_a_test")]:
        del sys.modules[name]
