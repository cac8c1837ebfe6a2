"""Every block of the language's reference and both seed samples fit, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import (
    key_span,
    node_of,
    parse,
    parse_configuration,
    parse_project,
)
from magicflow_cli.documents.models.workflow import (
    BlockBranch,
    CallBranch,
    ConditionStep,
    FailureRule,
    FunctionStep,
    HttpStep,
    LoopStep,
    ParallelStep,
    Workflow,
)
from magicflow_cli.load.nodes import Mapping, Scalar
from tests.unit.documents.trees import HEAD, document, parse_steps, parse_text

EXAMPLES = Path(__file__).parent / "examples"
DOCUMENTS = sorted(
    path.name for path in EXAMPLES.glob("*.yaml") if not path.name.startswith("config-")
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_fits(name: str) -> None:
    parsed, report = parse_text((EXAMPLES / name).read_text())
    assert report.diagnostics == []
    assert parsed is not None
    assert parsed.kind == ("WorkflowContext" if "context" in name else "Workflow")


@pytest.mark.parametrize("kind", ["Server", "Executor"])
def test_the_configuration_of_the_seeds_fits(kind: str) -> None:
    report = Report()
    text = (EXAMPLES / f"config-{kind.lower()}.yaml").read_text()
    parsed = parse_configuration(document(text), kind, report)  # type: ignore[arg-type]
    assert report.diagnostics == []
    assert parsed is not None
    assert parsed.kind == kind
    assert parsed.model.messaging.redis.host == "localhost"


def test_a_project_file() -> None:
    report = Report()
    text = """\
version: 1
profile: mf-2026.1
workflows: [flows]
targets:
  - {lang: go, out: gen/go, package: flows, parts: [types, server]}
runtime: package
runtime_package: {index: "https://example.com"}
"""
    parsed = parse_project(document(text), report)
    assert report.diagnostics == []
    assert parsed is not None
    assert parsed.model.targets[0].parts == ["types", "server"]
    assert parsed.model.targets[0].runtime is None


def test_a_project_file_with_an_unknown_key() -> None:
    report = Report()
    assert parse_project(document("version: 1\ntarget: []\n"), report) is None
    (diagnostic,) = report.diagnostics
    assert diagnostic.code == "MF0404"
    assert diagnostic.help == "did you mean `targets`?"


def test_a_project_file_that_is_a_list() -> None:
    report = Report()
    assert parse_project(document("- a\n"), report) is None
    assert [d.code for d in report.diagnostics] == ["MF0401"]


def test_steps_are_of_their_own_types() -> None:
    parsed, _ = parse_text((EXAMPLES / "language.yaml").read_text())
    assert parsed is not None
    workflow: Workflow = parsed.model
    steps = {step.name: step for step in workflow.spec.steps}
    charge, call, fan = steps["charge"], steps["call"], steps["fan"]
    assert isinstance(charge, FunctionStep)
    assert charge.retry is not None and charge.retry.max_attempts == 5
    assert isinstance(charge.condition, Scalar)
    assert isinstance(charge.input, Mapping)
    assert isinstance(call, HttpStep) and call.expect == [200, 201]
    assert isinstance(steps["check"], ConditionStep)
    assert steps["check"].else_ is not None
    assert isinstance(fan, ParallelStep)
    assert [type(branch) for branch in fan.branches] == [CallBranch, BlockBranch]
    assert isinstance(steps["each"], LoopStep) and steps["each"].while_ is None
    assert isinstance(workflow.spec.error_handling, list)
    assert isinstance(workflow.spec.error_handling[0], FailureRule)


def test_what_is_not_written_is_none() -> None:
    """A default is the compiler's matter: merging policies needs what was written."""
    (step,) = parse_steps("[{name: a, retry: {max_attempts: 2}}]").model.spec.steps
    assert step.type == "function"
    assert step.timeout_action is None
    assert step.retry.backoff is None


def test_null_is_a_value_where_values_stand() -> None:
    (step,) = parse_steps("[{name: a, input: null}]").model.spec.steps
    assert isinstance(step.input, Scalar) and step.input.value is None


def test_keys_of_the_users_own() -> None:
    text = HEAD.replace("{name: order}", "{name: order, x-a: 1}") + (
        "  x-b: {c: [1]}\n  steps: [{name: a, x-d: 2, retry: {x-e: 3}}]\nx-f: 4\n"
    )
    parsed, report = parse_text(text)
    assert parsed is not None and report.diagnostics == []


def test_where_keys_stand() -> None:
    parsed, _ = parse_text(HEAD + "  timeout: 5m\n  steps:\n    - name: a\n")
    assert parsed is not None
    spec = parsed.model.spec
    assert node_of(spec) is parsed.root.get("spec")
    assert (key_span(spec, "timeout").line, key_span(spec, "timeout").col) == (5, 12)
    assert (key_span(spec, "steps").line, key_span(spec, "steps").col) == (6, 3)
    assert key_span(spec, "output") == node_of(spec).span()


def test_a_whole_float_is_an_integer() -> None:
    step = parse_steps("[{name: a, priority: 5.0}]").model.spec.steps[0]
    assert step.priority == 5 and type(step.priority) is int


def test_several_documents() -> None:
    from magicflow_cli.load import load_text

    text = (EXAMPLES / "payment-processing.yaml").read_text() + "---\n"
    text += (EXAMPLES / "payment-context.yaml").read_text()
    report = Report()
    parsed = [parse(d, report) for d in load_text(text.encode(), "a.yaml").documents]
    assert [p.kind for p in parsed if p] == ["Workflow", "WorkflowContext"]
