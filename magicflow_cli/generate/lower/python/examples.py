"""Examples for generated tests and stubs: values that fit a type, and some that do not."""

from __future__ import annotations

from typing import Any

from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.generate.document import plan_json
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.serial import to_json

NOTHING: Any = object()
"""Stands for a type without a known example."""

_CANDIDATES: tuple[Any, ...] = (None, 0, "", [], {})


_last: list[tuple[plan.Plan, TypeSet]] = []
_examples: dict[tuple[str, bool | None], Any] = {}
"""The examples of the last set."""


def type_set(document: plan.Plan) -> TypeSet:
    """The plan's types, ready to give examples. The targets of one plan come one after
    the other, so the last set is kept."""
    if not _last or _last[0][0] is not document:
        _last[:] = [(document, TypeSet(plan_json(document)["types"]))]
        _examples.clear()
    return _last[0][1]


def example_of(types: TypeSet, ref: plan.TypeRef) -> Any:
    """A value that fits, or NOTHING. It is shared: nobody may change it."""
    key = ref.type, ref.nullable
    if not _last or _last[0][1] is not types:
        return _make(types, ref)
    if key not in _examples:
        _examples[key] = _make(types, ref)
    return _examples[key]


def _make(types: TypeSet, ref: plan.TypeRef) -> Any:
    try:
        return example(types, to_json(ref))
    except NoExample:
        return NOTHING


def refused_by(types: TypeSet, ref: plan.TypeRef) -> list[Any]:
    """Some plain values that do not fit."""
    validator = types.compile(to_json(ref))
    return [value for value in _CANDIDATES if validator.check(value)]
