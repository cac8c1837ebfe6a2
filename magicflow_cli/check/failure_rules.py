"""Rules of `error_handling`: those that can never fire, have nothing to undo, or jump
from where they may not."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.flow import scalar_of
from magicflow_cli.check.model import CheckedWorkflow, RuleInfo, StepInfo
from magicflow_cli.check.policies import OWN_CODES
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import (
    MF6704,
    MF6705,
    MF6706,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.serial import to_json


def check_rules(checked: CheckedWorkflow, report: Report) -> None:
    """Rules that can never fire, each with the first reason that is found."""
    first: dict[str, RuleInfo] = {}
    for rule in checked.rules:
        node = rule.node.get("condition") if rule.node is not None else None
        test = test_of(checked, rule)
        if test is None or node is None:
            continue
        reason = (
            never_true(test)
            or _same_as_earlier(rule, test, first)
            or _unknown_code(checked, test)
            or _failure_taken(checked, rule, test)
        )
        if reason is not None:
            message, text, labels = reason
            report.add(MF6704, message, node.span(), help=text, labels=labels)
        first.setdefault(key_of(test), rule)


_Reason = tuple[str, str, list[Label]]


def test_of(checked: CheckedWorkflow, rule: RuleInfo) -> plan.Expr | None:
    node: Node | None = rule.node.get("condition") if rule.node is not None else None
    return checked.values.get(node) if node is not None else None


def _number(rule: RuleInfo) -> str:
    return f"rule {rule.index + 1}"


def never_true(test: plan.Expr) -> _Reason | None:
    if isinstance(test, plan.LitExpr) and not test.value:
        return (
            "this rule can never fire: its condition is never true",
            "write a condition, or take the rule out",
            [],
        )
    return None


def _same_as_earlier(
    rule: RuleInfo, test: plan.Expr, first: dict[str, RuleInfo]
) -> _Reason | None:
    """Only the first match acts. `first` has the earlier rules by their tests."""
    found = [first.get(key_of(test))]
    # A rule that reads steps only is also tried when they end well.
    if rule.reads_error or not rule.reads:
        found.append(first.get(ALWAYS))
    earlier = [other for other in found if other is not None]
    if not earlier:
        return None
    other = min(earlier, key=lambda each: each.index)
    return (
        f"{_number(rule)} can never fire: {_number(other)} always matches first",
        "make the conditions exclude each other, or move this rule up",
        [Label(other.span, "this one")],
    )


def _unknown_code(checked: CheckedWorkflow, test: plan.Expr) -> _Reason | None:
    """A code that nothing in the workflow can report; only where that is known."""
    calls = [s for s in checked.steps.values() if s.type in ("http", "workflow")]
    infos = checked.functions.values()
    if calls or any(not info.errors for info in infos):
        return None
    known = set(OWN_CODES)
    for info in infos:
        known.update(info.errors)
    for step in checked.steps.values():
        code = scalar_of(step.node, "code") if step.type == "fail" else None
        known.update([code] if code else [])
    needed = _needed_codes(test)
    if needed is None or not needed.isdisjoint(known):
        return None
    if not needed:
        return (
            "this rule can never fire: no code is all of those that it names",
            "join alternatives by `||`, or write `$.error.code in ['A', 'B']`",
            [],
        )
    code = min(needed)
    near = suggest(code, known)
    return (
        f"this rule can never fire: nothing reports the code `{code}`",
        (
            f"did you mean `{near}`?"
            if near
            else "the functions' `errors` in the context declare what they report"
        ),
        [],
    )


def _needed_codes(test: plan.Expr) -> frozenset[str] | None:
    """The codes of which `$.error.code` must be one for a test to hold; None when it
    may be any."""
    if not isinstance(test, plan.BinaryExpr):
        return None
    if test.op in ("==", "in"):
        return frozenset(codes_in(test)) or None
    if test.op not in ("and", "or"):
        return None
    left, right = _needed_codes(test.left), _needed_codes(test.right)
    if test.op == "or":
        return None if left is None or right is None else left | right
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _failure_taken(
    checked: CheckedWorkflow, rule: RuleInfo, test: plan.Expr
) -> _Reason | None:
    """`$.x.status == 'failed'`, where the keys of `x` take its failure first."""
    step = _failed_step(checked, test)
    if step is None or rule.reads != (step.name,):
        return None
    for key in ("on_failure", "fallback_step"):
        if step.node is not None and key in step.node:
            node = step.node.get(key)
            assert node is not None
            if key == "fallback_step" and step.on_failure is None:
                handler = "the fallback"
            else:
                handler = f"`{scalar_of(step.node, key)}`"
            return (
                f"{_number(rule)} cannot fire for a failure of `{step.name}`: its"
                f" `{key}` takes it first",
                f"rules see only what no step handled: the rule fires at most when"
                f" {handler} itself fails; leave `{key}` out, or do the rule's work in"
                " the handler",
                [Label(node.span(), f"takes every failure of `{step.name}`")],
            )
    return None


def _failed_step(checked: CheckedWorkflow, test: plan.Expr) -> StepInfo | None:
    if not isinstance(test, plan.BinaryExpr) or test.op != "==":
        return None
    for path, value in ((test.left, test.right), (test.right, test.left)):
        if (
            isinstance(path, plan.PathExpr)
            and path.root == "step"
            and path.field == "status"
            and isinstance(value, plan.LitExpr)
            and value.value == "failed"
        ):
            return checked.steps.get(path.name or "")
    return None


def check_rollback(checked: CheckedWorkflow, report: Report) -> None:
    """Compensation is asked for, and no step has any."""
    able = any(
        step.node is not None and "compensation" in step.node
        for step in checked.steps.values()
    )
    children = any(step.type == "workflow" for step in checked.steps.values())
    if able or children:
        return
    for rule in checked.rules:
        if rule.action == "compensate" and rule.body is None:
            report.add(
                MF6705,
                "there is nothing to roll back: no step has a `compensation`",
                _action_span(rule),
                help="give the steps that must be undone a `compensation:`, or let the"
                " run fail",
            )


def _action_span(rule: RuleInfo) -> Span:
    action = rule.node.get("action") if rule.node is not None else None
    kind = action.get("type") if isinstance(action, Mapping) else None
    return kind.span() if kind is not None else rule.span


def check_rule_jumps(checked: CheckedWorkflow, report: Report) -> None:
    """A `goto` is allowed only where all steps that the rule reads are."""
    for rule in checked.rules:
        if rule.target is None or rule.node is None:
            continue
        for name in rule.reads:
            step = checked.steps.get(name)
            node = rule.node.get("condition")
            if step is None or node is None or step.block is checked.root:
                continue
            report.add(
                MF6706,
                f"{_number(rule)} jumps and reads `{name}`, which is inside another"
                " step",
                node.span(),
                help="a rule that jumps reads only steps of the workflow's own list:"
                " read the step that owns it, or let the rule `fail` or `compensate`",
                labels=[Label(step.span, "the step stands here")],
            )


def key_of(test: plan.Expr) -> str:
    """The same for equal tests and for no others; thousands of rules are compared by
    it."""
    return repr(to_json(test))


ALWAYS = key_of(plan.LitExpr(value=True))


def codes_in(test: plan.Expr) -> Iterator[str]:
    """Codes that a test compares `$.error.code` with."""
    match test:
        case plan.BinaryExpr(op="==", left=left, right=right):
            for path, value in ((left, right), (right, left)):
                if _is_code(path) and isinstance(value, plan.LitExpr):
                    yield str(value.value)
        case plan.BinaryExpr(op="in", left=left, right=plan.ArrayExpr(items=items)):
            if _is_code(left):
                for item in items:
                    if isinstance(item, plan.LitExpr):
                        yield str(item.value)
        case plan.BinaryExpr(left=left, right=right):
            yield from codes_in(left)
            yield from codes_in(right)
        case _:
            return


def _is_code(expr: plan.Expr) -> bool:
    return (
        isinstance(expr, plan.PathExpr)
        and expr.root == "error"
        and len(expr.segments) == 1
        and expr.segments[0].selectors[0].member == "code"
    )
