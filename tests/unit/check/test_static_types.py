"""Static types by themselves: kinds, members, bounds, words; and what undeclared values
become by each kind of use."""

from __future__ import annotations

import pytest

from magicflow_cli.check.dataflow.fit import _bounds
from magicflow_cli.check.dataflow.members import (
    Missing,
    item,
    item_at,
    member,
    values_of,
)
from magicflow_cli.check.dataflow.typed import (
    ANY,
    ARRAY,
    BOOLEAN,
    INTEGER,
    KINDS,
    MOST_PARTS,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Constant,
    Hole,
    ListOf,
    Named,
    ObjectOf,
    OneOf,
    Typed,
    Types,
    bounded,
    constants,
    describe,
    either,
    kinds,
    quoted,
    settled,
    size,
)
from magicflow_cli.plan import models as plan
from tests.unit.check.flows import found, run

NAME = plan.TypeName(words=["x"])
PRESERVE = plan.Extra(allow="preserve")


def ref(id: str, nullable: bool | None = None) -> plan.TypeRef:
    return plan.TypeRef(type=id, nullable=nullable)


TYPES: Types = {
    "text": plan.StringType(name=NAME, format="email"),
    "int": plan.IntegerType(name=NAME, minimum="1", exclusive_maximum="9"),
    "num": plan.NumberType(name=NAME, maximum="5", exclusive_minimum="0"),
    "enum": plan.EnumType(name=NAME, base="string", values=["a", "b", None]),
    "list": plan.ArrayType(name=NAME, items=ref("integer")),
    "tuple": plan.TupleType(name=NAME, items=[ref("string"), ref("boolean")]),
    "map": plan.MapType(name=NAME, values=ref("number")),
    "open": plan.ObjectType(name=NAME, fields={}, extra=PRESERVE),
    "typed": plan.ObjectType(
        name=NAME,
        fields={"a": plan.Field(type=ref("string"), required=True)},
        extra=plan.Extra(allow="typed", type=ref("integer")),
        required_extra=["must"],
    ),
    "closed": plan.ObjectType(
        name=NAME,
        fields={"b": plan.Field(type=ref("text"), required=False)},
        extra=plan.Extra(allow="forbid"),
    ),
    "union": plan.UnionType(
        name=NAME,
        how="json_type",
        variants=[plan.Variant(type=ref("closed")), plan.Variant(type=ref("list"))],
    ),
    "alias": plan.AliasType(name=NAME, of=ref("text", True)),
    "again": plan.AliasType(name=NAME, of=ref("alias")),
    "loop": plan.AliasType(name=NAME, of=ref("loop")),
    "never": plan.NeverType(name=NAME),
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ANY, KINDS),
        (NUMBER, {"number", "integer"}),
        (INTEGER, {"integer"}),
        (STRING.but(nullable=True), {"string", "null"}),
        (STRING.but(absent="maybe"), {"string", "null"}),
        (Typed(Constant(1.0)), {"integer"}),
        (Typed(Constant(1.5)), {"number"}),
        (Typed(Constant(True)), {"boolean"}),
        (NULL, {"null"}),
        (Typed(ListOf(ANY)), {"array"}),
        (Typed(ObjectOf(())), {"object"}),
        (Typed(Hole("f")), KINDS),
        (Typed(OneOf((Constant("a"), Named("list")))), {"string", "array"}),
        (Typed(Named("text")), {"string"}),
        (Typed(Named("int")), {"integer"}),
        (Typed(Named("num")), {"number", "integer"}),
        (Typed(Named("enum")), {"string", "null"}),
        (Typed(Named("tuple")), {"array"}),
        (Typed(Named("map")), {"object"}),
        (Typed(Named("union")), {"object", "array"}),
        (Typed(Named("again")), {"string", "null"}),
        (Typed(Named("never")), frozenset()),
        (Typed(Named("unknown")), KINDS),
    ],
)
def test_kinds(value: Typed, expected: frozenset[str]) -> None:
    assert kinds(value, TYPES) == expected


