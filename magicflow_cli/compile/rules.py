"""Failure rules: `error_handling` in both forms → the plan's ordered rules."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.model import CheckedWorkflow, RuleInfo
from magicflow_cli.compile.builder import TRUE, Builder
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.load.nodes import plain
from magicflow_cli.plan import models as plan


def compile_rules(builder: Builder) -> list[plan.Rule]:
    return [_rule(builder, rule) for rule in builder.checked.rules]


def notifications(checked: CheckedWorkflow) -> list[plan.Json] | None:
    handling = checked.workflow.spec.error_handling
    if not isinstance(handling, models.FailurePolicy) or not handling.notification:
        return None
    return [plain(node) for node in handling.notification]


def _rule(builder: Builder, rule: RuleInfo) -> plan.Rule:
    when = TRUE if rule.model is None else builder.value(rule.model.condition)
    paths = list(paths_of(when))
    reads = sorted({path.name for path in paths if path.root == "step" and path.name})
    id = f"rule/{rule.index + 1}"
    builder.spans[f"/rules/{rule.index}"] = rule.span
    return plan.Rule(
        id=id,
        when=when,
        reads=reads,
        outcome=bool(reads) and all(path.root != "error" for path in paths),
        action=_action(builder, rule),
    )


def _action(builder: Builder, rule: RuleInfo) -> plan.RuleAction:
    kind = rule.action
    model = rule.model.action if rule.model is not None else None
    if kind == "continue":
        return plan.RuleAction(type="continue")
    if kind == "goto":
        assert rule.target is not None
        return plan.RuleAction(type="goto", target=rule.target.name)
    return plan.RuleAction(
        type="compensate" if kind == "compensate" else "fail",
        code=model.code if model is not None else None,
        message=builder.optional(model.message) if model is not None else None,
        details=builder.optional(model.details) if model is not None else None,
        body=rule.body.id if rule.body is not None else None,
        # the map form's `rollback` has no error of its own
        keep_error=True if rule.model is None and kind == "compensate" else None,
    )


def paths_of(expr: plan.Expr) -> Iterator[plan.PathExpr]:
    """Every path in an expression, those in filters included."""
    if isinstance(expr, plan.PathExpr):
        yield expr
        for segment in expr.segments:
            for selector in segment.selectors:
                if selector.filter is not None:
                    yield from paths_of(selector.filter)
        return
    for child in children(expr):
        yield from paths_of(child)


def children(expr: plan.Expr) -> list[plan.Expr]:
    """The direct operands of an expression."""
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
