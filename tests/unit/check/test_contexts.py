"""Which context a workflow means."""

from __future__ import annotations

import pytest

from magicflow_cli.check import check
from magicflow_cli.check.contexts import find_context
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents.models.context import WorkflowContext
from tests.unit.check.structures import parse_files

API = "apiVersion: workflow.magic-flow.io/v2\n"


def workflow(context: str = "") -> str:
    line = f"  context: {context}\n" if context else ""
    return (
        f"{API}kind: Workflow\nmetadata: {{name: order}}\nspec:\n{line}"
        "  steps: [{name: a}]\n"
    )


def context(name: str) -> str:
    return f"{API}kind: WorkflowContext\nmetadata: {{name: {name}}}\nspec: {{}}\n"


def found(files: dict[str, str]) -> tuple[str | None, list[str]]:
    """File and name of the context that the first workflow means, and the codes."""
    report = Report()
    workflows, contexts = parse_files(files, report)
    parsed = find_context(workflows[0], contexts, None, report)
    codes = [d.code for d in report.diagnostics]
    if parsed is None:
        return None, codes
    assert isinstance(parsed.model, WorkflowContext)
    return f"{parsed.document.source.file}:{parsed.model.metadata.name}", codes


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"w.yaml": workflow(), "c.yaml": context("any")}, "c.yaml:any"),
        (
            {
                "w.yaml": workflow(),
                "c.yaml": context("any"),
                "d.yaml": context("order"),
            },
            "d.yaml:order",
        ),
        (
            {
                "w.yaml": workflow(),
                "c.yaml": context("any"),
                "d.yaml": context("order-context"),
            },
            "d.yaml:order-context",
        ),
        # its own file wins over its folder
        (
            {
                "w.yaml": workflow() + "---\n" + context("own"),
                "c.yaml": context("any"),
            },
            "w.yaml:own",
        ),
        # other folders do not count, unless named
        ({"a/w.yaml": workflow(), "b/c.yaml": context("any")}, None),
        ({"a/w.yaml": workflow("any"), "b/c.yaml": context("any")}, "b/c.yaml:any"),
        (
            {"a/w.yaml": workflow("../b/c.yaml"), "b/c.yaml": context("any")},
            "b/c.yaml:any",
        ),
        (
            {"a/w.yaml": workflow("./c.yaml"), "a/c.yaml": context("any")},
            "a/c.yaml:any",
        ),
        # a name in the same folder wins over one elsewhere
        (
            {
                "a/w.yaml": workflow("any"),
                "b/c.yaml": context("any"),
                "a/c.yaml": context("any"),
            },
            "a/c.yaml:any",
        ),
    ],
)
def test_found(files: dict[str, str], expected: str | None) -> None:
    context_name, codes = found(files)
    assert context_name == expected
    assert codes == ([] if expected else ["MF1010"])


def test_a_misspelt_and_a_missing_name() -> None:
    assert found({"w.yaml": workflow("shp"), "c.yaml": context("shop")}) == (
        None,
        ["MF1008"],
    )
    assert found({"w.yaml": workflow("missing.yaml")}) == (None, ["MF1008"])


def test_two_of_one_name_are_ambiguous() -> None:
    files = {
        "w.yaml": workflow(),
        "c.yaml": context("order"),
        "d.yaml": context("order"),
    }
    assert found(files)[1] == ["MF1009"]


def test_the_chosen_context_wins() -> None:
    report = Report()
    workflows, contexts = parse_files(
        {"w.yaml": workflow("named"), "c.yaml": context("other")}, report
    )
    chosen = find_context(workflows[0], [], contexts[0], report)
    assert chosen is contexts[0] and report.diagnostics == []


def test_two_workflows_of_one_name_need_two_versions() -> None:
    report = Report()
    files = {
        "a.yaml": workflow() + "---\n" + context("order"),
        "b.yaml": workflow().replace("name: order", "name: order, version: v1.0.0"),
        "c.yaml": workflow().replace("name: order", "name: order, version: 1.0.0"),
    }
    workflows, contexts = parse_files(files, report)
    check(workflows, contexts, report)
    assert [d.code for d in report.diagnostics].count("MF1007") == 1
