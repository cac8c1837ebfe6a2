"""The generated test that plays scenario files against the functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from magicflow.simulation.scenario import example_of
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.generate.document import indented, plan_json
from magicflow_cli.generate.lower.go.names import package_of
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan

_ASKED = frozenset({"call", "listen", "sub"})


@dataclass(frozen=True, slots=True)
class ScenarioTestsView:
    workflow: Untrusted


def scenario_tests(document: plan.Plan, options: Options) -> Iterator[View]:
    """The test, in the package of the functions, and what it embeds."""
    folder = f"{package_of(document.workflow.name)}/steps"
    yield View(
        f"{folder}/scenarios_gen_test.go",
        "executor/scenarios.go.j2",
        ScenarioTestsView(Untrusted(document.workflow.name)),
    )
    json = plan_json(document)
    yield View(f"{folder}/testdata/plan.json", content=indented(json))
    examples = indented(_examples(json))
    yield View(f"{folder}/testdata/examples.json", content=examples)


def _examples(json: dict[str, Any]) -> dict[str, Any]:
    """What comes of which a scenario says nothing; what has no example is left out."""
    types = TypeSet(json["types"])
    found: dict[str, Any] = {"nodes": {}}
    with suppress(NoExample):
        found["input"] = example(types, json["input"])
    for id, node in json["nodes"].items():
        if node["kind"] in _ASKED:
            with suppress(NoExample):
                found["nodes"][id] = example_of(json, types, id)
    return found
