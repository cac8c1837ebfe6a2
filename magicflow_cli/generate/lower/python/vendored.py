"""The runtime's source, as far as a target needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources.abc import Traversable

from magicflow_cli.generate.files import HEADER
from magicflow_cli.generate.model import TARGETS, Shared, View
from magicflow_cli.resources import resource

# What generated types import, and what that imports: tests/unit/generate/test_vendored.py
# follows the imports.
FOR_TYPES = (
    "__init__.py",
    "py.typed",
    "canonical.py",
    "regex.py",
    "models/",
    "types/",
    "worker/errors.py",
)


def vendored_files(targets: Collection[str]) -> Iterator[Shared]:
    """Every file of the runtime with the targets that need it."""
    for path, content in runtime_source():
        wanted = tuple(
            target
            for target in TARGETS
            if target != "types" or path.startswith(FOR_TYPES)
        )
        yield Shared(View(f"magicflow/{path}", content=content), wanted)


@cache
def runtime_source() -> tuple[tuple[str, str], ...]:
    """Path below `magicflow/` and text of every file of the runtime, by path."""
    return tuple(sorted(_read(resource("runtime", "python", "magicflow"), "")))


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _read(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".typed", ".sql", ".json", ".html")):
            text = entry.read_text(encoding="utf-8")
            header = f"# {HEADER}\n" if entry.name.endswith(".py") else ""
            yield f"{prefix}{entry.name}", header + text
