"""Go's plan-driven validators give Python's verdicts, problem by problem."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from tests.exactness.__main__ import FAILURES, run
from tests.exactness.compiling import compile_corpus
from tests.exactness.corpus import Group, Instance, read_corpus
from tests.exactness.drivers import go_plan, python_plan
from tests.exactness.drivers.go_program import ROOT
from tests.languages import need

CORPUS = Path(__file__).parent / "corpus"


def _groups() -> list[Group]:
    return [
        group for file in sorted(CORPUS.glob("*.jsonl")) for group in read_corpus(file)
    ]


def test_go_validators_are_exact() -> None:
    need("go")
    (verdicts,) = run(_groups(), ["go-plan"])["languages"].values()
    assert {kind: verdicts[kind] for kind in FAILURES} == dict.fromkeys(FAILURES, 0)
    assert verdicts["exact_groups"] == verdicts["groups"] > 500
    assert verdicts["exact"] == verdicts["instances"]


def test_go_and_python_tell_the_same_problems(tmp_path: Path) -> None:
    need("go")
    groups = _groups()
    compiled = compile_corpus(groups)
    chance = random.Random(7)
    questions = [
        {"root": group.id, "json": text}
        for group in groups
        if group.id in compiled.roots
        for text in _varied(_shallow(group.instances), chance)
    ]
    answers = []
    for driver in (python_plan, go_plan):
        folder = tmp_path / driver.__name__
        folder.mkdir()
        answers.append(_ask(driver.prepare(compiled, folder), questions))
    different = [
        (question, python, go)
        for question, python, go in zip(questions, *answers, strict=True)
        if _comparable(python) != _comparable(go)
    ]
    assert not different, different[:3]
    told = sum(len(answer.get("problems", ())) for answer in answers[0])
    filled = sum(answer.get("filled") != answer.get("json") for answer in answers[0])
    assert told > 5_000
    assert filled > 5


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    texts = {
        name: json.loads(answer[name]) for name in ("json", "filled") if name in answer
    }
    return {**answer, **texts}


def _shallow(instances: tuple[Instance, ...]) -> list[Instance]:
    """Those that Python's own reader can read; the corpus itself has the others."""
    return [
        each for each in instances if each.json.count("[") + each.json.count("{") < 99
    ]


def _varied(instances: list[Instance], chance: random.Random) -> list[str]:
    """Each instance as it is, with one of its parts replaced, and in a wrong place."""
    values = []
    for instance in instances:
        try:
            values.append(json.loads(instance.json))
        except ValueError:
            continue
    texts = [instance.json for instance in instances]
    for value in values:
        for _ in range(3):
            other = chance.choice(
                [*values, 1.0, 1.5, -0.0, True, None, "", "é", [], {}]
            )
            texts.append(json.dumps(_replaced(value, other, chance)))
    return texts


def _replaced(value: Any, other: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        changed = {**value, name: _replaced(value[name], other, chance)}
        if chance.random() < 0.4:
            changed[chance.choice(["zz", "a/b~c", "é", "𐀀", "\uffff"])] = other
        if chance.random() < 0.2:
            del changed[name]
        return changed
    if isinstance(value, list) and value and chance.random() < 0.9:
        index = chance.randrange(len(value))
        item = _replaced(value[index], other, chance)
        return [
            *value[:index],
            item,
            *value[index + 1 :],
            *value[: chance.randint(0, 1)],
        ]
    return other


def _ask(command: list[str], questions: list[dict[str, str]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        command,
        input="".join(json.dumps(each) + "\n" for each in questions),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.split("\n") if line]
