"""What reading one file may cost, and the end of reading when it costs more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Label, Report, Span
from magicflow_cli.load import limits

_LONG_POINTER: Final = limits.POINTER_CHARS // limits.NODES


class Stop(Exception):
    """Nothing more can be read; the diagnostic is in the report."""


class Budget:
    """Counts what a file holds and reports its problems. `nodes` and `chars` are
    totals so far, aliases written out."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report
        self._pointer_chars = 0
        self.nodes = 0
        self.chars = 0

    def count(self, pointer: str = "") -> None:
        """One more node. Raises `Stop` when it is one too many."""
        self.nodes += 1
        if self.nodes > limits.NODES:
            self._stop_full(f"file holds more than {limits.NODES:,} values")
        if len(pointer) > _LONG_POINTER:
            self.count_pointer(pointer)

    def count_pointer(self, pointer: str) -> None:
        """The pointer of a node that is counted already."""
        if len(pointer) <= _LONG_POINTER:
            return
        self._pointer_chars += len(pointer)
        if self._pointer_chars > limits.POINTER_CHARS:
            self._stop_full("file holds too many values under long keys")

    def check_depth(self, depth: int, span: Span) -> None:
        if depth > limits.DEPTH:
            self.stop(
                codes.MF0110,
                f"collections are nested more than {limits.DEPTH} levels deep",
                span,
                "flatten the structure",
            )

    def expand(self, nodes: int, chars: int, span: Span) -> None:
        """An alias at `span` that stands for so many nodes and characters of text."""
        self.nodes += nodes
        self.chars += chars
        if self.nodes > limits.NODES or self.chars > limits.FILE_BYTES:
            self.stop(
                codes.MF0112,
                f"aliases expand to more than {limits.NODES:,} values or "
                f"{limits.FILE_BYTES // 1024} KiB of text",
                span,
                "use fewer aliases of aliases",
            )

    def report(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str,
        labels: Iterable[Label] = (),
    ) -> None:
        """Add a diagnostic. Raises `Stop` when there are too many."""
        self._report.add(code, message, span, help=help, labels=labels)
        if len(self._report.diagnostics) >= limits.PROBLEMS:
            self._report.add(
                codes.MF0116,
                f"file has {limits.PROBLEMS} problems; the rest of it is not read",
                span,
                help="mend the first ones and try again",
            )
            raise Stop

    def report_duplicate(self, key: str, span: Span, first: Span) -> None:
        self.report(
            codes.MF0120,
            f"key `{shorten(key)}` stands twice in one mapping",
            span,
            "remove one of the two",
            [Label(first, "it stands here first")],
        )

    def stop(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str,
        labels: Iterable[Label] = (),
    ) -> NoReturn:
        """Add a diagnostic after which nothing more is read."""
        self._report.add(code, message, span, help=help, labels=labels)
        raise Stop

    def _stop_full(self, message: str) -> NoReturn:
        span = Span(self._file, 1, 1, 1, 1)
        self.stop(
            codes.MF0111, message, span, "split the file, or shorten very long keys"
        )


def shorten(text: str) -> str:
    """A text of the user for a message, at most 60 characters of it."""
    return text if len(text) <= 60 else text[:60] + "…"


def escape_pointer(key: str) -> str:
    """A key as a token of a JSON pointer (RFC 6901)."""
    if "~" in key or "/" in key:
        return key.replace("~", "~0").replace("/", "~1")
    return key
