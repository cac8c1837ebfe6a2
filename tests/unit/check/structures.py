"""Builds the structure of a workflow from YAML text, for the tests of its rules."""

from __future__ import annotations

from textwrap import dedent

from magicflow_cli.check import check_structure
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import Parsed, parse
from magicflow_cli.load import load_text


def parse_files(
    files: dict[str, str], report: Report
) -> tuple[list[Parsed], list[Parsed]]:
    """The workflows and the contexts of some files, by name and text."""
    workflows: list[Parsed] = []
    contexts: list[Parsed] = []
    for name, text in files.items():
        loaded = load_text(dedent(text).encode(), name)
        report.diagnostics += loaded.diagnostics
        for document in loaded.documents:
            parsed = parse(document, report)
            if parsed is not None:
                (workflows if parsed.kind == "Workflow" else contexts).append(parsed)
    return workflows, contexts


def structure(text: str) -> tuple[CheckedWorkflow, list[str]]:
    """The structure of the one workflow in `text`, and the codes that came with it but
    for that of the missing context."""
    report = Report()
    workflows, contexts = parse_files({"workflow.yaml": text}, report)
    assert report.diagnostics == []
    checked = check_structure(workflows[0], contexts, report)
    return checked, [d.code for d in report.diagnostics if d.code != "MF1010"]


def steps(*lines: str) -> tuple[CheckedWorkflow, list[str]]:
    """The structure of a workflow with these steps, one flow mapping each."""
    listed = "\n".join(f"  - {{{line}}}" for line in lines)
    return structure(f"workflow: {{name: order}}\nsteps:\n{listed}\n")
