"""What goes into a run, as hashes: a run with the inputs of the last one need not
render anything to know that nothing changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from magicflow.canonical import canonical

from magicflow_cli import __version__
from magicflow_cli.generate.files import Owner
from magicflow_cli.generate.model import Request
from magicflow_cli.plan import to_json
from magicflow_cli.resources import resource

_SUFFIXES = (
    *(".py", ".j2", ".json", ".typed", ".sql", ".html"),
    *(".go", ".mod", ".sum", ".ts", ".java"),
)


def inputs_of(request: Request, present: Iterable[Owner]) -> dict[str, str]:
    """For each workflow and target of a run the hash of all that its files depend on:
    the plan with its presentation, the options, the generator itself; under the
    language alone that of the whole project's files. `present` are the owners in the
    output folder's manifest."""
    language = request.language.name
    generator = _generator(language)
    options = canonical(_plain(astuple(request.options)))
    owners = request.owners_after(present)
    found = {language: _hash(generator, options, *map(key_of, sorted(owners)))}
    for plan in request.plans:
        shown = canonical(to_json(plan.presentation))  # plan.hash has all the rest
        hashed = _hash(generator, options, plan.hash, shown)
        for target in request.targets:
            found[key_of(Owner(plan.workflow.name, language, target))] = hashed
    return found


def _hash(*texts: str) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()


def key_of(owner: Owner) -> str:
    return f"{owner.language}/{owner.workflow}/{owner.target}"


@cache
def _generator(language: str) -> str:
    """The hash of the code and data that make a language's files."""
    state = sha256(f"{__version__}\0{language}\0".encode())
    here = files("magicflow_cli")
    for root in (
        here / "generate",
        here / "plan",
        resource("templates", language),
        resource("runtime", language),
    ):
        for path, content in _contents(root, ""):
            state.update(f"{path}\0{len(content)}\0".encode())
            state.update(content)
    return state.hexdigest()


def _contents(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(_SUFFIXES):
            yield f"{prefix}{entry.name}", entry.read_bytes()
        elif "." not in entry.name and entry.name != "__pycache__":
            yield from _contents(entry, f"{prefix}{entry.name}/")


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
