"""Failure paths: fallbacks that nothing leads to, rules that cannot fire, failures that
nothing answers."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.flow import enclosing_blocks, scalar_of
from magicflow_cli.check.model import CheckedWorkflow, RuleInfo, StepInfo
from magicflow_cli.check.policies import OWN_CODES, spec_of
from magicflow_cli.diagnostics import Label, Report, Severity, Span
from magicflow_cli.diagnostics.codes import (
    MF6702,
    MF6703,
    MF6704,
    MF6705,
    MF6706,
    MF6707,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Sequence
from magicflow_cli.plan import models as plan

_LIMITS = ("timeout", "queue_timeout", "heartbeat_timeout", "total_timeout")


def check_unused_fallback(checked: CheckedWorkflow, report: Report) -> None:
    """A fallback that no failure leads to."""
    spec = spec_of(checked)
    key = spec.get("fallback_step")
    if key is not None and scalar_of(spec, "timeout_action") != "fallback":
        report.add(
            MF6702,
            "the workflow's `fallback_step` is never used",
            key.span(),
            help="it answers the workflow's timeout: add `timeout_action: fallback`",
        )
    broken = {
        (step.executor, step.function)
        for step in checked.steps.values()
        if step.node is not None and "circuit_breaker" in step.node
    }
    for step in checked.steps.values():
        node = step.node
        if node is None or step.fallback is None or step.on_failure is None:
            continue
        action = scalar_of(node, "timeout_action")
        limited = any(limit in node for limit in _LIMITS)
        own_timeout = limited and action not in ("ignore", "cancel_and_cleanup")
        if own_timeout or (step.executor, step.function) in broken:
            continue
        key = node.get("fallback_step")
        failure = node.get("on_failure")
        report.add(
            MF6702,
            f"the fallback of `{step.name}` is never used",
            key.span() if key is not None else step.span,
            help="beside `on_failure` a fallback answers only the step's own timeout and"
            " `CIRCUIT_OPEN`, and the step has neither: add a `timeout` or a"
            " `circuit_breaker`, or leave one of the two keys out",
            labels=(
                [Label(failure.span(), "this takes every other failure")]
                if failure is not None
                else []
            ),
        )


def check_unanswered_codes(checked: CheckedWorkflow, report: Report) -> None:
    """Errors that a function declares and that nothing in the workflow answers."""
    answered = _answered_by_rules(checked)
    if answered is None:
        return
    for info in checked.functions.values():
        for code, error in info.errors.items():
            steps = [step for step in info.steps if not _has_handler(step)]
            if error.retryable or code in answered or not steps:
                continue
            report.add(
                MF6703,
                f"nothing answers `{code}` of `{info.function}`: it fails the run",
                steps[0].span,
                help="give the step an `on_failure` or a `fallback_step`, or write a"
                f" rule for `$.error.code == '{code}'` under `error_handling`",
                labels=[Label(step.span, "nor here") for step in steps[1:4]],
            )


_WAITS = {"wait_for_event": "event", "human_task": "answer"}


def check_unanswered_waits(checked: CheckedWorkflow, report: Report) -> None:
    """Waiting for others with a limit: that it passes is an ordinary outcome."""
    answered = _answered_by_rules(checked)
    if answered is None or "TIMEOUT" in answered:
        return
    for step in checked.steps.values():
        if step.type not in _WAITS or step.node is None or "timeout" not in step.node:
            continue
        acts = scalar_of(step.node, "timeout_action") not in (None, "retry")
        if acts or _has_handler(step):
            continue
        key = step.node.get("timeout")
        assert key is not None
        report.add(
            MF6703,
            f"when no {_WAITS[step.type]} comes in time, `{step.name}` fails the run",
            key.span(),
            help="say what happens then: `on_failure`, `fallback_step`, or"
            " `timeout_action: ignore`",
            severity=Severity.NOTE,
        )


def check_cases(checked: CheckedWorkflow, report: Report) -> None:
    """Cases of a switch that an earlier one always takes."""
    for step in checked.steps.values():
        cases = step.node.get("cases") if step.node is not None else None
        seen: list[tuple[plan.Expr, Node]] = []
        for case in cases.items if isinstance(cases, Sequence) else []:
            node = case.get("when") if isinstance(case, Mapping) else None
            test = checked.values.get(node) if node is not None else None
            if node is None or test is None:
                continue
            taken = next((n for t, n in seen if t == test or _always(t)), None)
            if taken is not None or _never_true(test) is not None:
                report.add(
                    MF6707,
                    f"this case of `{step.name}` can never be taken",
                    node.span(),
                    help="the first case that holds is taken: change the test, move the"
                    " case up, or take it out",
                    labels=(
                        [Label(taken.span(), "this one comes first")]
                        if taken is not None
                        else []
                    ),
                )
            seen.append((test, node))


def _always(test: plan.Expr) -> bool:
    return isinstance(test, plan.LitExpr) and test.value is True


def _has_handler(step: StepInfo) -> bool:
    """The step or one around it handles a failure; a handler's own failure is left to
    the failure that it handles."""
    if step.role != "main" or step.on_failure is not None or step.fallback is not None:
        return True
    owners = (block.owner for block in enclosing_blocks(step.block))
    return any(
        owner.role != "main" or owner.on_failure or owner.fallback
        for owner in owners
        if owner is not None
    )


def _answered_by_rules(checked: CheckedWorkflow) -> set[str] | None:
    """The codes that rules name; None when some rule answers any failure."""
    codes: set[str] = set()
    handling = spec_of(checked).get("error_handling")
    if isinstance(handling, Mapping):
        return None  # the map form says what happens with every failure
    for rule in checked.rules:
        test = _test(checked, rule)
        if test is None:
            return None
        named = set(_codes_in(test))
        if rule.reads_error and not named:
            return None
        codes |= named
    return codes


def _codes_in(test: plan.Expr) -> Iterator[str]:
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
            yield from _codes_in(left)
            yield from _codes_in(right)
        case _:
            return


def _is_code(expr: plan.Expr) -> bool:
    return (
        isinstance(expr, plan.PathExpr)
        and expr.root == "error"
        and len(expr.segments) == 1
        and expr.segments[0].selectors[0].member == "code"
    )


# -- rules


def check_rules(checked: CheckedWorkflow, report: Report) -> None:
    """Rules that can never fire, each with the first reason that is found."""
    for rule in checked.rules:
        if rule.node is None:
            continue
        test = _test(checked, rule)
        node = rule.node.get("condition")
        if test is None or node is None:
            continue
        reason = (
            _never_true(test)
            or _same_as_earlier(checked, rule, test)
            or _unknown_code(checked, test)
            or _failure_taken(checked, rule, test)
        )
        if reason is not None:
            message, text, labels = reason
            report.add(MF6704, message, node.span(), help=text, labels=labels)


_Reason = tuple[str, str, list[Label]]


def _test(checked: CheckedWorkflow, rule: RuleInfo) -> plan.Expr | None:
    node: Node | None = rule.node.get("condition") if rule.node is not None else None
    return checked.values.get(node) if node is not None else None


def _number(rule: RuleInfo) -> str:
    return f"rule {rule.index + 1}"


def _never_true(test: plan.Expr) -> _Reason | None:
    if isinstance(test, plan.LitExpr) and not test.value:
        return (
            "this rule can never fire: its condition is never true",
            "write a condition, or take the rule out",
            [],
        )
    return None


def _same_as_earlier(
    checked: CheckedWorkflow, rule: RuleInfo, test: plan.Expr
) -> _Reason | None:
    """Only the first match acts."""
    for other in checked.rules[: rule.index]:
        known = _test(checked, other)
        always = known is not None and _always(known)
        # A rule that reads steps only is also tried when they end well.
        if known == test or (always and (rule.reads_error or not rule.reads)):
            return (
                f"{_number(rule)} can never fire: {_number(other)} always matches first",
                "make the conditions exclude each other, or move this rule up",
                [Label(other.span, "this one")],
            )
    return None


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
    if not isinstance(test, plan.BinaryExpr) or test.op != "==":
        return None
    for code in _codes_in(test):
        if code not in known:
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
    return None


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
