"""From an expression's AST to the plan's form: every name becomes what it names.

`$.validate-user.ok` is a path of the AST; here it becomes root `step`, name
`validate-user`, field `output`, segment `ok`. What cannot be resolved is reported and
becomes the literal null, so that the other rules see the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from magicflow_cli.check.dataflow.origins import Origins
from magicflow_cli.check.dataflow.scope import (
    META,
    ROOTS,
    Scope,
    item_variable,
    loops_around,
)
from magicflow_cli.check.fixes import for_segment
from magicflow_cli.check.flow import hiding_loop
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.diagnostics import Code, Fix, Label, Report, Span
from magicflow_cli.diagnostics.codes import (
    MF6101,
    MF6102,
    MF6103,
    MF6104,
    MF6105,
    MF6107,
    MF6108,
    MF6109,
)
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.expr import ast
from magicflow_cli.load.nodes import Mapping, Node
from magicflow_cli.plan import models as plan

FieldKnown = Callable[[StepInfo, str], bool]
"""Whether a declared schema or a mapping gives a step an output field of that name."""

_ALIASES = {"result": "response", "form": "response"}
MOST_INLINED = 200


@dataclass(slots=True, eq=False, repr=False)
class Resolver:
    checked: CheckedWorkflow
    report: Report
    conditions: dict[str, ast.Expr]
    field_known: FieldKnown
    length_is_field: Callable[[plan.PathExpr, Scope], bool]
    origins: Origins = field(default_factory=Origins)
    reported: set[tuple[str, Span | None]] = field(default_factory=set)
    _open: list[str] = field(default_factory=list)
    _inlined: int = 0
    _loose_roots: set[str] | None = None

    def resolve_site(self, expr: ast.Expr, scope: Scope) -> plan.Expr:
        """The plan's form of all that stands at one place."""
        self._inlined = 0
        return self.resolve(expr, scope)

    def resolve(self, expr: ast.Expr, scope: Scope) -> plan.Expr:
        """The plan's form of `expr` as read in `scope`."""
        made = self._resolve(expr, scope)
        if not isinstance(made, plan.PathExpr):
            self.origins.put(made, expr)
        return made

    def _resolve(self, expr: ast.Expr, scope: Scope) -> plan.Expr:
        match expr:
            case ast.Literal(value=value):
                return plan.LitExpr(value=value)
            case ast.Path():
                return self._path(expr, scope)
            case ast.Unary(op=op, arg=arg):
                return plan.UnaryExpr(op=op, arg=self.resolve(arg, scope))
            case ast.Binary(op=op, left=left, right=right):
                return plan.BinaryExpr(
                    op=op,
                    left=self.resolve(left, scope),
                    right=self.resolve(right, scope),
                )
            case ast.Call(function=function, args=args):
                return self._call(function, args, scope)
            case ast.Lambda(parameter=parameter, body=body):
                inner = scope.but(parameters=(*scope.parameters, parameter))
                made = self.resolve(body, inner)
                return plan.LambdaExpr(parameter=parameter, body=made)
            case ast.Template(parts=parts):
                return plan.TemplateExpr(parts=[self.resolve(p, scope) for p in parts])
            case ast.Object(members=members):
                return plan.ObjectExpr(
                    members={name: self.resolve(v, scope) for name, v in members}
                )
            case ast.Array(items=items):
                return plan.ArrayExpr(items=[self.resolve(i, scope) for i in items])
            case ast.Secret(source=source, name=name):
                return plan.SecretExpr(from_=source, name=name)

    def _call(
        self, function: str, args: tuple[ast.Expr, ...], scope: Scope
    ) -> plan.Expr:
        made = [self.resolve(arg, scope) for arg in args]
        return plan.CallExpr(function=function, args=made)

    # -- paths

    def _path(self, path: ast.Path, scope: Scope) -> plan.Expr:
        if path.root != "$":
            return self._made(path, scope, 0, root="local", name=path.root)
        if scope.moment == "event":
            return self._event(path, scope)
        names = path.names
        if not names:
            self._problem(
                MF6103,
                "a path starts with what it reads",
                path.span(),
                help="write `$.input` for the run's input, or `$.<step>.<field>`",
            )
            return self.origins.unknown()
        first = names[0]
        special = self._special(path, first, scope)
        if special is not None:
            return special
        if not scope.always:
            return self._not_here(path, first, scope)
        step = self.checked.steps.get(first)
        if step is None:
            return self._unknown(path, first, scope)
        return self._step(path, step, 1, scope)

    def _event(self, path: ast.Path, scope: Scope) -> plan.Expr:
        if "event" not in scope.special:
            self._problem(
                MF6102,
                f"there is nothing to read in {scope.where}",
                path.span(),
                help="a schedule has no event: its `input` is fixed data",
            )
            return self.origins.unknown()
        return self._made(path, scope, 0, root="event")

    def _special(self, path: ast.Path, first: str, scope: Scope) -> plan.Expr | None:
        """A path at one of the language's roots; None for anything else."""
        loops = loops_around(scope.block)
        for loop in loops:
            if item_variable(loop) == first and scope.always:
                return self._made(path, scope, 1, root="local", name=first)
        if "condition" in scope.special and first in self._loose():
            return self._made(path, scope, 1, root="local", name=first)
        if first not in ROOTS:
            return None
        if first in ("input", "metadata"):
            return self._made(path, scope, 1, root=first)
        if not scope.always:
            return self._not_here(path, first, scope)
        if first == "execution":
            return self._made(path, scope, 1, root=first)
        if first == "steps":
            return self._long_step(path, scope)
        if first == "conditions":
            return self._condition(path, scope)
        if first == "item":
            variable = next((v for v in map(item_variable, loops) if v), None)
            if variable is not None:
                return self._made(path, scope, 1, root="local", name=variable)
            return self._not_here(path, first, scope)
        if first == "index":
            if loops:
                return self._made(path, scope, 1, root="index")
            return self._not_here(path, first, scope)
        if first in scope.special:
            root = _ALIASES.get(first, first)
            return self._made(path, scope, 1, root=root)
        return self._not_here(path, first, scope)

    def _loose(self) -> set[str]:
        """Roots that a condition may read and that depend on where it is read: they are
        checked there."""
        if self._loose_roots is None:
            found = {"item", "index", "branches", "iterations", "response", "result"}
            found |= {"form", "error"}
            for step in self.checked.steps.values():
                variable = item_variable(step) if step.type == "loop" else None
                if variable is not None:
                    found.add(variable)
            self._loose_roots = found
        return self._loose_roots

    def _long_step(self, path: ast.Path, scope: Scope) -> plan.Expr:
        names = path.names
        if len(names) < 2:
            self._problem(
                MF6103,
                "`$.steps` needs the name of a step",
                path.span(),
                help="write `$.steps.<step>.output.<field>`",
            )
            return self.origins.unknown()
        step = self.checked.steps.get(names[1])
        if step is None:
            return self._unknown_step(path, names[1], 1)
        if len(names) == 2:
            self._problem(
                MF6103,
                f"`$.steps.{step.name}` is not a value",
                path.span(),
                help=f"write `$.steps.{step.name}.output`, or `.status`, `.error`,"
                " `.attempts`",
            )
            return self.origins.unknown()
        if names[2] == "branches":
            return self._branches_of(path, step, 2, scope)
        if names[2] not in META:
            near = suggest(names[2], META)
            self._problem(
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
            return self.origins.unknown()
        return self._read(path, step, names[2], 3, scope)

    def _step(
        self, path: ast.Path, step: StepInfo, consumed: int, scope: Scope
    ) -> plan.Expr:
        """The short path: a field of the outputs, or a meta field."""
        names = path.names
        name = names[consumed] if len(names) > consumed else None
        if name == "branches" and not self.field_known(step, name):
            return self._branches_of(path, step, consumed, scope)
        if name in META and not self.field_known(step, name):
            return self._read(path, step, name, consumed + 1, scope)
        return self._read(path, step, "output", consumed, scope)

    def _branches_of(
        self, path: ast.Path, step: StepInfo, at: int, scope: Scope
    ) -> plan.Expr:
        """`$.X.branches` is the output of a parallel step that has no mapping."""
        if step.type != "parallel":
            return self._read(path, step, "output", at, scope)
        if scope.step is step and "branches" in scope.special:
            return self._made(path, scope, at + 1, root="branches")
        if step.node is not None and "output" in step.node:
            self._problem(
                MF6108,
                f"the `output` mapping of `{step.name}` hides its branches",
                path.segments[at].span(),
                help="outside the step only its outputs are seen: add what you need to"
                f" the mapping, as `$.branches.<name>`, and read `$.{step.name}.<field>`",
                labels=self._output_label(step),
            )
            return self.origins.unknown()
        return self._read(path, step, "output", at + 1, scope)

    def _output_label(self, step: StepInfo) -> list[Label]:
        node = step.node.get("output") if step.node is not None else None
        return [Label(node.span(), "the mapping")] if node is not None else []

    def _read(
        self, path: ast.Path, step: StepInfo, meta: str, consumed: int, scope: Scope
    ) -> plan.Expr:
        loop = hiding_loop(scope.block, step)
        if loop is not None and scope.moment != "anywhere":
            self._problem(
                MF6107,
                f"`{step.name}` is inside the loop `{loop.name}` and cannot be read in"
                f" {scope.where}",
                path.span(),
                help=f"give `{loop.name}` a `collect:` and read `$.{loop.name}.items`",
                labels=[Label(step.span, "the step stands inside the loop")],
            )
            return self.origins.unknown()
        return self._made(path, scope, consumed, root="step", name=step.name, meta=meta)

    def _condition(self, path: ast.Path, scope: Scope) -> plan.Expr:
        names = path.names
        name = names[1] if len(names) > 1 else ""
        body = self.conditions.get(name)
        if body is None:
            near = suggest(name, self.conditions)
            self._problem(
                MF6104,
                f"there is no condition `{name}`" if name else "a condition has a name",
                (path.segments[1] if name else path).span(),
                fix=for_segment(path.segments[1], near) if name else None,
                help=(
                    f"did you mean `$.conditions.{near}`?"
                    if near
                    else "write it under `conditions:` in the workflow's `spec`"
                ),
                labels=[
                    Label(span, f"`{near}` stands here")
                    for span in [near and self.conditions[near].span()]
                    if span
                ],
            )
            return self.origins.unknown()
        if len(path.segments) > 2:
            self._problem(
                MF6103,
                f"`$.conditions.{name}` is true or false and has no members",
                path.segments[2].span(),
                help=f"read `$.conditions.{name}` itself",
            )
        if name in self._open:
            chain = " → ".join(f"`{n}`" for n in [*self._open, name])
            self._problem(
                MF6105,
                f"condition `{name}` reads itself: {chain}",
                path.span(),
                help="write one of them without the other",
            )
            return self.origins.unknown()
        self._inlined += 1
        if self._inlined > MOST_INLINED:
            self._problem(
                MF6109,
                "conditions are put into each other too often here",
                path.span(),
                help=f"a condition that another one reads stands in it once for each"
                f" read, and one place holds at most {MOST_INLINED} in all",
            )
            return self.origins.unknown()
        self._open.append(name)
        made = self.resolve(body, scope)
        self._open.pop()
        return made

    # -- making

    def _made(
        self,
        path: ast.Path,
        scope: Scope,
        consumed: int,
        *,
        root: str,
        name: str | None = None,
        meta: str | None = None,
    ) -> plan.Expr:
        rest = path.segments[consumed:]
        segments: list[plan.Segment] = []
        for index, segment in enumerate(rest):
            as_field = False
            if isinstance(segment.selectors[0], ast.Length):
                if root == "step" and meta == "output" and index == 0:
                    as_field = True
                else:
                    so_far = _path_expr(root, name, meta, segments)
                    as_field = self.length_is_field(so_far, scope)
            selectors = [
                self._selector(selector, scope, as_field)
                for selector in segment.selectors
            ]
            segments.append(
                plan.Segment(selectors=selectors, descendant=segment.descendant or None)
            )
        made = _path_expr(root, name, meta, segments)
        self.origins.put(made, path, consumed)
        return made

    def _selector(
        self, selector: ast.Selector, scope: Scope, as_field: bool
    ) -> plan.Selector:
        match selector:
            case ast.Member(name=name):
                return plan.Selector(member=name)
            case ast.Index(index=index):
                return plan.Selector(at=index)
            case ast.Wildcard():
                return plan.Selector(all=True)
            case ast.Slice(first=first, last=last, step=step):
                return plan.Selector(slice=[first, last, step])
            case ast.Filter(condition=condition):
                return plan.Selector(filter=self.resolve(condition, scope))
            case ast.Length():
                if as_field:
                    return plan.Selector(member="length")
                return plan.Selector(length=True)

    # -- problems

    def _unknown(self, path: ast.Path, name: str, scope: Scope) -> plan.Expr:
        root = suggest(name, [*ROOTS, *self._variables(scope)])
        if suggest(name, self.checked.steps) is None and root is not None:
            self._problem(
                MF6101,
                f"there is no root and no step `{name}`",
                path.segments[0].span(),
                help=f"did you mean `$.{root}`?",
                fix=for_segment(path.segments[0], root),
            )
            return self.origins.unknown()
        return self._unknown_step(path, name, 0)

    def _variables(self, scope: Scope) -> list[str]:
        names = map(item_variable, loops_around(scope.block))
        return [name for name in names if name]

    def _unknown_step(self, path: ast.Path, name: str, at: int) -> plan.Expr:
        near = suggest(name, self.checked.steps)
        labels = []
        if near is not None:
            labels.append(Label(self.checked.steps[near].span, f"`{near}` stands here"))
        hint = self._input_hint(name)
        self._problem(
            MF6101,
            f"there is no step `{name}`",
            path.segments[at].span(),
            fix=for_segment(path.segments[at], near),
            help=(
                f"did you mean `{near}`?"
                if near
                else hint
                or "a path starts with a step's name or a root: "
                + ", ".join(f"`$.{root}`" for root in ("input", "steps", "execution"))
            ),
            labels=labels,
        )
        return self.origins.unknown()

    def _input_hint(self, name: str) -> str | None:
        spec = self.checked.document.root.get("spec")
        conditions = spec.get("conditions") if isinstance(spec, Mapping) else None
        if isinstance(conditions, Mapping) and name in conditions:
            return f"conditions are read as `$.conditions.{name}`"
        input_type = self.checked.input_type
        if input_type is None:
            return None
        shape = self.checked.types.get(input_type.type)
        if isinstance(shape, plan.ObjectType) and name in shape.fields:
            return f"the run's input is read as `$.input.{name}`"
        return None

    def _not_here(self, path: ast.Path, root: str, scope: Scope) -> plan.Expr:
        self._problem(
            MF6102,
            f"`$.{root}` cannot be read in {scope.where}",
            path.segments[0].span(),
            help=_WHERE.get(root, "only `$.input` and `$.metadata` are there"),
        )
        return self.origins.unknown()

    def _problem(
        self,
        code: Code,
        message: str,
        span: Span | None,
        *,
        help: str,
        labels: list[Label] | None = None,
        fix: Fix | None = None,
    ) -> None:
        key = (message, span)
        if key in self.reported:  # a condition that several places read
            return
        self.reported.add(key)
        self.report.add(code, message, span, help=help, labels=labels or [], fix=fix)


_WHERE = {
    "item": "`$.item` is the item of a loop with `iterate_over`, in its steps, `while`"
    " and `collect`",
    "index": "`$.index` is the number of the iteration, inside a loop",
    "branches": "`$.branches` is there in the `output` of a parallel step; outside, read"
    " `$.<step>.<branch>`",
    "iterations": "`$.iterations` is there in the `output` of a loop; outside, read"
    " `$.<loop>.items`",
    "response": "`$.response` is what a step's work gave, in its own `output` mapping",
    "result": "`$.result` is what a step's work gave, in its own `output` mapping",
    "form": "`$.form` is what a person answered, in the `output` of a human task",
    "error": "`$.error` is there in handlers, fallbacks and rules; to look at another"
    " step's failure read `$.<step>.error`",
}


def _path_expr(
    root: str, name: str | None, meta: str | None, segments: list[plan.Segment]
) -> plan.PathExpr:
    return plan.PathExpr(
        root=root,  # type: ignore[arg-type]
        name=name,
        field=meta,  # type: ignore[arg-type]
        segments=list(segments),
        singular=all(_singular(segment) for segment in segments),
    )


def _singular(segment: plan.Segment) -> bool:
    if segment.descendant or len(segment.selectors) != 1:
        return False
    selector = segment.selectors[0]
    return (
        selector.member is not None
        or selector.at is not None
        or selector.length is not None
    )


def parse_conditions(
    checked: CheckedWorkflow, parse: Callable[[Node], ast.Expr | None]
) -> dict[str, ast.Expr]:
    """The workflow's named conditions, parsed; a broken one is left out."""
    spec = checked.document.root.get("spec")
    conditions = spec.get("conditions") if isinstance(spec, Mapping) else None
    found: dict[str, ast.Expr] = {}
    if isinstance(conditions, Mapping):
        for name, node in conditions.items():
            parsed = parse(node)
            if parsed is not None:
                found[name] = parsed
    return found
