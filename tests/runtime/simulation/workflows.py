"""What runs in a simulation: one workflow for each thing that an engine does, and random
ones, of which each comes from a number."""

from __future__ import annotations

import hashlib
import json
import random
from functools import cache, lru_cache
from typing import Any

from magicflow.plan import Plan, load_plan

from tests.runtime.core.random_plans import Thrown, build_plan
from tests.runtime.plans import call, lit, obj, path, plan, step_output

Json = dict[str, Any]
ANY = {"type": "any"}
RETRY = {
    "max_attempts": 3,
    "backoff": "fixed",
    "initial_delay": 1_000,
    "max_delay": 60_000,
    "jitter": False,
}
BREAKER = {
    "failure_threshold": 2,
    "window": 60_000,
    "recovery_timeout": 3_000,
    "half_open_max_calls": 1,
}
PING = {"ping": {"name": "ping", "type": ANY, "listens": True}}


def steady() -> Json:
    """A step in process with retries, a polled one with a timeout, a wait, one more."""
    return plan(
        {
            "local": {"kind": "try", "body": "local/do", "retry": RETRY, "catch": []},
            "local/do": call("work", input=obj(n=path("input", "n"))),
            "remote": {"kind": "try", "body": "remote/do", "retry": RETRY, "catch": []},
            "remote/do": call("work", executor="far", timeout=40_000),
            "pause": {"kind": "wait", "duration": 5_000},
            "last": call("work", input=obj(n=step_output("local", "n"))),
        },
        ["local", "remote", "pause", "last"],
        name="steady",
        output=obj(n=step_output("last", "n")),
    )


def one(name: str, node: Json, **more: Any) -> Json:
    return plan({"a": node}, ["a"], name=name, **more)


def listening() -> Json:
    node = {"kind": "listen", "event": "ping", "type": ANY, "timeout": 50_000}
    node["correlate"] = {"k": path("input", "n")}
    return one("listening", node, events=PING)


def asking() -> Json:
    node = {"kind": "listen", "event": "@task", "correlate": {}, "task": {}}
    return one("asking", {**node, "type": {"type": "boolean"}})


def triggered() -> Json:
    trigger = {"type": "event", "event": "told", "input": obj(n=lit(1))}
    return one("triggered", call("work"), triggers=[trigger])


@cache
def fixed() -> tuple[Json, ...]:
    child = {"kind": "sub", "workflow": "child", "version": "*"}
    breaking = call("work", circuit_breaker=BREAKER, max_concurrency=1, priority=3)
    again = {"after": 10_000, "action": "retry"}
    return (
        steady(),
        listening(),
        asking(),
        triggered(),
        one("child", call("work", executor="far", heartbeat_timeout=20_000)),
        one("parent", child),
        one("emitting", {"kind": "emit", "event": "ping", "data": obj(k=lit(1))}),
        one("limited", call("work"), concurrency={"max_runs": 2}),
        one("breaking", breaking),
        one("unique", {"kind": "wait", "duration": 20_000}, unique="running"),
        one("again", {"kind": "wait", "duration": 30_000}, timeout=again),
    )


@lru_cache(maxsize=4096)
def random_plan(name: str, number: int) -> Json:
    """The random plan with this number; some of its tasks are polled for."""
    dice = random.Random(f"{name}-{number}")
    return named(build_plan(Thrown(dice)), name, dice)


def named(made: Json, name: str, dice: random.Random) -> Json:
    made["workflow"] = {"name": name, "version": "1.0.0"}
    for node in made["nodes"].values():
        if node["kind"] == "call":
            node["executor"] = dice.choice(["svc", "svc", "far"])
    text = json.dumps(made, sort_keys=True)
    return {**made, "hash": hashlib.sha256(text.encode()).hexdigest()}


_LOADED: dict[str, Plan] = {}


def load_once(made: Json) -> Plan:
    """`load_plan`, which takes longer than many a schedule."""
    loaded = _LOADED.get(made["hash"])
    if loaded is None:
        if len(_LOADED) > 2_000:
            _LOADED.clear()
        loaded = _LOADED[made["hash"]] = load_plan(made)
    return loaded
