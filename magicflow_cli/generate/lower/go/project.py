from __future__ import annotations
from collections.abc import Iterator
from magicflow_cli.generate.model import Project, Shared


def lower_project(project: Project) -> Iterator[Shared]:
    yield from ()
