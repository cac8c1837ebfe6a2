"""`magic-flow generate types|executor|server|client|all`, and what the project file
says."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from magicflow_cli.cli import generate_options as options
from magicflow_cli.cli.app import Command, application
from magicflow_cli.cli.commands import GENERATE
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.options import choose, chosen_context
from magicflow_cli.cli.project import read_project
from magicflow_cli.diagnostics import codes
from magicflow_cli.record import Value

if TYPE_CHECKING:
    from magicflow_cli.cli.build import Build
    from magicflow_cli.documents.models.project import Project, Target
    from magicflow_cli.generate.model import Options
    from magicflow_cli.plan.models import Plan

PARTS = ("types", "executor", "server", "client")
COMMANDS = {
    entry.name: entry.summary
    for entry in GENERATE
    if entry.module == "magicflow_cli.cli.generate_targets"
}


class Job(Value):
    """One output folder: which parts, in which language, with which options. `complete`
    and `whole` as in `generate.model.Request`."""

    language: str
    parts: tuple[str, ...]
    output: Path
    options: Options
    complete: bool = False
    whole: bool = False


_COLLECT_EVERY = 250
"""Workflows compiled between two collections of what they leave behind."""


def command_for(name: str) -> typer.Typer:
    """The application of one of `COMMANDS`."""
    app = application()
    parts = PARTS if name == "all" else (name,)

    @app.command(
        cls=Command,
        help=f"{COMMANDS[name]}\n\nWithout `--output` it writes where "
        "`magic-flow.yaml` says.",
        epilog=f"""
        magic-flow generate {name} --workflow workflow.yaml --output ./generated
        magic-flow generate {name} --workflow workflow.yaml --output ./generated --diff
        """,
    )
    def generate(
        paths: options.Paths = None,
        workflow: options.Workflow = None,
        context: options.Context = None,
        config: options.Config = None,
        output: options.Output = None,
        language: options.LanguageName = None,
        languages: options.Languages = None,
        package: options.Package = None,
        check: options.Check = False,
        diff: options.Diff = False,
        dry_run: options.DryRun = False,
        force: options.Force = False,
        adopt: options.Adopt = False,
        strict: options.Strict = False,
        type_safe: options.TypeSafe = True,
    ) -> int:
        project = _project()
        names = _languages(language, languages, project)
        configuration = _read_configuration(config)
        if output is None:
            jobs = _jobs_of_project(project, parts, names, workflow or paths)
        else:
            jobs = [
                Job(
                    name,
                    _parts_of(name, parts),
                    output / name if languages is not None else output,
                    _options(project, None, package, configuration, output),
                )
                for name in names or ["python"]
            ]
        return _run(
            jobs,
            choose_and_build(paths, workflow, context, strict),
            options.mode_of(check, diff, dry_run),
            options.Permitted(force, adopt),
        )

    return app


def generate_project(
    mode: options.Mode, permitted: options.Permitted, strict: bool
) -> int:
    """Everything that the project file names."""
    jobs = _jobs_of_project(_project(), PARTS, [], None)
    return _run(jobs, choose_and_build(None, None, None, strict), mode, permitted)


def choose_and_build(
    paths: list[Path] | None,
    workflow: Path | None,
    context: Path | None,
    strict: bool,
) -> Build:
    """The workflows that the options name, checked; what is wrong is on stderr."""
    from magicflow_cli.cli.build import build
    from magicflow_cli.cli.output import show

    built = build(
        choose(paths, workflow), context=chosen_context(context), strict=strict
    )
    if built.diagnostics:
        show(built.diagnostics, built.sources)
    return built


def _run(
    jobs: list[Job], built: Build, mode: options.Mode, permitted: options.Permitted
) -> int:
    if built.has_errors:
        return 1
    from magicflow_cli.cli.generate_output import carry_out
    from magicflow_cli.compile import compile_workflow

    plans: dict[str, Plan] = {}
    built.sources.clear()
    while built.workflows:  # each is dropped as soon as its plan is made
        plan = compile_workflow(built.workflows.pop()).plan
        plans[plan.workflow.name] = plan
        if len(plans) % _COLLECT_EVERY == 0:
            gc.collect()  # steps and blocks hold each other; it is off otherwise
    if not plans:
        raise NotDone(
            codes.MF0004,
            "there is no workflow in what was named",
            help="name a file with a document of `kind: Workflow`",
        )
    ordered = [plans[name] for name in sorted(plans)]
    return max(carry_out(job, ordered, mode, permitted) for job in jobs)


def _project() -> tuple[Path, Project] | None:
    """The project file's folder and content; a broken one is reported by building."""
    found = read_project(Path.cwd())
    if found is None or found.parsed is None:
        return None
    return found.path.parent, found.parsed.model


