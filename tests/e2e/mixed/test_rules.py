"""One workflow for every rule of docs/semantics.md, by real processes of generated
projects: whatever server, executors and client, the history is the same; it is that of
virtual time."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.mixed.conftest import EVENTS, magic_flow
from tests.e2e.mixed.histories import Json, unlike
from tests.e2e.mixed.projects import Project
from tests.e2e.mixed.rule_cases import FOLDER, read_rules, sentences
from tests.e2e.mixed.rule_runs import CLIENTS, Found, Rules, run_rules
from tests.e2e.mixed.runs import Setting

BOTH = ("python", "go")


def test_every_sentence_has_a_workflow() -> None:
    covered = [name for rule in read_rules().values() for name in rule.covers]
    assert sorted(set(sentences()) - set(covered)) == []
    assert sorted(set(covered) - set(sentences())) == []


def test_the_workflows_are_what_a_user_may_write() -> None:
    magic_flow("validate", FOLDER)
    magic_flow("test", FOLDER)


@pytest.fixture(scope="module")
def rules(
    projects: dict[str, Project],
    world: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Rules:
    folder = tmp_path_factory.mktemp("rules")
    plans: dict[str, Json] = {}
    for file in projects["python"].folder.glob("workflows/*/plan.json"):
        plan = json.loads(file.read_text("utf-8"))
        plans[plan["workflow"]["name"]] = plan
    return Rules.prepare(Setting(projects, folder, world), plans, folder)


REFERENCE: dict[tuple[str, str], Found] = {}


@pytest.mark.parametrize("executor", BOTH)
@pytest.mark.parametrize("server", BOTH)
def test_the_same_workflow_gives_the_same_history(
    server: str, executor: str, rules: Rules
) -> None:
    begin = time.monotonic()
    found = run_rules(rules, server, executor, EVENTS)
    print(f"{len(found)} runs: {time.monotonic() - begin:.1f} s")
    reference = REFERENCE.setdefault(("reference", ""), found)
    problems: list[str] = []
    for rule in rules.rules:
        name = rule.workflow
        for client in CLIENTS:
            one = found[name, client]
            place = f"{name} by {client}"
            played = rules.expected[name]
            if not rule.apart:
                problems += unlike(played, one["family"][0], f"{place}, virtual time")
            problems += unlike(reference[name, CLIENTS[0]], one, place)
            assert one["client"]["status"] == one["family"][0]["status"]
            said, is_so = one["client"]["output"], one["family"][0]["output"]
            problems += unlike(is_so, said, f"{place}, what the client says")
    assert problems == [], "\n".join(problems)
