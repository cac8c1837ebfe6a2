"""The two seed workflows, compiled from their YAML, down every path in virtual time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from magicflow.engine.live import LiveRun
from magicflow.store import MemoryStore
from magicflow.types import TypeSet
from magicflow.types.examples import example
from magicflow.worker import TaskContext, WorkflowError
from magicflow.worker.local import LocalExecutor

from tests.runtime.harness import running

ROOT = Path(__file__).parents[3]
USER = {"email": "ann@example.org", "name": "Ann", "preferences": {}}
AT = "2026-01-01T00:00:00Z"
ACCOUNT = {"user_id": "u1", "account_status": "active", "created_at": AT}


@cache
def sample(name: str) -> dict[str, Any]:
    """The plan that the compiler makes of an example."""
    folder = ROOT / "examples" / name
    command = [sys.executable, "-m", "magicflow_cli", "plan"]
    if not (ROOT / "magicflow_cli" / "__main__.py").exists():
        main = "from magicflow_cli.cli.main import main; main()"
        command = [sys.executable, "-c", main, "plan"]
    files = ["--workflow", str(folder / "workflow.yaml")]
    files += ["--context", str(folder / "context.yaml")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


HANG = object()


def run(name: str, input: Any, answers: dict[str, Any]) -> tuple[LiveRun, list[str]]:
    """Run a sample; `answers` has, by step, an output, an error, HANG, or a list of
    these for the attempts. The other steps answer {}. Gives the run and its calls."""
    calls: list[str] = []

    async def handler(context: TaskContext, value: Any) -> Any:
        calls.append(context.step)
        answer = answers.get(context.step, {})
        if isinstance(answer, list):
            answer = answer[min(context.attempt, len(answer)) - 1]
        if answer is HANG:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def test() -> LiveRun:
        plan = sample(name)
        async with running(plan, store=MemoryStore()) as h:
            for executor in {f["executor"] for f in plan["functions"].values()}:
                steps = dict.fromkeys(plan["steps"], handler)
                h.engine.add_executor(executor, LocalExecutor.of(executor, steps))
            return await h.finish(await h.start(name, input))

    return asyncio.run(test()), calls


def statuses(live: LiveRun) -> dict[str, str]:
    return {row["step"]: row["status"] for row in live.state["steps"].values()}


VALID = {"valid": True, "errors": []}


def test_a_user_is_onboarded() -> None:
    answers = {
        "validate-user": VALID,
        "create-account": ACCOUNT,
        "send-welcome-email": {"welcome_email_sent": True},
    }
    live, calls = run("user-onboarding", USER, answers)
    assert live.row.status == "completed", live.state["run"].get("error")
    assert calls == ["validate-user", "create-account", "send-welcome-email"]
    output = live.state["run"]["output"]
    assert output["user_id"] == "u1"
    assert output["welcome_email_sent"] is True
    assert live.state["start"]["input"]["preferences"] == {
        "newsletter": False,
        "notifications": True,
    }


def test_an_invalid_user_is_an_error_with_its_details() -> None:
    answers = {"validate-user": {"valid": False, "errors": ["too young"]}}
    live, calls = run("user-onboarding", USER, answers)
    error = live.state["run"]["error"]
    assert live.row.status == "failed"
    assert (error["code"], error["message"]) == (
        "WORKFLOW_ERROR",
        "User validation failed",
    )
    assert error["details"] == ["too young"]
    assert calls == ["validate-user"]


def test_a_failed_validation_is_retried_told_and_fails_the_run() -> None:
    down = WorkflowError("DOWN", "no answer")
    live, calls = run("user-onboarding", USER, {"validate-user": down})
    assert calls == ["validate-user"] * 3 + ["notify-validation-error"]
    assert live.row.status == "failed"
    assert live.state["run"]["error"]["code"] == "DOWN"


def test_a_validation_that_recovers() -> None:
    down = WorkflowError("DOWN", "no answer")
    answers = {"validate-user": [down, HANG, VALID], "create-account": ACCOUNT}
    live, calls = run("user-onboarding", USER, answers)
    assert live.row.status == "completed", live.state["run"].get("error")
    assert calls.count("validate-user") == 3


def test_an_account_that_takes_too_long_becomes_a_guest_s() -> None:
    answers = {
        "validate-user": VALID,
        "create-account": HANG,
        "create-guest-account": {**ACCOUNT, "account_status": "pending"},
    }
    live, calls = run("user-onboarding", USER, answers)
    assert live.row.status == "completed", live.state["run"].get("error")
    assert calls[:3] == ["validate-user", "create-account", "create-guest-account"]
    assert live.state["run"]["output"]["account_status"] == "pending"
    (row,) = [r for r in live.state["steps"].values() if r["step"] == "create-account"]
    assert row["status"] == "completed" and row["fallback_used"]


def test_an_account_that_fails_is_cleaned_up() -> None:
    refused = WorkflowError("TAKEN", "the address is taken", retryable=False)
    answers = {"validate-user": VALID, "create-account": refused}
    live, calls = run("user-onboarding", USER, answers)
    assert live.row.status == "failed"
    assert live.state["run"]["error"]["code"] == "TAKEN"
    assert calls == ["validate-user", "create-account", "cleanup-partial-data"]


def test_a_welcome_that_takes_too_long_is_ignored() -> None:
    answers = {
        "validate-user": VALID,
        "create-account": ACCOUNT,
        "send-welcome-email": HANG,
    }
    live, _ = run("user-onboarding", USER, answers)
    assert live.row.status == "completed", live.state["run"].get("error")
    assert statuses(live)["send-welcome-email"] == "timed_out"
    assert "welcome_email_sent" not in live.state["run"]["output"]


def test_onboarding_that_takes_too_long_ends_timed_out() -> None:
    live, _ = run(
        "user-onboarding",
        USER,
        {"validate-user": VALID, "create-account": HANG, "create-guest-account": HANG},
    )
    assert live.row.status == "timed_out"
    assert live.row.ended_at == live.row.created_at + 600_000


@pytest.mark.parametrize(
    "input",
    [
        None,
        {},
        {**USER, "email": "no address"},
        {**USER, "metadata": {"source": "fax"}},
    ],
)
def test_input_that_does_not_fit_starts_nothing(input: Any) -> None:
    from magicflow.engine import Refused

    with pytest.raises(Refused) as refused:
        run("user-onboarding", input, {})
    assert refused.value.code == "VALIDATION"


def payment_input() -> Any:
    plan = sample("payment-processing")
    return example(TypeSet(plan["types"]), plan["input"])


def payment(answers: dict[str, Any]) -> tuple[LiveRun, list[str]]:
    return run("payment-processing", payment_input(), answers)


def test_a_payment_is_processed() -> None:
    done = {"transaction_id": "t", "status": "success", "timestamp": AT}
    live, calls = payment({"confirm-order": done})
    assert live.row.status == "completed", live.state["run"].get("error")
    assert calls[0] == "validate-payment"
    assert set(calls[1:3]) == {"charge-card", "update-inventory"}
    assert calls[3:] == ["confirm-order"]
    assert live.state["run"]["output"]["transaction_id"] == "t"


def test_an_invalid_payment_is_told() -> None:
    bad = WorkflowError("INVALID", "no card")
    live, calls = payment({"validate-payment": bad})
    assert live.row.status == "failed"
    assert calls == ["validate-payment"] * 2 + ["notify-failure"]


@pytest.mark.parametrize("step", ["charge-card", "update-inventory"])
def test_a_branch_that_fails_is_rolled_back_by_its_step(step: str) -> None:
    declined = WorkflowError("DECLINED", "no", retryable=False)
    live, calls = payment({step: declined})
    assert live.row.status == "failed"
    assert live.state["run"]["error"]["code"] == "DECLINED"
    # the parallel step answers for its branches before the workflow's own rollback does
    assert calls[-1] == "rollback-payment"
    assert set(calls[:-1]) == {"validate-payment", "charge-card", "update-inventory"}


def test_branches_that_take_too_long_are_rolled_back() -> None:
    live, calls = payment({"charge-card": HANG})
    assert live.row.status == "failed"
    assert live.state["run"]["error"]["code"] == "TIMEOUT"
    assert calls[-1] == "rollback-payment"


def test_an_order_that_is_not_confirmed_fails_the_run() -> None:
    live, calls = payment({"confirm-order": WorkflowError("X", "x", retryable=False)})
    assert live.row.status == "failed"
    assert calls[-1] == "confirm-order"
