"""Files of the whole project: packaging, the package that holds the workflows, the
vendored runtime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from magicflow_cli.generate.files import FileClass
from magicflow_cli.generate.lower.python.names import package_of
from magicflow_cli.generate.lower.python.sinks import toml_string
from magicflow_cli.generate.lower.python.vendored import vendored_files
from magicflow_cli.generate.model import TARGETS, Project, Shared, View


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package without content of its own."""


@dataclass(frozen=True, slots=True)
class PyprojectView:
    """`name` of the distribution; `packages` are the top-level folders."""

    name: str
    packages: str
    dependencies: tuple[str, ...]


DEPENDENCIES = ("idna>=3.15,<4", "orjson>=3.12,<4", "pydantic>=2.14,<3")


def lower_project(project: Project) -> Iterator[Shared]:
    """Depends on what the output folder holds, not on what this run generates."""
    parts = package_of(project.options).split(".")
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        init = View(f"{folder}/__init__.py", "project/package.py.j2", PackageView())
        yield Shared(init, TARGETS)
    yield Shared(View(f"{'/'.join(parts)}/py.typed", content=""), TARGETS)
    packages = [parts[0], *(["magicflow"] if project.options.vendored else [])]
    pyproject = PyprojectView(
        name=parts[-1].replace("_", "-"),
        packages=", ".join(toml_string(each) for each in packages),
        dependencies=DEPENDENCIES,
    )
    yield Shared(
        View(
            "pyproject.toml",
            "project/pyproject.toml.j2",
            pyproject,
            kind=FileClass.ONCE,
        ),
        TARGETS,
    )
    if project.options.vendored:
        yield from vendored_files(project.targets)
