"""Every route that the description has, with bodies that none of them takes: a clear
error, nothing lost, and not a row of the database changed. On both servers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from magicflow.openapi import describe

from tests.runtime.plans import call, obj, path, plan
from tests.runtime.server.described import Described
from tests.runtime.server.test_hostile import ASKS, LISTENS, TRIGGERED
from tests.runtime.serving import LANGUAGES, serving

Json = dict[str, Any]
FAR = plan({"far": call("far", executor="far")}, ["far"], name="far")
TYPED = {
    **plan({"a": call("a", executor="none", input=obj(n=path("input", "n")))}, ["a"]),
    "input": {"type": "in"},
    "types": {
        "in": {
            "kind": "object",
            "name": {"words": ["in"]},
            "extra": {"allow": "forbid"},
            "fields": {"n": {"type": {"type": "integer"}, "required": True}},
        }
    },
}
TYPED["workflow"] = {"name": "typed", "version": "1.0.0"}
PLANS = (ASKS, LISTENS, TRIGGERED, FAR, TYPED)
LEASE = 600.0
BIG = 10 * 1024 * 1024


@dataclass
class World:
    """A server with one open run of every kind, and its database."""

    http: httpx.Client
    database: Path
    described: Described
    ids: dict[str, str] = field(default_factory=dict)
    fence: Json = field(default_factory=dict)

    def renew(self) -> None:
        for name in ("asks", "listens", "far"):
            self.ids[name] = self._start(name)
        self.ids["paused"] = self._start("asks")
        self.act("paused", "pause")
        self.ids["ended"] = self._start("asks")
        self.act("ended", "cancel")
        poll = {"executors": ["far"], "max_tasks": 9, "wait_ms": 5_000}
        tasks = self.http.post("/api/v2/tasks/poll", json=poll).json()["tasks"]
        (task,) = (t for t in tasks if t["run_id"] == self.ids["far"])
        self.fence = {"attempt": task["attempt"], "delivery": task["delivery"]}
        self.ids["task"] = task["id"]
        self.ids["human"] = f"{self.ids['asks']}:h"

    def _start(self, workflow: str) -> str:
        url = f"/api/v2/workflows/{workflow}/execute"
        answer = self.http.post(url, json={"input": {"order": "o"}})
        assert answer.status_code == 202, answer.text
        run_id: str = answer.json()["execution_id"]
        return run_id

    def act(self, run: str, what: str) -> None:
        answer = self.http.post(f"/api/v2/executions/{self.ids[run]}/{what}")
        assert answer.status_code == 202, answer.text

    def rows(self) -> Json:
        """Everything that is stored."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as store:
            return {
                table: sorted(map(repr, store.execute(f"SELECT * FROM {table}")))
                for table in ("runs", "log", "outbox")
            }


@pytest.fixture(scope="module", params=LANGUAGES)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    database = tmp_path_factory.mktemp("routes") / "runs.db"
    with (
        serving(
            *PLANS, language=request.param, database=database, lease=LEASE
        ) as running,
        httpx.Client(base_url=running.url, headers=running.headers, timeout=30) as http,
    ):
        made = World(http, database, Described(describe(list(PLANS))))
        made.renew()
        yield made


START: Json = {
    "input": {"n": 1},
    "metadata": {"k": "v"},
    "timeout_override": "1h",
    "idempotency_key": "key",
    "foreign_id": "foreign",
    "priority": "high",
    "delay": "1h",
    "version": "*",
    "webhook": "https://example.com/hook",
}
INIT = {
    "workflow_name": "typed",
    "initial_data": {"n": 1},
    "source": "s",
    "timestamp": "2026-01-01T00:00:00Z",
    "metadata": {"k": "v"},
    "priority": "low",
    "idempotency_key": "k",
    "foreign_id": "f",
}
CLOUD = {
    "specversion": "1.0",
    "type": "ordered",
    "source": "s",
    "id": "e",
    "data": {"n": 1},
}
TAKES: dict[str, tuple[str, Json]] = {
    "execute-typed": ("/api/v2/workflows/typed/execute", START),
    "v1-execute": ("/api/v1/workflows/typed/execute", START),
    "publish-workflow-event": ("/api/v2/workflow-events", INIT),
    "send-event": (
        "/api/v2/executions/{listens}/events",
        {"event": "paid", "data": {"ok": True}, "event_id": "e1"},
    ),
    "cancel-execution": ("/api/v2/executions/{asks}/cancel", {"reason": "r"}),
    "publish-event": ("/api/v2/events", CLOUD),
    "claim-human-task": ("/api/v2/human-tasks/{human}/claim", {"by": "ann"}),
    "complete-human-task": (
        "/api/v2/human-tasks/{human}/complete",
        {"data": {"ok": True}, "by": "ann"},
    ),
    "poll-tasks": (
        "/api/v2/tasks/poll",
        {"executors": ["nobody"], "max_tasks": 1, "wait_ms": 0, "worker_id": "w"},
    ),
    "complete-task": ("/api/v2/tasks/{task}/complete", {"result": {"n": 1}}),
    "fail-task": (
        "/api/v2/tasks/{task}/fail",
        {"error": {"code": "NO", "message": "no"}},
    ),
    "heartbeat-task": ("/api/v2/tasks/{task}/heartbeat", {}),
    "report-tasks": ("/api/v2/tasks/report", {"results": [], "heartbeats": []}),
}
"""Operation → address, and a body with all that it takes. (`fence` is added to reports.)"""
FENCED = {"complete-task", "fail-task", "heartbeat-task"}


