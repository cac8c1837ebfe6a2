"""Whether values of one schema fit another: the cases that people ask about."""

from __future__ import annotations

import pytest

from magicflow_cli.check.types import TypeTable
from magicflow_cli.check.types.assign import is_assignable
from magicflow_cli.diagnostics.model import Report
from tests.unit.types.conftest import load

CASES = [
    ("{type: string}", "{}", "yes"),
    ("{}", "{type: string}", "maybe"),
    ("{type: string}", "{type: integer}", "no"),
    ("{type: integer}", "{type: number}", "yes"),
    ("{type: number}", "{type: integer}", "maybe"),
    ("{type: 'null'}", "{type: string}", "no"),
    ("{type: 'null'}", "{type: [string, 'null']}", "yes"),
    ("{type: [string, 'null']}", "{type: string}", "maybe"),
    ("{type: [string, 'null']}", "{type: [integer, 'null']}", "maybe"),
    ("false", "{type: string}", "yes"),
    ("{type: string}", "false", "no"),
    ("{type: boolean}", "{const: true}", "maybe"),
    ("{const: true}", "{type: boolean}", "yes"),
    ("{enum: [a, b]}", "{enum: [a, b, c]}", "yes"),
    ("{enum: [a, b]}", "{enum: [b, c]}", "maybe"),
    ("{enum: [a]}", "{enum: [b]}", "no"),
    ("{enum: [a, 1]}", "{type: string}", "maybe"),
    ("{enum: [1, 2]}", "{type: integer, minimum: 1}", "yes"),
    ("{enum: [1, 2]}", "{type: integer, minimum: 2}", "maybe"),
    ("{enum: [1.5]}", "{type: integer}", "no"),
    ("{enum: [1]}", "{type: integer}", "yes"),
    ("{enum: [ab]}", "{type: string, maxLength: 1}", "no"),
    ("{enum: ['2020-01-01']}", "{type: string, format: date}", "yes"),
    ("{type: string}", "{enum: [a]}", "maybe"),
    ("{type: string, minLength: 3}", "{enum: [a]}", "no"),
    ("{type: integer, minimum: 5}", "{enum: [1, 2]}", "no"),
    ("{type: integer}", "{enum: [1, 2]}", "maybe"),
    ("{type: string, minLength: 2}", "{type: string, minLength: 1}", "yes"),
    ("{type: string, minLength: 1}", "{type: string, minLength: 2}", "maybe"),
    ("{type: string, minLength: 3}", "{type: string, maxLength: 2}", "no"),
    ("{type: string, maxLength: 2}", "{type: string, minLength: 3}", "no"),
    ("{type: string, maxLength: 2}", "{type: string, maxLength: 3}", "yes"),
    ("{type: string}", "{type: string, maxLength: 3}", "maybe"),
    ("{type: string, format: date}", "{type: string}", "yes"),
    ("{type: string}", "{type: string, format: date}", "maybe"),
    ("{type: string, pattern: a}", "{type: string, pattern: b}", "maybe"),
    ("{type: integer, minimum: 2}", "{type: integer, minimum: 1}", "yes"),
    ("{type: integer, minimum: 2}", "{type: number, exclusiveMinimum: 2}", "maybe"),
    ("{type: number, exclusiveMinimum: 2}", "{type: number, minimum: 2}", "yes"),
    ("{type: number, maximum: 1}", "{type: number, minimum: 2}", "no"),
    ("{type: number, exclusiveMaximum: 2}", "{type: number, minimum: 2}", "no"),
    ("{type: number, minimum: 5}", "{type: number, exclusiveMaximum: 5}", "no"),
    ("{type: number, maximum: 2}", "{type: number, exclusiveMaximum: 3}", "yes"),
    ("{type: number, exclusiveMaximum: 3}", "{type: number, maximum: 3}", "yes"),
    ("{type: number, maximum: 3}", "{type: number, exclusiveMaximum: 3}", "maybe"),
    ("{type: integer, multipleOf: 4}", "{type: integer, multipleOf: 2}", "maybe"),
    ("{type: integer, format: int32}", "{type: integer, minimum: -2147483648}", "yes"),
    ("{type: integer, format: int32, maximum: 5}", "{type: integer, maximum: 5}", "yes"),
    ("{type: integer, format: int32}", "{type: integer, minimum: 3000000000}", "no"),
    ("{type: array, items: {type: integer}}", "{type: array, items: {type: number}}", "yes"),
    ("{type: array, items: {type: string}}", "{type: array, items: {type: integer}}", "maybe"),
    ("{type: array, minItems: 1, items: {type: string}}", "{type: array, items: {type: integer}}", "no"),
    ("{type: array}", "{type: array, minItems: 1}", "maybe"),
    ("{type: array, maxItems: 1}", "{type: array, minItems: 2}", "no"),
    ("{type: array, minItems: 3}", "{type: array, maxItems: 2}", "no"),
    ("{type: array}", "{type: array, uniqueItems: true}", "maybe"),
    ("{type: array, maxItems: 1}", "{type: array, uniqueItems: true, maxItems: 1}", "yes"),
    ("{type: array, maxItems: 0}", "{type: array, items: {type: integer}}", "yes"),
    ("{type: array, prefixItems: [{type: string}, {type: integer}], items: false, minItems: 2}", "{type: array}", "yes"),
    ("{type: array, prefixItems: [{type: string}], items: false, minItems: 1}", "{type: array, prefixItems: [{type: string}, {}], items: false, minItems: 2}", "no"),
    ("{type: array, items: {type: integer}}", "{type: array, prefixItems: [{type: integer}], items: false, minItems: 1}", "maybe"),
    ("{type: object}", "{type: object, required: [a]}", "maybe"),
    ("{type: object, required: [a]}", "{type: object, required: [a]}", "yes"),
    ("{type: object, additionalProperties: false}", "{type: object, required: [a], properties: {a: {}}}", "no"),
    ("{type: object, required: [a], properties: {a: {type: string}}}", "{type: object, properties: {a: {type: integer}}}", "no"),
    ("{type: object, properties: {a: {type: string}}}", "{type: object, properties: {a: {type: integer}}}", "maybe"),
    ("{type: object, properties: {a: {type: string}}}", "{type: object, required: [a], properties: {a: {type: string}}}", "maybe"),
    ("{type: object, required: [a], properties: {a: {type: integer}, b: {}}}", "{type: object, properties: {a: {type: number}}}", "yes"),
    ("{type: object, required: [b], properties: {b: {}}, additionalProperties: false}", "{type: object, properties: {a: {}}, additionalProperties: false}", "no"),
    ("{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}}, additionalProperties: false}", "maybe"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: number}}", "yes"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, properties: {a: {type: integer}}}", "yes"),
    ("{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: string}}", "maybe"),
    ("{type: object}", "{type: object, minProperties: 1}", "maybe"),
    ("{type: object, minProperties: 1}", "{type: object, minProperties: 1}", "yes"),
    ("{oneOf: [{type: string}, {type: integer}]}", "{type: [string, number]}", "yes"),
    ("{oneOf: [{type: string}, {type: integer}]}", "{type: string}", "maybe"),
    ("{oneOf: [{type: string}, {type: integer}]}", "{type: object}", "no"),
    ("{type: object, required: [k], properties: {k: {const: a}}}", "{oneOf: [{type: object, required: [k], properties: {k: {const: a}}}, {type: object, required: [k], properties: {k: {const: b}}}]}", "yes"),
    ("{type: object, required: [k], properties: {k: {const: c}}}", "{oneOf: [{type: object, required: [k], properties: {k: {const: a}}}, {type: object, required: [k], properties: {k: {const: b}}}]}", "no"),
    ("{$defs: {N: {type: object, properties: {n: {$ref: '#/$defs/N'}}}}, $ref: '#/$defs/N'}", "{$defs: {M: {type: object, properties: {n: {$ref: '#/$defs/M'}}}}, $ref: '#/$defs/M'}", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "answer"), CASES)
def test_assignments(source: str, target: str, answer: str) -> None:
    report = Report()
    table = TypeTable(report)
    refs = [
        table.add_schema(load(schema), f"{name}#", [name], named=name == "target")
        for name, schema in (("source", source), ("target", target))
    ]
    assert not report.has_errors
    assert is_assignable(refs[0], refs[1], table.types) == answer
    alias = refs[1]
    if "target#" in table.types:
        alias = type(refs[1])(type="target#", nullable=refs[1].nullable)
    assert is_assignable(refs[0], alias, table.types) == answer
