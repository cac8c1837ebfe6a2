"""Imports run downward only: docs/architecture.md, "Layers"."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ANYWHERE = {"record", "resources"}
"""Modules without a layer: they import nothing of ours."""

ALLOWED: dict[str, set[str]] = {
    "diagnostics": set(),
    "load": {"diagnostics"},
    "documents": {"load", "diagnostics"},
    "expr": {"load", "diagnostics"},
    "plan": set(),
    "check": {"documents", "expr", "plan", "load", "diagnostics"},
    "compile": {"check", "documents", "plan", "load", "diagnostics"},
    "docs": {"plan"},
    "generate": {"plan", "diagnostics"},
    "simulate": {"plan", "documents", "load", "diagnostics"},
    "verify": {"plan", "diagnostics", "simulate"},
    "migrate": {"documents", "load", "diagnostics"},
}
RUNTIME = {"plan", "expr", "check", "docs", "generate", "simulate", "verify", "cli"}
"""Layers that may import `magicflow`."""


def test_every_folder_is_a_known_layer() -> None:
    folders = {
        path.name
        for path in (ROOT / "magicflow_cli").iterdir()
        if path.is_dir() and any(path.rglob("*.py"))
    }
    assert folders <= ALLOWED.keys() | {"cli"}


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_only_what_is_below(layer: str) -> None:
    allowed = ALLOWED[layer] | ANYWHERE | {layer}
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file, line, name in _imports(ROOT / "magicflow_cli" / layer)
        if not _fits(name, allowed, layer in RUNTIME)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_runtime_stands_alone() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file, line, name in _imports(ROOT / "runtime" / "python")
        if name.split(".")[0] == "magicflow_cli"
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_but_the_command_line_imports_it() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line}"
        for file, line, name in _imports(ROOT / "magicflow_cli")
        if name.startswith("magicflow_cli.cli")
        and "cli" not in file.relative_to(ROOT / "magicflow_cli").parts
    ]
    assert not wrong, "\n".join(wrong)


def test_the_reader_of_imports_reads_every_form(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "import magicflow_cli.load as load\n"
        "from magicflow_cli.check import check\n"
        "def f():\n    from magicflow_cli import docs\n"
    )
    names = [name for _, _, name in _imports(tmp_path)]
    assert names == [
        "magicflow_cli.load",
        "magicflow_cli.check.check",
        "magicflow_cli.docs",
    ]


def _fits(name: str, allowed: set[str], runtime: bool) -> bool:
    parts = name.split(".")
    if parts[0] == "magicflow":
        return runtime
    if parts[0] != "magicflow_cli":
        return True
    return len(parts) == 1 or parts[1] in allowed or parts[1].startswith("__")


def _imports(folder: Path) -> list[tuple[Path, int, str]]:
    """Every import below `folder`, lazy ones included, by its full name."""
    found: list[tuple[Path, int, str]] = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [(file, node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno} is a relative import"
                found += [
                    (file, node.lineno, f"{node.module}.{alias.name}")
                    for alias in node.names
                ]
    return sorted(found, key=lambda item: (item[0], item[1]))
