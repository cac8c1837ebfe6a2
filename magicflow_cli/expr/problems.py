"""A mistake in an expression, before it becomes a diagnostic."""

from __future__ import annotations

from typing import NamedTuple

from magicflow_cli.diagnostics.model import Code


class Problem(NamedTuple):
    """`start` and `end` are offsets into the text of the scalar; `replacement` is what
    mends it in their place, where that is certain."""

    code: Code
    message: str
    start: int
    end: int
    help: str
    replacement: str | None = None


class Mistake(Exception):
    """Ends the reading of one expression; never leaves this package."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def quoted(text: str) -> str:
    """A piece of hostile text for a message: short, on one line, between backticks."""
    shown = text if len(text) <= 40 else text[:37] + "…"
    printable = "".join(
        c if c.isprintable() and c != "`" else f"\\u{ord(c):04x}" for c in shown
    )
    return f"`{printable}`"
