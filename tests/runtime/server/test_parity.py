"""Both servers are asked the same in the same order, and must answer the same: statuses,
headers, problems byte for byte, bodies as JSON with their members in the same order where
the server names them, streams, metrics with their names, labels and values.

Ids and times are written as what they are; docs/runtime.md says what may differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from magicflow.worker import WorkflowError

from tests.runtime.go_serving import polling
from tests.runtime.plans import call, lit, obj, path, plan, retried, three_steps
from tests.runtime.server.test_human import ASKS, LISTENS
from tests.runtime.serving import LANGUAGES, TOKEN, serving

Json = dict[str, Any]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
MILLISECONDS = re.compile(r"\b1[6-9]\d{11}\b")
HEADERS = (
    "allow",
    "cache-control",
    "connection",
    "content-type",
    "location",
    "retry-after",
    "www-authenticate",
)
NOISE = {"date", "content-length", "transfer-encoding", "server", "keep-alive"}


async def add(input: Any) -> Any:
    return {"n": input["n"] + 1}


async def work(input: Any) -> Any:
    mode = input.get("mode") if isinstance(input, dict) else None
    if mode == "fail":
        raise WorkflowError("DECLINED", "no", retryable=False, details={"why": "x"})
    if mode == "odd":
        raise WorkflowError('O"D\\D', 'a "word"\n', retryable=True)
    return {"ok": True, "text": "<é & 日本>", "number": 1.5}


def plans() -> list[Json]:
    other = retried(delay=1, max_attempts=2)
    other["nodes"]["a/do"].update(executor="other", input=path("input"))
    held = plan({"a": call("held", executor="far")}, ["a"], name="held")
    unique = plan(
        {"w": {"kind": "wait", "duration": 3_600_000}},
        ["w"],
        name="unique",
        unique="running",
        input={"type": "any"},
    )
    full = plan(
        {"w": {"kind": "wait", "duration": 3_600_000}},
        ["w"],
        name="full",
        concurrency={"max_runs": 1, "on_limit": "reject"},
    )
    told = plan(
        {"a": {"kind": "set", "value": obj(v=path("input"))}},
        ["a"],
        name="told",
        output=obj(v=path("input", "v")),
        triggers=[{"type": "event", "event": "told", "input": obj(v=lit(1))}],
    )
    return [three_steps(), other, held, unique, full, told, ASKS, LISTENS]


@pytest.fixture(scope="module")
def both() -> Iterator[list[Any]]:
    executors = {"svc": {"add": add}, "other": {"add": work}}
    servers = []
    with ExitStack() as stack:
        for language in LANGUAGES:
            running = stack.enter_context(
                serving(*plans(), language=language, lease=30.0)
            )
            stack.enter_context(polling(executors, running.url, TOKEN))
            http = httpx.Client(
                base_url=running.url, headers=running.headers, timeout=20
            )
            servers.append(Asked(stack.enter_context(http)))
        yield servers


class Asked:
    """One server, and the names of the ids that it gave."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.ids: dict[str, str] = {}

    def named(self, text: str) -> str:
        """Ids by the order in which they were seen, times without their value."""

        def name(found: re.Match[str]) -> str:
            return self.ids.setdefault(found[0], f"<id {len(self.ids)}>")

        text = UUID.sub(name, text)
        text = MOMENT.sub("<time>", text)
        return MILLISECONDS.sub('"<ms>"', text)

    def id(self, number: int) -> str:
        return next(id for id, name in self.ids.items() if name == f"<id {number}>")

    def ask(self, method: str, url: str, **more: Any) -> tuple[Any, ...]:
        url = re.sub(r"<id (\d+)>", lambda found: self.id(int(found[1])), url)
        answer = self.http.request(method, url, **more)
        body: Any = self.named(answer.text)
        kind = answer.headers.get("content-type", "")
        if kind.startswith("application/json") and method != "HEAD":
            body = _ordered(json.loads(body))
        elif kind.startswith("text/event-stream"):
            body = [_row(block) for block in body.split("\n\n") if block]
        elif '"code":"MFD' in body:
            # the words in which a parser says what is wrong are its own
            body = re.sub(r'("detail":".*?JSON in UTF-8: )[^"]*', r"\1", body)
        elif kind.startswith("text/plain"):
            body = ""  # metrics have a test of their own
        headers = {
            name: self.named(answer.headers[name])
            for name in HEADERS
            if name in answer.headers
        }
        if answer.status_code >= 400:
            # Go's server refuses a query before it has read the body, and so must close
            headers.pop("connection", None)
        others = {name.lower() for name in answer.headers} - NOISE - set(HEADERS)
        return (answer.status_code, headers, sorted(others), body)


