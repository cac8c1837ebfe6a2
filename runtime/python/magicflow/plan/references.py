"""A reference to a node that is not there would only show in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow.plan import nodes


def dangling(plan: nodes.Plan) -> str | None:
    """What is wrong with the first reference that leads nowhere, or None."""
    known = plan.nodes.keys() | {"@block", "@run"}
    for place, target in _references(plan):
        if target is not None and target not in known:
            return f"{place} refers to {target!r}, which is no node"
    return None


def _references(plan: nodes.Plan) -> Iterator[tuple[str, str | None]]:
    yield "the plan's root", plan.root
    if plan.timeout is not None:
        yield "the plan's timeout", plan.timeout.handler
    for node in plan.nodes.values():
        for target in _targets(node):
            yield f"node {node.id!r}", target
    for rule in plan.rules:
        yield rule.id, rule.action.body
        yield rule.id, rule.action.target


def _targets(node: nodes.Node) -> list[str | None]:
    targets: list[str | None] = [node.next, node.guard_skip]
    if isinstance(node, nodes.Seq):
        targets += [*node.nodes, node.start, *(node.deps or {}), *node.dependents]
    elif isinstance(node, nodes.Switch):
        ways = [way for _, way in node.cases] + ([node.default] if node.default else [])
        targets += [target for way in ways for target in (way.body, way.goto)]
    elif isinstance(node, nodes.Call) and node.compensation is not None:
        targets.append(node.compensation.node)
    elif isinstance(node, nodes.Fork):
        targets += [body for _, body in node.branches]
    elif isinstance(node, nodes.For):
        targets.append(node.body)
    elif isinstance(node, nodes.Try):
        targets += [node.body]
        targets += [target for c in node.catch for target in (c.handler, c.target)]
    return targets
