"""Scenario files against the handlers of a project: what its generated tests use.

A scenario (`*.scenario.yaml`) is played in virtual time. What it says goes wrong does;
where it says that a step goes well, or nothing, the step's handler does the work, but
for the steps of the scenario's `stubs` and for http steps. What people answer, child
runs end with and events bring is as the scenario says.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from magicflow.simulation.expectation import waits
from magicflow.simulation.outcomes import Asked, Fails, Outcome, Returns
from magicflow.simulation.scenario import Result, ScenarioError, Workflow, play
from magicflow.worker.context import TaskContext
from magicflow.worker.executor import WorkflowExecutor, shared_registries
from magicflow.worker.local import LocalExecutor

Json = dict[str, Any]
PATTERNS = ("*.scenario.yaml", "*.scenario.yml", "*.scenario.json")
VARIABLE = "MAGICFLOW_SCENARIOS"
_STEP = re.compile(r"(?:.*\]/)?([^/~\[]+)")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One document. `spec` is as the language's reference has it."""

    name: str
    file: Path
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


def read_scenarios(workflow: str, folder: Path) -> list[Scenario]:
    """The scenarios of a workflow in a folder and below it, by file; or, when the
    variable MAGICFLOW_SCENARIOS names files and folders (as PATH does), in these.

    Raises ScenarioError for a file that is no YAML.
    """
    named = os.environ.get(VARIABLE)
    places = [folder] if not named else [Path(p) for p in named.split(os.pathsep) if p]
    return [
        scenario
        for place in places
        for file in _files(place)
        for scenario in _read(file)
        if _is_of(scenario, workflow)
    ]


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place] if place.exists() else []
    return sorted({file for pattern in PATTERNS for file in place.rglob(pattern)})


def _read(file: Path) -> Iterator[Scenario]:
    try:
        documents = list(yaml.load_all(file.read_text("utf-8"), _Loader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{file} cannot be read: {error}") from None
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "Scenario":
            try:
                yield Scenario(document["metadata"]["name"], file, document["spec"])
            except (KeyError, TypeError):
                raise ScenarioError(
                    f"{file} holds a scenario without `metadata.name` or `spec`"
                ) from None


def _is_of(scenario: Scenario, workflow: str) -> bool:
    """By name. A path leads out of the project: only the name of the file is known."""
    wanted = str(scenario.spec.get("workflow"))
    return wanted == workflow or "/" in wanted or wanted.endswith((".yaml", ".yml"))


class _Loader(yaml.SafeLoader):
    """YAML 1.2: `on`, `yes`, dates and `12:30` are texts."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0 if text[:2] in ("0o", "0x") else 10)


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def check_scenario(
    scenario: Scenario, plan: Path, executor: WorkflowExecutor
) -> Result:
    """Play a scenario with the executor's handlers. Raises AssertionError, with the
    expected path beside the actual one, when something else comes of it than it
    expects; and when it cannot be played."""
    __tracebackhide__ = True  # pytest: what is told is enough
    workflow = _workflow(plan)
    try:
        _refuse_unknown(scenario, workflow)
        with asyncio.Runner() as runner, _Handlers(executor, runner) as handlers:
            result = play(
                workflow,
                scenario.name,
                scenario.spec,
                handlers.work,
                frozenset(scenario.spec.get("stubs", ())),
            )
    except ScenarioError as error:
        raise AssertionError(
            f"scenario `{scenario.name}` cannot be played: {error}"
        ) from None
    if not result.passed:
        raise AssertionError(report(scenario, result))
    return result


def report(scenario: Scenario, result: Result) -> str:
    """What is not as the scenario expects, for people."""
    lines = [f"scenario `{scenario.name}` of {scenario.file}"]
    lines += [f"  {each.place}: {each.text}" for each in result.differences]
    if not result.trace.is_over:
        lines.append(f"  the run does not end: {waits(result.trace)}")
    return "\n".join([*lines, *(f"  note: {note}" for note in result.notes)])


@lru_cache(maxsize=32)
def _workflow(plan: Path) -> Workflow:
    return Workflow(json.loads(plan.read_text("utf-8")))


def _refuse_unknown(scenario: Scenario, workflow: Workflow) -> None:
    known = workflow.json["steps"].keys() | workflow.json["nodes"].keys()
    for key in [*scenario.spec.get("steps", ()), *scenario.spec.get("stubs", ())]:
        found = _STEP.match(key)
        if key not in known and (found is None or found[1] not in known):
            raise ScenarioError(f"the workflow has no step `{key}`")


class _Handlers:
    """The handlers of an executor, for one run."""

    def __init__(self, executor: WorkflowExecutor, runner: asyncio.Runner) -> None:
        self._workflow = executor.workflow
        self._runner = runner
        self._executors = {
            name: LocalExecutor(registry)
            for name, registry in shared_registries([executor]).items()
        }

    def __enter__(self) -> _Handlers:
        return self

    def __exit__(self, *failure: object) -> None:
        for each in self._executors.values():
            each.close()

    def work(self, asked: Asked, after: int) -> Outcome:
        """What a handler makes of a task."""
        command = asked.command
        message = {"step": asked.step, **command, "workflow": self._workflow}
        executor = self._executors.get(command["executor"])
        if executor is None:
            text = f"the project has no executor `{command['executor']}`"
            return Fails("UNAVAILABLE", text, after, retryable=False)
        outcome = self._runner.run(executor.run(TaskContext(message)))
        if "output" in outcome:
            return Returns(outcome["output"], after)
        error: Json = outcome["error"]
        return Fails(
            error.get("code") or "INTERNAL",
            str(error.get("message", "")),
            after,
            error.get("retryable"),
            error.get("details"),
            error.get("retry_after"),
        )
