"""A plan as its reader sees it: blocks of steps, what each does, and where it leads.

The desugared nodes of the plan are read back here, once, for every picture and text.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from magicflow_cli.docs.durations import worst_case
from magicflow_cli.docs.expressions import print_expression, print_value
from magicflow_cli.docs.wording import describe_work, list_notes
from magicflow_cli.plan.models import (
    CallNode,
    ForkNode,
    ForNode,
    Node,
    Plan,
    RaiseNode,
    Rule,
    SeqNode,
    SubNode,
    SwitchNode,
    TryNode,
    WaitNode,
)
from magicflow_cli.record import Record

RouteKind: TypeAlias = Literal[
    "next", "rejoin", "case", "skip", "depends", "failure", "fallback", "rule"
]
BLOCK_ENDS, RUN_ENDS, FAILS = "@block", "@run", "@fails"


class Route(Record):
    """Where control can go from a step: to a step of the block, or one of BLOCK_ENDS,
    RUN_ENDS and FAILS. `label` says when."""

    kind: RouteKind
    target: str
    label: str = ""


class StepView(Record):
    """`does` is one line; `notes` are the policies, one line each, by their kind.
    `worst` is in milliseconds; None when nothing bounds the step."""

    name: str
    type: str
    role: str
    does: str
    notes: list[tuple[str, str]]
    routes: list[Route]
    blocks: list[BlockView]
    worst: int | None
    implicit: bool
    description: str | None = None


class BlockView(Record):
    """`title` is empty for the run's own block."""

    id: str
    title: str
    steps: list[StepView]
    start: str | None
    dag: bool


class RuleView(Record):
    """A failure rule: tried after `reads`, or for any failure when that is empty."""

    id: str
    when: str
    reads: list[str]
    outcome: bool
    does: str
    target: str | None
    block: BlockView | None


class Outline(Record):
    root: BlockView
    rules: list[RuleView]


def outline(plan: Plan) -> Outline:
    """Read a plan back into blocks and steps."""
    reader = _Reader(plan)
    return Outline(
        root=reader.block(plan.root, ""),
        rules=[reader.rule(rule) for rule in plan.rules],
    )


class _Reader:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nodes = plan.nodes
        order = {name: i for i, name in enumerate(plan.presentation.step_order)}
        self.position = lambda name: order.get(name, len(order))

    def block(self, id: str, title: str) -> BlockView:
        seq = self.nodes[id]
        assert isinstance(seq, SeqNode)
        steps = [self.step(node, seq) for node in self._steps_of(id, seq)]
        steps = _lead_back(steps)
        return BlockView(
            id=id,
            title=title,
            steps=steps,
            start=self._step_of(seq.start) if seq.start is not None else None,
            dag=seq.deps is not None,
        )

    def step(self, id: str, parent: SeqNode) -> StepView:
        outer = self.nodes[id]
        core = self.nodes[outer.body] if isinstance(outer, TryNode) else outer
        assert outer.step is not None
        step = self.plan.steps[outer.step]
        blocks = self._blocks(core, step.type)
        return StepView(
            name=step.name,
            type=step.type,
            role=step.role or "main",
            does="end the run" if step.type == "end" else describe_work(core),
            notes=list_notes(outer, core, self.nodes),
            routes=self._routes(outer, core, id, parent),
            blocks=blocks,
            worst=self._worst(outer, core, blocks),
            implicit=step.implicit,
            description=step.description,
        )

    def _steps_of(self, id: str, seq: SeqNode) -> list[str]:
        """The nodes of a block's steps: the list, then the fallbacks, which stand in no
        list because the step that they stand in for runs them."""
        listed = [node for node in seq.nodes if self.nodes[node].step is not None]
        others = (
            step.node
            for step in self.plan.steps.values()
            if step.block == id and step.role == "fallback"
        )
        rest = sorted(set(others) - set(listed), key=self.position)
        return listed + rest

    def rule(self, rule: Rule) -> RuleView:
        action = rule.action
        does = {
            "fail": "end the run failed",
            "compensate": "compensate, then end the run failed",
            "continue": "go on without the outputs",
            "goto": "jump",
            "block_fails": "let the block fail",
        }[action.type]
        if action.message is not None:
            does += f": {print_value(action.message)}"
        return RuleView(
            id=rule.id,
            when=print_expression(rule.when),
            reads=rule.reads,
            outcome=rule.outcome,
            does=does,
            target=None if action.target is None else self._step_of(action.target),
            block=None if action.body is None else self._rule_block(action.body),
        )

    def _rule_block(self, id: str) -> BlockView:
        """A rule's own steps. That the run fails afterwards is the rule's doing."""
        block = self.block(id, "compensation")
        steps = [
            replace(step, routes=[r for r in step.routes if r.target != FAILS])
            for step in block.steps
        ]
        return replace(block, steps=steps)

    def _routes(self, outer: Node, core: Node, id: str, parent: SeqNode) -> list[Route]:
        routes: list[Route] = []
        if isinstance(core, SwitchNode):
            for case in core.cases:
                if case.then.goto is not None:
                    label = print_expression(case.when)
                    routes.append(self._route("case", case.then.goto, label))
            if core.default is not None and core.default.goto is not None:
                routes.append(self._route("case", core.default.goto, "otherwise"))
        role = self.plan.steps[outer.step or ""].role
        if role == "fallback":
            pass  # goes where the step goes that it stands in for, see _lead_back
        elif isinstance(outer, RaiseNode):
            routes.append(Route(kind="next", target=FAILS))
        elif outer.next is not None:
            routes.append(
                self._route("rejoin" if role == "handler" else "next", outer.next)
            )
        if outer.guard is not None and outer.guard.skip not in (None, outer.next):
            routes.append(self._route("skip", outer.guard.skip or "", "skipped"))
        if isinstance(outer, TryNode):
            routes += self._failure_routes(outer)
        for waiting, awaited in (parent.deps or {}).items():
            if id in awaited:
                routes.append(self._route("depends", waiting))
        return _joined(routes)

    def _failure_routes(self, outer: TryNode) -> list[Route]:
        routes: list[Route] = []
        for clause in outer.catch:
            label = (
                "" if "any" in clause.match else _CAUSES[tuple(sorted(clause.match))]
            )
            if clause.action == "run" and clause.handler is not None:
                routes.append(self._route("fallback", clause.handler, label))
            elif clause.action == "goto" and clause.target is not None:
                routes.append(self._route("failure", clause.target, label))
        return routes

    def _route(self, kind: RouteKind, target: str, label: str = "") -> Route:
        return Route(kind=kind, target=self._step_of(target), label=label)

    def _step_of(self, target: str) -> str:
        """The step that a node id belongs to; what only rethrows counts as failing."""
        if target in (BLOCK_ENDS, RUN_ENDS):
            return target
        node = self.nodes[target]
        if node.step is not None:
            return node.step
        return FAILS if isinstance(node, RaiseNode) else target.split("/")[0]

    def _blocks(self, core: Node, type: str) -> list[BlockView]:
        if isinstance(core, ForkNode):
            return [self.block(branch.body, branch.name) for branch in core.branches]
        if isinstance(core, ForNode):
            return [self.block(core.body, "each round")]
        if not isinstance(core, SwitchNode):
            return []
        two_ways = type == "condition"
        blocks = [
            self.block(
                case.then.body,
                "then" if two_ways else f"if {print_expression(case.when)}",
            )
            for case in core.cases
            if case.then.body is not None
        ]
        if core.default is not None and core.default.body is not None:
            blocks.append(
                self.block(core.default.body, "else" if two_ways else "otherwise")
            )
        return blocks

    def _worst(self, outer: Node, core: Node, blocks: list[BlockView]) -> int | None:
        attempt = core.timeout
        if attempt is None:
            attempt = self._untimed(core, blocks)
        elif isinstance(core, CallNode) and core.queue_timeout is not None:
            attempt += core.queue_timeout
        if isinstance(outer, TryNode):
            return worst_case(attempt, outer.retry, outer.timeout)
        return attempt

    def _untimed(self, core: Node, blocks: list[BlockView]) -> int | None:
        """How long a node without a timeout takes at most."""
        match core:
            case WaitNode():
                return core.duration
            case ForkNode() | SwitchNode():
                times = [longest_path(block) for block in blocks]
                return (
                    None if None in times else max((t for t in times if t), default=0)
                )
            case ForNode():
                once = longest_path(blocks[0])
                return None if once is None else once * core.max_iterations
            case CallNode() | SubNode():
                return None
        return None if core.kind == "listen" else 0


