"""Files of the whole project: the module, the program that runs executors, container,
words, the vendored runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources.abc import Traversable

from magicflow_cli.generate.document import configuration_text
from magicflow_cli.generate.files import HEADER, FileClass
from magicflow_cli.generate.lower.go.names import RUNTIME, module_of, package_of
from magicflow_cli.generate.lower.go.sinks import string_literal
from magicflow_cli.generate.model import TARGETS, Project, Shared, View
from magicflow_cli.record import Value
from magicflow_cli.resources import read_text, resource

VENDORED = "magicflow"
"""The folder of the vendored runtime: a module of its own."""


class ModuleView(Value):
    """`requirements` are the third-party modules of the runtime, as lines."""

    module: str
    runtime: str
    version: str
    replacement: str
    go: str
    requirements: tuple[str, ...]


class Program(Value):
    alias: str
    path: str


class ExecutorsView(Value):
    programs: tuple[Program, ...]


class ProgramView(Value):
    """`imports` are lines: packages with plans, and the list of executors."""

    imports: tuple[str, ...]
    plans: tuple[Program, ...]


class WordsView(Value):
    module: str
    runtime: str
    executors: str
    vendored: bool


def lower_project(project: Project) -> Iterator[Shared]:
    """Depends on what the output folder holds, not on what this run generates."""
    options = project.options
    module = module_of(options)
    words = WordsView(module, RUNTIME, f"{module}/executors", options.vendored)
    yield _once("go.mod", "project/go.mod.j2", _module(project), TARGETS)
    sums = read_text("runtime", "go", "go.sum")
    yield Shared(View("go.sum", content=sums, kind=FileClass.ONCE), TARGETS)
    yield _once("README.md", "project/README.md.j2", words, TARGETS)
    yield _once(".dockerignore", "project/dockerignore.j2", words, TARGETS)
    yield from _executor(project, words)
    yield from _server(project, words)
    if options.vendored:
        for path, content in runtime_source():
            yield Shared(View(f"{VENDORED}/{path}", content=content), TARGETS)


def _executor(project: Project, words: WordsView) -> Iterator[Shared]:
    """The program that runs the steps."""
    executor, folder = ("executor",), "cmd/executor"
    yield _once(f"{folder}/main.go", "project/executor_main.go.j2", words, executor)
    docker = "project/executor.Dockerfile.j2"
    yield _once(f"{folder}/Dockerfile", docker, words, executor)
    yield _configuration("executor", project, words)
    listed = ExecutorsView(_packages(project, "executor", "steps"))
    view = View("executors/executors_gen.go", "project/executors.go.j2", listed)
    yield Shared(view, ("executor", "server"))


def _server(project: Project, words: WordsView) -> Iterator[Shared]:
    """The program that serves the workflows, and can run their steps as well."""
    server, folder = ("server",), "cmd/server"
    yield _once(f"{folder}/main.go", "project/server_main.go.j2", words, server)
    docker = "project/server.Dockerfile.j2"
    yield _once(f"{folder}/Dockerfile", docker, words, server)
    yield _configuration("server", project, words)
    plans = _packages(project, "server", "server")
    paths = {each.path: f"{each.alias} " for each in plans} | {words.executors: ""}
    imports = (f"{paths[path]}{string_literal(path)}" for path in sorted(paths))
    served = ProgramView(tuple(imports), plans)
    view = View(f"{folder}/program_gen.go", "project/program.go.j2", served)
    yield Shared(view, server)


def _packages(project: Project, target: str, folder: str) -> tuple[Program, ...]:
    """A package of every workflow that has the target."""
    return tuple(
        Program(
            f"{package_of(name)}{folder}",
            f"{module_of(project.options)}/{package_of(name)}/{folder}",
        )
        for name, targets in project.workflows.items()
        if target in targets
    )


def _configuration(name: str, project: Project, words: WordsView) -> Shared:
    """`config/NAME.yaml`: what `--config` of the command gave, or the defaults."""
    path, settings = f"config/{name}.yaml", project.options.config.get(name)
    if settings is None:
        return _once(path, f"project/{name}.yaml.j2", words, (name,))
    content = configuration_text(settings)
    return Shared(View(path, content=content, kind=FileClass.ONCE), (name,))


def _once(path: str, template: str, data: object, targets: tuple[str, ...]) -> Shared:
    return Shared(View(path, template, data, kind=FileClass.ONCE), targets)


def _module(project: Project) -> ModuleView:
    package = project.options.runtime_package
    go, requirements = runtime_module()
    version, replacement = "v0.0.0", f"./{VENDORED}"
    if package is not None:
        replacement = f"{package.path}/go" if package.path is not None else ""
        if package.version:
            version = f"v{package.version.lstrip('v=')}"
    if replacement and not replacement.startswith((".", "/")):
        replacement = f"./{replacement}"
    return ModuleView(
        module_of(project.options), RUNTIME, version, replacement, go, requirements
    )


def runtime_module() -> tuple[str, tuple[str, ...]]:
    """Go's version and the requirements of the runtime's go.mod."""
    text = read_text("runtime", "go", "go.mod")
    go = re.search(r"^go (\S+)$", text, re.MULTILINE)
    assert go is not None
    found = re.findall(r"^(?:require)?\s*(\S+\.\S+/\S+ v\S+)", text, re.MULTILINE)
    return go[1], tuple(sorted(found))


@cache
def runtime_source() -> tuple[tuple[str, str], ...]:
    """Path and text of every file of the runtime; tests and programs aside."""
    return tuple(sorted(_read(resource("runtime", "go"), "")))


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in ("testdata", "cmd"):
                yield from _read(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".go") and not entry.name.endswith("_test.go"):
            text = entry.read_text(encoding="utf-8")
            yield f"{prefix}{entry.name}", f"// {HEADER}\n\n{text}"
        elif entry.name.endswith((".mod", ".sum", ".sql", ".json")):
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
