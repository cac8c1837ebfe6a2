"""The language-neutral cases, run by the Python core; the compiler reads their texts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from magicflow.canonical import canonical
from magicflow.expr import MISSING, ExpressionError, Scope, compile_expression

from tests.runtime.expr.lowering import lower_expression, lower_mapping

FOLDER = Path(__file__).parents[3] / "runtime/conformance/expressions"
FILES = sorted(FOLDER.glob("*.json"))


def _cases() -> list[Any]:
    cases = []
    for file in FILES:
        content = json.loads(file.read_text("utf-8"))
        for case in content["cases"]:
            scope = content["scopes"][case["scope"]]
            cases.append(
                pytest.param(case, scope, id=f"{file.stem}: {case['name'][:80]}")
            )
    return cases


@pytest.mark.parametrize(("case", "scope"), _cases())
def test_case(case: dict[str, Any], scope: dict[str, Any]) -> None:
    if "expression" in case:
        assert canonical(lower_expression(case["expression"])) == canonical(
            case["plan"]
        )
    elif "mapping" in case:
        assert canonical(lower_mapping(case["mapping"])) == canonical(case["plan"])
    before = copy.deepcopy(scope)
    seen = Scope(**scope)
    run = compile_expression(case["plan"])
    if "error" in case:
        with pytest.raises(ExpressionError) as caught:
            run(seen)
        assert caught.value.code == case["error"]
        return
    value = run(seen)
    if case.get("absent"):
        assert value is MISSING
    else:
        assert canonical(value) == canonical(case["value"])
    if "samples" in case:
        assert [list(sample) for sample in seen.samples] == case["samples"]
    assert scope == before, "evaluation changes nothing that it reads"
    assert seen.locals == scope.get("locals", {})


def test_names_are_unique_and_every_function_has_cases() -> None:
    from magicflow_cli.expr.functions import FUNCTIONS

    assert FILES
    texts = ""
    for file in FILES:
        names = [case["name"] for case in json.loads(file.read_text("utf-8"))["cases"]]
        assert len(names) == len(set(names)), file
        texts += file.read_text("utf-8")
    for name in FUNCTIONS:
        assert f'"function": "{name}"' in texts, name
