"""The project file `magic-flow.yaml`: found upwards, read by every command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic, Report
from magicflow_cli.load.nodes import Scalar, Sequence, Source

if TYPE_CHECKING:
    from magicflow_cli.documents import Parsed

PROJECT_FILE = "magic-flow.yaml"


@dataclass(slots=True)
class ProjectFile:
    """The file as it was read; `parsed` is None when it does not fit its schema, which
    is in `diagnostics`."""

    path: Path
    source: Source
    parsed: Parsed | None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def paths(self, key: Literal["workflows", "contexts"]) -> list[Path]:
        """The files and folders of a key, seen from here; what does not exist is said
        in `diagnostics`. Without `workflows` it is the project's folder."""
        folder = self.path.parent
        if self.parsed is None:
            return []
        from magicflow_cli.documents import node_of

        listed = node_of(self.parsed.model).get(key)
        if not isinstance(listed, Sequence):
            return [folder] if key == "workflows" else []
        found: list[Path] = []
        report = Report(self.diagnostics)
        for item in listed.items:
            assert isinstance(item, Scalar)
            path = folder / item.text
            if path.exists():
                found.append(path)
            else:
                report.add(
                    codes.MF0011,
                    f"`{item.text}` does not exist",
                    item.span(),
                    help="paths are relative to the project file's folder",
                )
        return found


def read_project(start: Path) -> ProjectFile | None:
    """The nearest project file in `start` or above it; None without one."""
    path = find_project(start)
    if path is None:
        return None
    from magicflow_cli.documents import parse_project
    from magicflow_cli.load import load_file

    report = Report()
    loaded = load_file(path, path.as_posix())
    report.diagnostics.extend(loaded.diagnostics)
    parsed = None
    if loaded.documents:
        parsed = parse_project(loaded.documents[0], report)
    return ProjectFile(path, loaded.source, parsed, report.diagnostics)


def find_project(start: Path) -> Path | None:
    """The nearest `magic-flow.yaml`, as a path relative to here where it lies here."""
    start = start.resolve()
    for folder in (start, *start.parents):
        candidate = folder / PROJECT_FILE
        if candidate.is_file():
            here = Path.cwd()
            return (
                candidate.relative_to(here)
                if folder.is_relative_to(here)
                else candidate
            )
    return None
