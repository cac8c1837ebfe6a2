"""Resolves the keys that name steps: failure keys, jumps, rules.

A failure key may declare a step (semantics: "Blocks, steps, order"); every other key
names a written one. Roles and the targets that follow from them are in `roles`.
"""

from __future__ import annotations

from collections.abc import Container

from magicflow_cli.check.model import (
    BlockInfo,
    CheckedWorkflow,
    End,
    RuleInfo,
    StepInfo,
)
from magicflow_cli.check.roles import Names
from magicflow_cli.check.steps import add_step, new_block
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import MF1001, MF1003, MF1004, MF3002, MF3015
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents import key_span, node_of
from magicflow_cli.documents.models import workflow as models
from magicflow_cli.load.nodes import Mapping, Scalar

_OUTCOMES = {"fail": "fail", "rollback": "compensate", "continue": "continue"}


def resolve_references(checked: CheckedWorkflow, report: Report) -> Names:
    """Fill rules, implicit steps and jumps; return who names each step, and how."""
    written = set(checked.steps)
    names = Names()
    _collect_rules(checked, report)
    _resolve_failure_keys(checked, written, names, report)
    _resolve_rules(checked, written, names, report)
    _resolve_success_keys(checked, names, report)
    _assign_executors(checked)
    return names


def existing_step(
    checked: CheckedWorkflow, key: Scalar, report: Report
) -> StepInfo | None:
    """The step that `key` names, or seems to mean; reported when there is none."""
    target = checked.steps.get(key.text)
    if target is None:
        near = suggest(key.text, checked.steps)
        target = checked.steps[near] if near else None
        report.add(
            MF1001,
            f"there is no step `{key.text}`",
            key.span(),
            help=(
                f"did you mean `{near}`?"
                if near
                else "name a step of the same list, or write the step"
            ),
            labels=(
                [Label(checked.steps[near].span, f"`{near}` stands here")]
                if near
                else []
            ),
        )
    return target


# Rules ---------------------------------------------------------------------------


def _collect_rules(checked: CheckedWorkflow, report: Report) -> None:
    handling = checked.workflow.spec.error_handling
    if isinstance(handling, models.FailurePolicy):
        outcome = handling.on_failure
        if outcome is not None and outcome != "fail":
            span = key_span(handling, "on_failure")
            action = _OUTCOMES.get(outcome, "goto")
            checked.rules.append(RuleInfo(0, None, action, span))
        return
    for index, model in enumerate(handling or []):
        kind = model.action.type
        action = "fail" if kind == "return_error" else kind
        node = node_of(model)
        rule = RuleInfo(index, node, action, node.span(), model=model)
        if model.action.steps is not None:
            span = key_span(model.action, "steps")
            rule.body = new_block(checked, f"/rule/{index + 1}", "rule", None, span)
            rule.body.dag = True  # its steps run one after the other, without jumps
            for step in model.action.steps:
                _collect_rule_step(checked, rule.body, step, report)
        checked.rules.append(rule)


def _collect_rule_step(
    checked: CheckedWorkflow, body: BlockInfo, model: models.Step, report: Report
) -> None:
    """A bare `{name: X}` of a known step refers to it; anything else defines one."""
    known = checked.steps.get(model.name)
    if known is not None and set(node_of(model).entries) == {"name"}:
        body.steps.append(known)
        return
    add_step(checked, body, model, report)


def _resolve_rules(
    checked: CheckedWorkflow, written: Container[str], names: Names, report: Report
) -> None:
    key = _scalar(node_of(checked.workflow.spec), "fallback_step")
    if key is not None:
        step = _declare(checked, checked.root, key, written, report)
        checked.timeout_fallback = step
        if step is not None:
            names.fallback.setdefault(step, []).append(key)
    for rule in checked.rules:
        key = _goto_key(checked, rule)
        if key is None:
            continue
        if rule.node is None:
            target = _declare(checked, checked.root, key, written, report)
        else:
            target = existing_step(checked, key, report)
        if target is None:
            continue
        if target.block is not checked.root:
            report.add(
                MF3015,
                f"a rule jumps to `{key.text}`, which is inside another step",
                key.span(),
                help="`goto` names a step of the workflow's own list",
                labels=[Label(target.span, "the step stands here")],
            )
            continue
        rule.target = target
        names.failure.setdefault(target, []).append(key)


def _goto_key(checked: CheckedWorkflow, rule: RuleInfo) -> Scalar | None:
    if rule.action != "goto":
        return None
    if rule.model is not None:
        return _scalar(node_of(rule.model.action), "step")
    policy = checked.workflow.spec.error_handling
    assert isinstance(policy, models.FailurePolicy)
    return _scalar(node_of(policy), "on_failure")