def test_aliases_in_a_circle_end() -> None:
    assert settled(Typed(Named("loop")), TYPES).form == Named("loop")
    assert kinds(Typed(Named("loop")), {"loop": TYPES["loop"]}) is not None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ANY, "any value"),
        (STRING, "a string"),
        (STRING.but(nullable=True), "a string or null"),
        (NULL, "null"),
        (NULL.but(nullable=True), "null"),
        (NUMBER, "a number"),
        (Typed(Constant("a" * 50)), "the constant '" + "a" * 39 + "…'"),
        (Typed(Constant(False)), "the constant false"),
        (Typed(Named("text")), "a string of format email"),
        (Typed(Named("enum")), "one of 'a', 'b'"),
        (
            Typed(OneOf(tuple(Constant(c) for c in "abcdef"))),
            "one of 'a', 'b', 'c', 'd', 'e', …",
        ),
        (Typed(OneOf((Named("string"), Named("list")))), "a string or a list"),
        (Typed(Named("never")), "nothing"),
    ],
)
def test_words(value: Typed, words: str) -> None:
    assert describe(value, TYPES) == words


def test_scalars_are_quoted_as_written() -> None:
    assert [quoted(v) for v in (None, True, 1, 1.5, "x")] == [
        "null",
        "true",
        "1",
        "1.5",
        "'x'",
    ]


def test_true_is_not_one() -> None:
    assert Constant(True) != Constant(1)
    assert Constant(1) != Constant(1.0)
    assert Constant("any") != Named("any")
    assert len({Constant(True), Constant(1), Constant(True)}) == 2
    assert Constant(1).__eq__(1) is NotImplemented


def test_either() -> None:
    assert either([STRING, STRING]) == STRING
    assert either([STRING, NULL]) == STRING.but(nullable=True)
    assert either([NULL]) == NULL
    assert either([STRING, ANY]) == ANY
    assert (
        either([STRING.but(absent="maybe"), INTEGER.but(absent="optional")]).absent
        == "optional"
    )
    both = either([STRING, either([INTEGER, BOOLEAN])])
    assert both.form == OneOf((Named("string"), Named("integer"), Named("boolean")))


def test_constants() -> None:
    assert constants(Typed(Named("enum")), TYPES) == ("a", "b")
    assert constants(Typed(OneOf((Constant(1), Named("enum")))), TYPES) == (1, "a", "b")
    assert constants(Typed(OneOf((Constant(1), Named("string")))), TYPES) is None
    assert constants(STRING, TYPES) is None


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (ANY, "x", ANY),
        (OBJECT, "x", ANY.but(absent="maybe")),
        (NULL, "x", NULL),
        (Typed(Named("open")), "x", ANY.but(absent="maybe")),
        (Typed(Named("typed")), "a", STRING),
        (Typed(Named("typed")), "must", ANY),
        (Typed(Named("typed")), "x", INTEGER.but(absent="maybe")),
        (Typed(Named("closed")), "b", Typed(Named("text"), absent="optional")),
        (Typed(Named("closed")), "x", Missing(("b",))),
        (
            Typed(Named("closed"), nullable=True),
            "b",
            Typed(Named("text"), absent="optional"),
        ),
        (Typed(Named("map")), "x", NUMBER.but(absent="maybe")),
        (Typed(Named("list")), "x", Missing(None)),
        (STRING, "x", Missing(None)),
        (Typed(Constant("a")), "x", Missing(None)),
        (Typed(ObjectOf((("a", STRING),))), "a", STRING),
        (Typed(ObjectOf((("a", STRING),))), "x", Missing(("a",))),
        (Typed(ObjectOf((("a", STRING),), open=True)), "x", ANY),
        (Typed(Hole("f", ("a",))), "x", Typed(Hole("f", ("a", "x")))),
        (Typed(Named("union")), "b", Typed(Named("text"), absent="optional")),
        (Typed(Named("union")), "x", Missing(("b",))),
        (Typed(OneOf((Named("string"), Named("list")))), "x", Missing(None)),
        (Typed(Named("never")), "x", Missing(None)),
    ],
)
def test_members(value: Typed, name: str, expected: Typed | Missing) -> None:
    assert member(value, name, TYPES) == expected


