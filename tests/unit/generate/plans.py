"""Plans and runs for tests, without files of workflows in between."""

from __future__ import annotations

from pathlib import Path

from magicflow_cli.check import check
from magicflow_cli.compile import compile_workflow
from magicflow_cli.diagnostics import Report
from magicflow_cli.documents import parse
from magicflow_cli.generate.model import Options, Request
from magicflow_cli.generate.publish import Permissions
from magicflow_cli.generate.registry import load_language
from magicflow_cli.generate.run import prepare
from magicflow_cli.load import load_text
from magicflow_cli.plan import models as plan

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
ALL = ("types", "executor", "server", "client")


def compile_texts(*texts: str) -> list[plan.Plan]:
    """The plans of workflows and contexts in YAML."""
    report = Report()
    workflows, contexts = [], []
    for index, text in enumerate(texts):
        suffix = "json" if text.startswith("{") else "yaml"
        loaded = load_text(text.encode(), f"{index}.{suffix}")
        report.diagnostics += loaded.diagnostics
        for document in loaded.documents:
            parsed = parse(document, report)
            if parsed is not None and parsed.kind != "Scenario":
                found = workflows if parsed.kind == "Workflow" else contexts
                found.append(parsed)
    checked = check(workflows, contexts, report)
    assert not report.has_errors, report.diagnostics
    return [compile_workflow(each).plan for each in checked]


def example_plan(name: str) -> plan.Plan:
    """The plan of an example's workflow."""
    files = sorted((EXAMPLES / name).glob("*.yaml"))
    (found,) = compile_texts(*(file.read_text("utf-8") for file in files))
    return found


def run(
    folder: Path,
    plans: list[plan.Plan],
    targets: tuple[str, ...] = ALL,
    options: Options | None = None,
    *,
    complete: bool = False,
    permissions: Permissions | None = None,
    language: str = "python",
) -> list[str]:
    """One run; the codes that it reports."""
    report = Report()
    request = Request(
        tuple(plans), load_language(language), targets, options or Options(), complete
    )
    prepared = prepare(request, folder, report, permissions)
    if prepared is not None and not report.has_errors:
        prepared.write(report)
    return [diagnostic.code for diagnostic in report.diagnostics]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the lock, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }
