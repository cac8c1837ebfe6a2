"""What a server does over time, on both servers, over HTTP: schedules, delays, places,
limits of tasks and runs, grace, expiry, retention. The servers' clock is moved by hand
(tests/runtime/faults/processes.py); it goes on from wherever it is put."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.languages import need
from tests.runtime.faults.processes import SERVERS, Place, command_of
from tests.runtime.plans import call, lit, obj, path, plan, step_output

Json = dict[str, Any]
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
ANY = {"type": "any"}


class World:
    """A server whose clock is moved, and what one asks it."""

    def __init__(self, place: Place, *plans: Json) -> None:
        self.place = place
        self.place.plans.write_text(json.dumps(plans))
        self.moved = 0
        self.http = httpx.Client(base_url=place.url, timeout=20)

    def at(self, moment: str) -> None:
        """The server's clock says this moment from now on."""
        wanted = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
        self.moved = int((wanted - time.time()) * 1000)
        self.place.move_clock(self.moved)

    def passes(self, milliseconds: int) -> None:
        self.moved += milliseconds
        self.place.move_clock(self.moved)

    @contextmanager
    def served(self, *options: str) -> Iterator[None]:
        with self.place.server("--remote", *options):
            yield

    def start(self, workflow: str, **body: Any) -> str:
        url = f"/api/v2/workflows/{workflow}/execute"
        answer = self.http.post(url, json={"input": {}, **body})
        assert answer.status_code in (200, 202), answer.text
        run_id: str = answer.json()["execution_id"]
        return run_id

    def run(self, run_id: str) -> Json:
        shown: Json = self.http.get(f"/api/v2/executions/{run_id}").json()
        return shown

    def runs(self, workflow: str = "w") -> list[Json]:
        """Oldest first."""
        url = f"/api/v2/executions?workflow={workflow}&limit=500"
        return list(reversed(self.http.get(url).json()["executions"]))

    def ends(self, run_id: str) -> Json:
        shown: Json = self.http.get(f"/api/v2/executions/{run_id}?wait=10s").json()
        assert shown.get("ended_at"), shown
        return shown

    def do(self, run_id: str, what: str, **body: Any) -> None:
        answer = self.http.post(f"/api/v2/executions/{run_id}/{what}", json=body)
        assert answer.status_code == 202, answer.text

    def polls(self, wait: int = 5_000, most: int = 10) -> list[Json]:
        """A poll ends when the clock is moved under it, so there may be several."""
        end = time.monotonic() + wait / 1000
        while True:
            body = {"executors": ["svc"], "max_tasks": most, "wait_ms": 100}
            answer = self.http.post("/api/v2/tasks/poll", json=body).json()
            tasks: list[Json] = answer["tasks"]
            if tasks or time.monotonic() > end:
                return tasks

    def reports(self, task: Json, **outcome: Any) -> int:
        token = {"attempt": task["attempt"], "delivery": task["delivery"]}
        what = "fail" if "error" in outcome else "complete"
        url = f"/api/v2/tasks/{task['id']}/{what}"
        return self.http.post(url, json={**token, **outcome}).status_code

    def beats(self, task: Json) -> Json:
        token = {"attempt": task["attempt"], "delivery": task["delivery"]}
        url = f"/api/v2/tasks/{task['id']}/heartbeat"
        answer = self.http.post(url, json=token)
        return {"status": answer.status_code, **answer.json()}


