"""What the first names of a path refer to: a root, a step's outputs, a loop's item."""

from __future__ import annotations

from collections.abc import Callable

from magicflow_cli.check.dataflow.scope import (
    META,
    ROOTS,
    Scope,
    item_variable,
    loops_around,
)
from magicflow_cli.check.dataflow.unresolved import Unresolved
from magicflow_cli.check.flow import hiding_loop
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Label
from magicflow_cli.diagnostics.codes import MF6102, MF6103, MF6107, MF6108
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.expr import ast
from magicflow_cli.record import Value

FieldKnown = Callable[[StepInfo, str], bool]
"""Whether a declared schema or a mapping gives a step an output field of that name."""

_ALIASES = {"result": "response", "form": "response"}


class Reference(Value):
    """`root`, `name` and `field` as the plan's paths have them - but for the root
    `conditions`, which the plan does not have - and the number of segments that they
    stand for."""

    root: str
    consumed: int
    name: str | None = None
    field: str | None = None


class Names:
    def __init__(
        self,
        checked: CheckedWorkflow,
        unresolved: Unresolved,
        field_known: FieldKnown,
    ) -> None:
        self._steps = checked.steps
        self._unresolved = unresolved
        self._field_known = field_known
        self._loose_roots: frozenset[str] | None = None

    def find(self, path: ast.Path, scope: Scope) -> Reference | None:
        """None for what cannot be read in `scope`; that is reported."""
        if path.root != "$":
            return Reference("local", 0, path.root)
        if scope.moment == "event":
            return self._event(path, scope)
        if not path.names:
            self._unresolved.say(
                MF6103,
                "a path starts with what it reads",
                path.span(),
                help="write `$.input` for the run's input, or `$.<step>.<field>`",
            )
            return None
        first = path.names[0]
        if self._is_item(first, scope):
            return Reference("local", 1, first)
        if first in ROOTS:
            return self._root(path, first, scope)
        if not scope.always:
            self._unresolved.not_here(path, first, scope)
            return None
        step = self._steps.get(first)
        if step is None:
            self._unresolved.name(path, first, scope)
            return None
        return self._short(path, step, scope)

    def _event(self, path: ast.Path, scope: Scope) -> Reference | None:
        if "event" in scope.special:
            return Reference("event", 0)
        self._unresolved.say(
            MF6102,
            f"there is nothing to read in {scope.where}",
            path.span(),
            help="a schedule has no event: its `input` is fixed data",
        )
        return None

    def _is_item(self, name: str, scope: Scope) -> bool:
        """Whether a loop around calls its item so, or may call it so where a condition
        is read: there it is checked."""
        if scope.always and name in map(item_variable, loops_around(scope.block)):
            return True
        return "condition" in scope.special and name in self._loose()

    def _loose(self) -> frozenset[str]:
        """Roots that a condition may read and that depend on where it is read."""
        if self._loose_roots is None:
            steps = self._steps.values()
            variables = (item_variable(step) for step in steps if step.type == "loop")
            self._loose_roots = frozenset(
                {"item", "index", "branches", "iterations", "response", "result"}
                | {"form", "error", *filter(None, variables)}
            )
        return self._loose_roots

    def _root(self, path: ast.Path, root: str, scope: Scope) -> Reference | None:
        if root in ("input", "metadata"):
            return Reference(root, 1)
        if scope.always:
            loops = loops_around(scope.block)
            if root in ("execution", "conditions"):
                return Reference(root, 1)
            if root == "steps":
                return self._long(path, scope)
            variable = next(filter(None, map(item_variable, loops)), None)
            if root == "item" and variable is not None:
                return Reference("local", 1, variable)
            if (root == "index" and loops) or root in scope.special:
                return Reference(_ALIASES.get(root, root), 1)
        self._unresolved.not_here(path, root, scope)
        return None

    def _short(self, path: ast.Path, step: StepInfo, scope: Scope) -> Reference | None:
        """`$.<step>.…`: a field of the outputs, or one of the step's own members."""
        name = path.names[1] if len(path.names) > 1 else None
        if name is not None and not self._field_known(step, name):
            if name == "branches":
                return self._branches(path, step, 1, scope)
            if name in META:
                return self._read(path, step, name, 2, scope)
        return self._read(path, step, "output", 1, scope)

    def _long(self, path: ast.Path, scope: Scope) -> Reference | None:
        """`$.steps.<step>.<member>.…`."""
        names = path.names
        if len(names) < 2:
            self._unresolved.say(
                MF6103,
                "`$.steps` needs the name of a step",
                path.span(),
                help="write `$.steps.<step>.output.<field>`",
            )
            return None
        step = self._steps.get(names[1])
        if step is None:
            self._unresolved.step(path, names[1], 1)
            return None
        if len(names) == 2:
            self._unresolved.say(
                MF6103,
                f"`$.steps.{step.name}` is not a value",
                path.span(),
                help=f"write `$.steps.{step.name}.output`, or `.status`, `.error`,"
                " `.attempts`",
            )
            return None
        if names[2] == "branches":
            return self._branches(path, step, 2, scope)
        if names[2] in META:
            return self._read(path, step, names[2], 3, scope)
        near = suggest(names[2], META)
        self._unresolved.say(
            MF6103,
            f"`$.steps.{step.name}` has no member `{names[2]}`",
            path.segments[2].span(),
            help=(
                f"did you mean `{near}`? "
                if near
                else f"for an output field write"
                f" `$.steps.{step.name}.output.{names[2]}`; "
            )
            + "the members are `output`, `status`, `error` and `attempts`",
        )
        return None

    def _branches(
        self, path: ast.Path, step: StepInfo, at: int, scope: Scope
    ) -> Reference | None:
        """`$.X.branches` is the output of a parallel step that has no mapping."""
        if step.type != "parallel":
            return self._read(path, step, "output", at, scope)
        if scope.step is step and "branches" in scope.special:
            return Reference("branches", at + 1)
        mapping = step.node.get("output") if step.node is not None else None
        if mapping is None:
            return self._read(path, step, "output", at + 1, scope)
        self._unresolved.say(
            MF6108,
            f"the `output` mapping of `{step.name}` hides its branches",
            path.segments[at].span(),
            help="outside the step only its outputs are seen: add what you need to"
            f" the mapping, as `$.branches.<name>`, and read `$.{step.name}.<field>`",
            labels=[Label(mapping.span(), "the mapping")],
        )
        return None

    def _read(
        self, path: ast.Path, step: StepInfo, field: str, consumed: int, scope: Scope
    ) -> Reference | None:
        loop = hiding_loop(scope.block, step)
        if loop is None or scope.moment == "anywhere":
            return Reference("step", consumed, step.name, field)
        self._unresolved.say(
            MF6107,
            f"`{step.name}` is inside the loop `{loop.name}` and cannot be read in"
            f" {scope.where}",
            path.span(),
            help=f"give `{loop.name}` a `collect:` and read `$.{loop.name}.items`",
            labels=[Label(step.span, "the step stands inside the loop")],
        )
        return None
