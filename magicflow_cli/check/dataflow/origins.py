"""Where the pieces of resolved expressions were written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from magicflow_cli.check.model import StepInfo
from magicflow_cli.diagnostics import Span
from magicflow_cli.expr import ast
from magicflow_cli.plan import models as plan

FieldKnown = Callable[[StepInfo, str], bool]
"""Whether a declared schema or a mapping gives a step an output field of that name."""


@dataclass(slots=True, eq=False, repr=False)
class Origins:
    """Where each piece of a resolved expression was written."""

    _by_id: dict[int, tuple[plan.Expr, ast.Expr, int]] = field(default_factory=dict)
    _unknown: dict[int, plan.Expr] = field(default_factory=dict)

    def unknown(self) -> plan.Expr:
        """Stands for what could not be resolved, and was reported."""
        made = plan.LitExpr(value=None)
        self._unknown[id(made)] = made
        return made

    def is_unknown(self, made: plan.Expr) -> bool:
        return id(made) in self._unknown

    def put(self, made: plan.Expr, written: ast.Expr, consumed: int = 0) -> None:
        # The tuple keeps `made` alive, so that its id stays its own.
        self._by_id[id(made)] = (made, written, consumed)

    def span(self, made: plan.Expr) -> Span | None:
        entry = self._by_id.get(id(made))
        return entry[1].span() if entry is not None else None

    def written(self, made: plan.Expr) -> ast.Expr | None:
        """The expression as it was written."""
        entry = self._by_id.get(id(made))
        return entry[1] if entry is not None else None

    def segment(self, made: plan.PathExpr, index: int) -> ast.Segment | None:
        """One segment of a path as it was written."""
        entry = self._by_id.get(id(made))
        if entry is None or not isinstance(entry[1], ast.Path):
            return None
        segments = entry[1].segments
        return segments[entry[2] + index] if entry[2] + index < len(segments) else None

    def segment_span(self, made: plan.PathExpr, index: int) -> Span | None:
        """The place of one segment of a path, else of the path."""
        segment = self.segment(made, index)
        return segment.span() if segment is not None else self.span(made)