def _languages(
    language: str | None, languages: str | None, project: tuple[Path, Project] | None
) -> list[str]:
    """The languages asked for; without options those of the project file, if any."""
    from magicflow_cli.generate.registry import KNOWN, MODULES

    if languages is not None:
        named = (name.strip() for name in languages.split(","))
        names = list(dict.fromkeys(name for name in named if name))
    elif language is not None:
        names = [language]
    elif project is not None and project[1].targets:
        names = [project[1].targets[0].lang]
    else:
        names = []
    for name in names:
        if name not in MODULES:
            there = ", ".join(f"`{each}`" for each in MODULES)
            raise NotDone(
                codes.MF4009,
                (
                    f"code in `{name}` cannot be generated yet"
                    if name in KNOWN
                    else f"there is no language `{name}`"
                ),
                help=f"this version generates {there}",
            )
    return names


def _parts_of(language: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """What of `parts` a language has; naming a part that it lacks is a mistake, asking
    for all is none."""
    from magicflow_cli.generate.registry import load_language

    there = load_language(language).targets
    missing = [part for part in parts if part not in there]
    if missing and set(parts) != set(PARTS):
        raise NotDone(
            codes.MF4009,
            f"the {missing[0]} cannot be generated in `{language}` yet",
            help=f"in `{language}` there are {', '.join(f'`{each}`' for each in there)}",
        )
    return tuple(part for part in parts if part in there)


def _jobs_of_project(
    project: tuple[Path, Project] | None,
    parts: tuple[str, ...],
    names: list[str],
    chosen: object,
) -> list[Job]:
    """What the project file says for `parts`. `chosen` is what the command line names
    instead of all workflows, if anything."""
    targets = project[1].targets if project is not None else None
    if project is None or not targets:
        raise NotDone(
            codes.MF0001,
            "nothing says where the output goes",
            help="name it: `magic-flow generate all --workflow FILE --output DIR`; or"
            " write `targets: [{lang: python, out: generated}]` into `magic-flow.yaml`",
        )
    jobs: list[Job] = []
    for target in targets:
        there = target.parts or PARTS
        wanted = tuple(part for part in parts if part in there)
        if wanted and (not names or target.lang in names):
            _languages(target.lang, None, None)
            output = project[0] / target.out
            jobs.append(
                Job(
                    target.lang,
                    _parts_of(target.lang, wanted),
                    output,
                    _options(project, target, None, {}, output),
                    complete=not chosen,
                    whole=wanted == tuple(p for p in PARTS if p in there),
                )
            )
    if not jobs:
        raise NotDone(
            codes.MF0001,
            "no target of `magic-flow.yaml` has what was asked for",
            help="add a target with the part and language, or name `--output`",
        )
    return jobs


def _options(
    project: tuple[Path, Project] | None,
    target: Target | None,
    package: str | None,
    config: dict[str, Any],
    output: Path,
) -> Options:
    from magicflow_cli.generate.model import Options, RuntimePackage

    model = project[1] if project is not None else None
    package = package or (target and target.package) or (model and model.package) or ""
    runtime = (target and target.runtime) or (model and model.runtime)
    runtime_package = None
    if runtime == "package":
        given = model.runtime_package if model is not None else None
        if given is None:
            raise NotDone(
                codes.MF0001,
                "`runtime: package` does not say where the runtime is found",
                help="write `runtime_package: {index: URL}` or `{path: DIR}` into"
                " `magic-flow.yaml`, or leave `runtime` out: it is then vendored",
            )
        assert project is not None
        runtime_package = RuntimePackage(
            path=_relative(project[0] / given.path, output) if given.path else None,
            index=given.index,
            version=given.version,
        )
    return Options(package, runtime_package, config)


def _relative(path: Path, folder: Path) -> str:
    """`path` as it is seen from the output folder, so that no absolute path of this
    machine gets into the output."""
    import os

    return Path(os.path.relpath(path, folder)).as_posix()


def _read_configuration(file: Path | None) -> dict[str, Any]:
    """`{"server": …}` or `{"executor": …}` from a configuration file."""
    if file is None:
        return {}
    from magicflow_cli.cli.output import show
    from magicflow_cli.diagnostics.model import Report
    from magicflow_cli.documents import parse_configuration
    from magicflow_cli.load import load_file
    from magicflow_cli.load.nodes import Mapping, plain

    report = Report()
    loaded = load_file(file, file.as_posix())
    report.diagnostics.extend(loaded.diagnostics)
    root = loaded.documents[0].root if loaded.documents else None
    is_executor = isinstance(root, Mapping) and "executor" in root
    parsed = None
    if loaded.documents:
        kind = "executor" if is_executor else "server"
        parsed = parse_configuration(
            loaded.documents[0], "Executor" if is_executor else "Server", report
        )
    if report.has_errors or parsed is None:
        if report.diagnostics:
            show(report.diagnostics, {file.as_posix(): loaded.source})
        raise NotDone(
            codes.MF0010,
            f"`{file}` is no configuration",
            help="`--config` names a server.yaml or executor.yaml (docs/configuration.md)",
        )
    return {kind: plain(parsed.root)}
