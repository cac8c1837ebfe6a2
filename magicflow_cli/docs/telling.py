"""A workflow in plain words: each step, where it leads, how long it can take."""

from __future__ import annotations

from magicflow_cli.docs.durations import print_duration
from magicflow_cli.docs.measures import printable
from magicflow_cli.docs.outline import (
    BLOCK_ENDS,
    FAILS,
    RUN_ENDS,
    BlockView,
    Outline,
    Route,
    RuleView,
    StepView,
    longest_path,
    outline,
)
from magicflow_cli.plan.models import Plan, Trigger

_TIMEOUT_ACTIONS = {
    "cancel_and_cleanup": "is cancelled, compensates and ends timed out",
    "fallback": "turns to its fallback step",
    "retry": "ends and is started once more",
    "ignore": "goes on, and the timeout is recorded",
}
_OUTER = {
    BLOCK_ENDS: "the run is completed",
    RUN_ENDS: "the run is completed",
    FAILS: "the run fails",
}
_INNER = {
    BLOCK_ENDS: "this part is done",
    RUN_ENDS: "the run is completed",
    FAILS: "this part fails",
}
_ROLES = {
    "handler": "runs after a failure",
    "fallback": "stands in for another step",
    "rule": "belongs to a failure rule",
    "compensation": "undoes a step",
}


def tell(plan: Plan) -> str:
    """The text, wrapped nowhere, indented by two blanks per block."""
    read = outline(plan)
    lines = [*_tell_head(plan), _tell_longest(read.root), ""]
    lines += _tell_block(read.root, "")
    lines += _tell_rules(read)
    return "\n".join(lines) + "\n"


def _tell_head(plan: Plan) -> list[str]:
    workflow = plan.workflow
    lines = [f"{workflow.name} {workflow.version}"]
    if workflow.description:
        lines.append(printable(workflow.description))
    lines += [f"Starts {_tell_trigger(trigger)}." for trigger in plan.triggers]
    if plan.timeout is not None:
        action = _TIMEOUT_ACTIONS[plan.timeout.action]
        lines.append(f"After {print_duration(plan.timeout.after)} a run {action}.")
    else:
        lines.append("A run may take any time: the workflow has no timeout.")
    return lines


def _tell_longest(root: BlockView) -> str:
    longest = longest_path(root)
    if longest is None:
        return "Some of its steps may take any time: nothing limits them."
    return f"Its longest path takes {print_duration(longest)} at worst."


def _tell_trigger(trigger: Trigger) -> str:
    if trigger.type == "event":
        return f"on the event {trigger.event}"
    if trigger.every is not None:
        return f"every {print_duration(trigger.every)}"
    return f"by the schedule `{trigger.cron}` ({trigger.time_zone or 'UTC'})"


def _tell_block(block: BlockView, indent: str) -> list[str]:
    """The steps; in the run's own block its end is the run's."""
    ends = _INNER if block.title else _OUTER
    lines: list[str] = []
    for number, step in enumerate(block.steps, 1):
        lines.append(f"{indent}{number}. {_tell_step(step)}")
        inside = indent + "   "
        if step.description:
            lines.append(f"{inside}{printable(step.description)}")
        lines += [f"{inside}{printable(text)}" for _, text in step.notes]
        lines.append(f"{inside}{_tell_time(step)}")
        lines += [f"{inside}{_tell_route(route, ends)}" for route in step.routes]
        for inner in step.blocks:
            lines.append(f"{inside}{printable(inner.title)}:")
            lines += _tell_block(inner, inside + "  ")
    return lines or [f"{indent}(nothing)"]


def _tell_step(step: StepView) -> str:
    kind = step.type.replace("_", " ")
    text = f"{step.name} ({kind}): {printable(step.does)}"
    if step.role in _ROLES:
        text += f"; {_ROLES[step.role]}"
    return text + ("; declared by the step that names it" if step.implicit else "")


def _tell_time(step: StepView) -> str:
    if step.worst is None:
        return "at worst: any time, nothing limits it"
    return f"at worst: {print_duration(step.worst)}"


def _tell_route(route: Route, ends: dict[str, str]) -> str:
    when = {
        "next": "then",
        "rejoin": "then",
        "skip": "if skipped",
        "case": (
            f"if {printable(route.label)}"
            if route.label != "otherwise"
            else "otherwise"
        ),
        "depends": "then, with whatever else it waits for,",
        "failure": _on("on failure", route),
        "fallback": _on("in its place", route),
        "rule": "by rule",
    }[route.kind]
    where = ends.get(route.target, route.target)
    return f"{when} → {where}"


def _on(text: str, route: Route) -> str:
    return f"{text} ({route.label})" if route.label else text


def _tell_rules(read: Outline) -> list[str]:
    if not read.rules:
        return []
    lines = ["", "When a failure is not handled, or a step ends so:"]
    for number, rule in enumerate(read.rules, 1):
        lines.append(f"{number}. {_tell_rule(rule)}")
        if rule.block is not None:
            lines += _tell_block(rule.block, "   ")
    return lines


def _tell_rule(rule: RuleView) -> str:
    when = "any other failure" if rule.when == "true" else f"if {printable(rule.when)}"
    target = f" to {rule.target}" if rule.target is not None else ""
    return f"{when}: {printable(rule.does)}{target}"
