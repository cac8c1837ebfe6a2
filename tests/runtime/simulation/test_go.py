"""The Go engine's simulation (runtime/go/engine/simulation_test.go) with random workflows,
under the race detector. The plans are those of the Python engine's simulation and those of
the differential fuzzer, each with inputs, results, events and answers that may fit it.

`MAGICFLOW_SCHEDULES` sets how many schedules run, as for Python's.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.differential import plans as differential
from tests.differential.worlds import World
from tests.languages import go
from tests.runtime.simulation.workflows import random_plan

Json = dict[str, Any]
ENGINE = Path(__file__).parents[3] / "runtime" / "go"
PLANS = 400
SCHEDULES = os.environ.get("MAGICFLOW_SCHEDULES") or (
    "1000" if os.environ.get("CI") else "200"
)


def test_every_promise_holds_under_any_schedule(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    file = tmp_path / "plans.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for world in worlds(seed):
            out.write(json.dumps(world) + "\n")
    race = ("-race",) if shutil.which("gcc") or shutil.which("clang") else ()
    done = go(
        *("test", *race, "./engine", "-count=1", "-timeout=20m"),
        *("-run", "TestSimulation|TestAScheduleRepeats"),
        cwd=ENGINE,
        env={"MAGICFLOW_PLANS": str(file), "MAGICFLOW_SCHEDULES": SCHEDULES},
    )
    said = f"plans of seed {seed}\n{done.stdout[-8_000:]}{done.stderr[-8_000:]}"
    assert done.returncode == 0, said


def worlds(seed: int) -> Iterator[Json]:
    """What Go's `world` is read from."""
    for number in range(PLANS // 2):
        yield {"plan": random_plan("any", seed + number)}
        yield _typed(random.Random(f"{seed}-{number}"))


def _typed(rng: random.Random) -> Json:
    plan = differential.random_plan(rng)
    world = World(rng, plan)
    events = []
    for name, event in plan["events"].items():
        for k in (0, 1):
            events.append({"type": name, "data": {"k": k}})
        events.append({"type": name, "data": world.fitting.value(event["type"])})
    outputs, answers = {}, []
    for id, node in plan["nodes"].items():
        if node["kind"] == "call":
            made = [world.output(node.get("result_type")) for _ in range(3)]
            if "http" in node:
                made = [{"status": 200, "headers": {}, "body": body} for body in made]
            outputs[id] = made
        elif "task" in node:
            answers += [world.fitting.value(node["type"]) for _ in range(2)]
    return {
        "plan": plan,
        "inputs": [world.start()["input"] for _ in range(3)],
        "outputs": outputs,
        "errors": [world.error() for _ in range(3)],
        "events": events,
        "answers": answers,
    }
