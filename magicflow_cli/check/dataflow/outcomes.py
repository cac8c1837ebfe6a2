"""What each step gives: its raw result and its outputs, typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from magicflow_cli.check.dataflow.members import item
from magicflow_cli.check.dataflow.scope import branch_node, item_variable
from magicflow_cli.check.dataflow.typed import (
    ANY,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    Constant,
    Form,
    Hole,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Typed,
    bounded,
    either,
    of,
    worse,
)
from magicflow_cli.check.flow import scalar_of
from magicflow_cli.check.model import BlockInfo, CheckedWorkflow, FunctionInfo, StepInfo
from magicflow_cli.load.nodes import Node

STATES = (
    "pending",
    "running",
    "retrying",
    "waiting",
    "completed",
    "failed",
    "timed_out",
    "skipped",
    "cancelled",
    "compensated",
)

NO_OUTPUTS = ("wait", "emit", "fail", "end")

STATUS = Typed(OneOf(tuple(Constant(state) for state in STATES)))

HTTP_RESPONSE = Typed(
    ObjectOf((("status", INTEGER), ("headers", OBJECT), ("body", ANY)))
)

_ERROR_MEMBERS: tuple[tuple[str, Typed], ...] = (
    ("code", STRING),
    ("message", STRING),
    ("step", STRING.but(nullable=True)),
    ("attempt", INTEGER.but(nullable=True)),
    ("details", ANY.but(absent="maybe")),
    ("retryable", Typed(Named("boolean"))),
    ("cause", OBJECT.but(nullable=True, absent="maybe")),
    ("suppressed", ANY.but(absent="maybe")),
)
ERROR = Typed(ObjectOf(_ERROR_MEMBERS))


EXECUTION = Typed(
    ObjectOf(
        (
            ("id", STRING),
            ("workflow", STRING),
            ("version", STRING),
            ("started_at", STRING),
            ("duration", NUMBER),
        )
    )
)
"""`$.execution`; the duration is in milliseconds."""


def event_of(data: Typed) -> Typed:
    """A CloudEvent; extension attributes are open. What is sent to one run has no more
    than id, type and data."""
    members = (
        ("id", STRING),
        ("type", STRING),
        ("source", STRING.but(absent="maybe")),
        ("time", STRING.but(absent="maybe")),
        ("subject", STRING.but(absent="maybe")),
        ("data", data),
    )
    return Typed(ObjectOf(members, open=True))


def function_key(step: StepInfo) -> str:
    return f"{step.executor}/{step.function}"


SiteType = Callable[[Node], Typed]
"""The type of a mapping value of the document, by its node."""


@dataclass(slots=True, eq=False, repr=False)
class Outcomes:
    checked: CheckedWorkflow
    functions: dict[str, FunctionInfo]
    site_type: SiteType
    _outputs: dict[StepInfo, Typed] = field(default_factory=dict)
    _open: set[StepInfo] = field(default_factory=set)

    def output(self, step: StepInfo) -> Typed:
        """What `$.steps.X.output` is when the step completed."""
        known = self._outputs.get(step)
        if known is not None:
            return known
        if step in self._open:  # two mappings that read each other around a cycle
            return ANY
        self._open.add(step)
        node = step.node.get("output") if step.node is not None else None
        found = self.site_type(node) if node is not None else self.raw(step)
        self._open.discard(step)
        found = bounded(found)
        self._outputs[step] = found
        return found

    def raw(self, step: StepInfo) -> Typed:
        """What the step's work gives: `$.response` in its output mapping."""
        match step.type:
            case "function":
                return self._function(step)
            case "http":
                return HTTP_RESPONSE
            case "condition" | "switch":
                return self._cases(step)
            case "parallel":
                return self.branches(step)
            case "loop":
                return Typed(ObjectOf((("items", self.iterations(step)),)))
            case "wait_for_event":
                return event_of(self._listened(step))
            case "human_task":
                return self._listened(step)
            case "workflow":
                return ANY
            case _:
                return Typed(ObjectOf(()))

    def _function(self, step: StepInfo) -> Typed:
        info = self.functions.get(function_key(step))
        if info is not None and info.output_declared:
            return of(info.output)
        return Typed(Hole(function_key(step)))

    def _listened(self, step: StepInfo) -> Typed:
        ref = self.checked.listen_types.get(step.name)
        return of(ref) if ref is not None else ANY

    def _cases(self, step: StepInfo) -> Typed:
        """The value of the block that ran; null when none did."""
        values = [self.block_value(block) for block in step.blocks]
        found = either(values) if values else Typed(Constant(None))
        complete = len(step.blocks) == 2 if step.type == "condition" else False
        if step.type == "switch" and step.node is not None:
            complete = "default" in step.node
        return found if complete else found.but(nullable=True)

    def block_value(self, block: BlockInfo) -> Typed:
        """A branch's own mapping, else the output of its last main step."""
        node = branch_node(block) if block.kind == "branch" else None
        mapping = node.get("output") if node is not None and "steps" in node else None
        if mapping is not None:
            return self.site_type(mapping)
        last = next(
            (s for s in reversed(block.main_line) if s.type not in NO_OUTPUTS), None
        )
        if last is None:
            return Typed(Constant(None))
        found = self.output(last)
        alone = len(block.main_line) == 1
        return found if alone else found.but(absent=worse(found.absent, "maybe"))

    def branches(self, step: StepInfo) -> Typed:
        """`$.branches`: the value of each branch by its name."""
        some = scalar_of(step.node, "mode") in ("any", "race")
        members = []
        for block in step.blocks:
            value = self.block_value(block)
            if some:
                value = value.but(absent=worse(value.absent, "maybe"))
            members.append((block.branch, value))
        return Typed(ObjectOf(tuple(members)))

    def iterations(self, step: StepInfo) -> Typed:
        """`$.iterations`: one collected value per iteration."""
        collect = step.node.get("collect") if step.node is not None else None
        if collect is not None:
            return Typed(ListOf(self.site_type(collect).but(absent="")))
        values = [self.block_value(block) for block in step.blocks]
        return Typed(ListOf(either(values).but(absent="") if values else ANY))

    def loop_item(self, loop: StepInfo) -> Typed:
        """The item of one iteration."""
        source = loop.node.get("iterate_over") if loop.node is not None else None
        if source is None:
            return ANY
        return item(self.site_type(source), self.checked.types) or ANY

    def variable(self, loops: list[StepInfo], name: str) -> Typed | None:
        for loop in loops:
            if item_variable(loop) == name:
                return self.loop_item(loop)
        return None


def has_field(form: Form, name: str, checked: CheckedWorkflow) -> bool:
    """Whether a declared schema or a mapping gives a field of that name."""
    from magicflow_cli.check.dataflow.members import Missing, member

    if isinstance(form, Hole) or form in (Named("any"), Named("object")):
        return False
    return not isinstance(member(Typed(form), name, checked.types), Missing)