def test_items() -> None:
    assert item(ANY, TYPES) == ANY
    assert item(ARRAY, TYPES) == ANY
    assert item(Typed(Named("list")), TYPES) == INTEGER
    assert item(Typed(Named("tuple")), TYPES) == either([STRING, BOOLEAN])
    assert item(Typed(Named("union")), TYPES) == INTEGER
    assert item(Typed(Hole("f")), TYPES) == Typed(Hole("f", ("[]",)))
    assert item(Typed(OneOf((Named("list"), Named("string")))), TYPES) == INTEGER
    assert item(Typed(OneOf((Named("text"), Named("string")))), TYPES) is None
    assert item(STRING, TYPES) is None
    assert item_at(Typed(Named("tuple")), 1, TYPES) == BOOLEAN
    assert item_at(Typed(Named("tuple")), -1, TYPES) == either([STRING, BOOLEAN]).but(
        absent="maybe"
    )
    assert item_at(STRING, 0, TYPES) is None


def test_values() -> None:
    assert (
        values_of(Typed(ObjectOf((("a", STRING.but(absent="maybe")),))), TYPES)
        == STRING
    )
    assert values_of(Typed(ListOf(STRING)), TYPES) == STRING
    assert values_of(Typed(Named("map")), TYPES) == NUMBER
    assert values_of(Typed(Named("list")), TYPES) == INTEGER
    assert values_of(OBJECT, TYPES) == ANY


@pytest.mark.parametrize(
    ("value", "id", "reason"),
    [
        (0, "int", "at least 1"),
        (9, "int", "less than 9"),
        (3, "int", None),
        (6, "num", "at most 5"),
        (0, "num", "more than 0"),
        (True, "num", None),
        ("x", "num", None),
        ("x", "text", None),
        (1, "enum", None),
    ],
)
def test_bounds(value: object, id: str, reason: str | None) -> None:
    assert _bounds(value, TYPES[id]) == reason


def doubled(levels: int) -> Typed:
    value = Typed(ObjectOf((("x", STRING),)))
    for _ in range(levels):
        value = Typed(
            ObjectOf((("a", value), ("b", value), ("c", Typed(ListOf(value)))))
        )
    return value


def test_forms_that_grow_too_large_are_cut() -> None:
    small, large = doubled(2), doubled(40)
    assert bounded(small) is small
    assert size(large) == MOST_PARTS + 1
    cut = bounded(large)
    assert size(cut) == 4
    assert member(cut, "a", TYPES) == OBJECT
    assert member(cut, "c", TYPES) == ARRAY
    assert bounded(Typed(ListOf(large))) == ARRAY
    assert bounded(Typed(OneOf((large.form, Named("string"))))) == ANY


def test_mappings_that_copy_mappings_stay_small() -> None:
    steps = "".join(
        f"  - {{name: t{i}, type: transform, output: {{a: $.t{i - 1}, b: $.t{i - 1}}}}}\n"
        for i in range(1, 60)
    )
    checked, _ = run(
        "steps:\n  - {name: t0, type: transform, output: {a: 1}}\n" + steps
    )
    assert len(checked.types) < 200


def test_conditions_that_double_are_stopped() -> None:
    conditions = "".join(
        f"  c{i}: $.conditions.c{i - 1} && $.conditions.c{i - 1}\n"
        for i in range(1, 40)
    )
    spec = f"conditions:\n  c0: $.input.x == 1\n{conditions}steps: [{{name: a, condition: $.conditions.c39}}]"
    assert "MF6109" in found(spec)


RECURSIVE = """
input_schema: {$ref: '#/definitions/A'}
output_schema: {type: object}
definitions:
  A: {type: object, properties: {x: {$ref: '#/definitions/A'}, y: {$ref: '#/definitions/A'}, z: {$ref: '#/definitions/A'}}}
  B: {type: object, properties: {x: {$ref: '#/definitions/B'}, y: {$ref: '#/definitions/B'}, z: {$ref: '#/definitions/B'}}}
functions: {f: {input_schema: {$ref: '#/definitions/B'}}}
"""


