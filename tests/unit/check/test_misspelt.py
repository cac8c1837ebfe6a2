"""Names that are nearly those of declared functions, events and workflows; versions."""

from __future__ import annotations

import pytest

from magicflow_cli.check import check
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
from tests.unit.check.flows import HEAD, found, only, text_at

CONTEXT = "functions: {chargeCard: {}, refund: {}, step-1: {}}\nevents: {payment.received: {}}"

SPECS = {
    "steps: [{name: a, function: chargeCard}]": 0,
    "steps: [{name: a, function: chargeCrad}]": 1,
    "steps: [{name: chargecard}]": 1,
    "steps: [{name: a, function: chargeCrad}, {name: b, function: chargeCrad}]": 1,
    "steps: [{name: a, function: step-2}]": 0,
    "steps: [{name: a, function: other, compensation: {function: refnd}}]": 1,
    "steps: [{name: a, function: other, compensation: {function: refund}}]": 0,
    "steps: [{name: a, type: wait_for_event, event: payment.recieved, timeout: 1h}]": 1,
    "steps: [{name: a, type: emit, event: payment.receive}]": 1,
    "steps: [{name: a, type: emit, event: payment.received}]": 0,
    "steps: [{name: a, type: emit, event: order.shipped}]": 0,
    "steps: [{name: other}]\ntriggers: [{type: event, event: payment.recieved}]": 1,
    "steps: [{name: other}]\ntriggers: [{type: schedule, every: 1h}]": 0,
}


@pytest.mark.parametrize("spec", SPECS)
def test_functions_and_events(spec: str) -> None:
    assert len(found(spec, CONTEXT, prefix="MF1012")) == SPECS[spec]


def test_nothing_is_declared() -> None:
    spec = "steps: [{name: chargecard}]"
    assert found(spec, prefix="MF1012") == []
    assert found(spec, "input_schema: {type: object}", prefix="MF1012") == []


def test_the_name_is_shown_with_what_was_meant() -> None:
    spec = "steps: [{name: a, function: chargeCrad}]"
    diagnostic = only(spec, CONTEXT, code="MF1012")
    assert text_at(diagnostic, spec) == "chargeCrad"
    assert "did you mean `chargeCard`?" in str(diagnostic.help)
    assert [label.message for label in diagnostic.labels] == [
        "`chargeCard` stands here"
    ]


def test_an_implicit_step_is_named_where_it_is_declared() -> None:
    spec = "steps: [{name: other, on_failure: refnd}]"
    diagnostic = only(spec, CONTEXT, code="MF1012")
    assert text_at(diagnostic, spec) == "refnd"


@pytest.mark.parametrize(
    ("called", "count"), [("invoice", 0), ("invoise", 1), ("shipping", 0)]
)
def test_workflows(called: str, count: int) -> None:
    texts = [
        f"{HEAD}  steps: [{{name: a, type: workflow, workflow: {called}}}]\n",
        f"{HEAD.replace('order', 'invoice')}  steps: [{{name: b}}]\n",
    ]
    report = Report()
    parsed = [
        document
        for number, text in enumerate(texts)
        for loaded in load_text(text.encode(), f"{number}.yaml").documents
        if (document := parse(loaded, report)) is not None
    ]
    check(parsed, [], report)
    assert [d.code for d in report.diagnostics].count("MF1012") == count


VERSIONS = {
    "1.2.0": 0,
    "'>=1.0.0 <2.0.0'": 0,
    "'^1.2'": 0,
    "'*'": 0,
    "'1.0.0 - 2.0.0 || 3.x'": 0,
    "'>=bad'": 1,
    "latest": 1,
    "'1.2.3.4'": 1,
    "'" + "9" * 5_000 + ".0.0'": 1,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_of_called_workflows(version: str) -> None:
    spec = f"steps: [{{name: a, type: workflow, workflow: w, version: {version}}}]"
    assert len(found(spec, prefix="MF0411")) == VERSIONS[version]