def whole(world: World, name: str) -> tuple[str, Json]:
    url, body = TAKES[name]
    fence = world.fence if name in FENCED else {}
    return url.format(**world.ids), {**body, **fence}


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


DEEP = b"[" * 20_000 + b"]" * 20_000
WRONG: list[Any] = [
    *(-1, 1.5, 2**53 - 1, 1e300, True, "", "\0ä\n"),
    *([1], {}, {"": [None]}, "x" * 100_000),
]
NO_JSON = [
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"{]",
        b"[",
        b'"',
        b"nul",
        b"'a'",
        b"{a:1}",
        b"\0",
        b"\xff",
    ),
    *(b'\xef\xbb\xbf{"a":1}x', '{"a": 1}'.encode("utf-16"), b"<a/>", b"a=b&c=d"),
    *(b"{} {}", b"{},", b'{"a":1,}', b"{/**/}", b'{"a":01}', b'{"a":+1}', b'{"a":.5}'),
    *(b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":"\\ud800"}', b'{"\\udfff":1}'),
    *(b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":9007199254740993}'),
    *(b"[]", b"[{}]", b"5", b'"text"', b"true", b"null", DEEP),
    *(b'{"a":' + DEEP + b"}", b"\x1f\x8b\x08\x00gzip", b"--x\r\nContent-Disposition: "),
]


def hostile(body: Json) -> Iterator[tuple[str, bytes]]:
    """Bodies that are no JSON, or not what this operation takes."""
    for number, content in enumerate(NO_JSON):
        yield f"no JSON {number}", content
    yield "unknown member", text({**body, "surprise": 1})
    yield "unknown members", text({**body, **{f"m{n}": n for n in range(2_000)}})
    yield "10 MB", text({**body, "data": "x" * BIG})
    yield "10 MB of blanks", b" " * BIG + text(body)
    for name, value in body.items():
        rest = {key: member for key, member in body.items() if key != name}
        yield f"without {name}", text(rest)
        yield f"{name} is null", text({**body, name: None})
        twice = text(body)[:-1] + b"," + text(name) + b":" + text(value) + b"}"
        yield f"{name} twice", twice
        half = text(rest)[:-1] + (b"," if rest else b"") + text(name) + b":"
        for inner in (DEEP, b'"\\ud800"', b"1e999", b'{"a":1,"a":2}'):
            yield f"{name} is {inner[:20]!r}", half + inner + b"}"
        for number, wrong in enumerate(WRONG):
            if name == "wait_ms" and type(wrong) is int and wrong > 0:
                continue  # it would be waited for
            yield f"{name} is wrong {number}", text({**body, name: wrong})


def check_refused(answer: httpx.Response, what: str) -> None:
    assert 400 <= answer.status_code < 500, (
        what,
        answer.status_code,
        answer.text[:300],
    )
    assert answer.headers["content-type"] == "application/problem+json", what
    problem = answer.json()
    assert problem["status"] == answer.status_code, what
    assert problem["code"] and problem["detail"] and problem["title"], what
    assert len(problem["detail"]) <= 1_001, what
    assert "Traceback" not in answer.text and "panic" not in answer.text, what


def test_every_operation_with_a_body_is_tried() -> None:
    document = describe(list(PLANS))
    names = {
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    }
    others = {n for n in names if n.startswith("execute-") and n != "execute-typed"}
    assert names - others == set(TAKES)


@pytest.mark.parametrize("name", sorted(TAKES))
def test_bodies(world: World, name: str) -> None:
    """A body that the description does not take is refused and changes nothing; no
    body at all is a defect of the server."""
    url, body = whole(world, name)
    before = world.rows()
    tried = refused = 0
    for what, content in hostile(body):
        tried += 1
        answer = world.http.post(url, content=content)
        if answer.status_code < 300:
            value = json.loads(content or b"{}")
            if name != "report-tasks":  # whose entries are answered one by one
                assert world.described.takes(name, value), (what, answer.text[:300])
            assert what.startswith((*body, "without", "unknown", "no JSON 0")), what
            world.renew()
            url, body = whole(world, name)
            before = world.rows()
            continue
        check_refused(answer, f"{name}: {what}")
        world.described(answer)
        refused += 1
        assert world.rows() == before, f"{name}: {what}"
    assert refused > len(NO_JSON)


def paths(document: Json) -> list[tuple[str, str, str]]:
    return [
        (operation["operationId"], method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


OPERATIONS = [p for p in paths(describe(list(PLANS))) if "stream" not in p[0]]
IDS = [
    *("nobody", ":", "a:b", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "x" * 4_000),
    *("%F0%9F%98%80", "'; DROP TABLE runs; --", "%25", "a%20b", "*"),
]


WITH_IDS = [each for each in OPERATIONS if "{" in each[2]]
ASKING = [each for each in OPERATIONS if each[1] == "GET"]
ALLOWED = {
    "asks": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "ended": ("delete",),
}
REFUSED = [
    (run, what)
    for run, allowed in ALLOWED.items()
    for what in ("pause", "resume", "retry", "cancel", "delete")
    if what not in allowed
]


@pytest.mark.parametrize(
    ("name", "method", "path"), WITH_IDS, ids=[name for name, _, _ in WITH_IDS]
)
def test_names_in_addresses(world: World, name: str, method: str, path: str) -> None:
    """Whatever stands where an id belongs is not found, and nothing happens."""
    before = world.rows()
    for id in IDS:
        url = path[: path.index("{")] + id + path[path.index("}") + 1 :]
        body = {**TAKES.get(name, ("", {}))[1], **world.fence}
        taken = {key: body[key] for key in body if key in TAKES.get(name, ("", {}))[1]}
        content = text(body if name in FENCED else taken) if name in TAKES else None
        answer = world.http.request(method, url, content=content)
        check_refused(answer, f"{name}: {id[:40]}")
    assert world.rows() == before


@pytest.mark.parametrize("path", [path for _, _, path in ASKING])
def test_queries(world: World, path: str) -> None:
    """No query makes a server fail."""
    url = path
    if "{" in path:
        id = "typed" if "workflows" in path else world.ids["asks"]
        url = path[: path.index("{")] + id + path[path.index("}") + 1 :]
    before = world.rows()
    values = ["", "0", "-1", "99999999999999999999", "x", "%00", "%ff", "a" * 9_000]
    for key in ("limit", "cursor", "status", "created_from", "x"):
        for value in values:
            answer = world.http.get(f"{url}?{key}={value}")
            assert answer.status_code < 500, (key, value, answer.text[:300])
            if answer.status_code >= 400:
                check_refused(answer, f"{key}={value[:40]}")
    for value in ("x", "-1s", "", "1", "999999999999d", "NaN", "-5"):
        if value in ("1",) or "wait" not in json.dumps(
            world.described.document["paths"][path]["get"].get("parameters", [])
        ):
            continue
        answer = world.http.get(f"{url}?wait={value}", timeout=90)
        assert answer.status_code < 500, (value, answer.text[:300])
    many = "&".join(f"a{n}=1" for n in range(500))
    assert world.http.get(f"{url}?{many}").status_code < 500
    assert world.rows() == before


@pytest.mark.parametrize(("run", "what"), REFUSED)
def test_what_the_state_does_not_allow(world: World, run: str, what: str) -> None:
    """Twice the same, or too late: 409 with the reason, and nothing changes."""
    url = f"/api/v2/executions/{world.ids[run]}"
    before = world.rows()
    method, url = ("DELETE", url) if what == "delete" else ("POST", f"{url}/{what}")
    answer = world.http.request(method, url)
    check_refused(answer, f"{what} of {run}")
    assert answer.status_code == 409
    world.described(answer)
    assert world.rows() == before


def test_entries_of_a_report(world: World) -> None:
    """Each is answered by itself; what is wrong with one hinders no other."""
    before = world.rows()
    good = {"id": world.ids["task"], **world.fence}
    entries: list[Any] = [
        *(
            None,
            5,
            "x",
            [],
            {},
            {"id": 5},
            {"id": "x"},
            {"id": ":"},
            {"id": good["id"]},
        ),
        *(
            {**good, "attempt": "1"},
            {**good, "attempt": True},
            {**good, "delivery": 1.5},
        ),
        *({**good, "attempt": 99}, {**good, "delivery": 99}, {**good, "delivery": -1}),
        *({**good, "id": "nobody:far"}, {**good, "attempt": 2**53 - 1}),
    ]
    body = {"results": entries, "heartbeats": entries}
    answer = world.http.post("/api/v2/tasks/report", json=body)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:  # what is no object is no entry
        check_refused(answer, "report")
        body = {key: [e for e in entries if isinstance(e, dict)] for key in body}
        answer = world.http.post("/api/v2/tasks/report", json=body)
    world.described(answer)
    for key in body:
        statuses = [each["status"] for each in answer.json()[key]]
        assert len(statuses) == len(body[key])
        assert all(400 <= status < 500 for status in statuses), statuses
    assert world.rows() == before
