"""`run_in_process`: one run without a server."""

from __future__ import annotations

from typing import Any

import magicflow
import pytest
from magicflow import RunResult, WorkflowError, run_in_process
from magicflow.engine import Refused

from tests.runtime.harness import add
from tests.runtime.plans import call, plan, three_steps


def plain_add(input: dict[str, int]) -> dict[str, int]:
    return {"n": input["n"] + 1}


@pytest.mark.parametrize(
    "handlers",
    [
        {"add": add},
        {"add": plain_add},
        {"svc": {"add": add}},
        {"a": add, "b": add, "c": add},
    ],
)
def test_handlers_by_function_step_or_executor(handlers: dict[str, Any]) -> None:
    result = run_in_process(three_steps(), {"n": 1}, handlers)
    assert (result.status, result.output, result.error) == ("completed", {"n": 4}, None)
    assert set(result.steps) == {"a", "b", "c"}


def test_events_are_told_as_they_happen() -> None:
    seen: list[str] = []
    result = run_in_process(
        three_steps(),
        {"n": 1},
        {"add": add},
        on_event=lambda row: seen.append(row["type"]),
    )
    assert seen == [row["type"] for row in result.history]
    assert (seen[0], seen[-1]) == ("run_started", "run_completed")


def test_a_registry_is_taken() -> None:
    registry = magicflow.Registry("svc")
    registry.register_function("add", add)
    assert run_in_process(three_steps(), {"n": 2}, {"svc": registry}).output == {"n": 5}


def test_a_failed_run_is_a_result() -> None:
    def declines(input: Any) -> Any:
        raise WorkflowError("DECLINED", "no")

    result = run_in_process(three_steps(), {"n": 1}, {"add": declines})
    assert isinstance(result, RunResult)
    assert result.status == "failed" and result.output is None
    assert result.error is not None and result.error["code"] == "DECLINED"


def test_a_missing_handler_is_named() -> None:
    result = run_in_process(three_steps(), {"n": 1})
    assert result.error is not None
    assert result.error["code"] == "UNAVAILABLE"
    assert "`a`" in result.error["message"]


def test_input_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        run_in_process(three_steps(), {"n": "x"}, {"add": add})
    assert refused.value.details[0]["path"]


def test_a_timeout_of_the_caller_overrides() -> None:
    def slow(input: Any) -> Any:
        import time

        time.sleep(0.3)
        return {"n": 1}

    result = run_in_process(three_steps(), {"n": 1}, {"add": slow}, timeout=0.05)
    assert result.status == "timed_out"


def test_children_are_given_as_plans() -> None:
    parent = plan(
        {"s": {"kind": "sub", "workflow": "three", "version": "*"}}, ["s"], name="p"
    )
    result = run_in_process(parent, {"n": 1}, {"add": add}, children=[three_steps()])
    assert result.status == "completed"


def test_secrets_are_resolved_for_handlers() -> None:
    secret = {"op": "secret", "from": "secrets", "name": "KEY"}
    one = plan(
        {"a": call("f", input={"op": "object", "members": {"key": secret}})},
        ["a"],
        name="s",
    )
    seen: list[Any] = []
    secrets = magicflow.worker.Secrets(environment={"KEY": "hush"})
    result = run_in_process(
        one, {}, {"f": lambda input: seen.append(input)}, secrets=secrets
    )
    assert result.status == "completed"
    assert seen == [{"key": "hush"}]
    assert "hush" not in repr(result.steps) + repr(result.history)


def test_names_are_loaded_lazily() -> None:
    assert set(magicflow.__all__) <= set(magicflow._MODULES)
    with pytest.raises(AttributeError, match="no `nothing`"):
        _ = magicflow.nothing
