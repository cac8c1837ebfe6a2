"""Every place of a workflow where an expression or a mapping value stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from magicflow_cli.check.dataflow.scope import (
    Scope,
    branch_node,
    failure_targets,
    sees_error,
)
from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, RuleInfo, StepInfo
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence
from magicflow_cli.record import Value

Kind: TypeAlias = Literal["expression", "value", "path"]

Purpose: TypeAlias = Literal[
    "test",  # guard, condition, while, case, rule, trigger filter
    "input",
    "output",
    "list",  # a loop's source
    "date-time",
    "text",  # printed or sent as text: url, header, message, title
    "data",  # free data: body, emit data, details, collect
    "run-output",
    "trigger-input",
    "compensation",
    "pii",
    "key",
]


class Site(Value):
    """`member` names the entry of a mapping that the site is one of: a header, a
    query parameter, a correlated member."""

    node: Node
    kind: Kind
    purpose: Purpose
    scope: Scope
    key: str
    member: str = ""


_OUTPUT_ROOTS = frozenset({"response", "result"})


def sites(checked: CheckedWorkflow) -> Iterator[Site]:
    """All sites, in no order that matters but a stable one."""
    spec = checked.document.root.get("spec")
    if not isinstance(spec, Mapping):
        return
    targets = failure_targets(checked.steps.values(), checked.rules)
    for step in checked.steps.values():
        if step.node is not None:
            special = frozenset({"error"} if sees_error(step, targets) else ())
            yield from _step_sites(step, step.node, special)
    for rule in checked.rules:
        yield from _rule_sites(checked, rule)
    yield from _spec_sites(checked, spec)


# -- steps


def _step_sites(
    step: StepInfo, node: Mapping, special: frozenset[str]
) -> Iterator[Site]:
    name = step.name

    def before(key: str) -> Scope:
        return Scope(f"`{key}` of `{name}`", "before", step.block, step, None, special)

    guard = node.get("condition")
    if guard is not None:
        yield Site(guard, "expression", "test", before("condition"), "condition")
    yield from _values(node, before, _BEFORE.get(step.type, {}))
    value = node.get("input")
    if value is not None:
        yield Site(value, "value", "input", before("input"), "input")
    for map_key in ("headers", "query", "correlate"):
        members = node.get(map_key)
        if isinstance(members, Mapping):
            purpose: Purpose = "data" if map_key == "correlate" else "text"
            for member, item in members.items():
                scope = before(f"{map_key}.{member}")
                yield Site(item, "value", purpose, scope, map_key, member)
    yield from _type_sites(step, node, special, before("iterate_over"))
    yield from _output_site(step, node, special)
    compensation = node.get("compensation")
    if isinstance(compensation, Mapping) and "input" in compensation:
        where = f"`compensation.input` of `{name}`"
        scope = Scope(where, "undo", step.block, step)
        undo = compensation.get("input")
        assert undo is not None
        yield Site(undo, "value", "compensation", scope, "input")


_BEFORE: dict[str, dict[str, Purpose]] = {
    "http": {"url": "text", "body": "data"},
    "wait": {"until": "date-time"},
    "emit": {"data": "data"},
    "human_task": {"assignee": "text", "title": "text", "description": "text"},
    "fail": {"message": "text", "details": "data"},
}


def _values(node: Mapping, before: object, keys: dict[str, Purpose]) -> Iterator[Site]:
    assert callable(before)
    for key, purpose in keys.items():
        value = node.get(key)
        if value is not None:
            yield Site(value, "value", purpose, before(key), key)


def _type_sites(
    step: StepInfo, node: Mapping, special: frozenset[str], before: Scope
) -> Iterator[Site]:
    if step.type == "switch":
        cases = node.get("cases")
        for item in cases.items if isinstance(cases, Sequence) else []:
            test = item.get("when") if isinstance(item, Mapping) else None
            if test is not None:
                where = f"a case of `{step.name}`"
                scope = Scope(where, "before", step.block, step, None, special)
                yield Site(test, "expression", "test", scope, "when")
    elif step.type == "loop":
        source = node.get("iterate_over")
        if source is not None:
            yield Site(source, "expression", "list", before, "iterate_over")
        body = step.blocks[0] if step.blocks else step.block
        for key, kind, purpose in _LOOP_ROUND:
            value = node.get(key)
            if value is not None:
                where = f"`{key}` of `{step.name}`"
                scope = Scope(where, "round", body, step, None, special)
                yield Site(value, kind, purpose, scope, key)
    elif step.type == "parallel":
        for block in step.blocks:
            yield from _branch_site(step, block, special)


_LOOP_ROUND: tuple[tuple[str, Kind, Purpose], ...] = (
    ("while", "expression", "test"),
    ("collect", "value", "data"),
)


def _branch_site(
    step: StepInfo, block: BlockInfo, special: frozenset[str]
) -> Iterator[Site]:
    node = branch_node(block)
    if node is None or "steps" not in node:
        return  # the short form: the branch is a step and its output that step's
    output = node.get("output")
    if output is not None:
        where = f"`output` of branch `{block.branch}`"
        scope = Scope(where, "block_end", block, step, None, special)
        yield Site(output, "value", "data", scope, "branch-output")


def _output_site(
    step: StepInfo, node: Mapping, special: frozenset[str]
) -> Iterator[Site]:
    output = node.get("output")
    if output is None:
        return
    roots = special
    if step.type != "transform":
        roots = roots | _OUTPUT_ROOTS
    if step.type == "human_task":
        roots = roots | {"form"}
    elif step.type == "parallel":
        roots = roots | {"branches"}
    elif step.type == "loop":
        roots = roots | {"iterations"}
    where = f"`output` of `{step.name}`"
    scope = Scope(where, "after", step.block, step, None, roots)
    yield Site(output, "value", "output", scope, "output")


# -- rules and the workflow's own keys


def _rule_sites(checked: CheckedWorkflow, rule: RuleInfo) -> Iterator[Site]:
    if rule.node is None:
        return
    number = rule.index + 1

    def scope(key: str) -> Scope:
        where = f"`{key}` of rule {number}"
        roots = frozenset({"error"})
        return Scope(where, "rule", checked.root, None, rule, roots)

    test = rule.node.get("condition")
    if test is not None:
        yield Site(test, "expression", "test", scope("condition"), "condition")
    action = rule.node.get("action")
    if isinstance(action, Mapping):
        message = action.get("message")
        if message is not None:
            yield Site(message, "value", "text", scope("message"), "message")
        details = action.get("details")
        if details is not None:
            yield Site(details, "value", "data", scope("details"), "details")


def _spec_sites(checked: CheckedWorkflow, spec: Mapping) -> Iterator[Site]:
    root = checked.root
    output = spec.get("output")
    if output is not None:
        scope = Scope("the run's `output`", "end", root)
        yield Site(output, "value", "run-output", scope, "output")
    conditions = spec.get("conditions")
    if isinstance(conditions, Mapping):
        for name, node in conditions.items():
            special = frozenset({"error", "condition"})
            scope = Scope(f"condition `{name}`", "anywhere", root, special=special)
            yield Site(node, "expression", "test", scope, "conditions", name)
    concurrency = spec.get("concurrency")
    if isinstance(concurrency, Mapping):
        key = concurrency.get("key")
        if key is not None:
            scope = Scope("`concurrency.key`", "start", root)
            yield Site(key, "expression", "key", scope, "key")
    security = spec.get("security")
    pii = security.get("pii") if isinstance(security, Mapping) else None
    for item in pii.items if isinstance(pii, Sequence) else []:
        scope = Scope("`security.pii`", "anywhere", root)
        yield Site(item, "path", "pii", scope, "pii")
    yield from _trigger_sites(checked, spec)


def _trigger_sites(checked: CheckedWorkflow, spec: Mapping) -> Iterator[Site]:
    triggers = spec.get("triggers")
    for item in triggers.items if isinstance(triggers, Sequence) else []:
        if not isinstance(item, Mapping):
            continue
        named = item.get("event")
        event = named.text if isinstance(named, Scalar) else ""
        special = frozenset({"event"}) if event else frozenset[str]()
        condition = item.get("filter")
        if condition is not None:
            scope = _trigger_scope(checked, "filter", special, event)
            yield Site(condition, "expression", "test", scope, "filter")
        value = item.get("input")
        if value is not None:
            scope = _trigger_scope(checked, "input", special, event)
            yield Site(value, "value", "trigger-input", scope, "trigger-input")


def _trigger_scope(
    checked: CheckedWorkflow, key: str, special: frozenset[str], event: str
) -> Scope:
    where = f"a trigger's `{key}`"
    return Scope(where, "event", checked.root, special=special, event=event)