def until(what: str, holds: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


@pytest.fixture(params=SERVERS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., World]:
    if request.param == "go":
        need("go")
    command_of(request.param)
    return lambda *plans: World(Place(tmp_path, request.param), *plans)


def waits(duration: int = HOUR, name: str = "w", **more: Any) -> Json:
    node = {"kind": "wait", "duration": duration}
    return plan({"s": node}, ["s"], name=name, **more)


def works(name: str = "w", step: Json | None = None, **more: Any) -> Json:
    node = call("work", input=obj(of=path("execution", "id")), **(step or {}))
    return plan({"s": node}, ["s"], name=name, output=step_output("s"), **more)


def scheduled(**trigger: Any) -> Json:
    return waits(SECOND, triggers=[{"type": "schedule", "input": lit({}), **trigger}])


# schedules


@pytest.mark.parametrize(
    ("setting", "before", "due"),
    [
        # 2:30 is skipped in Berlin: it happens when the skip is over, at 3:30
        ("30 2 * * *", "2027-03-28T01:29:30", "2027-03-28T01:30:00"),
        # 2:30 comes twice: it happens the first time, and not the second
        ("30 2 * * *", "2027-10-31T00:29:30", "2027-10-31T00:30:00"),
        # without a fixed hour real time is followed, over the hour that comes twice
        ("15 * * * *", "2027-10-31T01:14:30", "2027-10-31T01:15:00"),
        # an hour that is there on every day: noon in summer, an hour earlier in UTC
        ("0 12 * * *", "2027-07-01T09:59:30", "2027-07-01T10:00:00"),
        ("0 12 * * *", "2027-01-01T10:59:30", "2027-01-01T11:00:00"),
    ],
)
def test_cron_in_its_time_zone(
    world: Callable[..., World], setting: str, before: str, due: str
) -> None:
    w = world(scheduled(cron=setting, time_zone="Europe/Berlin"))
    w.at(before)
    with w.served():
        time.sleep(0.3)
        assert w.runs() == []
        w.passes(35 * SECOND)
        until("the schedule starts a run", lambda: len(w.runs()) == 1)
        (first,) = w.runs()
        started = datetime.fromisoformat(first["created_at"])
        late = (started - datetime.fromisoformat(due).replace(tzinfo=UTC)).seconds
        assert late < 30
        w.passes(58 * 60 * SECOND)
        time.sleep(0.5)
        assert len(w.runs()) == 1


@pytest.mark.parametrize(("catch_up", "missed"), [("none", 0), ("one", 1), ("all", 5)])
def test_what_was_missed(
    world: Callable[..., World], catch_up: str, missed: int
) -> None:
    w = world(scheduled(every=HOUR, catch_up=catch_up), waits(name="other"))
    w.at("2027-01-01T09:30:00")
    with w.served():
        assert w.runs() == []
        w.start("other")  # what was written before is durable then
    w.passes(5 * HOUR)
    for _ in range(2):
        # over a restart a due time starts one run
        with w.served():
            until("what was missed starts", lambda: len(w.runs()) == missed)
            time.sleep(0.3)
            assert len(w.runs()) == missed
    with w.served():
        w.passes(HOUR)
        until("the next starts", lambda: len(w.runs()) == missed + 1)


def test_a_delayed_start(world: Callable[..., World]) -> None:
    w = world(works())
    w.passes(0)
    with w.served():
        run_id = w.start("w", delay="2h")
        assert w.run(run_id)["status"] == "queued"
        w.passes(HOUR)
    with w.served():
        assert w.polls(wait=300) == []
        w.passes(HOUR)
        (task,) = w.polls()
        assert w.reports(task, output={}) == 200
        assert w.ends(run_id)["status"] == "completed"


# places and limits over all runs


def test_places_of_a_workflow(world: Callable[..., World]) -> None:
    """By key, in the order of priority and age; over a restart."""
    limits = {"max_per_key": 1, "key": path("input", "k"), "on_limit": "queue"}
    w = world(works(concurrency=limits))
    w.passes(0)
    with w.served():
        given = [("a", "low"), ("a", "low"), ("a", "high"), ("b", "low")]
        runs = [w.start("w", input={"k": k}, priority=p) for k, p in given]
        statuses = [w.run(run_id)["status"] for run_id in runs]
        assert statuses == ["running", "queued", "queued", "running"]
    with w.served():
        order: list[int] = []
        while len(order) < 4:
            for task in w.polls(most=1):
                order.append(runs.index(task["run_id"]))
                assert w.reports(task, output={}) == 200
        assert [each for each in order if each != 3] == [0, 2, 1]


def test_tasks_by_priority_and_the_limit_of_a_step(
    world: Callable[..., World],
) -> None:
    one = works("one", {"max_concurrency": 1, "priority": 5})
    w = world(works(), works("urgent", {"priority": 9}), one)
    w.passes(0)
    with w.served():
        for name in ("w", "one", "one", "urgent"):
            w.start(name)
        tasks = w.polls()
        assert [task["workflow_id"] for task in tasks] == ["urgent", "one", "w"]
        assert w.polls(wait=200) == []
        assert w.reports(tasks[1], output={}) == 200
        (task,) = w.polls()
        assert task["workflow_id"] == "one"


# limits of tasks


def test_limits_that_a_task_has(world: Callable[..., World]) -> None:
    """In the queue, without a heartbeat, in all, and its whole step."""
    total: Json = {
        "s": {
            "kind": "try",
            "body": "s/do",
            "catch": [],
            "timeout": 50 * SECOND,
            "retry": {
                "max_attempts": 9,
                "backoff": "fixed",
                "initial_delay": 20 * SECOND,
                "max_delay": 20 * SECOND,
                "jitter": False,
            },
        },
        "s/do": call("work"),
    }
    w = world(
        works("queue", {"queue_timeout": 20 * SECOND}),
        works("beat", {"heartbeat_timeout": 20 * SECOND, "timeout": HOUR}),
        works("long", {"timeout": 40 * SECOND, "heartbeat_timeout": HOUR}),
        plan(total, ["s"], name="total"),
    )
    w.passes(0)
    with w.served("--lease", str(2 * HOUR)):
        run_id = w.start("queue")
        w.passes(25 * SECOND)
        assert w.ends(run_id)["error"]["code"] == "TIMEOUT"
        assert w.polls(wait=100) == []
        run_id = w.start("beat")
        (task,) = w.polls()
        for _ in range(3):
            w.passes(15 * SECOND)
            time.sleep(0.3)
            assert w.beats(task)["status"] == 200
        w.passes(25 * SECOND)
        assert w.ends(run_id)["error"]["code"] == "TIMEOUT"
        assert w.beats(task)["status"] == 409
        assert w.reports(task, output={}) == 409
        run_id = w.start("long")
        (task,) = w.polls()
        w.passes(45 * SECOND)
        assert w.ends(run_id)["error"]["code"] == "TIMEOUT"
        run_id = w.start("total")
        for _ in range(2):
            (task,) = w.polls()
            error = {"code": "BUSY", "message": "again"}
            assert w.reports(task, error=error) == 200
            w.passes(20 * SECOND)
        (task,) = w.polls()
        w.passes(15 * SECOND)
        assert w.ends(run_id)["error"]["code"] == "TIMEOUT"


def test_a_lease_that_runs_out(world: Callable[..., World]) -> None:
    w = world(works())
    w.passes(0)
    with w.served("--lease", "60000"):
        run_id = w.start("w")
        (first,) = w.polls()
        w.passes(61 * SECOND)
        (second,) = w.polls()
        assert (second["attempt"], second["delivery"]) == (1, 2)
        assert second["idempotency_key"] == first["idempotency_key"]
        assert w.reports(first, output={"by": 1}) == 409
        assert w.reports(second, output={"by": 2}) == 200
        assert w.ends(run_id)["output"] == {"by": 2}


# runs


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("cancel_and_cleanup", "timed_out"),
        ("ignore", "completed"),
        ("fallback", "completed"),
        ("retry", "timed_out"),
    ],
)
def test_the_timeout_of_a_workflow(
    world: Callable[..., World], action: str, status: str
) -> None:
    nodes: dict[str, Json] = {
        "s": {"kind": "wait", "duration": 100 * SECOND},
        "help": {"kind": "set", "value": lit("helped"), "step": "help"},
    }
    timeout: Json = {"after": 60 * SECOND, "action": action}
    if action == "fallback":
        timeout["handler"] = "help"
    made = plan(nodes, ["s"], name="w", timeout=timeout)
    w = world(made)
    w.passes(0)
    with w.served():
        run_id = w.start("w")
        w.passes(61 * SECOND)
        if action == "ignore":
            time.sleep(0.4)
            assert w.run(run_id)["status"] in ("running", "waiting")
            w.passes(40 * SECOND)
        assert w.ends(run_id)["status"] == status
        if action == "retry":
            until("another run", lambda: len(w.runs()) == 2)
            assert w.runs()[1]["retry_of"] == run_id
            w.passes(61 * SECOND)
            until("it ends too", lambda: w.runs()[1]["status"] == "timed_out")
            time.sleep(0.3)
            assert len(w.runs()) == 2


