"""Whether a value of a mapping fits the type that is wanted.

A value that never fits is an error. One that a schema lets be null or absent where a
value is required is an error too: the two schemas contradict each other. One that only
the flow may leave out was reported where it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from magicflow_cli.check.dataflow.comparisons import equal
from magicflow_cli.check.dataflow.evaluate import Evaluator
from magicflow_cli.check.dataflow.members import Missing, item, member
from magicflow_cli.check.dataflow.typed import (
    Constant,
    Hole,
    Named,
    ObjectOf,
    OneOf,
    Typed,
    constants,
    definition,
    describe,
    kinds,
    of,
    quoted,
    settled,
)
from magicflow_cli.check.types.scalars import are_disjoint
from magicflow_cli.diagnostics import Label, Span
from magicflow_cli.diagnostics.codes import MF6309, MF6310, MF6311
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.plan import models as plan

_DEEPEST = 24


@dataclass(slots=True, eq=False, repr=False)
class Fit:
    """Checks one mapping against one wanted type. `target` names what is filled:
    "the input of `chargeCard`"; `declared` is where its schema stands."""

    evaluator: Evaluator
    target: str
    declared: Label | None = None
    fallback_span: Span | None = None
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def check(
        self,
        expr: plan.Expr | None,
        value: Typed,
        wanted: Typed,
        at: str = "",
        depth: int = 0,
    ) -> None:
        """Compare; `expr` is what was written, as long as it has the value's form;
        `at` is the member's path, "" for the whole."""
        types = self.evaluator.types
        wanted = settled(wanted, types)
        if depth > _DEEPEST or wanted.form == Named("any"):
            self._mark(value)
            return
        if isinstance(value.form, Hole):
            self.evaluator.holes.hint(value.form, wanted)
            return
        if not self._check_there(expr, value, wanted, at):
            return
        value = settled(value, types)
        if value.form == Named("any") or value.form == wanted.form:
            return
        if isinstance(value.form, Named) and isinstance(wanted.form, Named):
            pair = (value.form.id, wanted.form.id)
            if pair in self._seen:  # compared before, or a recursive type
                return
            self._seen.add(pair)
        if isinstance(value.form, OneOf):
            self._check_options(expr, value, wanted, at, depth)
            return
        found = kinds(value.sure, types) - {"null"}
        allowed = kinds(wanted.sure, types)
        exact = isinstance(value.form, Constant)
        if found and not (found & allowed if exact else _kinds_meet(found, allowed)):
            self._misfit(expr, value, wanted, at)
            return
        if isinstance(value.form, Constant):
            self._check_constant(expr, value.form.value, wanted, at)
        elif "array" in found and "array" in allowed:
            self._check_list(expr, value, wanted, at, depth)
        elif "object" in found and "object" in allowed:
            self._check_object(expr, value, wanted, at, depth)
        else:
            self._check_scalars(expr, value, wanted, at)

    def _mark(self, value: Typed) -> None:
        if isinstance(value.form, Hole):
            self.evaluator.holes.mark(value.form)

    def _check_there(
        self, expr: plan.Expr | None, value: Typed, wanted: Typed, at: str
    ) -> bool:
        """Report null where none is allowed; False where nothing is left to check."""
        types = self.evaluator.types
        null_allowed = "null" in kinds(wanted, types)
        if value.form == Constant(None):
            if not null_allowed and not value.absent:
                self._misfit(expr, value, wanted, at)
            return False
        if value.nullable and not null_allowed:
            self._say(
                MF6311,
                f"{self._name(at)} must not be null, and this may be null",
                expr,
                help="give it a value to fall back on: `coalesce(…, …)`",
            )
        return True

    def _check_options(
        self,
        expr: plan.Expr | None,
        value: Typed,
        wanted: Typed,
        at: str,
        depth: int,
    ) -> None:
        """Of several forms at least one must fit: which it is, the run decides."""
        assert isinstance(value.form, OneOf)
        types = self.evaluator.types
        allowed = kinds(wanted, types)
        for option in value.form.options:
            one = Typed(option)
            if isinstance(option, Hole):
                # Another option may stand in for null: it says nothing against it.
                self.evaluator.holes.hint(option, wanted.but(nullable=True))
                return
            if _kinds_meet(kinds(one, types), allowed):
                return
        self._misfit(expr, value, wanted, at)

    # -- scalars

    def _check_constant(
        self, expr: plan.Expr | None, value: object, wanted: Typed, at: str
    ) -> None:
        types = self.evaluator.types
        allowed = constants(wanted, types)
        if allowed is not None:
            if not any(equal(value, a) for a in allowed):
                near = suggest(str(value), [a for a in allowed if isinstance(a, str)])
                shown = ", ".join(quoted(a) for a in allowed[:8])
                self._say(
                    MF6309,
                    f"{quoted(value)} does not fit {self._name(at)}",
                    expr,
                    help=f"did you mean '{near}'?" if near else f"it is one of {shown}",
                )
            return
        reason = _bounds(value, definition(wanted.form, types))
        if reason is not None:
            self._say(
                MF6309,
                f"{quoted(value)} does not fit {self._name(at)}: {reason}",
                expr,
                help="change the value, or the schema",
            )

    def _check_scalars(
        self, expr: plan.Expr | None, value: Typed, wanted: Typed, at: str
    ) -> None:
        """Two limited sets without a common value, or schemas that exclude each other."""
        types = self.evaluator.types
        given, allowed = constants(value, types), constants(wanted, types)
        if given is not None and allowed is not None:
            if not any(equal(g, a) for g in given for a in allowed):
                self._misfit(expr, value, wanted, at)
            return
        have, want = definition(value.form, types), definition(wanted.form, types)
        if have is not None and want is not None and are_disjoint(have, want):
            self._say(
                MF6309,
                f"no value that this may be fits {self._name(at)}",
                expr,
                help="compare the two schemas: their bounds, lengths and values",
            )

    # -- lists and objects

    def _check_list(
        self,
        expr: plan.Expr | None,
        value: Typed,
        wanted: Typed,
        at: str,
        depth: int,
    ) -> None:
        types = self.evaluator.types
        needed = item(wanted, types)
        if needed is None:
            return
        if isinstance(expr, plan.ArrayExpr) and expr.items:
            tuple_type = definition(wanted.form, types)
            for index, entry in enumerate(expr.items):
                one = self.evaluator.types_of_items.get(id(entry))
                each = needed
                if isinstance(tuple_type, plan.TupleType):
                    if index >= len(tuple_type.items):
                        break
                    each = of(tuple_type.items[index])
                if one is not None:
                    self.check(entry, one, each, f"{at}[{index}]", depth + 1)
            return
        given = item(value, types)
        if given is not None:
            self.check(expr, given, needed, f"{at}[…]", depth + 1)

    def _check_object(
        self,
        expr: plan.Expr | None,
        value: Typed,
        wanted: Typed,
        at: str,
        depth: int,
    ) -> None:
        types = self.evaluator.types
        target = definition(wanted.form, types)
        if isinstance(target, plan.MapType):
            if isinstance(value.form, ObjectOf):
                for name, part in value.form.members:
                    inner = _entry(expr, name)
                    below = _below(at, name)
                    self.check(inner, part, of(target.values), below, depth + 1)
            return
        if not isinstance(target, plan.ObjectType):
            return
        for name, declared in target.fields.items():
            self._check_field(expr, value, name, declared, at, depth)
        if isinstance(value.form, ObjectOf):
            self._check_extra(expr, value.form, target, at, depth)

    def _check_field(
        self,
        expr: plan.Expr | None,
        value: Typed,
        name: str,
        declared: plan.Field,
        at: str,
        depth: int,
    ) -> None:
        types = self.evaluator.types
        part = member(value, name, types)
        below = _below(at, name)
        if isinstance(part, Missing):
            if declared.required and self._closed(value):
                self._say(
                    MF6310,
                    f"{self._name(below)} is required and missing",
                    expr,
                    help=(
                        f"add `{name}:` to the mapping"
                        if isinstance(expr, plan.ObjectExpr)
                        else f"map it: `{name}: …`"
                    ),
                )
            return
        if part.absent == "optional" and declared.required:
            self._say(
                MF6311,
                f"{self._name(below)} is required, and this may be missing",
                _entry(expr, name),
                help="give it a value to fall back on: `coalesce(…, …)`; or make the"
                " field `required` in the schema that it comes from",
            )
            part = part.sure
        part = part.but(absent="")
        self.check(_entry(expr, name), part, of(declared.type), below, depth + 1)

    def _closed(self, value: Typed) -> bool:
        """Whether a member that is not known cannot be there."""
        if isinstance(value.form, ObjectOf):
            return not value.form.open
        defined = definition(value.form, self.evaluator.types)
        if isinstance(defined, plan.ObjectType):
            return defined.extra.allow == "forbid" or bool(defined.fields)
        return False

    def _check_extra(
        self,
        expr: plan.Expr | None,
        value: ObjectOf,
        target: plan.ObjectType,
        at: str,
        depth: int,
    ) -> None:
        """Members that the target does not declare."""
        for name, part in value.members:
            if name in target.fields:
                continue
            if target.extra.allow == "typed" and target.extra.type is not None:
                wanted = of(target.extra.type)
                below = _below(at, name)
                self.check(_entry(expr, name), part, wanted, below, depth + 1)
            elif target.extra.allow == "forbid" or self._misspelt(name, value, target):
                near = suggest(name, target.fields)
                self._say(
                    MF6309,
                    f"{self._name(at)} has no member `{name}`",
                    _entry(expr, name),
                    help=(
                        f"did you mean `{near}`?"
                        if near
                        else "its members are "
                        + ", ".join(f"`{field}`" for field in target.fields)
                    ),
                )
            else:
                self._mark(part)

    def _misspelt(self, name: str, value: ObjectOf, target: plan.ObjectType) -> bool:
        """An undeclared member that stands where a declared one of nearly the same name
        is left out."""
        near = suggest(name, target.fields)
        return near is not None and value.get(near) is None

    # -- saying

    def _misfit(
        self, expr: plan.Expr | None, value: Typed, wanted: Typed, at: str
    ) -> None:
        types = self.evaluator.types
        self._say(
            MF6309,
            f"{self._name(at)} must be {describe(wanted, types)}, and this is"
            f" {describe(value, types)}",
            expr,
            help="map a value of that type, or convert it: `to_string(…)`,"
            " `to_number(…)`",
        )

    def _name(self, at: str) -> str:
        return f"`{at}` of {self.target}" if at else self.target

    def _say(
        self, code: Code, message: str, expr: plan.Expr | None, *, help: str
    ) -> None:
        labels: Iterable[Label] = [self.declared] if self.declared is not None else []
        span: Span | None = None
        if expr is not None:
            span = self.evaluator.origins.span(expr)
        self.evaluator.problem(
            code, message, span or self.fallback_span, help=help, labels=labels
        )


