"""The order of a mapping's keys has no meaning: the plan's hash stays the same."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from magicflow_cli.check import check
from magicflow_cli.compile import compile_workflow
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import plain

CASES = sorted(Path(__file__).parents[2].glob("golden/dsl/*/in/workflow.yaml"))


def shuffled(value: object, chance: random.Random) -> object:
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {key: shuffled(item, chance) for key, item in items}
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    return value


def hashes(text: str) -> list[str]:
    report = Report()
    documents = load_text(text.encode(), "workflow.yaml").documents
    parsed = [p for d in documents if (p := parse(d, report)) is not None]
    workflows = [p for p in parsed if p.kind == "Workflow"]
    contexts = [p for p in parsed if p.kind == "WorkflowContext"]
    checked = check(workflows, contexts, report)
    assert not report.has_errors
    return [compile_workflow(one).plan.hash for one in checked]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parents[1].name)
def test_reordered_keys_give_the_same_plan(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    roots = [plain(d.root) for d in load_text(text.encode(), "w.yaml").documents]
    expected = hashes(text)
    for seed in range(3):
        chance = random.Random(seed)
        mixed = "\n---\n".join(json.dumps(shuffled(root, chance)) for root in roots)
        assert hashes(mixed) == expected
