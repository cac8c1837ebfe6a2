"""What must hold for any file whatsoever, checked by running the compiler on it."""

from __future__ import annotations

import json
from pathlib import Path

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.finish import finish
from magicflow_cli.diagnostics.model import Diagnostic, Report
from magicflow_cli.diagnostics.render import render
from magicflow_cli.load import Loaded, load_text
from magicflow_cli.load.nodes import Mapping, Node, Sequence

FILE = "fuzzed.yaml"
_ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted({path.parent for path in _ROOT.glob("examples/**/*.yaml")})


def check_load(data: bytes, *, pure: bool | None = None) -> Loaded:
    """Load `data`: every diagnostic has a code and a place within the text, every
    rendering of it works, and every node lies within its parent's text."""
    loaded = load_text(data, FILE, pure=pure)
    check_diagnostics(loaded.diagnostics, loaded)
    for document in loaded.documents:
        _check_node(document.root)
    assert loaded.documents or loaded.diagnostics
    return loaded


def check_compiler(data: bytes) -> None:
    """Load, parse, check and, where nothing is wrong, compile `data`, together with
    the context, or for a context the workflow, of the example that it came from."""
    from magicflow_cli.check import check
    from magicflow_cli.compile import compile_workflow
    from magicflow_cli.documents import Parsed, parse
    from magicflow_cli.plan import canonical_json

    loaded = check_load(data)
    report = Report(list(loaded.diagnostics))

    def read(loaded: Loaded, report: Report, kind: str) -> list[Parsed]:
        found = (parse(document, report) for document in loaded.documents)
        return [parsed for parsed in found if parsed and parsed.kind == kind]

    workflows = read(loaded, report, "Workflow")
    contexts = read(loaded, Report(), "WorkflowContext")
    for path in _nearest(data):
        example = load_text(path.read_bytes(), path.name)
        if workflows and not contexts:
            contexts += read(example, Report(), "WorkflowContext")
        elif contexts and not workflows:
            workflows += read(example, Report(), "Workflow")
    checked = check(workflows, contexts, report)
    check_diagnostics(report.diagnostics, loaded)
    if not report.has_errors:
        for workflow in checked:
            assert json.loads(canonical_json(compile_workflow(workflow).plan))


def _nearest(data: bytes) -> list[Path]:
    """The files of the example that shares most lines with `data`."""
    lines = set(data.splitlines())

    def shared(folder: Path) -> int:
        files = (path.read_bytes() for path in folder.glob("*.yaml"))
        return sum(len(lines.intersection(file.splitlines())) for file in files)

    folder = max(EXAMPLES, key=shared)
    return sorted(folder.glob("*.yaml"))


def check_diagnostics(
    diagnostics: tuple[Diagnostic, ...] | list[Diagnostic], loaded: Loaded
) -> None:
    lines = loaded.source.text.count("\n") + loaded.source.text.count("\r") + 1
    for diagnostic in diagnostics:
        assert diagnostic.code in CODES, diagnostic
        assert diagnostic.code != "MF9000", diagnostic
        assert diagnostic.message, diagnostic
        span = diagnostic.span
        assert span is not None, diagnostic
        if span.file != FILE:
            continue
        assert 1 <= span.line <= max(lines, 1), diagnostic
        assert span.col >= 1, diagnostic
        assert (span.line, span.col) <= (span.end_line, span.end_col), diagnostic
    sources = {loaded.source.file: loaded.source}
    finished = finish(diagnostics, sources)
    for format in ("full", "concise", "json", "github", "sarif"):
        text = render(format, finished, sources)
        text.encode("utf-8")


def _check_node(node: Node) -> None:
    assert (node.line, node.col) <= (node.end_line, node.end_col), node.span()
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            assert entry.key.value == key
            assert entry.value.pointer == entry.key.pointer
            _check_node(entry.value)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            assert item.pointer == f"{node.pointer}/{index}"
            _check_node(item)
