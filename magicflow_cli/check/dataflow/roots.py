"""The root of a path: its type, and whether what it reads can be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from magicflow_cli.check.dataflow.evaluate import Place
from magicflow_cli.check.dataflow.facts import conjuncts, pure
from magicflow_cli.check.dataflow.origins import Origins
from magicflow_cli.check.dataflow.outcomes import (
    ERROR,
    EXECUTION,
    STATUS,
    Outcomes,
    event_of,
)
from magicflow_cli.check.dataflow.scope import Scope, loops_around
from magicflow_cli.check.dataflow.typed import (
    ANY,
    INTEGER,
    Typed,
    of,
    worse,
)
from magicflow_cli.check.flow import (
    Flow,
    Known,
    ancestors,
    can_go_on_without_outputs,
    case_tests,
    enclosing_blocks,
    has_guard,
    runs_beside,
)
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label, Span
from magicflow_cli.diagnostics.codes import MF6201, MF6202, MF6203
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.expr import print_expression
from magicflow_cli.load.nodes import Node
from magicflow_cli.plan import models as plan

Say = Callable[[Code, str, Span | None, str, list[Label]], None]


@dataclass(slots=True, eq=False, repr=False)
class Roots:
    checked: CheckedWorkflow
    flow: Flow
    outcomes: Outcomes
    origins: Origins
    say: Say

    def of_path(self, path: plan.PathExpr, place: Place) -> Typed:
        """The type of what stands before the path's segments."""
        match path.root:
            case "input":
                ref = self.checked.input_type
                return of(ref) if ref is not None else ANY
            case "step":
                return self._step(path, place)
            case "local":
                return self._local(path.name or "", place)
            case "index":
                return INTEGER
            case "branches" if place.scope.step is not None:
                return self.outcomes.branches(place.scope.step)
            case "iterations" if place.scope.step is not None:
                return self.outcomes.iterations(place.scope.step)
            case "response" if place.scope.step is not None:
                return self.outcomes.raw(place.scope.step)
            case "error":
                step = place.scope.step
                # A step of the main line is also reached without a failure.
                main = (
                    step is not None
                    and step.role == "main"
                    and not _inside_handler(step)
                )
                return ERROR.but(nullable=main)
            case "execution":
                return EXECUTION
            case "event":
                event = self.checked.events.get(place.scope.event)
                return event_of(of(event.type) if event is not None else ANY)
            case _:
                return ANY

    def _local(self, name: str, place: Place) -> Typed:
        known = place.parameter(name)
        if known is not None:
            return known
        loops = loops_around(place.scope.block)
        return self.outcomes.variable(loops, name) or ANY

    def _step(self, path: plan.PathExpr, place: Place) -> Typed:
        step = self.checked.steps.get(path.name or "")
        if step is None:
            return ANY
        absent = self._check_there(path, step, place)
        if path.field == "status":
            return STATUS
        if path.field == "attempts":
            return INTEGER
        if path.field == "error":
            return ERROR.but(nullable=True)
        found = self.outcomes.output(step)
        if absent:
            found = found.but(absent=worse(found.absent, "maybe"))
        return found

    # -- has it run?

    def _check_there(self, path: plan.PathExpr, step: StepInfo, place: Place) -> bool:
        """Report a value that cannot be there, or may not be; True for the latter."""
        scope = place.scope
        known = self.known_at(scope)
        if known is None:
            return False
        bit = self.flow.bits[step]
        outputs = path.field == "output"
        if (known.may if outputs else known.ran) & bit == 0:
            self._cannot(path, step, place)
            return True
        if not outputs or known.has & bit:
            return False
        if step.name in place.facts or self._implied(step, place, known):
            return False
        if self._expected_to_lack(step, scope) or place.lenient:
            return True
        written = self.origins.written(path)
        text = print_expression(written) if written else f"$.{step.name}.…"
        self.say(
            MF6202,
            f"`{step.name}` may not have given its outputs here",
            self.origins.span(path),
            f"protect the value: `coalesce({text}, …)`, or a guard `exists({text})`",
            self._why(step),
        )
        return True

    def _expected_to_lack(self, step: StepInfo, scope: Scope) -> bool:
        """Places that are made for values that may be missing: a rule's condition
        (null does not match), a loop's `while` before the first round, compensation
        of a step whose outcome is unknown."""
        if scope.moment == "rule":
            return scope.where.startswith("`condition`")
        if scope.moment == "round":
            return scope.where.startswith("`while`") and scope.block in set(
                enclosing_blocks(step.block)
            )
        return scope.moment == "undo" and scope.step is step

    def known_at(self, scope: Scope) -> Known | None:
        """The state of the flow at a place; None where it does not matter."""
        flow, step = self.flow, scope.step
        if scope.moment == "before" and step is not None:
            guard = scope.where.startswith("`condition`") and has_guard(step)
            return (flow.before if guard else flow.running).get(step)
        if scope.moment == "after" and step is not None:
            return flow.after_blocks.get(step)
        if scope.moment == "round" and step is not None:
            return self._round(scope, step)
        if scope.moment == "block_end":
            return flow.block_end.get(scope.block)
        if scope.moment == "rule" and scope.rule is not None:
            return flow.at_rule.get(scope.rule)
        if scope.moment == "undo" and step is not None:
            return self._undo(step)
        if scope.moment == "end":
            return flow.end
        return None

    def _round(self, scope: Scope, step: StepInfo) -> Known | None:
        if not scope.where.startswith("`while`"):
            return self.flow.block_end.get(scope.block)
        before, after = self.flow.running.get(step), self.flow.block_end.get(
            scope.block
        )
        if before is None or after is None:
            return before
        return before._replace(may=before.may | after.may, ran=before.ran | after.ran)

    def _undo(self, step: StepInfo) -> Known | None:
        running = self.flow.running.get(step)
        if running is None:
            return None
        every = (1 << len(self.flow.bits)) - 1
        return running._replace(may=every, ran=every)

    def _implied(self, step: StepInfo, place: Place, known: Known) -> bool:
        """The step was passed on every path, only its guard can have skipped it, and
        what is known to be true here includes that guard."""
        if known.entered & self.flow.bits[step] == 0 or not has_guard(step):
            return False
        if can_go_on_without_outputs(step) or step not in self.flow.steady:
            return False
        guard = self._value(step.node.get("condition") if step.node else None)
        if guard is None or not pure(guard):
            return False
        true_here = self.true_tests(place.scope)
        return all(test in true_here for test in conjuncts(guard))

    def true_tests(self, scope: Scope) -> list[plan.Expr]:
        found: list[plan.Expr] = []
        reader = scope.step
        in_guard = scope.where.startswith("`condition`")
        if reader is not None and has_guard(reader) and not in_guard:
            assert reader.node is not None
            found += self._tests(reader.node.get("condition"))
        for block in enclosing_blocks(scope.block):
            owner = block.owner
            if owner is None:
                continue
            if has_guard(owner) and owner.node is not None:
                found += self._tests(owner.node.get("condition"))
            for test, part in case_tests(owner):
                if block.id == f"{owner.name}/{part}" and test is not None:
                    found += self._tests(test)
        return found

    def _tests(self, node: Node | None) -> list[plan.Expr]:
        value = self._value(node)
        return conjuncts(value) if value is not None else []

    def _value(self, node: Node | None) -> plan.Expr | None:
        return self.checked.values.get(node) if node is not None else None

    # -- what to say

    def _cannot(self, path: plan.PathExpr, step: StepInfo, place: Place) -> None:
        fork = runs_beside(place.scope.block, step)
        if fork is not None:
            self.say(
                MF6203,
                f"`{step.name}` runs beside this branch and may not have ended",
                self.origins.span(path),
                f"read it after `{fork.name}`, or put both steps into one branch",
                [Label(step.span, f"another branch of `{fork.name}`")],
            )
            return
        if self._unordered(place.scope, step):
            self.say(
                MF6203,
                f"`{step.name}` runs beside this step and may not have ended",
                self.origins.span(path),
                f"add `{step.name}` to `depends_on`",
                [Label(step.span, "the step")],
            )
            return
        own = step is place.scope.step
        self.say(
            MF6201,
            (
                f"`{step.name}` has no outputs yet in its own {_key(place.scope)}"
                if own
                else f"`{step.name}` cannot have run before this"
            ),
            self.origins.span(path),
            (
                "what its work gave is `$.response`"
                if own and place.scope.moment == "after"
                else "read a step that every path to this place passes, or move the step"
            ),
            [Label(step.span, "this step")] if not own else [],
        )

    def _unordered(self, scope: Scope, step: StepInfo) -> bool:
        """Whether `depends_on` leaves open which of the two runs first."""
        block = scope.block
        if not block.dag or step.block is not block or scope.step is None:
            return False
        return scope.step is not step and scope.step not in ancestors(step)

    def _why(self, step: StepInfo) -> list[Label]:
        if has_guard(step) and step.node is not None:
            node = step.node.get("condition")
            if node is not None:
                return [Label(node.span(), f"this guard may skip `{step.name}`")]
        if can_go_on_without_outputs(step) and step.node is not None:
            node = step.node.get("timeout_action")
            if node is not None:
                return [Label(node.span(), "a timeout leaves it without outputs")]
        return [Label(step.span, "not on every path to the place that reads it")]


def _key(scope: Scope) -> str:
    return scope.where.split("`")[1] if "`" in scope.where else "place"


def _inside_handler(step: StepInfo) -> bool:
    """Whether only failures lead to the step, because of what it stands in."""
    owners = (block.owner for block in enclosing_blocks(step.block))
    in_rule = any(block.kind == "rule" for block in enclosing_blocks(step.block))
    return in_rule or any(owner.role != "main" for owner in owners if owner is not None)
