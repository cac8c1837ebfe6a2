"""Jinja2, strict: an unknown name is an error, and so is an untrusted text that no
filter has made safe for the place where it lands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from magicflow_cli.generate.files import Owner, RenderedFile
from magicflow_cli.generate.model import (
    Language,
    Project,
    Request,
    Untrusted,
    View,
    target_module,
)

if TYPE_CHECKING:
    from jinja2 import Environment


def render_files(request: Request, present: Iterable[Owner]) -> list[RenderedFile]:
    """Every file of a run, in memory, by path. `present` are the owners that the output
    folder's manifest names."""
    language = request.language
    files: dict[str, RenderedFile] = {}
    for plan in request.plans:
        for target, owners in _needed(request).items():
            lower = target_module(language, target).lower
            for view in lower(plan, request.options):
                _add(
                    files,
                    language,
                    view,
                    [Owner(plan.workflow.name, language.name, o) for o in owners],
                )
    project = _project(request, present)
    for shared in language.project(project):
        owners = [target for target in request.targets if target in shared.targets]
        if owners:
            _add(
                files,
                language,
                shared.view,
                [Owner("", language.name, target) for target in owners],
            )
    return [files[path] for path in sorted(files)]


def _needed(request: Request) -> dict[str, list[str]]:
    """The targets whose files this run writes, each with the targets that want them."""
    wanted: dict[str, list[str]] = {}
    for target in request.targets:
        for each in (target, *request.language.requires.get(target, ())):
            wanted.setdefault(each, []).append(target)
    return wanted


def _project(request: Request, present: Iterable[Owner]) -> Project:
    owners = request.owners_after(present)
    workflows: dict[str, set[str]] = {}
    for owner in owners:
        if owner.workflow:
            workflows.setdefault(owner.workflow, set()).add(owner.target)
    return Project(
        workflows={name: frozenset(workflows[name]) for name in sorted(workflows)},
        targets=frozenset(owner.target for owner in owners),
        options=request.options,
    )


def _add(
    files: dict[str, RenderedFile],
    language: Language,
    view: View,
    owners: Iterable[Owner],
) -> None:
    """Add a file; one that several targets make gets the owners of each."""
    known = files.get(view.path)
    content = view.content if not view.template else render(language, view)
    if known is not None:
        assert known.content == content, f"{view.path} is made twice and differs"
        owners = [*known.owners, *owners]
    files[view.path] = RenderedFile(
        view.path, content, view.kind, tuple(sorted(set(owners))), view.signature
    )


def render(language: Language, view: View) -> str:
    """The text of one view."""
    template = _environment(language.name, language).get_template(view.template)
    data: Any = view.data
    return template.render({name: getattr(data, name) for name in data.__slots__})


_environments: dict[str, Environment] = {}


def _environment(name: str, language: Language) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    from magicflow_cli.generate.render.cache import open_cache

    found = _environments.get(name)
    if found is None:
        found = _environments[name] = Environment(
            loader=FunctionLoader(lambda path: _source(name, path)),
            undefined=StrictUndefined,
            finalize=_refuse_untrusted,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            bytecode_cache=open_cache(language),
            cache_size=-1,
        )
        found.filters = dict(language.filters) | {
            each: found.filters[each] for each in ("join", "length")
        }
    return found


@cache
def _source(language: str, path: str) -> str:
    from magicflow_cli.resources import read_text

    return read_text("templates", language, *path.split("/"))


def _refuse_untrusted(value: object) -> object:
    if isinstance(value, Untrusted):
        raise TypeError("an untrusted text reached a template without a filter")
    return value
