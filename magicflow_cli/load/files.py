"""Files: reading them, and what can go wrong with them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.load import limits


def read_bytes(path: Path, name: str, report: Report) -> bytes | None:
    """A regular file's bytes, at most one more than the limit; None after a diagnostic.

    Never waits: a pipe or device is refused before it is read.
    """
    span = Span(name, 1, 1, 1, 1)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISREG(mode):
                return _read(descriptor)
            what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            report.add(codes.MF0103, f"`{name}` is {what}", span, help="name a file")
            return None
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        report.add(
            codes.MF0102, f"`{name}` does not exist", span, help="check the path"
        )
    except IsADirectoryError:
        report.add(codes.MF0103, f"`{name}` is a folder", span, help="name a file")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "input error"
        report.add(
            codes.MF0101,
            f"`{name}` cannot be read: {reason.lower()}",
            span,
            help="check the permissions of the file and its folders",
        )
    return None


def _read(descriptor: int) -> bytes:
    parts: list[bytes] = []
    left = limits.FILE_BYTES + 1
    while left > 0 and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