def _kinds_meet(found: Iterable[str], allowed: Iterable[str]) -> bool:
    one, other = set(found), set(allowed)
    if one & other:
        return True
    # `1.0` is an integer: a number may fit where an integer is wanted.
    return "number" in one and "integer" in other


def _entry(expr: plan.Expr | None, name: str) -> plan.Expr | None:
    """The member's own expression in a written object, else the whole."""
    if isinstance(expr, plan.ObjectExpr):
        return expr.members.get(name, expr)
    return expr


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _bounds(value: object, defined: plan.TypeDef | None) -> str | None:
    """Why a literal is outside the bounds of a scalar type; None when it is not."""
    if isinstance(defined, plan.StringType) and isinstance(value, str):
        if defined.min_length is not None and len(value) < defined.min_length:
            return f"at least {defined.min_length} characters"
        if defined.max_length is not None and len(value) > defined.max_length:
            return f"at most {defined.max_length} characters"
        return None
    if not isinstance(defined, plan.IntegerType | plan.NumberType):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(str(value))
    if defined.minimum is not None and number < Decimal(defined.minimum):
        return f"at least {defined.minimum}"
    if defined.maximum is not None and number > Decimal(defined.maximum):
        return f"at most {defined.maximum}"
    low, high = defined.exclusive_minimum, defined.exclusive_maximum
    if low is not None and number <= Decimal(low):
        return f"more than {low}"
    if high is not None and number >= Decimal(high):
        return f"less than {high}"
    return None
