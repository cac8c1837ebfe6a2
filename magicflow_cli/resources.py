"""Files that travel with the package: schemas, templates, runtimes, diagnostics pages.

In an installed wheel they lie in `magicflow_cli/_data`; in a checkout they are read from
where they are edited. Both are `Traversable`, so callers never see a difference.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

Root = Literal["schemas", "templates", "runtime", "docs/diagnostics"]


def resource(root: Root, *parts: str) -> Traversable:
    """The file or folder `root/parts`; it need not exist (`is_file()` tells)."""
    packaged = files("magicflow_cli") / "_data"
    base: Traversable = packaged if packaged.is_dir() else _checkout()
    return base.joinpath(*root.split("/"), *parts)


def read_text(root: Root, *parts: str) -> str:
    """The text of a resource. Raises FileNotFoundError when there is none."""
    return resource(root, *parts).read_text(encoding="utf-8")


def _checkout() -> Path:
    return Path(__file__).resolve().parent.parent
