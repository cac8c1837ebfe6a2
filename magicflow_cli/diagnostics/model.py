"""What the compiler says to its user: values, collected and all shown.

An exception is a bug of ours; whatever is wrong with the user's files becomes a
`Diagnostic`. Layers receive a `Report`, add to it and go on as far as they can.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from magicflow_cli.record import Value


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(Value):
    """A piece of a source file. Lines and columns count from 1, in code points; the
    end is exclusive. `pointer` is the JSON pointer of the node, "" when unknown."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int
    pointer: str = ""

    def __lt__(self, other: Span) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[str, int, int, int, int, str]:
        start = (self.file, self.line, self.col)
        return (*start, self.end_line, self.end_col, self.pointer)


class Label(Value):
    """A secondary place and what is to be seen there."""

    span: Span
    message: str


class Edit(Value):
    """Replaces the text of `span` (which may be empty) by `text`."""

    span: Span
    text: str


class Fix(Value):
    """A change that mends the problem, applied as a whole or not at all."""

    title: str
    edits: tuple[Edit, ...]


class Code(Value):
    """A registered code. `severity` is its default; `title` heads its docs page."""

    id: str
    severity: Severity
    title: str


class Diagnostic(Value):
    """One problem: a sentence without trailing period, where it is and how to mend it.

    `span` is None only where no file is concerned (usage errors).
    """

    code: str
    severity: Severity
    message: str
    span: Span | None
    help: str = ""
    labels: tuple[Label, ...] = ()
    fix: Fix | None = None


@dataclass(slots=True)
class Report:
    """Collects diagnostics in the order of discovery."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: Code,
        message: str,
        span: Span | None,
        *,
        help: str = "",
        labels: Iterable[Label] = (),
        fix: Fix | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Add one problem; `severity` overrides the code's default."""
        self.diagnostics.append(
            Diagnostic(
                code.id,
                severity or code.severity,
                message,
                span,
                help,
                tuple(labels),
                fix,
            )
        )

    @property
    def has_errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.diagnostics)