def test_a_pause_holds_what_a_timer_would_begin(world: Callable[..., World]) -> None:
    nodes = {"s": {"kind": "wait", "duration": 60 * SECOND}, "t": call("work")}
    w = world(plan(nodes, ["s", "t"], name="w"))
    w.passes(0)
    with w.served():
        run_id = w.start("w")
        w.do(run_id, "pause")
        w.passes(61 * SECOND)
        assert w.polls(wait=500) == []
        assert w.run(run_id)["status"] == "paused"
    with w.served():
        w.do(run_id, "resume")
        (task,) = w.polls()
        w.reports(task, output=1)
        assert w.ends(run_id)["status"] == "completed"


def test_a_cancel_waits_at_most_the_grace(world: Callable[..., World]) -> None:
    w = world(works())
    w.passes(0)
    with w.served("--lease", str(HOUR)):
        run_id = w.start("w")
        (task,) = w.polls()
        w.do(run_id, "cancel", reason="enough")
        assert w.beats(task)["cancel"] is True
        assert not w.run(run_id).get("ended_at")
        w.passes(31 * SECOND)
        ended = w.ends(run_id)
        assert ended["status"] == "cancelled"
        assert w.reports(task, output=1) == 409


def test_children_end_with_their_parent(world: Callable[..., World]) -> None:
    sub = {"kind": "sub", "workflow": "child", "version": "^1"}
    parent = plan({"s": sub}, ["s"], name="w", timeout={
        "after": 60 * SECOND, "action": "cancel_and_cleanup"
    })  # fmt: skip
    one = waits(name="child")
    two = waits(name="child")
    two["workflow"]["version"], two["hash"] = "2.0.0", two["hash"][::-1]
    w = world(parent, one, two)
    w.passes(0)
    with w.served():
        first, second = w.start("w"), w.start("w")
        until("children", lambda: len(w.runs("child")) == 2)
        assert {run["version"] for run in w.runs("child")} == {"1.0.0"}
        w.do(first, "cancel")
        assert w.ends(first)["status"] == "cancelled"
        w.passes(61 * SECOND)
        assert w.ends(second)["status"] == "timed_out"
        until(
            "no child is left",
            lambda: all(run["ended_at"] for run in w.runs("child")),
        )