def test_recursive_types_are_compared_once() -> None:
    assert (
        found(
            "steps: [{name: a, function: f, input: $.input}]", RECURSIVE, prefix="MF63"
        )
        == []
    )


# -- what a use makes of an undeclared value

USES = {
    "-$.s.x > 0": "number",
    "$.s.x + 1 > 0": "number",
    "$.s.x > 'a'": "string",
    "$.s.x > 1": "number",
    "$.s.x < $.s.y": "any",
    "$.s.x == true": "boolean",
    "$.s.x == null": "any",
    "$.s.x == $.s.y": "any",
    "$.s.x == $.input.any": "any",
    "$.s.x in ['a', 'b']": "string",
    "$.s.x in [1, 'b']": "any",
    "$.s.x in $.input.texts": "string",
    "$.s.x in $.s.y": "any",
    "1 in $.s.x": "any",
    "$.s.x": "boolean",
    "!$.s.x": "boolean",
    "length($.s.x) > 1": "any",
    "lower($.s.x) == 'a'": "string",
    "abs($.s.x) == 1": "number",
    "join($.s.x, ',') == 'a'": "array",
    "sum($.s.x) == 1": "array",
    "coalesce($.s.x, 1) > 1": "number",
    "$.s.x == 'a' && $.s.x == $.input.mail": "string",
    "$.s.x == $.input.kind": "enum",
    "$.s.x == $.input.kind || $.s.x == $.input.mail": "any",
    "$.s.x.length > 1": "any",
}


@pytest.mark.parametrize("expression", USES)
def test_uses_of_undeclared_values(expression: str) -> None:
    context = """
input_schema:
  type: object
  required: [texts, any, mail, kind]
  properties:
    texts: {type: array, items: {type: string}}
    any: {}
    mail: {type: string, format: email}
    kind: {type: string, enum: [a, b]}
"""
    spec = f'steps: [{{name: s}}, {{name: t, condition: "{expression}"}}]'
    checked, problems = run(spec, context)
    assert [p.code for p in problems if p.code.startswith("MF63")] == []
    output = checked.types.get(checked.functions["order/s"].output.type)
    assert isinstance(output, plan.ObjectType)
    field = output.fields["x"].type
    defined = checked.types.get(field.type)
    assert (defined.kind if defined is not None else field.type) == USES[expression]


def test_a_list_of_objects_is_inferred() -> None:
    spec = """
steps:
  - {name: s}
  - {name: l, type: loop, iterate_over: $.s.rows, steps: [{name: t, input: {a: $.item.sku, b: $.item.n}}]}
"""
    checked, _ = run(spec)
    output = checked.types["order#/inferred/order/s/output"]
    assert isinstance(output, plan.ObjectType)
    rows = checked.types[output.fields["rows"].type.type]
    assert isinstance(rows, plan.ArrayType)
    row = checked.types[rows.items.type]
    assert isinstance(row, plan.ObjectType) and set(row.fields) == {"sku", "n"}


def test_fit_of_several_forms() -> None:
    context = """
input_schema:
  type: object
  required: [e]
  properties:
    e: {oneOf: [{type: string}, {type: integer}]}
    flag: {type: boolean}
functions:
  f:
    input_schema:
      type: object
      properties:
        text: {type: string}
        flag: {type: boolean}
        extra: {type: object, properties: {a: {type: string}}, additionalProperties: {type: integer}}
"""

    def codes(mapping: str) -> list[str]:
        spec = f"steps: [{{name: a, function: f, input: {mapping}}}]"
        return found(spec, context, prefix="MF63")

    assert codes("{text: $.input.e}") == []
    assert codes("{flag: $.input.e}") == ["MF6309"]
    assert codes("{text: '${coalesce($.input.flag, 1)}'}") == ["MF6309"]
    assert codes("{extra: {a: x, b: 1}}") == []
    assert codes("{extra: {a: x, b: y}}") == ["MF6309"]
    assert codes("{txet: x}") == ["MF6309"]
    assert codes("{txet: x, text: y}") == []
