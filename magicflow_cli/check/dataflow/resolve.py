"""From an expression's AST to the plan's form: every name becomes what it names.

`$.validate-user.ok` is a path of the AST; here it becomes root `step`, name
`validate-user`, field `output`, segment `ok`. What cannot be resolved is reported and
becomes the literal null, so that the other rules see the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from magicflow_cli.check.dataflow.conditions import Conditions
from magicflow_cli.check.dataflow.names import FieldKnown, Names, Reference
from magicflow_cli.check.dataflow.origins import Origins
from magicflow_cli.check.dataflow.scope import Scope
from magicflow_cli.check.dataflow.unresolved import Unresolved
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Report
from magicflow_cli.expr import ast
from magicflow_cli.plan import models as plan


class Resolver:
    """`length_is_field` says of a path's beginning whether the `.length` after it is a
    member that the value has."""

    def __init__(
        self,
        checked: CheckedWorkflow,
        report: Report,
        conditions: dict[str, ast.Expr],
        field_known: FieldKnown,
        length_is_field: Callable[[plan.PathExpr, Scope], bool],
    ) -> None:
        unresolved = Unresolved(checked, report)
        self._names = Names(checked, unresolved, field_known)
        self._conditions = Conditions(conditions, unresolved)
        self._length_is_field = length_is_field
        self.origins = Origins()

    def resolve_site(self, expr: ast.Expr, scope: Scope) -> plan.Expr:
        """The plan's form of all that stands at one place."""
        self._conditions.begin_site()
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
                made_args = [self.resolve(arg, scope) for arg in args]
                return plan.CallExpr(function=function, args=made_args)
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

    # -- paths

    def _path(self, path: ast.Path, scope: Scope) -> plan.Expr:
        found = self._names.find(path, scope)
        if found is None:
            return self.origins.unknown()
        if found.root == "conditions":
            with self._conditions.reading(path) as condition:
                if condition is None:
                    return self.origins.unknown()
                return self.resolve(condition, scope)
        segments: list[plan.Segment] = []
        for segment in path.segments[found.consumed :]:
            as_field = isinstance(segment.selectors[0], ast.Length) and (
                (found.field == "output" and not segments)
                or self._length_is_field(_path_expr(found, segments), scope)
            )
            selectors = [
                self._selector(selector, scope, as_field)
                for selector in segment.selectors
            ]
            segments.append(
                plan.Segment(selectors=selectors, descendant=segment.descendant or None)
            )
        made = _path_expr(found, segments)
        self.origins.put(made, path, found.consumed)
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


def _path_expr(found: Reference, segments: list[plan.Segment]) -> plan.PathExpr:
    return plan.PathExpr(
        root=found.root,  # type: ignore[arg-type]
        name=found.name,
        field=found.field,  # type: ignore[arg-type]
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
