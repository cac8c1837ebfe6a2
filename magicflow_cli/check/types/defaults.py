"""Defaults are values of their schema, or the schema is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from magicflow.types.domain import DomainError, check_domain
from magicflow.types.validate import TypeSet

from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Span
from magicflow_cli.plan import models as plan
from magicflow_cli.plan import to_json


def check_defaults(
    types: Mapping[str, plan.TypeDef],
    spans: Mapping[tuple[str, str], Span],
    values: Values,
) -> None:
    """Reports every default that its own type refuses; `spans` has those to check."""
    compiled = TypeSet({id: to_json(type) for id, type in types.items()})
    for (id, wire), span in sorted(spans.items()):
        type = types.get(id)
        if not isinstance(type, plan.ObjectType) or wire not in type.fields:
            continue
        field = type.fields[wire]
        try:
            check_domain(field.default)
            problems = compiled.compile(to_json(field.type)).check(field.default)
        except DomainError as error:
            detail = error.message
        else:
            if not problems:
                continue
            place = f" at `{problems[0].path}`" if problems[0].path else ""
            detail = problems[0].message + place
        values.problem(
            codes.MF2130,
            f"the default of `{wire}` does not fit its schema: {detail}",
            span,
            "write a default that the schema accepts, or leave it out",
        )
