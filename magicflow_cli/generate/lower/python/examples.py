"""Examples for generated tests and stubs: values that fit a type, and some that do not."""

from __future__ import annotations

from typing import Any

from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.plan import models as plan
from magicflow_cli.plan.serial import to_json

NOTHING: Any = object()
"""Stands for a type without a known example."""

_CANDIDATES: tuple[Any, ...] = (None, 0, "", [], {})


def type_set(document: plan.Plan) -> TypeSet:
    """The plan's types, ready to give examples."""
    return TypeSet({id: to_json(each) for id, each in document.types.items()})


def example_of(types: TypeSet, ref: plan.TypeRef) -> Any:
    """A value that fits, or NOTHING."""
    try:
        return example(types, to_json(ref))
    except NoExample:
        return NOTHING


def refused_by(types: TypeSet, ref: plan.TypeRef) -> list[Any]:
    """Some plain values that do not fit."""
    validator = types.compile(to_json(ref))
    return [value for value in _CANDIDATES if validator.check(value)]
