"""From static types to the plan's: names, ids and definitions for what was inferred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from magicflow_cli.check.dataflow.holes import ITEM, Holes, Piece
from magicflow_cli.check.dataflow.outcomes import ERROR
from magicflow_cli.check.dataflow.typed import (
    Constant,
    Form,
    Hole,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Typed,
    Types,
    definition,
    kinds,
)
from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics import Span
from magicflow_cli.plan import models as plan

ANY = plan.TypeRef(type="any")
_DEEPEST = 32


@dataclass(slots=True, eq=False, repr=False)
class Names:
    """Ids and words of inferred types, pointer-like below the root's; `span` is the
    step that they are inferred for."""

    id: str
    words: Sequence[str]
    span: Span | None = None

    def below(self, part: str) -> Names:
        word = "item" if part == ITEM else part
        escaped = part.replace("~", "~0").replace("/", "~1")
        step = "items" if part == ITEM else f"properties/{escaped}"
        return Names(f"{self.id}/{step}", [*self.words, word], self.span)


@dataclass(slots=True, eq=False, repr=False)
class Materialiser:
    """`hole_names` gives the id and words of an undeclared function's output;
    `error_names` those of `$.error`, one type for all handlers."""

    table: TypeTable
    holes: Holes
    hole_names: Callable[[str], Names]
    error_names: Names
    _functions: dict[str, plan.TypeRef] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _made: dict[int, tuple[Form, plan.TypeRef]] = field(default_factory=dict)

    @property
    def _types(self) -> Types:
        return self.table.types

    def ref(self, value: Typed, names: Names, depth: int = 0) -> plan.TypeRef:
        """The plan's type of a value; what it needs is defined."""
        found = self._form(value.form, names, depth)
        nullable = bool(found.nullable) or value.nullable
        if found.type in ("any", "null"):
            nullable = False
        return plan.TypeRef(type=found.type, nullable=nullable or None)

    def _form(self, form: Form, names: Names, depth: int) -> plan.TypeRef:
        if depth > _DEEPEST:
            return ANY
        if form is ERROR.form:
            names = self.error_names
        known = self._made.get(id(form))
        if known is not None and not _own(form, depth):
            return known[1]
        made = self._make(form, names, depth)
        if isinstance(form, ObjectOf | ListOf):
            # The outputs of one step that stand in several others' input are one type.
            self._made.setdefault(id(form), (form, made))
        return made

    def _make(self, form: Form, names: Names, depth: int) -> plan.TypeRef:
        match form:
            case Named(id=id):
                return plan.TypeRef(type=id)
            case Constant():
                return plan.TypeRef(type=_scalar(kinds(Typed(form), self._types)))
            case ListOf(item=item):
                inner = self.ref(item, names.below(ITEM), depth + 1)
                if inner == ANY:
                    return plan.TypeRef(type="array")
                return self._define(
                    names, plan.ArrayType(name=_name(names), items=inner)
                )
            case ObjectOf(members=members, open=is_open):
                if not members:
                    return plan.TypeRef(type="object")
                fields = {
                    name: plan.Field(
                        type=self.ref(value, names.below(name), depth + 1),
                        required=not value.absent,
                    )
                    for name, value in members
                }
                return self._object(names, fields, open=is_open)
            case Hole(function=function, path=path):
                return self._hole(function, path)
            case OneOf():
                return plan.TypeRef(type=_scalar(kinds(Typed(form), self._types)))

    def _object(
        self, names: Names, fields: dict[str, plan.Field], *, open: bool
    ) -> plan.TypeRef:
        extra = plan.Extra(allow="preserve")
        return self._define(
            names, plan.ObjectType(name=_name(names), fields=fields, extra=extra)
        )

    def _define(self, names: Names, defined: plan.TypeDef) -> plan.TypeRef:
        if names.span is not None:
            self.table.inferred_spans.setdefault(names.id, names.span)
        if names.id not in self.table.types:
            self.table.define(names.id, defined)
        return plan.TypeRef(type=names.id)

    # -- undeclared functions

    def function_output(self, function: str) -> plan.TypeRef:
        """The inferred output of a function; `any` when nothing tells."""
        return self._hole(function, ())

    def _hole(self, function: str, path: tuple[str, ...]) -> plan.TypeRef:
        key = "\0".join((function, *path))
        known = self._functions.get(key)
        if known is not None:
            return known
        if key in self._open:
            return ANY
        piece: Piece | None = self.holes.piece(function)
        names = self.hole_names(function)
        for part in path:
            names = names.below(part)
            assert piece is not None
            piece = piece.item if part == ITEM else piece.members.get(part)
            if piece is None:
                return ANY
        assert piece is not None
        self._open.add(key)
        found = self._piece(piece, function, path, names)
        self._open.discard(key)
        self._functions[key] = found
        return found

    def _piece(
        self, piece: Piece, function: str, path: tuple[str, ...], names: Names
    ) -> plan.TypeRef:
        hint = self._agreed(piece)
        if hint is not None and hint.form == Named("any"):
            return ANY
        declared = definition(hint.form, self._types) if hint is not None else None
        if hint is not None and not piece.members:
            return self.ref(hint, names)
        if isinstance(declared, plan.MapType) and hint is not None:
            return self.ref(hint, names)
        if piece.members and piece.item is None:
            # What the whole is used for, and what is read of it besides.
            fields = dict(declared.fields) if _is_object(declared) else {}
            if hint is not None and fields and not piece.members.keys() - fields.keys():
                return self.ref(hint, names)
            for name, below in piece.members.items():
                if name not in fields:
                    fields[name] = plan.Field(
                        type=self._hole(function, (*path, name)),
                        required=below.required,
                    )
            return self._object(names, fields, open=True)
        if piece.item is not None and not piece.members:
            inner = self._hole(function, (*path, ITEM))
            if inner == ANY:
                return plan.TypeRef(type="array")
            return self._define(names, plan.ArrayType(name=_name(names), items=inner))
        return ANY

    def _agreed(self, piece: Piece) -> Typed | None:
        """The one type that all uses agree on: `any` where they contradict each other -
        whatever comes, some use fails -, None when they tell nothing."""
        hints = [h for h in piece.hints if self._telling(h)]
        if not hints:
            return None
        best = hints[0]
        for hint in hints[1:]:
            agreed = self._narrower(best, hint)
            if agreed is None:
                return Typed(Named("any"))
            best = agreed
        return best.but(nullable=all(hint.nullable for hint in hints))

    def _telling(self, hint: Typed) -> bool:
        return hint.form not in (Named("any"),) and not isinstance(hint.form, Hole)

    def _narrower(self, one: Typed, other: Typed) -> Typed | None:
        """The more exact of two types of one kind; None when they contradict."""
        if one.form == other.form:
            return one
        first, second = kinds(one.sure, self._types), kinds(other.sure, self._types)
        if _plain(other) and first <= second:
            return one
        if _plain(one) and second <= first:
            return other
        if first < second:
            return one
        return other if second < first else None


_PLAIN = frozenset(("boolean", "integer", "number", "string", "object", "array"))


_MOST_COPIED = 64
"""Up to how many members a function gets an input type of its own name."""


def _own(form: Form, depth: int) -> bool:
    """Whether the form becomes a type of its own even if an equal one has a name."""
    if depth > 0 or form is ERROR.form:
        return False
    return isinstance(form, ObjectOf) and len(form.members) <= _MOST_COPIED


def _is_object(defined: plan.TypeDef | None) -> TypeGuard[plan.ObjectType]:
    return isinstance(defined, plan.ObjectType)


def _plain(value: Typed) -> bool:
    """Whether the type says no more than the JSON type."""
    return isinstance(value.form, Named) and value.form.id in _PLAIN


def _name(names: Names) -> plan.TypeName:
    return plan.TypeName(words=list(names.words))


def _scalar(found: frozenset[str]) -> str:
    """The built-in type of one of several kinds; `any` when there are several."""
    rest = found - {"null"}
    if not rest:
        return "null" if found else "any"
    if rest <= {"integer", "number"}:
        return "number" if "number" in rest else "integer"
    return next(iter(rest)) if len(rest) == 1 else "any"
