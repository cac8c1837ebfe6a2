"""The paths that a resolved expression reads."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.plan import models as plan


def paths_of(expr: plan.Expr) -> Iterator[plan.PathExpr]:
    """Every path in an expression, those in filters included."""
    if isinstance(expr, plan.PathExpr):
        yield expr
        for segment in expr.segments:
            for selector in segment.selectors:
                if selector.filter is not None:
                    yield from paths_of(selector.filter)
        return
    for child in _operands(expr):
        yield from paths_of(child)


def _operands(expr: plan.Expr) -> list[plan.Expr]:
    """What an expression consists of, without what stands in filters."""
    match expr:
        case plan.UnaryExpr():
            return [expr.arg]
        case plan.BinaryExpr():
            return [expr.left, expr.right]
        case plan.CallExpr():
            return list(expr.args)
        case plan.LambdaExpr():
            return [expr.body]
        case plan.ObjectExpr():
            return list(expr.members.values())
        case plan.ArrayExpr():
            return list(expr.items)
        case plan.TemplateExpr():
            return list(expr.parts)
    return []
