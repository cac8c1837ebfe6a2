"""Retry policies: attempts that cannot happen, delays and codes that make no sense."""

from __future__ import annotations

from magicflow_cli.check.fixes import for_scalar
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.policies import (
    NEVER_RETRIED,
    OWN_CODES,
    Retry,
    millis,
    place_of,
    retry_of,
    run_limit,
    shown,
    spec_of,
    spoken,
    written_retries,
)
from magicflow_cli.diagnostics import Label, Report
from magicflow_cli.diagnostics.codes import (
    MF7003,
    MF7005,
    MF7008,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar


def check_impossible_retries(checked: CheckedWorkflow, report: Report) -> None:
    """Attempts that a policy promises and that no run can see."""
    for step in checked.steps.values():
        policies = written_retries(checked, step)
        retry = retry_of(policies)
        if step.node is None:
            continue
        own = step.node.get("retry")
        reason = _no_retry(checked, step, retry)
        if reason is not None:
            at, message, text = reason
            span = place_of(step.node, at)
            report.add(MF7003, message, span, help=text)
        elif retry is not None and isinstance(own, Mapping):
            _check_reach(checked, step, retry, own, report)


def _no_retry(
    checked: CheckedWorkflow, step: StepInfo, retry: Retry | None
) -> tuple[str, str, str] | None:
    """Where, what and how to mend, when a written wish to retry never comes true."""
    node = step.node
    assert node is not None
    action = node.get("timeout_action")
    wants = isinstance(action, Scalar) and action.text == "retry"
    if retry is None or retry.max_attempts <= 1:
        if wants:
            return (
                "timeout_action",
                f"`{step.name}` asks for a retry and has only one attempt",
                "add `retry: {max_attempts: 3}`, or leave `timeout_action: retry` out:"
                " an ordinary failure is what it means",
            )
        own = node.get("retry")
        if isinstance(own, Mapping) and set(own.entries) - {"max_attempts"}:
            return (
                "retry",
                f"`{step.name}` has one attempt, so the other keys of `retry` say"
                " nothing",
                "`max_attempts` counts the first attempt: write 2 or more",
            )
        return None
    if not isinstance(node.get("retry"), Mapping) and not wants:
        return None
    if retry.retry_on is not None:
        left = [
            code
            for code in retry.retry_on
            if code not in retry.non_retryable and code not in NEVER_RETRIED
        ]
        if not left:
            return (
                "retry",
                f"nothing that `{step.name}` may fail with is retried",
                f"{', '.join(NEVER_RETRIED)} are never retried, and `non_retryable` wins"
                " over `retry_on`",
            )
    return None


def _check_reach(
    checked: CheckedWorkflow,
    step: StepInfo,
    retry: Retry,
    own: Mapping,
    report: Report,
) -> None:
    """The delays alone use a limit up before the last attempt starts."""
    assert step.node is not None
    spec = spec_of(checked)
    for key, limit, node in (
        ("total_timeout", millis(step.node, "total_timeout"), step.node),
        ("timeout", run_limit(checked), spec),
    ):
        if limit is None:
            continue
        passed, terms = 0, []
        for attempt in range(1, min(retry.max_attempts, 1_000)):
            passed += retry.delay(attempt)
            terms.append(shown(retry.delay(attempt)))
            if passed >= limit:
                what = "its `total_timeout`" if node is step.node else "the timeout"
                report.add(
                    MF7003,
                    f"attempt {attempt + 1} of `{step.name}` can never start:"
                    f" {what} is over by then",
                    place_of(step.node, "retry"),
                    help=f"the delays before it are {_sum(terms, passed)}, the limit is"
                    f" {shown(limit)}: lower the delays or `max_attempts`, or raise"
                    f" `{key}`",
                    labels=[Label(place_of(node, key), "this limit")],
                )
                return


def _sum(terms: list[str], total: int) -> str:
    if len(terms) == 1:
        return terms[0]
    more = "… + " if len(terms) > 6 else ""
    return f"{more}{' + '.join(terms[-6:])} = {spoken(total)}"


def check_retry_codes(checked: CheckedWorkflow, report: Report) -> None:
    """`retry_on` and `non_retryable` name codes that can occur."""
    for step in checked.steps.values():
        own = step.node.get("retry") if step.node is not None else None
        info = checked.functions.get(f"{step.executor}/{step.function}")
        if not isinstance(own, Mapping):
            continue
        known = [*OWN_CODES, *(info.errors if info is not None else ())]
        for key in ("retry_on", "non_retryable"):
            for item in _codes(own.get(key)):
                near = suggest(item.text, known)
                declared = info is not None and bool(info.errors)
                if item.text in known or (near is None and not declared):
                    continue
                report.add(
                    MF7008,
                    f"nothing reports the code `{item.text}`",
                    item.span(),
                    fix=for_scalar(item, near),
                    help=(
                        f"did you mean `{near}`?"
                        if near
                        else f"`{step.function}` declares "
                        + ", ".join(f"`{c}`" for c in (info.errors if info else ()))
                        + ": add the code to its `errors` in the context"
                    ),
                )
                continue


def _codes(node: Node | None) -> list[Scalar]:
    items = getattr(node, "items", None)
    return (
        [item for item in items if isinstance(item, Scalar)]
        if isinstance(items, list)
        else []
    )


def check_delays(checked: CheckedWorkflow, report: Report) -> None:
    """`initial_delay` beyond `max_delay` is cut at once."""
    policies = [spec_of(checked).get("retry_policy")]
    for step in checked.steps.values():
        if step.node is not None:
            policies.append(step.node.get("retry"))
            undo = step.node.get("compensation")
            policies.append(undo.get("retry") if isinstance(undo, Mapping) else None)
    for policy in policies:
        if not isinstance(policy, Mapping) or "initial_delay" not in policy:
            continue
        retry = retry_of([policy])
        if retry is not None and retry.initial_delay > retry.max_delay:
            report.add(
                MF7005,
                f"the first delay, {shown(retry.initial_delay)}, is beyond `max_delay`,"
                f" {shown(retry.max_delay)}: every delay is {shown(retry.max_delay)}",
                place_of(policy, "initial_delay"),
                help="raise `max_delay` (default 60s), or lower `initial_delay`",
            )
