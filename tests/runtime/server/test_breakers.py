"""Circuit breakers as the API and the metrics show them, of both servers."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from magicflow.worker import WorkflowError

from tests.runtime.plans import call, plan
from tests.runtime.serving import LANGUAGES, serving

PAUSE = 1_500
BREAKER = {
    "failure_threshold": 2,
    "minimum_calls": 2,
    "window": 60_000,
    "recovery_timeout": PAUSE,
    "half_open_max_calls": 1,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_circuit_is_seen_while_it_is_open(language: str) -> None:
    broken = True
    calls = 0

    async def work(input: Any) -> Any:
        nonlocal calls
        calls += 1
        if broken:
            raise WorkflowError("UNAVAILABLE", "no")
        return {}

    functions = {
        "svc/work": {
            "executor": "svc",
            "function": "work",
            "input": {"type": "any"},
            "output": {"type": "any"},
            "errors": {},
            "steps": ["a"],
        }
    }
    one = plan(
        {"a": call("work", circuit_breaker=BREAKER)},
        ["a"],
        name="one",
        functions=functions,
    )
    with (
        serving(one, handlers={"work": work}, language=language) as running,
        httpx.Client(base_url=running.url, headers=running.headers, timeout=30) as http,
    ):

        def code() -> str | None:
            answer = http.post(
                "/api/v2/workflows/one/execute?wait=20s", json={"input": {}}
            )
            error = answer.json()["error"]
            return None if error is None else str(error["code"])

        def seen() -> tuple[str, list[str], float]:
            health = http.get("/health").json()
            (workflow,) = http.get("/health/workflow").json()["workflows"]
            name = 'magicflow_circuit_state{function="svc/work"} '
            lines = http.get("/metrics").text.splitlines()
            (gauge,) = (each for each in lines if each.startswith(name))
            assert (workflow["status"] == "ok") == (not workflow["open_circuits"])
            state = health["circuit_breakers"]["svc/work"]
            return state, workflow["open_circuits"], float(gauge.split()[-1])

        assert code() == "UNAVAILABLE"
        assert seen() == ("closed", [], 0)
        assert code() == "UNAVAILABLE"
        assert seen() == ("open", ["svc/work"], 2)
        assert http.get("/health").json()["status"] == "degraded"
        assert code() == "CIRCUIT_OPEN"
        assert calls == 2
        time.sleep(PAUSE / 1000)
        assert seen() == ("half-open", [], 1)
        broken = False
        assert code() is None
        assert seen() == ("closed", [], 0)
        assert http.get("/health").json()["status"] == "ok"
