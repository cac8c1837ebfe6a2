"""What holds for every plan that comes out of the compiler."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from magicflow_cli.check import check
from magicflow_cli.compile import Compiled, compile_workflow
from magicflow_cli.diagnostics import Diagnostic, Report, Severity
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from magicflow_cli.plan import from_json, to_json
from tests.unit.compile.workflows import workflows

_SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas" / "plan.schema.json").read_bytes()
)
_VALIDATOR = jsonschema.Draft202012Validator(_SCHEMA)
_SLOW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def compiled(document: dict[str, Any], name: str = "w.json") -> Compiled:
    report = Report()
    loaded = load_text(json.dumps(document).encode(), name)
    parsed = [p for d in loaded.documents if (p := parse(d, report)) is not None]
    (checked,) = check(parsed, [], report)
    assert errors(report) == []
    return compile_workflow(checked)


def errors(report: Report) -> list[Diagnostic]:
    return [d for d in report.diagnostics if d.severity is Severity.ERROR]


@_SLOW
@given(workflows())
def test_a_plan_fits_its_schema_and_survives_the_way_there_and_back(
    document: dict[str, Any],
) -> None:
    plan = compiled(document).plan
    data = to_json(plan)
    _VALIDATOR.validate(data)
    assert from_json(json.loads(json.dumps(data))) == plan


@_SLOW
@given(workflows())
def test_every_reference_between_nodes_holds(document: dict[str, Any]) -> None:
    plan = to_json(compiled(document).plan)
    nodes: dict[str, Any] = plan["nodes"]
    for id, node in nodes.items():
        for reference in references(node):
            assert reference in nodes, (id, reference)
    block_of = {
        child: id
        for id, node in nodes.items()
        if node["kind"] == "seq" and not id.startswith("/rule")
        for child in node["nodes"]
    }
    for id, node in nodes.items():
        following = node.get("next")
        if following is not None and not following.startswith("@"):
            assert block_of[following] == block_of[id], "a jump stays in its block"
        if id in block_of and "deps" not in nodes[block_of[id]]:
            assert following is not None or node["kind"] == "raise"
    assert {node["step"] for node in nodes.values() if "step" in node} == set(
        plan["steps"]
    )


@_SLOW
@given(workflows(), st.randoms(use_true_random=False))
def test_the_order_of_keys_and_the_name_of_the_file_change_no_hash(
    document: dict[str, Any], shuffler: random.Random
) -> None:
    first = compiled(document)
    second = compiled(shuffled(document, shuffler), "elsewhere/other.json")
    assert first.plan.hash == second.plan.hash


@_SLOW
@given(workflows())
def test_the_map_points_into_the_plan(document: dict[str, Any]) -> None:
    result = compiled(document)
    data = to_json(result.plan)
    for pointer in result.map_json()["spans"]:
        value = data
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]
        assert value is not None


def references(node: dict[str, Any]) -> Iterator[str]:
    """Every id of a node that another node holds, but for `next`."""
    kind = node["kind"]
    if kind == "seq":
        yield from node["nodes"]
        yield from node.get("deps", {})
        for waits in node.get("deps", {}).values():
            yield from waits
        if "start" in node:
            yield node["start"]
    if "body" in node:
        yield node["body"]
    if "compensation" in node:
        yield node["compensation"]["node"]
    for branch in node.get("branches", []):
        yield branch["body"]
    for case in [*node.get("cases", []), {"then": node.get("default", {})}]:
        then = case["then"]
        if "body" in then:
            yield then["body"]
        if "goto" in then and not then["goto"].startswith("@"):
            yield then["goto"]
    for clause in node.get("catch", []):
        if "handler" in clause:
            yield clause["handler"]
        if "target" in clause:
            yield clause["target"]


def shuffled(value: Any, shuffler: random.Random) -> Any:
    """The value with the members of every mapping in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, shuffler)) for key, item in value.items()]
        shuffler.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [shuffled(item, shuffler) for item in value]
    return value