def _lead_back(steps: list[StepView]) -> list[StepView]:
    """A fallback goes where the steps go that it stands in for."""
    onward: dict[str, dict[str, None]] = {}
    for owner in steps:
        nexts = {route.target: None for route in owner.routes if route.kind == "next"}
        for route in owner.routes:
            if route.kind == "fallback":
                onward.setdefault(route.target, {}).update(nexts)
    return [
        (
            replace(
                step,
                routes=step.routes
                + [Route(kind="rejoin", target=target) for target in onward[step.name]],
            )
            if step.name in onward
            else step
        )
        for step in steps
    ]


def _joined(routes: list[Route]) -> list[Route]:
    """Routes of one kind to one step as one, with every cause named once."""
    labels: dict[tuple[RouteKind, str], dict[str, None]] = {}
    for route in routes:
        found = labels.setdefault((route.kind, route.target), {})
        if route.kind == "case":
            found[route.label] = None
        elif route.label:
            found |= dict.fromkeys(route.label.split(", "))
    return [
        Route(
            kind=kind,
            target=target,
            label=(" or " if kind == "case" else ", ").join(found),
        )
        for (kind, target), found in labels.items()
    ]


_CAUSES = {
    ("circuit_open", "timeout"): "timeout, open circuit",
    ("timeout",): "timeout",
    ("circuit_open",): "open circuit",
}


def longest_path(block: BlockView) -> int | None:
    """The worst case of a block in milliseconds; None when a step or a cycle has no
    bound. Without recursion: a block may have thousands of steps in a row."""
    steps = {step.name: step for step in block.steps}
    known: dict[str, int] = {}
    waiting: list[str] = list(steps)
    entered: set[str] = set()
    while waiting:
        name = waiting[-1]
        if name in known:
            waiting.pop()
            continue
        own = steps[name].worst
        if own is None:
            return None
        targets = [r.target for r in steps[name].routes if r.target in steps]
        missing = [target for target in targets if target not in known]
        if not missing:
            known[name] = own + max((known[target] for target in targets), default=0)
        elif name in entered:
            return None  # what it waits for waits for it: a cycle
        else:
            entered.add(name)
            waiting += missing
    return max(known.values(), default=0)
