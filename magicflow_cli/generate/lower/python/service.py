"""What a project has besides its packages: the main, configuration, container, words."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.generate.document import configuration_text
from magicflow_cli.generate.files import FileClass
from magicflow_cli.generate.lower.python.code import (
    Atom,
    Bracket,
    call,
    declaration,
    import_from,
    layout,
    subscript,
)
from magicflow_cli.generate.lower.python.names import module_of, package_of
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import TARGETS, Project, Shared, View
from magicflow_cli.record import Value


class MainView(Value):
    """All but `package` are whole statements."""

    package: str
    imports: tuple[str, ...]
    plans: str
    executors: str
    call: str


class ServiceView(Value):
    """`vendored`: whether the runtime's source is in the project."""

    package: str
    vendored: bool


class NoView(Value):
    """Nothing varies."""


def service_files(project: Project) -> Iterator[Shared]:
    """All of them but the main are the user's once they are written: they depend on no
    target, and so not on the order of runs."""
    package = package_of(project.options)
    service = ServiceView(package, project.options.vendored)
    config = project.options.config
    yield Shared(_main(project, package), ("executor", "server"))
    yield _once("README.md", "project/README.md.j2", service, TARGETS)
    yield _once("Dockerfile", "project/Dockerfile.j2", service, ("server",))
    yield _once(".dockerignore", "project/dockerignore.j2", NoView(), ("server",))
    for name in ("server", "executor"):
        path = f"config/{name}.yaml"
        if name in config:
            content = configuration_text(config[name])
            view = View(path, content=content, kind=FileClass.ONCE)
            yield Shared(view, (name,))
        else:
            yield _once(path, f"project/{name}.yaml.j2", NoView(), (name,))


def _once(path: str, template: str, data: object, targets: tuple[str, ...]) -> Shared:
    return Shared(View(path, template, data, kind=FileClass.ONCE), targets)


def _main(project: Project, package: str) -> View:
    imports: list[str] = []
    found: dict[str, list[str]] = {"server": [], "executor": []}
    for name, targets in project.workflows.items():
        module = module_of(name)
        wanted = [target for target in ("executor", "server") if target in targets]
        names = [Atom(f"{target} as {module}_{target}") for target in wanted]
        imports += [import_from(f".{module}", [each]) for each in names]
        for target in wanted:
            found[target].append(f"{module}_{target}")
    program = Atom(string_literal(f"python -m {package}"))
    started = call("main", Atom("PLANS"), Atom("EXECUTORS"), program=program)
    return View(
        f"{package.replace('.', '/')}/__main__.py",
        "project/main.py.j2",
        MainView(
            package=package,
            imports=tuple(imports),
            plans=_listed(
                "PLANS", "LoadPlan", [f"{each}.load_plan" for each in found["server"]]
            ),
            executors=_listed(
                "EXECUTORS",
                "BuildExecutor",
                [f"{each}.build_executor" for each in found["executor"]],
            ),
            call=layout("sys.exit(", started, ")", "    "),
        ),
    )


def _listed(name: str, type: str, items: list[str]) -> str:
    listed = Bracket("", "[", tuple(map(Atom, items)))
    return declaration(name, subscript("list", Atom(type)), listed)
