"""plan.json → the executable plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from magicflow.expr import compile_expression
from magicflow.plan import nodes
from magicflow.plan.checks import Checks

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
        self.valued = _valued_blocks(plan["nodes"])

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
            output=_expression(plan["output"]["value"]),
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
        _refuse_dangling(loaded)
        return loaded

    def _node(self, id: str, node: Json) -> nodes.Node:
        build = _KINDS.get(node["kind"])
        if build is None:
            raise PlanError(f"node {id!r} has the unknown kind {node['kind']!r}")
        return build(self, node, self._envelope(id, node))

    def _envelope(self, id: str, node: Json) -> dict[str, Any]:
        step = node.get("step")
        guard = node.get("guard")
        described = self.plan["steps"].get(step, {}) if step is not None else {}
        return {
            "id": id,
            "kind": node["kind"],
            "step": step,
            "guard": _optional(guard and guard["test"]),
            "guard_skip": guard.get("skip") if guard else None,
            "input": _optional(node.get("input")),
            "output": _optional(node.get("output")),
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
            when=_expression(rule["when"]),
            reads=tuple(rule["reads"]),
            outcome=rule["outcome"],
            action=nodes.RuleAction(
                type=action["type"],
                code=action.get("code") or "WORKFLOW_ERROR",
                message=_optional(action.get("message")),
                details=_optional(action.get("details")),
                body=action.get("body"),
                target=action.get("target"),
                keep_error=action.get("keep_error", False),
            ),
        )

    # one function per kind: the node's JSON and its envelope → the executable node

    def _seq(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        deps: Json | None = node.get("deps")
        known: Json = deps or {}
        dependents: dict[str, list[str]] = {}
        for name, needs in known.items():
            for need in dict.fromkeys(needs):
                dependents.setdefault(need, []).append(name)
        order = {name: index for index, name in enumerate(node["nodes"])}
        return nodes.Seq(
            **envelope,
            nodes=tuple(node["nodes"]),
            start=node.get("start"),
            deps=(
                None
                if deps is None
                else {name: tuple(dict.fromkeys(needs)) for name, needs in deps.items()}
            ),
            dependents={
                need: tuple(sorted(names, key=lambda name: order.get(name, 0)))
                for need, names in dependents.items()
            },
            roots=tuple(n for n in node["nodes"] if n in known and not known[n]),
            keeps_value=envelope["id"] in self.valued and envelope["output"] is None,
        )

    def _set(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Set(**envelope, value=_expression(node["value"]))

    def _switch(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Switch(
            **envelope,
            cases=tuple(
                (_expression(case["when"]), _branching(case["then"]))
                for case in node["cases"]
            ),
            default=_branching(node["default"]) if node.get("default") else None,
        )

    def _call(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        message = {
            "executor": node["executor"],
            "function": node["function"],
            "node": envelope["id"],
        }
        message.update({key: node[key] for key in _CALL_SETTINGS if key in node})
        key = f"{node['executor']}/{node['function']}"
        declared = self.plan["functions"].get(key, {}).get("errors", {})
        written = node.get("compensation")
        return nodes.Call(
            **envelope,
            message=message,
            input_check=self.checks.of(node.get("input_type")),
            result_check=self.checks.of(node.get("result_type")),
            request=_request(node["http"]) if node.get("http") else None,
            errors={code: error["retryable"] for code, error in declared.items()},
            compensation=written
            and nodes.Compensation(node=written["node"], on=written["on"]),
        )

    def _emit(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        event = self.plan["events"].get(node["event"])
        return nodes.Emit(
            **envelope,
            event=node["event"],
            data=_expression(node["data"]),
            data_check=self.checks.of(event and event["type"]),
        )

    def _listen(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        task = node.get("task")
        human = None
        if task is not None:
            human = nodes.HumanTask(
                assignee=_optional(task.get("assignee")),
                title=_optional(task.get("title")),
                description=_optional(task.get("description")),
                form=dict(node["type"]),
            )
        return nodes.Listen(
            **envelope,
            event=node["event"],
            correlate=tuple(
                (name, _expression(node["correlate"][name]))
                for name in sorted(node["correlate"])
            ),
            data_check=self.checks.of(node["type"]),
            task=human,
        )

    def _wait(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Wait(
            **envelope,
            duration=node.get("duration"),
            until=_optional(node.get("until")),
        )

    def _fork(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Fork(
            **envelope,
            mode=node["mode"],
            fail_fast=node["fail_fast"],
            max_concurrency=node.get("max_concurrency"),
            branches=tuple((b["name"], b["body"]) for b in node["branches"]),
        )

    def _for(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.For(
            **envelope,
            items=_optional(node.get("items")),
            condition=_optional(node.get("while")),
            variable=node["variable"],
            parallel=node["parallel"],
            batch_size=node.get("batch_size"),
            max_iterations=node["max_iterations"],
            body=node["body"],
            collect=_optional(node.get("collect")),
        )

    def _try(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Try(
            **envelope,
            body=node["body"],
            retry=_retry(node["retry"]) if node.get("retry") else None,
            catch=tuple(map(_catch, node["catch"])),
        )

    def _raise(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        envelope["rethrow"] = node.get("rethrow", False)
        return nodes.Raise(
            **envelope,
            code=node.get("code") or "WORKFLOW_ERROR",
            message=_optional(node.get("message")),
            details=_optional(node.get("details")),
            final=node.get("final"),
            compensate=node.get("compensate", False),
        )

    def _sub(self, node: Json, envelope: dict[str, Any]) -> nodes.Node:
        return nodes.Sub(
            **envelope,
            workflow=node["workflow"],
            version=node["version"],
            result_check=self.checks.of(node.get("result_type")),
        )


_KINDS: dict[str, Callable[[_Loader, Json, dict[str, Any]], nodes.Node]] = {
    "seq": _Loader._seq,
    "set": _Loader._set,
    "switch": _Loader._switch,
    "call": _Loader._call,
    "emit": _Loader._emit,
    "listen": _Loader._listen,
    "wait": _Loader._wait,
    "fork": _Loader._fork,
    "for": _Loader._for,
    "try": _Loader._try,
    "raise": _Loader._raise,
    "sub": _Loader._sub,
}
_TIMED = frozenset({"seq", "switch", "listen", "wait", "fork", "for", "try", "sub"})
_CALL_SETTINGS = (
    "timeout",
    "queue_timeout",
    "heartbeat_timeout",
    "priority",
    "max_concurrency",
    "circuit_breaker",
)


def _expression(expr: Json) -> nodes.Evaluate:
    return compile_expression(expr)


def _optional(expr: Json | None) -> nodes.Evaluate | None:
    return None if expr is None else compile_expression(expr)


def _branching(then: Json) -> nodes.Branching:
    return nodes.Branching(body=then.get("body"), goto=then.get("goto"))


def _request(http: Json) -> nodes.Request:
    return nodes.Request(
        url=_expression(http["url"]),
        headers={k: _expression(v) for k, v in sorted(http.get("headers", {}).items())},
        query={k: _expression(v) for k, v in sorted(http.get("query", {}).items())},
        body=_optional(http.get("body")),
        expect=list(http["expect"]),
    )


def _retry(retry: Json) -> nodes.Retry:
    only = retry.get("retry_on")
    return nodes.Retry(
        max_attempts=retry["max_attempts"],
        backoff=retry["backoff"],
        initial_delay=retry["initial_delay"],
        max_delay=retry["max_delay"],
        jitter=retry["jitter"],
        retry_on=None if only is None else frozenset(only),
        non_retryable=frozenset(retry.get("non_retryable") or ()),
    )


def _catch(clause: Json) -> nodes.Catch:
    match = clause["match"]
    return nodes.Catch(
        timeout="timeout" in match,
        circuit_open="circuit_open" in match,
        any="any" in match,
        before_retry=clause["before_retry"],
        action=clause["action"],
        handler=clause.get("handler"),
        target=clause.get("target"),
    )


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


def _refuse_dangling(plan: nodes.Plan) -> None:
    """A reference to a node that is not there would only show in the middle of a run."""
    known = plan.nodes.keys() | {"@block", "@run"}
    for node in plan.nodes.values():
        for target in _targets(node):
            if target is not None and target not in known:
                raise PlanError(
                    f"node {node.id!r} refers to {target!r}, which is no node"
                )
    for rule in plan.rules:
        for target in (rule.action.body, rule.action.target):
            if target is not None and target not in known:
                raise PlanError(f"{rule.id} refers to {target!r}, which is no node")
    if plan.root not in known:
        raise PlanError(f"the root {plan.root!r} is no node")


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