# Failure keys --------------------------------------------------------------------


def _resolve_failure_keys(
    checked: CheckedWorkflow, written: Container[str], names: Names, report: Report
) -> None:
    for step in list(checked.steps.values()):
        key = _scalar(step.node, "on_failure")
        if key is not None:
            step.on_failure = _failure_target(checked, step, key, written, report)
            if step.on_failure is not None:
                names.failure.setdefault(step.on_failure, []).append(key)
        key = _scalar(step.node, "fallback_step")
        if key is not None:
            step.fallback = _declare(checked, step.block, key, written, report)
            if step.fallback is not None:
                names.fallback.setdefault(step.fallback, []).append(key)


def _failure_target(
    checked: CheckedWorkflow,
    step: StepInfo,
    key: Scalar,
    written: Container[str],
    report: Report,
) -> StepInfo | None:
    target = _declare(checked, step.block, key, written, report)
    if target is None or target.block is step.block:
        return target
    if target.block.kind == "rule":  # a rule's step, used as a handler of this list
        target.block = step.block
        target.handler = True
        step.block.steps.append(target)
        return target
    _report_other_block(step, target, key, report)
    return None


def _declare(
    checked: CheckedWorkflow,
    block: BlockInfo,
    key: Scalar,
    written: Container[str],
    report: Report,
) -> StepInfo | None:
    """The step that a failure key names, declared by that when there is none."""
    name = key.text
    known = checked.steps.get(name)
    if known is not None:
        return known
    near = suggest(name, [step for step in checked.steps if step in written])
    if near is not None:
        report.add(
            MF1004,
            f"there is no step `{name}`, but one named `{near}`",
            key.span(),
            help=f"write `{near}`, or give a new step a name that is less alike",
            labels=[Label(checked.steps[near].span, f"`{near}` stands here")],
        )
        return checked.steps[near]
    report.add(
        MF1003,
        f"step `{name}` is not written; this key declares it as a function step",
        key.span(),
        help=f"write the step: `- {{name: {name}, handler: true, function: …}}`",
    )
    step = StepInfo(
        name=name,
        type="function",
        block=block,
        span=key.span(),
        node=None,
        implicit=True,
        function=name,
    )
    block.steps.append(step)
    checked.steps[name] = step
    return step


def _assign_executors(checked: CheckedWorkflow) -> None:
    """The step's own executor; for an implicit step that of the first referring step
    that has one; else `spec.executor`; else the workflow's name."""
    default = checked.workflow.spec.executor or checked.workflow.metadata.name
    for step in checked.steps.values():
        if step.type == "function":
            step.executor = _own_executor(step) or default
    for step in checked.steps.values():
        if step.implicit:
            referring = (
                _own_executor(other)
                for other in checked.steps.values()
                if step in (other.on_failure, other.fallback)
            )
            step.executor = next((name for name in referring if name), default)


def _own_executor(step: StepInfo) -> str | None:
    if isinstance(step.model, models.FunctionStep | models.CallBranch):
        return step.model.executor
    return None


# Success keys --------------------------------------------------------------------


def _resolve_success_keys(
    checked: CheckedWorkflow, names: Names, report: Report
) -> None:
    for step in checked.steps.values():
        key = _scalar(step.node, "on_success")
        if key is not None:
            step.after = _jump(checked, step, key, names, report)
        if isinstance(step.model, models.SwitchStep):
            for case in step.model.cases:
                goto = _scalar(node_of(case), "goto")
                target = (
                    _jump(checked, step, goto, names, report)
                    if goto is not None
                    else None
                )
                if goto is not None and target is not None:
                    step.gotos.append((goto, target))


def _jump(
    checked: CheckedWorkflow,
    step: StepInfo,
    key: Scalar,
    names: Names,
    report: Report,
) -> StepInfo | End | None:
    if key.text == "end":
        return End.BLOCK
    target = existing_step(checked, key, report)
    if target is None:
        return None
    if target.block is not step.block:
        _report_other_block(step, target, key, report)
        return None
    names.success.setdefault(target, []).append(key)
    return target


def _report_other_block(
    step: StepInfo, target: StepInfo, key: Scalar, report: Report
) -> None:
    report.add(
        MF3002,
        f"`{step.name}` cannot jump to `{target.name}`, which is in another block",
        key.span(),
        help="a jump stays in its list of steps: a branch, a loop's body, `then`,"
        " `else` and a case are lists of their own; let the block end or fail, and"
        " jump from the step that owns it",
        labels=[Label(target.span, f"`{target.name}` stands here")],
    )


def _scalar(node: Mapping | None, key: str) -> Scalar | None:
    value = node.get(key) if node is not None else None
    return value if isinstance(value, Scalar) else None
