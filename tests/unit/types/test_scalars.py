"""Whether two scalar schemas exclude each other: the cases that people ask about."""

from __future__ import annotations

import pytest

from magicflow_cli.check.types import TypeTable
from magicflow_cli.check.types.scalars import are_disjoint
from magicflow_cli.diagnostics.model import Report
from tests.unit.types.conftest import load

CASES = [
    ("{type: string, minLength: 3}", "{type: string, maxLength: 2}", True),
    ("{type: string, minLength: 2}", "{type: string, maxLength: 2}", False),
    ("{type: string, pattern: a}", "{type: string, pattern: b}", False),
    ("{enum: [ab]}", "{type: string, maxLength: 1}", True),
    ("{enum: [ab, a]}", "{type: string, maxLength: 1}", False),
    ("{enum: [1, 2]}", "{type: string, maxLength: 1}", True),
    ("{enum: [a, 1]}", "{type: string}", False),
    ("{enum: [1, 2]}", "{type: string}", True),
    ("{enum: [a]}", "{type: string, format: date}", True),
    ("{enum: ['2020-01-01']}", "{type: string, format: date}", False),
    ("{enum: [x]}", "{type: string, pattern: '^a'}", True),
    ("{enum: [a]}", "{enum: [b]}", True),
    ("{enum: [a, b]}", "{enum: [b, c]}", False),
    ("{enum: [a]}", "{type: integer, minimum: 1}", True),
    ("{enum: [1, 2]}", "{type: integer, minimum: 2}", False),
    ("{enum: [1.5]}", "{type: integer, minimum: 1}", True),
    ("{enum: [1]}", "{type: integer}", False),
    ("{type: number, maximum: 1}", "{type: number, minimum: 2}", True),
    ("{type: number, maximum: 2}", "{type: integer, minimum: 2}", False),
    ("{type: number, exclusiveMaximum: 2}", "{type: number, minimum: 2}", True),
    ("{type: number, exclusiveMinimum: 5}", "{type: number, maximum: 5}", True),
    ("{type: number, minimum: 5}", "{type: number, exclusiveMaximum: 5}", True),
    ("{type: integer, format: int32}", "{type: integer, minimum: 3000000000}", True),
    ("{type: integer, format: int32, minimum: 5}", "{type: integer, maximum: 4}", True),
    ("{type: integer, format: int32, maximum: 0}", "{type: integer, minimum: 1}", True),
    ("{type: integer, format: int32}", "{type: integer, minimum: 1}", False),
    ("{type: integer, minimum: 1}", "{type: string, minLength: 1}", False),
    ("{type: array, minItems: 2}", "{type: array, maxItems: 1}", False),
]


@pytest.mark.parametrize(("one", "other", "answer"), CASES)
def test_scalars(one: str, other: str, answer: bool) -> None:
    report = Report()
    table = TypeTable(report)
    refs = [
        table.add_schema(load(schema), f"{name}#", [name], named=False)
        for name, schema in (("one", one), ("other", other))
    ]
    assert not report.has_errors
    sides = [table.types.get(ref.type, ref.type) for ref in refs]
    assert are_disjoint(sides[0], sides[1]) is answer
    assert are_disjoint(sides[1], sides[0]) is answer
