"""Failure rules: `error_handling` in both forms → the plan's ordered rules."""

from __future__ import annotations

from magicflow_cli.check.dataflow.paths import paths_of
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
        outermost=True if rule.model is None else None,
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
