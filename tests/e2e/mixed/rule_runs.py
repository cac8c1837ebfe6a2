"""Runs of all rules by both clients, in one combination of server and executors."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from magicflow.simulation.driver import Simulation

from tests.e2e.mixed.histories import FINAL, Json, Reader, masked, plain
from tests.e2e.mixed.programs import LONG, Driver
from tests.e2e.mixed.rule_cases import AGAIN, Rule, played, read_rules
from tests.e2e.mixed.runs import Setting

CLIENTS = ("python", "go")


@dataclass
class Rules:
    """All rules with what virtual time says of them. `setting` has their scripts."""

    setting: Setting
    rules: list[Rule]
    expected: dict[str, Json] = field(default_factory=dict)
    emitted: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    """What people say, by workflow and the path of their task."""

    @classmethod
    def prepare(cls, setting: Setting, plans: dict[str, Json], folder: Path) -> Rules:
        found = read_rules()
        rules = cls(
            replace(setting, folder=folder),
            [rule for rule in found.values() if rule.is_played],
        )
        for rule in found.values():
            simulation, script = played(rule, plans[rule.workflow])
            for name in (rule.workflow, *([rule.workflow + AGAIN] if rule.own else [])):
                file = folder / f"{name}.json"
                file.write_text(json.dumps(script), encoding="utf-8")
                rules.answers[name] = script
            rules.expected[rule.workflow] = _told(rule, simulation)
            rules.emitted[rule.workflow] = len(simulation.emitted)
        return rules


def _told(rule: Rule, simulation: Simulation) -> Json:
    """A run in virtual time as the API would tell of it."""
    trace = simulation.trace()
    run = {
        "workflow": rule.workflow,
        "status": trace.status,
        "output": trace.output,
        "error": trace.error,
        "compensation": trace.compensation,
        "steps": trace.occurrences(),
        "history": list(trace.history),
    }
    return masked(run, rule.concurrent, rule.free)


Found = dict[tuple[str, str], Json]
"""What became of a rule's run by workflow and client: `client` is what that said,
`family` the run with those that came of it, `events` what left the server."""


def run_rules(rules: Rules, server: str, executor: str, events: list[Json]) -> Found:
    """Every rule by both clients: those that need the server to themselves first, then
    all others at once."""
    setting = rules.setting
    url = f"http://{setting.world}/events"
    with (
        setting.serving(server, MAGICFLOW_EVENTS_URL=url) as running,
        setting.executing(executor, running),
        setting.driving("python", running) as python,
        setting.driving("go", running) as go,
        httpx.Client(
            base_url=running.url, headers=running.headers, timeout=LONG
        ) as http,
        _people(http, rules),
        ThreadPoolExecutor(2 * len(rules.rules)) as pool,
    ):
        drivers = {"python": python, "go": go}
        said: Found = {}
        for rule in rules.rules:
            if rule.heavy:
                for name in CLIENTS:
                    said[rule.workflow, name] = _drive(drivers[name], name, rule)
        ends = {
            (rule.workflow, name): pool.submit(_drive, drivers[name], name, rule)
            for rule in rules.rules
            if not rule.heavy
            for name in CLIENTS
        }
        said |= {key: future.result() for key, future in ends.items()}
        return _collect(rules, Reader(http), said, events)


def _drive(driver: Driver, client: str, rule: Rule) -> Json:
    """Have a client run a rule's workflow; gives its last word."""
    again = AGAIN if rule.own and client != CLIENTS[0] else ""
    options = {
        name: client if value == "KEY" else value
        for name, value in rule.options.items()
    }
    driver.begin(
        rule.workflow,
        rule.workflow + again,
        rule.input,
        None,
        options=options,
        acts=rule.acts,
    )
    ended = driver.ending_of(rule.workflow)
    assert "failure" not in ended and "id" in ended, (rule.workflow, client, ended)
    return ended


def _collect(rules: Rules, reader: Reader, said: Found, events: list[Json]) -> Found:
    """Read all runs, once what came of them has ended, too."""
    end = time.monotonic() + LONG
    while True:
        families = reader.families()
        wanted = sum(2 * rules.emitted[rule.workflow] for rule in rules.rules)
        left = [r for f in families.values() for r in f if r["status"] not in FINAL]
        ours = {each["id"] for each in events if _run_of(each) in families}
        if not left and len(ours) >= wanted:
            break
        assert time.monotonic() < end, (left, len(ours), wanted)
        time.sleep(0.1)
    found: Found = {}
    for rule in rules.rules:
        for client in CLIENTS:
            ended = said[rule.workflow, client]
            rows = [reader.run(row["execution_id"]) for row in families[ended["id"]]]
            told = {name: ended.get(name) for name in ("status", "output", "events")}
            told |= {name: ended.get(name) or "" for name in ("code", "step")}
            told["acts"] = ended.get("acts")
            assert told["events"] == [row["type"] for row in rows[0]["history"]]
            if rule.concurrent:
                del told["events"]
            found[rule.workflow, client] = {
                "client": plain(told),
                "family": [masked(row, rule.concurrent, rule.free) for row in rows],
                "events": _sent(events, ended["id"]),
            }
    return found


def _run_of(event: Json) -> str:
    return str(event["source"]).rpartition("/")[2]


def _sent(events: list[Json], run: str) -> list[Json]:
    """The CloudEvents of a run, each once."""
    found = {each["id"]: each for each in events if _run_of(each) == run}
    told = [{"type": e["type"], "data": plain(e["data"])} for e in found.values()]
    return sorted(told, key=lambda each: json.dumps(each, sort_keys=True))


@contextmanager
def _people(http: httpx.Client, rules: Rules) -> Iterator[None]:
    """They answer open tasks as the scripts say."""
    stop = threading.Event()
    answered: set[str] = set()

    def work() -> None:
        while not stop.wait(0.2):
            for task in http.get("/api/v2/human-tasks").json()["tasks"]:
                if task["id"] not in answered:
                    answered.add(task["id"])
                    _answer(http, task, rules.answers)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _answer(http: httpx.Client, task: Json, answers: dict[str, Any]) -> None:
    run = http.get(f"/api/v2/executions/{task['execution_id']}").json()
    # a step with limits of its own does its work in a node below it
    path = task["id"].partition(":")[2].removesuffix("/do")
    (act,) = answers[run["workflow"]][path]
    if act.get("never"):
        return
    url = f"/api/v2/human-tasks/{task['id']}/complete"
    for data, status in (({"ok": "no boolean"}, 422), (act["output"], 202)):
        done = http.post(url, json={"data": data})
        assert done.status_code == status, done.text
