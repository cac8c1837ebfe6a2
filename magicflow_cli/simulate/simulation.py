"""Many runs of one workflow in a world left to chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from magicflow.plan import load_plan
from magicflow.simulation import Simulation
from magicflow.simulation.script import Script
from magicflow.simulation.times import parse_duration
from magicflow.types import TypeSet

from magicflow_cli.simulate.coverage import Coverage
from magicflow_cli.simulate.statistics import Statistics
from magicflow_cli.simulate.world import NotPossible, RandomWorld

Json: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[int], None]
_SEEDS = 1 << 48


def simulate(
    plan: Json,
    *,
    runs: int,
    seed: int = 0,
    faults: float = 0.0,
    outcomes: Mapping[str, Any] | None = None,
    on_run: Progress | None = None,
) -> Statistics:
    """Run a plan `runs` times. The same arguments give the same statistics, everywhere.

    `faults` is the share of attempts that fail. `outcomes` is the `spec` of a scenario:
    its `steps` are the outcome script, its `input`, `metadata`, `timeout` and `events`
    are those of every run. Raises NotPossible.
    """
    given = outcomes or {}
    script = Script(given["steps"]) if "steps" in given else None
    world = RandomWorld(plan, TypeSet(plan["types"]), faults=faults, script=script)
    loaded = load_plan(plan)
    statistics = Statistics(Coverage(plan))
    make_input = world.input() if "input" not in given else None
    limit = given.get("timeout")
    timeout = None if limit is None else parse_duration(limit)
    tail = f"{seed % _SEEDS:012x}"
    for number in range(runs):
        world.dice.seed((seed << 32) + number)
        run_id = f"{number % (1 << 32):08x}-0000-4000-8000-{tail}"
        run = Simulation(loaded, world, run_id=run_id)
        for each in given.get("events", ()):
            _schedule(run, each)
        value = given["input"] if make_input is None else make_input(world.dice)
        refused = run.start(value, given.get("metadata"), timeout)
        if refused is not None:
            raise NotPossible(
                f"the input is refused: {refused['message']}",
                "write an `input` that fits into the outcome script",
            )
        run.run()
        statistics.take(run)
        if on_run is not None:
            on_run(number + 1)
    return statistics


def _schedule(run: Simulation, each: Json) -> None:
    at = run.started + parse_duration(each["at"])
    if "event" in each:
        run.at(at, "event_received", {"event": each["event"], "data": each.get("data")})
    elif "cancel" in each:
        run.at(at, "cancel_requested", {"reason": each["cancel"]})
    else:
        run.at(at, "pause" if "pause" in each else "resume")
