"""Failure paths: fallbacks that nothing leads to, failures that nothing answers, cases
that are never taken."""

from __future__ import annotations

from magicflow_cli.check.failure_rules import (
    ALWAYS,
    codes_in,
    key_of,
    never_true,
    test_of,
)
from magicflow_cli.check.flow import enclosing_blocks, scalar_of
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import spec_of
from magicflow_cli.diagnostics import Label, Report, Severity
from magicflow_cli.diagnostics.codes import (
    MF6702,
    MF6703,
    MF6707,
)
from magicflow_cli.load.nodes import Mapping, Node, Sequence

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
        seen: dict[str, Node] = {}
        for case in cases.items if isinstance(cases, Sequence) else []:
            node = case.get("when") if isinstance(case, Mapping) else None
            test = checked.values.get(node) if node is not None else None
            if node is None or test is None:
                continue
            taken = seen.get(ALWAYS) or seen.get(key_of(test))
            if taken is not None or never_true(test) is not None:
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
            seen.setdefault(key_of(test), node)


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
        test = test_of(checked, rule)
        if test is None:
            return None
        named = set(codes_in(test))
        if rule.reads_error and not named:
            return None
        codes |= named
    return codes
