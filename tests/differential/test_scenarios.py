"""The scenario runners of Python and Go: the same run of the same scenario."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from magicflow.simulation.scenario import ScenarioError, Workflow, example_of, play
from magicflow.types import NoExample, example

from tests.languages import go, need

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "tests/golden/dsl").glob("*/expected/plan.json"))
Json = dict[str, Any]
ROUNDS = 6


def examples(workflow: Workflow) -> Json:
    """As the generator of Go writes them."""
    plan, types = workflow.json, workflow.types
    found: Json = {"nodes": {}}
    with suppress(NoExample):
        found["input"] = example(types, plan["input"])
    for id, node in plan["nodes"].items():
        if node["kind"] in ("call", "listen", "sub"):
            with suppress(NoExample):
                found["nodes"][id] = example_of(plan, types, id)
    return found


def outcome(plan: Json, node: Json, dice: Random) -> Json:
    """One that the node can have; now and then one that does not fit."""
    after = {"after": f"{dice.randrange(0, 90)}s"}
    choice = dice.randrange(8)
    if choice == 0:
        return {"never": True}
    if node["kind"] != "listen":
        if choice == 1:
            return {"fails": dice.choice(["BUSY", "UNAVAILABLE"]), **after}
        if choice == 2:
            return {"fails": "NO", "retryable": False, "unknown": True, **after}
        if choice == 3:
            return {"fails": "WAIT", "retry_after": "70s", "details": {"n": 1}}
        limits = [
            k for k in ("timeout", "queue_timeout", "heartbeat_timeout") if k in node
        ]
        if choice == 4 and limits:
            return {"times_out": dice.choice(limits)}
    if choice == 5:
        return {"returns": dice.choice([None, {}, {"ok": True}, 7]), **after}
    return {}


def scenario(workflow: Workflow, dice: Random) -> Json:
    """Outcomes, events and expectations by chance; no function is asked."""
    plan = workflow.json
    steps: Json = {}
    for step in plan["steps"].values():
        node = plan["nodes"][step["node"]]
        while node["kind"] == "try":
            node = plan["nodes"][node["body"]]
        if node["kind"] in ("call", "listen", "sub"):
            made = [outcome(plan, node, dice) for _ in range(dice.randrange(1, 4))]
            made = [
                each or {"never": True} if node["kind"] == "listen" else each
                for each in made
            ]
            if made and all(made):
                steps[step["name"]] = made if dice.random() < 0.6 else made[0]
    events: list[Json] = [
        {
            "at": f"{dice.randrange(1, 300)}s",
            "event": name,
            "data": dice.choice([{}, {"id": "1"}]),
        }
        for name, event in plan["events"].items()
        if event.get("listens") and dice.random() < 0.7
    ]
    if dice.random() < 0.2:
        events.append({"at": f"{dice.randrange(0, 200)}s", "cancel": "enough"})
    if dice.random() < 0.2:
        events += [{"at": "10s", "pause": True}, {"at": "95s", "resume": True}]
    stubs = [
        *plan["steps"],
        *(id for id, n in plan["nodes"].items() if n["kind"] in ("call", "try")),
    ]
    names = list(plan["steps"])
    expect = {"path": names[: dice.randrange(1, 4)], "within": "60s", "events": []}
    expect["steps"] = {
        name: {"status": "completed", "attempts": 1} for name in names[:3]
    }
    return {"steps": steps, "stubs": stubs, "events": events, "expect": expect}


def test_go_plays_as_python_does(tmp_path: Path) -> None:
    need("go")
    assert len(PLANS) > 20
    cases = []
    for file in PLANS:
        workflow = Workflow(json.loads(file.read_text("utf-8")))
        for number in range(ROUNDS):
            name = f"{file.parents[1].name}-{number}"
            spec = scenario(workflow, Random(name))
            try:
                result = play(workflow, name, spec)
            except ScenarioError:
                continue
            trace = result.trace
            cases.append(
                {
                    "name": name,
                    "plan": workflow.json,
                    "examples": examples(workflow),
                    "spec": spec,
                    "status": trace.status if trace.is_over else "waiting",
                    "path": trace.path(),
                    "events": [command["event"] for command in trace.emitted],
                    "duration": trace.duration,
                    "differences": len(result.differences),
                }
            )
    assert len(cases) > 3 * len(PLANS)
    statuses = {case["status"] for case in cases}
    assert statuses >= {"completed", "failed", "cancelled", "waiting"}
    played = tmp_path / "played.json"
    played.write_text(json.dumps(cases))
    done = go(
        *("test", "./scenario", "-run", "TestAsPython", "-count=1", "-v"),
        cwd=ROOT / "runtime" / "go",
        env={"MAGICFLOW_PLAYED": str(played)},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "--- PASS: TestAsPython" in done.stdout  # it is skipped without its file