def test_what_nobody_answers_expires(world: Callable[..., World]) -> None:
    """A task for people; a listener; an event that came before its listener."""
    asks = {
        "kind": "listen",
        "event": "@task",
        "correlate": {},
        "type": ANY,
        "task": {},
        "timeout": HOUR,
    }
    listens = {
        "kind": "listen",
        "event": "paid",
        "correlate": {},
        "type": ANY,
        "timeout": 3 * DAY,
    }
    events = {"paid": {"name": "paid", "type": ANY, "listens": True}}
    first = {"kind": "wait", "duration": 2 * DAY}
    w = world(
        plan({"s": asks}, ["s"], name="asks"),
        plan({"f": first, "s": listens}, ["f", "s"], name="w", events=events),
    )
    w.passes(0)
    with w.served():
        asked, told = w.start("asks"), w.start("w")
        assert len(w.http.get("/api/v2/human-tasks").json()["tasks"]) == 1
        w.do(told, "events", event="paid", data={"n": 1}, event_id="e")
        w.passes(HOUR + SECOND)
        assert w.ends(asked)["error"]["code"] == "TIMEOUT"
        assert w.http.get("/api/v2/human-tasks").json()["tasks"] == []
        w.passes(2 * DAY)  # an event is kept for a day
        until("it listens", lambda: w.run(told)["status"] == "waiting")
        time.sleep(0.3)
        assert not w.run(told).get("ended_at")
        w.passes(3 * DAY)
        assert w.ends(told)["error"]["code"] == "TIMEOUT"


def test_what_was_kept_long_enough_is_erased(world: Callable[..., World]) -> None:
    node = {"kind": "set", "value": lit(1)}
    kept = {"completed": DAY}
    w = world(plan({"s": node}, ["s"], name="w", retention=kept), waits(name="other"))
    w.passes(0)
    with w.served():
        w.ends(w.start("w"))
        other = w.start("other")
        w.passes(HOUR)
        time.sleep(0.4)
        assert len(w.runs()) == 1
        w.passes(DAY)
        until("it is erased", lambda: w.runs() == [])
        assert w.run(other)["execution_id"] == other
