"""Whatever a scenario says: it is refused with a place, or it is played."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import parse
from magicflow_cli.documents.bind import Binder
from magicflow_cli.documents.explain import explain
from magicflow_cli.documents.models import scenario as models
from magicflow_cli.load.nodes import Document, Mapping
from magicflow_cli.plan import to_json
from magicflow_cli.simulate.check import check_scenario, is_test
from magicflow_cli.simulate.simulation import simulate
from magicflow_cli.simulate.testing import Suite
from magicflow_cli.simulate.world import NotPossible
from tests.unit.documents.test_agreement import paths, validator
from tests.unit.documents.trees import SOURCE, tree
from tests.unit.generate.plans import compile_texts

Json = dict[str, Any]
WORKFLOW = """
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: w}
spec:
  timeout: 9d
  steps:
    - {name: a, timeout: 5s, retry: {max_attempts: 2, initial_delay: 1s}, compensation: {function: undo}}
    - {name: e, type: wait_for_event, event: paid, timeout: 1d}
    - {name: h, type: human_task, timeout: 1d, form: {type: object, required: [ok], properties: {ok: {type: boolean}}}}
    - name: each
      type: loop
      iterate_over: "coalesce($.input.items, [1, 2])"
      steps: [{name: pack}]
    - {name: told, type: emit, event: done, data: {ok: true}}
"""
BASE: Json = {
    "apiVersion": "workflow.magic-flow.io/v2",
    "kind": "Scenario",
    "metadata": {"name": "a", "description": "x", "tags": ["t"]},
    "spec": {
        "workflow": "w",
        "input": {"items": [1]},
        "metadata": {"k": 1},
        "start": "2026-01-01T00:00:00Z",
        "timeout": "9d",
        "stubs": ["a"],
        "steps": {
            "a": [{"fails": "NO", "after": "1s", "message": "m", "retryable": True, "retry_after": "1s"}, {"times_out": "timeout"}],
            "each[0]/pack": {"returns": {}},
            "a/compensate": {"returns": 1},
            "h": {"returns": {"ok": True}, "after": "1h"},
            "e": {"one_of": [{"never": True, "weight": 2}, {"returns": {}}]},
        },
        "events": [{"at": "1h", "event": "paid", "data": {}}, {"at": "1m", "pause": True}, {"at": "2m", "resume": True}, {"at": "30d", "cancel": "x"}],
        "expect": {
            "status": "completed", "path": ["a", "e"], "output": None, "error": "X", "events": ["done"],
            "compensation": "complete", "within": "1h",
            "steps": {"a": {"status": "completed", "attempts": 2, "output": {}, "error": {"code": "X"}}},
        },
    },
}  # fmt: skip
KEYS = ["a", "e", "each", "told", "pack", "a~2", "each[9]/pack", "x[0]/", "", "~", "/", "returns",
        "never", "fails", "one_of", "at", "event", "after", "x-own", "expect", "steps"]  # fmt: skip
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**70, "", "a", "5s", "5s..9s", "p50=1s p95=2s", "9" * 12 + "d"),
    *("timeout", "paid", "done", "\u202e", [], {}, [None], ["a"], {"a": 1}, {"never": True}, {"returns": 1}),
    *([{"fails": "X"}], {"one_of": []}, {"one_of": [{"never": True, "weight": 0}]}, {"ok": 1}),
]  # fmt: skip


@cache
def suite() -> tuple[Json, Suite]:
    (plan,) = compile_texts(WORKFLOW)
    json = to_json(plan)
    return json, Suite.of(json)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    value = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(0, 4))):
        *outer, last = draw(st.sampled_from(list(paths(value))[1:] or [("x",)]))
        holder: Any = value
        for key in outer:
            holder = holder[key]
        action = draw(st.sampled_from(["drop", "drop", "replace", "rename", "add"]))
        if action == "drop":
            del holder[last]
        elif action == "replace":
            holder[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif isinstance(holder, dict):
            made = copy.deepcopy(draw(st.sampled_from(VALUES)))
            moved = holder.pop(last) if action == "rename" else made
            holder[draw(st.sampled_from(KEYS))] = moved
    return value


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated(), st.booleans())
def test_a_scenario_is_refused_or_played(value: Any, alone: bool) -> None:
    if alone and isinstance(value.get("spec"), dict):
        value["spec"].pop("expect", None)
    node = tree(value)
    binder = Binder(models.SHAPE, models)
    fits = binder.bind(node) is not None
    assert fits == validator("scenario").is_valid(value)
    if isinstance(node, Mapping):
        told = Report()
        explain(binder, node, told)
        assert fits == (not told.diagnostics)
        assert all(d.span is not None and d.help for d in told.diagnostics)
    report = Report()
    parsed = parse(Document(node, SOURCE, 0), report)
    if parsed is None:
        assert report.has_errors
        return
    json, played = suite()
    check_scenario(parsed, json, report)
    assert all(d.span is not None and d.help for d in report.diagnostics)
    if report.has_errors:
        return
    if is_test(parsed):
        assert played.play("a", value["spec"]).verdict in ("passed", "failed")
    try:
        assert simulate(json, runs=2, outcomes=value["spec"], faults=0.5).runs == 2
    except NotPossible as error:
        assert str(error) and error.help
