"""plan.json → the executable plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow.expr import compile_expression, secret_pointers
from magicflow.plan import nodes
from magicflow.plan.checks import Checks
from magicflow.plan.kinds import KINDS, Source, optional
from magicflow.plan.references import dangling

Json = Mapping[str, Any]

PLAN_VERSIONS = frozenset({1})
DEFAULT_LIMITS = {
    "visits_per_block": 1_000,
    "occurrences_per_run": 10_000,
    "value_bytes": 256 * 1024,
    "cancel_grace": 30_000,
}


PSEUDO_NODES = ("@handling", "@undo")
"""Nodes of the core's own, for what stands beside the root block."""


class PlanError(ValueError):
    """The JSON is no plan that this runtime can run."""


def load_plan(plan: Json, limits: Mapping[str, int] | None = None) -> nodes.Plan:
    """Compile a plan. `limits` overrides the plan's own, by name.

    Raises PlanError for a plan of another version and for JSON that is no plan; a plan
    from the compiler never raises.
    """
    if plan.get("plan_version") not in PLAN_VERSIONS:
        raise PlanError(
            f"the plan has version {plan.get('plan_version')!r}; "
            f"this runtime knows {sorted(PLAN_VERSIONS)}"
        )
    try:
        return _Loader(plan).load(limits or {})
    except PlanError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PlanError(f"the plan is malformed: {error!r}") from error


class _Loader:
    """The state of one load: the plan's JSON, and its compiled checks and rules."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.checks = Checks(plan["types"])
        self.rules = tuple(self._rule(rule) for rule in plan["rules"])
        valued = _valued_blocks(plan["nodes"])
        self.source = Source(plan, self.checks, valued)

    def load(self, limits: Mapping[str, int]) -> nodes.Plan:
        plan = self.plan
        table = {id: self._node(id, node) for id, node in plan["nodes"].items()}
        loaded = nodes.Plan(
            hash=plan["hash"],
            name=plan["workflow"]["name"],
            version=plan["workflow"]["version"],
            root=plan["root"],
            nodes=table,
            rules=self.rules,
            output=compile_expression(plan["output"]["value"]),
            output_check=self.checks.of(plan["output"]["type"]),
            input_check=self.checks.of(plan["input"]),
            input_defaults=self.checks.defaults(plan["input"]),
            events={
                name: self.checks.of(event["type"])
                for name, event in plan["events"].items()
                if event.get("listens", True)
            },
            correlations=_correlations(table),
            timeout=_timeout(plan.get("timeout")),
            notifications=tuple(plan.get("notifications", ())),
            limits=nodes.Limits(**{**DEFAULT_LIMITS, **plan["limits"], **limits}),
        )
        table.update((id, nodes.Node(id=id, kind=id)) for id in PSEUDO_NODES)
        problem = dangling(loaded)
        if problem is not None:
            raise PlanError(problem)
        return loaded

    def _node(self, id: str, node: Json) -> nodes.Node:
        build = KINDS.get(node["kind"])
        if build is None:
            raise PlanError(f"node {id!r} has the unknown kind {node['kind']!r}")
        return build(self.source, node, self._envelope(id, node))

    def _envelope(self, id: str, node: Json) -> dict[str, Any]:
        step = node.get("step")
        guard = node.get("guard")
        described = self.plan["steps"].get(step, {}) if step is not None else {}
        return {
            "id": id,
            "kind": node["kind"],
            "step": step,
            "guard": optional(guard and guard["test"]),
            "guard_skip": guard.get("skip") if guard else None,
            "input": optional(node.get("input")),
            "secrets": secret_pointers(node.get("input")),
            "output": optional(node.get("output")),
            "output_check": self.checks.of(node.get("output_type")),
            "timeout": node.get("timeout"),
            "next": node.get("next"),
            "timed": node.get("timeout") is not None and node["kind"] in _TIMED,
            "handler": described.get("handler", False),
            "rules": tuple(
                rule for rule in self.rules if rule.outcome and step in rule.reads
            ),
        }

    def _rule(self, rule: Json) -> nodes.Rule:
        action = rule["action"]
        return nodes.Rule(
            id=rule["id"],
            when=compile_expression(rule["when"]),
            reads=tuple(rule["reads"]),
            outcome=rule["outcome"],
            outermost=rule.get("outermost", False),
            action=nodes.RuleAction(
                type=action["type"],
                code=action.get("code") or "WORKFLOW_ERROR",
                message=optional(action.get("message")),
                details=optional(action.get("details")),
                body=action.get("body"),
                target=action.get("target"),
                keep_error=action.get("keep_error", False),
            ),
        )


_TIMED = frozenset({"seq", "switch", "listen", "wait", "fork", "for", "try", "sub"})


def _timeout(timeout: Json | None) -> nodes.RunTimeout | None:
    if timeout is None:
        return None
    return nodes.RunTimeout(
        after=timeout["after"],
        action=timeout["action"],
        handler=timeout.get("handler"),
    )


def _valued_blocks(table: Json) -> frozenset[str]:
    """Blocks whose value somebody reads: branches, loop bodies without `collect`,
    the bodies of a switch and of a try. Nobody reads the root block's."""
    valued: set[str] = set()
    for node in table.values():
        if node["kind"] == "fork":
            valued.update(branch["body"] for branch in node["branches"])
        elif node["kind"] == "for" and node.get("collect") is None:
            valued.add(node["body"])
        elif node["kind"] == "switch":
            ways = [case["then"] for case in node["cases"]]
            ways += [node["default"]] if node.get("default") else []
            valued.update(way["body"] for way in ways if way.get("body"))
        elif node["kind"] == "try":
            valued.add(node["body"])
            valued.update(c["handler"] for c in node["catch"] if c.get("handler"))
    return frozenset(valued)


def _correlations(
    table: Mapping[str, nodes.Node],
) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for node in table.values():
        if isinstance(node, nodes.Listen) and node.task is None:
            names = tuple(name for name, _ in node.correlate)
            found.setdefault(node.event, set()).add(names)
    return {
        event: tuple(sorted(sets, key=lambda names: (-len(names), names)))
        for event, sets in found.items()
    }
