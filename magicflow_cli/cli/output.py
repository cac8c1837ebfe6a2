"""What a command prints: products on stdout, diagnostics on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TextIO, TypeAlias

from magicflow_cli.cli.failure import NotDone
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic
from magicflow_cli.diagnostics.sources import Sources

Format: TypeAlias = Literal["full", "concise", "json", "github", "sarif"]


def wants_color(stream: object) -> bool:
    """Colours are for terminals, unless NO_COLOR says otherwise (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def write_product(text: str, output: Path | None) -> None:
    """Print `text`, or put it into the file `output` whole or not at all.

    Raises NotDone when the file cannot be written.
    """
    if output is None:
        sys.stdout.write(text)
        return
    stage = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        stage.write_bytes(text.encode("utf-8"))
        stage.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            stage.unlink()
        raise NotDone(
            codes.MF0005,
            f"`{output}` cannot be written",
            help=f"the system says: {error.strerror}",
        ) from error


def show(
    diagnostics: Sequence[Diagnostic],
    sources: Sources | None = None,
    *,
    format: Format = "full",
    stream: TextIO | None = None,
) -> None:
    """Render diagnostics onto `stream` (stderr by default)."""
    from magicflow_cli.diagnostics.render import render

    stream = stream or sys.stderr
    color = wants_color(stream)
    text = render(format, diagnostics, sources or {}, color=color, width=_width(stream))
    stream.write(text)


def _width(stream: TextIO) -> int:
    """Columns of a terminal; pipes and files get the same text everywhere."""
    if not stream.isatty():
        return 100
    from shutil import get_terminal_size

    return get_terminal_size().columns


def count(number: int, noun: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