OWN = (
    *("input", "output", "error", "details", "plan", "metadata", "data", "context"),
    "events",
)
"""Members whose values are a workflow's own: their order is the language's;
rows of the history are JSON of the core's."""


def _ordered(value: Any) -> Any:
    """Objects as lists of their members, in order; a workflow's own as they are."""
    if isinstance(value, dict):
        return [
            (name, member if name in OWN else _ordered(member))
            for name, member in value.items()
        ]
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _row(block: str) -> Any:
    lines = dict(line.partition(": ")[::2] for line in block.split("\n"))
    return {**lines, "data": json.loads(lines["data"])}


def asked(*request: Any, **more: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return request, more


def execute(name: str, wait: str = "?wait=10s", **body: Any) -> Any:
    return asked("POST", f"/api/v2/workflows/{name}/execute{wait}", json=body)


def post(url: str, body: Any = None) -> Any:
    return asked("POST", url, json=body) if body is not None else asked("POST", url)


def get(url: str) -> Any:
    return asked("GET", url)


RUN = "/api/v2/executions/<id 0>"
FIRST = [execute("three", input={"n": 1}, foreign_id="f-1", metadata={"by": "me"})]
LOOKS = [
    get(RUN),
    get(f"{RUN}/results"),
    get(f"{RUN}/steps"),
    get(f"{RUN}/events"),
    get(f"{RUN}/events?limit=2"),
    get(f"{RUN}/events?after=3"),
    get(f"{RUN}/stream"),
    get(f"{RUN}/stream?after=5"),
    asked("GET", f"{RUN}/stream", headers={"Last-Event-ID": "4"}),
    asked("GET", f"{RUN}/stream", headers={"Last-Event-ID": "x"}),
    asked("HEAD", RUN),
    asked("HEAD", f"{RUN}/stream"),
    get("/api/v2/executions?workflow=three"),
    get("/api/v2/executions?foreign_id=f-1"),
    get("/api/v2/executions?status=completed,failed&limit=1"),
    get("/api/v2/executions?open=true"),
    get("/api/v2/workflows"),
    get("/api/v2/workflows/three"),
    get("/api/v1/executions/<id 0>"),
    get("/api/v1/executions/<id 0>/results"),
    get("/api/v1/executions/<id 0>/stream"),
    get("/api/v1/executions/nobody"),
    post("/api/v1/workflows/nobody/execute", {"input": {}}),
    get("/health"),
    get("/ready"),
]
REFUSED = [
    execute("three", input={}),
    execute("three", input={"n": "x", "more": 1, "label": 5}),
    execute("three", input=[]),
    execute("three"),
    execute("thre", input={"n": 1}),
    execute("nobody", input={"n": 1}),
    execute("three", input={"n": 1}, version=">=2"),
    execute("three", input={"n": 1}, version="odd"),
    execute("three", input={"n": 1}, odd=1, priority="soon"),
    execute("three", input={"n": 1}, timeout_override="soon"),
    execute("three", input={"n": 1}, delay=-1),
    execute("three", input={"n": 1}, webhook="ftp://x"),
    execute("three", input={"n": 1}, idempotency_key="magicflow:x"),
    execute("three", input={"n": 1}, idempotency_key=""),
    execute("three", wait="?wait=soon", input={"n": 1}),
    execute("three", wait="?odd=1", input={"n": 1}),
    execute("three", input={"n": 1, "label": "x" * 300_000}),
    asked("POST", "/api/v2/workflows/three/execute", content=b"[]"),
    asked("POST", "/api/v2/workflows/three/execute", content=b""),
    post(f"{RUN}/cancel"),
    post(f"{RUN}/pause"),
    post(f"{RUN}/resume"),
    post(f"{RUN}/retry"),
    post(f"{RUN}/cancel", {"reason": 1}),
    post(f"{RUN}/events", {"event": "paid", "data": {}}),
    post(f"{RUN}/events", {"data": {}}),
    post("/api/v2/executions/nobody/cancel"),
    get("/api/v2/executions/nobody"),
    get("/api/v2/executions/nobody/stream"),
    get("/api/v2/executions?limit=0"),
    get("/api/v2/executions?limit=many"),
    get("/api/v2/executions?status=odd"),
    get("/api/v2/executions?odd=1"),
    get("/api/v2/executions?cursor=odd"),
    get("/api/v2/executions?created_from=soon"),
    get(f"{RUN}?wait=soon"),
    get(f"{RUN}/events?limit=-1"),
    get(f"{RUN}/events?cursor=odd"),
    get("/nowhere"),
    get("/api/v2/workflows/three/execute"),
    asked("PUT", RUN),
    asked("TRACE", "/health"),
    get("/api/v2/workflows/nobody"),
    post("/api/v2/workflow-events", {}),
    post("/api/v2/workflow-events", {"event_id": 1, "workflow_id": "three"}),
    post("/api/v2/events", {}),
    post("/api/v2/events", {"specversion": "0.3", "id": "1", "type": "t"}),
    post("/api/v2/tasks/poll", {}),
    post("/api/v2/tasks/poll", {"executors": []}),
    post("/api/v2/tasks/poll", {"executors": [1], "max_tasks": 0, "wait_ms": -1}),
    post("/api/v2/tasks/report", {}),
    post("/api/v2/tasks/report", {"results": [{}], "heartbeats": [{}]}),
    post("/api/v2/tasks/nobody/complete", {"attempt": 1, "delivery": 1}),
    post("/api/v2/tasks/a:b/complete", {"attempt": 1, "delivery": 1, "output": 1}),
    post("/api/v2/tasks/a:b/fail", {"attempt": 1, "delivery": 1}),
    post("/api/v2/tasks/a:b/heartbeat", {"attempt": "x", "delivery": 1}),
    get("/api/v2/human-tasks?odd=1"),
    post("/api/v2/human-tasks/nobody/claim", {"by": "ann"}),
    post("/api/v2/human-tasks/nobody/claim", {}),
    post("/api/v2/human-tasks/nobody/complete", {"data": {}}),
]
LIVES = [
    execute("retried", input={"mode": "fail"}),
    execute("retried", input={"mode": "odd"}),
    execute("retried", input={"mode": "fine"}),
    execute("three", input={"n": 1}, idempotency_key="k", priority="high"),
    execute("three", input={"n": 1}, idempotency_key="k"),
    execute("unique", wait="", input={}, foreign_id="one"),
    execute("unique", wait="", input={}, foreign_id="one"),
    execute("full", wait="", input={}),
    execute("full", wait="", input={}),
    execute("told", input={"v": 1}, delay="1h", wait=""),
    execute("told", input={"v": {"é": [1.5, None, "\u2028"]}}),
    post("/api/v2/events", {"specversion": "1.0", "id": "e", "type": "told",
                            "source": "/t", "data": {}}),
    execute("listens", wait="", input={"order": 7}),
    post("/api/v2/events", {"specversion": "1.0", "id": "p", "type": "paid",
                            "source": "/t", "data": {"order": 8}}),
    post("/api/v2/workflow-events", {
        "workflow_name": "three",
        "initial_data": {"n": 5},
        "source": "shop",
        "timestamp": "2026-01-01T00:00:00Z",
    }),
]  # fmt: skip


@pytest.mark.parametrize(
    "requests",
    [FIRST, LOOKS, REFUSED, LIVES],
    ids=["first", "looks", "refused", "lives"],
)
def test_both_answer_the_same(both: list[Asked], requests: list[Any]) -> None:
    different = []
    for request, more in requests:
        python, go = (server.ask(*request, **more) for server in both)
        if python != go:
            different.append((request, str(more)[:200], python, go))
    assert not different, "\n\n".join(
        "\n  ".join(str(part)[:1_500] for part in each) for each in different
    )


def test_a_run_that_is_led_through_its_life(both: list[Asked]) -> None:
    """Of one run after the other: paused, claimed, completed, cancelled, deleted."""

    def life(server: Asked) -> list[Any]:
        seen = []

        def ask(*request: Any, **more: Any) -> Any:
            made = server.ask(*request, **more)
            seen.append((request, made))
            return made

        def start(name: str, **body: Any) -> str:
            ask("POST", f"/api/v2/workflows/{name}/execute", json=body)
            return list(server.ids.values())[-1]

        run = f"/api/v2/executions/{start('asks', input={})}"
        for what in ("pause", "pause", "resume", "resume"):
            ask("POST", f"{run}/{what}")
        ask("GET", f"/api/v2/human-tasks?execution_id={run.rsplit('/', 1)[1]}")
        task = f"/api/v2/human-tasks/{run.rsplit('/', 1)[1]}:h"
        for what, body in (
            ("claim", {"by": "ann"}),
            ("claim", {"by": "bob"}),
            ("complete", {"data": {"ok": 1}}),
            ("complete", {"data": {"ok": True}, "by": "bob"}),
            ("complete", {"data": {"ok": True}, "by": "ann"}),
            ("complete", {"data": {"ok": True}, "by": "ann"}),
        ):
            ask("POST", f"{task}/{what}", json=body)
        ask("GET", f"{run}?wait=5s")
        ask("GET", f"{run}/events")
        ask("DELETE", run)
        ask("GET", run)
        held = f"/api/v2/executions/{start('held', input={'n': 1})}"
        ask("DELETE", held)
        poll = {"executors": ["far"], "max_tasks": 1, "wait_ms": 5_000}
        ask("POST", "/api/v2/tasks/poll", json={**poll, "worker_id": "w"})
        of = f"/api/v2/tasks/{held.rsplit('/', 1)[1]}:a"
        token = {"attempt": 1, "delivery": 1}
        ask("POST", f"{of}/heartbeat", json=token)
        ask("POST", f"{of}/complete", json={**token, "delivery": 2, "output": {}})
        ask("POST", f"{held}/cancel", json={"reason": "enough"})
        ask("POST", f"{held}/cancel")
        ask("POST", f"{of}/heartbeat", json=token)
        ask("POST", f"{held}/pause")
        error = {"code": "CANCELLED", "message": "stopped"}
        ask("POST", f"{of}/fail", json={**token, "error": error})
        ask("GET", f"{held}?wait=5s")
        ask("GET", f"{held}/steps")
        ask("GET", f"{held}/stream")
        return seen

    python, go = (life(server) for server in both)
    for one, other in zip(python, go, strict=True):
        assert one == other


def test_both_count_the_same(both: list[Asked]) -> None:
    """Metrics: names, help, types, labels, and the values of what was counted."""

    def told(server: Asked) -> tuple[list[str], list[str], set[str]]:
        text = server.http.get("/metrics").text
        lines = text.splitlines()
        about = sorted(line for line in lines if line.startswith("#"))
        series = [line.rpartition(" ") for line in lines if not line.startswith("#")]
        names = sorted(
            name for name, _, _ in series if not name.startswith("magicflow_process")
        )
        kept = {
            f"{name} {float(value)}"
            for name, _, value in series
            if re.match(r"magicflow_(runs|steps|attempts|retries)_\w+_total", name)
        }
        return about, names, kept

    python, go = (told(server) for server in both)
    assert python[0] == go[0]
    assert python[1] == go[1]
    assert python[2] == go[2]
    assert len(python[1]) > 60


def test_both_describe_the_same(both: list[Asked]) -> None:
    """Both servers, byte for byte but for the space between."""
    python, go = (server.http.get("/openapi.json").text for server in both)
    assert json.loads(python) == json.loads(go)
    assert list(json.loads(python)) == list(json.loads(go))


def test_both_refuse_who_is_not_known(both: list[Asked]) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer x"}):
        for url in ("/api/v2/executions", "/metrics", "/health", "/ready", "/nowhere"):
            python, go = (server.ask("GET", url, headers=headers) for server in both)
            assert python == go


def test_both_are_as_healthy(both: list[Asked]) -> None:
    """The members of /health and /health/workflow; counts are compared above."""

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(member) for name, member in value.items()}
        if isinstance(value, list):
            return [shape(item) for item in value]
        return "a number" if isinstance(value, int | float) else value

    for url in ("/health", "/health/workflow", "/api/v1/workflows/three/metrics"):
        python, go = (shape(server.http.get(url).json()) for server in both)
        assert python == go, url
