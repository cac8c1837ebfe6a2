"""Types every expression, and reports what can never come out well.

A problem that depends on the run's data is a warning (a possibly missing operand); one
that does not is an error (an unknown field, types that never meet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from magicflow_cli.check.dataflow import calls, comparisons
from magicflow_cli.check.dataflow.facts import Present, path_key, proven
from magicflow_cli.check.dataflow.holes import Holes
from magicflow_cli.check.dataflow.members import (
    item,
    item_at,
    member,
    values_of,
)
from magicflow_cli.check.dataflow.origins import Origins
from magicflow_cli.check.dataflow.scope import Scope
from magicflow_cli.check.dataflow.typed import (
    ANY,
    BOOLEAN,
    INTEGER,
    STRING,
    Constant,
    Form,
    Hole,
    ListOf,
    ObjectOf,
    Typed,
    Types,
    describe,
    either,
    kinds,
    worse,
)
from magicflow_cli.check.fixes import for_segment
from magicflow_cli.diagnostics import Fix, Label, Report, Span
from magicflow_cli.diagnostics.codes import MF6301, MF6304
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class Place(Value):
    """Where an expression is evaluated.

    `facts`: what the tests that were made before prove to be there. `lenient`: inside
    `exists` or `coalesce`, where a value may be missing. `required`: a mapping reads
    here, so that an undeclared field that is read must be there.
    """

    scope: Scope
    facts: Present = frozenset()
    lenient: bool = False
    required: bool = False
    parameters: tuple[tuple[str, Typed], ...] = ()

    def parameter(self, name: str) -> Typed | None:
        for known, value in reversed(self.parameters):
            if known == name:
                return value
        return None


RootOf = Callable[[plan.PathExpr, Place], Typed]
"""The type of a path's root; reports reads of steps that have not run."""


