"""Files of the whole project: packaging, the package that holds the workflows, the
vendored runtime."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.generate.files import FileClass
from magicflow_cli.generate.lower.python.names import package_of
from magicflow_cli.generate.lower.python.service import service_files
from magicflow_cli.generate.lower.python.sinks import toml_string
from magicflow_cli.generate.lower.python.vendored import vendored_files
from magicflow_cli.generate.model import (
    TARGETS,
    Project,
    RuntimePackage,
    Shared,
    View,
)
from magicflow_cli.record import Value


class PackageView(Value):
    """A package without content of its own."""


class PyprojectView(Value):
    """`name` of the distribution; `packages` are the top-level folders, `paths` where
    Python code is found besides this folder, `runtime` the folder of a runtime that is
    neither vendored nor a dependency."""

    name: str
    packages: str
    dependencies: tuple[str, ...]
    paths: str
    runtime: str


class IndexView(Value):
    index: str
    requirement: str


DEPENDENCIES = (
    "google-re2>=1.1.20251105,<2",
    "httpcore>=1.0.9,<2",
    "httptools>=0.9,<0.10",
    "httpx>=0.28,<0.29",
    "idna>=3.15,<4",
    "orjson>=3.12,<4",
    "pydantic>=2.14,<3",
    "pyyaml>=6.0.3,<7",
    "uvloop>=0.23,<0.24; sys_platform != 'win32'",
)
"""What the runtime imports. A file that is written once cannot depend on the targets, so
these are the dependencies of all of them."""

RUNTIME = "magicflow-cli"
"""The distribution that has the package `magicflow`."""


def lower_project(project: Project) -> Iterator[Shared]:
    """Depends on what the output folder holds, not on what this run generates."""
    parts = package_of(project.options).split(".")
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        init = View(f"{folder}/__init__.py", "project/package.py.j2", PackageView())
        yield Shared(init, TARGETS)
    yield Shared(View(f"{'/'.join(parts)}/py.typed", content=""), TARGETS)
    yield Shared(_pyproject(project, parts), TARGETS)
    yield from service_files(project)
    package = project.options.runtime_package
    if package is not None and package.index is not None:
        index = IndexView(package.index, _requirement(package))
        yield Shared(
            View(
                "requirements.txt",
                "project/requirements.txt.j2",
                index,
                kind=FileClass.ONCE,
            ),
            TARGETS,
        )
    if project.options.vendored:
        yield from vendored_files(project.targets)


def _pyproject(project: Project, parts: list[str]) -> View:
    package = project.options.runtime_package
    packages = [parts[0], *(["magicflow"] if package is None else [])]
    dependencies = list(DEPENDENCIES)
    runtime = ""
    if package is not None and package.path is not None:
        runtime = package.path
    elif package is not None:
        dependencies = [_requirement(package)]
    return View(
        "pyproject.toml",
        "project/pyproject.toml.j2",
        PyprojectView(
            name=parts[-1].replace("_", "-"),
            packages=", ".join(toml_string(each) for each in packages),
            dependencies=tuple(dependencies),
            paths=", ".join(toml_string(each) for each in (".", runtime) if each),
            runtime=runtime,
        ),
        kind=FileClass.ONCE,
    )


def _requirement(package: RuntimePackage) -> str:
    version = package.version or ""
    if version[:1].isdigit():
        version = f"=={version}"
    return f"{RUNTIME}{version}"
