"""Compiled templates, kept in the user's cache folder: compiling them anew costs more
than everything else that a run does with them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2.bccache import BytecodeCache

    from magicflow_cli.generate.model import Language


def open_cache(language: Language) -> BytecodeCache | None:
    """Jinja2's cache of bytecode, which knows a template's text by its checksum; None
    where no folder of the user's own can be had."""
    from jinja2 import FileSystemBytecodeCache

    folder = _user_cache() / f"templates-{language.name}-{_compiler()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_ours(folder):
            return None
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder), "%s.bytecode")


def _compiler() -> str:
    """What another version of Jinja2 does not share, by its compiler's file: asking for
    the version imports a fifth of the standard library."""
    from jinja2 import compiler

    status = Path(compiler.__file__).stat()
    return f"jinja2-{status.st_mtime_ns:x}-{status.st_size:x}"


def _user_cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "magic-flow"


def _is_ours(folder: Path) -> bool:
    """Bytecode is run: nobody else may be able to write it."""
    if sys.platform == "win32":
        return True
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022