@dataclass(slots=True, eq=False, repr=False)
class Evaluator:
    types: Types
    report: Report
    origins: Origins
    holes: Holes
    root_of: RootOf
    field_place: Callable[[Form, str], Label | None]
    """Where a declared field's type stands, for labels."""
    types_of_items: dict[int, Typed] = field(default_factory=dict)
    """The type of each item of a written list, by the id of its expression."""
    reported: set[tuple[str, str, Span | None]] = field(default_factory=set)

    def evaluate(self, expr: plan.Expr, place: Place) -> Typed:
        """The static type of `expr`; what is wrong with it is reported."""
        match expr:
            case plan.LitExpr() if self.origins.is_unknown(expr):
                return ANY
            case plan.LitExpr(value=value):
                return Typed(Constant(value)) if _scalar(value) else ANY
            case plan.PathExpr():
                return self._path(expr, place)
            case plan.UnaryExpr(op="not", arg=arg):
                self.test(arg, self.evaluate(arg, place))
                return BOOLEAN
            case plan.UnaryExpr(arg=arg):
                value = self.evaluate(arg, place)
                return comparisons.negated(self, expr, value)
            case plan.BinaryExpr(op="and" | "or"):
                return self._logic(expr, place)
            case plan.BinaryExpr(left=left, right=right):
                inner = place
                if expr.op in ("==", "!=") and (_is_null(left) or _is_null(right)):
                    inner = place.but(lenient=True)  # a test for existence
                one, other = self.evaluate(left, inner), self.evaluate(right, inner)
                return comparisons.binary(self, expr, one, other)
            case plan.CallExpr():
                return calls.call(self, expr, place)
            case plan.LambdaExpr(body=body):
                return self.evaluate(body, place)
            case plan.ObjectExpr(members=members):
                return Typed(
                    ObjectOf(
                        tuple((n, self.evaluate(v, place)) for n, v in members.items())
                    )
                )
            case plan.ArrayExpr(items=items):
                return Typed(ListOf(self._items(items, place)))
            case plan.TemplateExpr(parts=parts):
                for part in parts:
                    self.evaluate(part, place)
                return STRING
            case plan.SecretExpr():
                return STRING
        raise AssertionError(expr)

    def test(self, expr: plan.Expr, value: Typed) -> None:
        """A place that wants true or false; null counts as false."""
        if isinstance(value.form, Hole):
            self.holes.hint(value.form, BOOLEAN.but(nullable=True))
            return
        if not kinds(value, self.types) & {"boolean", "null"}:
            self.problem(
                MF6304,
                f"a test needs true or false, and this is {describe(value, self.types)}",
                self.origins.span(expr),
                help="compare it: `… == …`, `exists(…)`, `length(…) > 0`",
            )

    def _logic(self, expr: plan.BinaryExpr, place: Place) -> Typed:
        self.test(expr.left, self.evaluate(expr.left, place))
        # The right side is evaluated only when the left was true (`and`), or not.
        facts = place.facts | proven(expr.left, expr.op == "and")
        inner = place.but(facts=facts)
        self.test(expr.right, self.evaluate(expr.right, inner))
        return BOOLEAN

    def _items(self, items: list[plan.Expr], place: Place) -> Typed:
        found = [self.evaluate(value, place) for value in items]
        for value, typed in zip(items, found, strict=True):
            self.types_of_items[id(value)] = typed
        return either(found) if found else ANY

    # -- paths

    def _path(self, path: plan.PathExpr, place: Place) -> Typed:
        value = self.root_of(path, place)
        many = False
        for index, segment in enumerate(path.segments):
            if segment.descendant:
                return Typed(ListOf(ANY))
            if len(segment.selectors) != 1:
                for selector in segment.selectors:
                    self._select(path, index, selector, value, place)
                return Typed(ListOf(ANY))
            selector = segment.selectors[0]
            found, spreads = self._select(path, index, selector, value, place)
            many = many or spreads
            value = found
            if value == ANY:
                break
        if path.singular and path_key(path) in place.facts:
            value = value.sure
        if many or not path.singular:
            return Typed(ListOf(value.sure))
        if isinstance(value.form, Hole):
            lenient = place.lenient or not place.required
            self.holes.mark(value.form, required=not lenient)
            if place.lenient:
                return value.but(absent=worse(value.absent, "maybe"))
        return value

    def _select(
        self,
        path: plan.PathExpr,
        index: int,
        selector: plan.Selector,
        value: Typed,
        place: Place,
    ) -> tuple[Typed, bool]:
        """What a selector gives, and whether it spreads a value into many."""
        if selector.member is not None:
            return self._member(path, index, selector.member, value), False
        if selector.length:
            return self._length(path, index, value), False
        if selector.at is not None:
            found = item_at(value, selector.at, self.types)
            return self._listed(path, index, found, value), False
        if selector.filter is not None:
            element = self._spread(path, index, value)
            inner = place.but(
                parameters=(*place.parameters, ("@", element)), required=False
            )
            self.test(selector.filter, self.evaluate(selector.filter, inner))
            return element, True
        if selector.all:
            return self._spread(path, index, value), True
        return self._listed(path, index, item(value, self.types), value), True

    def _spread(self, path: plan.PathExpr, index: int, value: Typed) -> Typed:
        """Each item of a list or member of an object."""
        found = item(value, self.types)
        if found is not None:
            return found
        if "object" in kinds(value, self.types):
            return values_of(value, self.types)
        return self._listed(path, index, None, value)

    def _listed(
        self, path: plan.PathExpr, index: int, found: Typed | None, value: Typed
    ) -> Typed:
        if found is not None:
            return found
        self.problem(
            MF6301,
            f"{self.shown(path, index)} is {describe(value, self.types)} and has no"
            " items",
            self.origins.segment_span(path, index),
            help="only lists are indexed; a member is read as `.name`",
        )
        return ANY

    def _length(self, path: plan.PathExpr, index: int, value: Typed) -> Typed:
        if isinstance(value.form, Hole):
            self.holes.mark(value.form)
        elif not kinds(value, self.types) & {"string", "array", "object"}:
            self.problem(
                MF6301,
                f"{self.shown(path, index)} is {describe(value, self.types)} and has no"
                " length",
                self.origins.segment_span(path, index),
                help="strings, lists and objects have a length",
            )
        return INTEGER.but(absent=value.absent, nullable=value.nullable)

    def _member(
        self, path: plan.PathExpr, index: int, name: str, value: Typed
    ) -> Typed:
        defaulted = path.root == "input"
        found = member(value, name, self.types, defaulted=defaulted)
        if isinstance(found, Typed):
            return found
        shown = self.shown(path, index)
        labels: list[Label] = []
        fix = None
        if found.known is None:
            message = f"{shown} is {describe(value, self.types)} and has no `{name}`"
            text = "only objects have members"
            if "array" in kinds(value, self.types):
                text = f"one item is `[0].{name}`, those of all items are `[*].{name}`"
        else:
            message = f"{shown} has no field `{name}`"
            near = suggest(name, found.known)
            fields = ", ".join(f"`{field}`" for field in found.known[:8])
            text = f"its fields are {fields}" if fields else "it has no fields"
            if near is not None:
                text = f"did you mean `{near}`?"
                segment = self.origins.segment(path, index)
                fix = for_segment(segment, near) if segment is not None else None
            label = self.field_place(value.form, near or "")
            labels = [label] if label is not None else []
        self.problem(
            MF6301,
            message,
            self.origins.segment_span(path, index),
            help=text,
            labels=labels,
            fix=fix,
        )
        return ANY

    def shown(self, path: plan.PathExpr, upto: int) -> str:
        """The first segments of a path, as a reader wrote them."""
        text = "$." + path.root
        if path.root == "step":
            text = f"$.{path.name}"
            if path.field not in (None, "output"):
                text += f".{path.field}"
        elif path.root == "local":
            text = (path.name or "") if path.name == "@" else f"$.{path.name}"
        for segment in path.segments[:upto]:
            selector = segment.selectors[0]
            if selector.member is not None:
                text += f".{selector.member}"
            elif selector.at is not None:
                text += f"[{selector.at}]"
            else:
                text += "[…]"
        return f"`{text}`"

    def problem(
        self,
        code: Code,
        message: str,
        span: Span | None,
        *,
        help: str,
        labels: Iterable[Label] = (),
        fix: Fix | None = None,
    ) -> None:
        """Report once: an inlined condition is evaluated wherever it is read."""
        key = (code.id, message, span)
        if key not in self.reported:
            self.reported.add(key)
            self.report.add(code, message, span, help=help, labels=labels, fix=fix)


def _is_null(expr: plan.Expr) -> bool:
    return isinstance(expr, plan.LitExpr) and expr.value is None


def _scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
