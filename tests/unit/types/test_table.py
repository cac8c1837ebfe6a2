"""What schemas become: ids, names, merged and recursive types, unions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from magicflow_cli.check.types import TypeTable, is_built_in
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.plan import models as plan
from magicflow_cli.plan import to_json
from tests.unit.types.conftest import ID, Typed, load

Compile = Callable[..., Typed]


@pytest.mark.parametrize(
    ("schema", "id"),
    [
        ("{}", "any"),
        ("true", "any"),
        ("{type: 'null'}", "null"),
        ("{type: null}", "null"),
        ("{type: boolean}", "boolean"),
        ("{type: integer}", "integer"),
        ("{type: number, format: double}", "number"),
        ("{type: string}", "string"),
        ("{type: object}", "object"),
        ("{type: array, items: {}}", "array"),
        ("{type: string, minLength: 0, title: x}", "string"),
        ("{allOf: [{type: number}, {type: integer}]}", "integer"),
        ("{anyOf: [{type: string, minLength: 2}, {type: string}]}", "string"),
    ],
)
def test_what_says_nothing_more_is_built_in(
    compile_schema: Compile, schema: str, id: str
) -> None:
    typed = compile_schema(schema)
    assert typed.ref == plan.TypeRef(type=id)
    assert is_built_in(id)
    assert typed.table.types == {} and typed.codes == []


def test_nullable_belongs_to_the_reference(compile_schema: Compile) -> None:
    for schema in (
        "{type: [string, 'null'], minLength: 1}",
        "{anyOf: [{type: string, minLength: 1}, {type: 'null'}]}",
        "{oneOf: [{type: 'null'}, {type: string, minLength: 1}]}",
        "{type: string, minLength: 1, nullable: true}",
    ):
        typed = compile_schema(schema)
        assert typed.ref.nullable is True
        assert isinstance(typed.type, plan.StringType)
        assert typed.type.min_length == 1


def test_ids_are_places_and_names_are_their_words(compile_schema: Compile) -> None:
    typed = compile_schema("""
        type: object
        properties:
          shipTo: {type: object, properties: {street: {type: string, minLength: 1}}}
          tags: {type: array, items: {enum: [a, b]}}
          a/b~c: {type: object, additionalProperties: {type: integer, minimum: 0}}
        """)
    names = {id: type.name.words for id, type in typed.table.types.items()}
    assert names == {
        ID: ["order", "input"],
        f"{ID}/properties/shipTo": ["order", "input", "ship", "to"],
        f"{ID}/properties/shipTo/properties/street": [
            *("order", "input", "ship", "to", "street"),
        ],
        f"{ID}/properties/tags": ["order", "input", "tags"],
        f"{ID}/properties/tags/items": ["order", "input", "tags", "item"],
        f"{ID}/properties/a~1b~0c": ["order", "input", "a", "b", "c"],
        f"{ID}/properties/a~1b~0c/additionalProperties": [
            *("order", "input", "a", "b", "c", "value"),
        ],
    }
    assert typed.table.field_order[ID] == ["shipTo", "tags", "a/b~c"]
    assert set(typed.table.spans) == set(typed.table.types)


def test_shared_definitions_are_named_alone(compile_schema: Compile) -> None:
    typed = compile_schema(
        """
        definitions:
          LineItem: {type: object, properties: {next: {$ref: "#/definitions/LineItem"}}}
          Name: {type: string}
        input_schema:
          type: object
          properties:
            items: {type: array, items: {$ref: "#/definitions/LineItem"}}
            name: {$ref: "#/definitions/Name"}
        """,
        context=True,
    )
    item = typed.table.types["order-context#/definitions/LineItem"]
    assert item.name.words == ["line", "item"]
    assert isinstance(item, plan.ObjectType)
    assert item.fields["next"].type.type == "order-context#/definitions/LineItem"
    assert typed.table.types["order-context#/definitions/Name"] == plan.AliasType(
        name=plan.TypeName(words=["name"]), of=plan.TypeRef(type="string")
    )
    assert isinstance(typed.type, plan.ObjectType)
    assert typed.type.fields["name"].type.type == "string"


def test_a_named_schema_is_a_type_in_any_case(compile_schema: Compile) -> None:
    typed = compile_schema("{type: string, description: text}", named=True)
    assert typed.table.types == {
        ID: plan.AliasType(
            name=plan.TypeName(words=["order", "input"]),
            doc=plan.Doc(description="text"),
            of=plan.TypeRef(type="string"),
        )
    }


def test_all_of_is_one_type(compile_schema: Compile) -> None:
    typed = compile_schema("""
        $defs:
          Base: {type: object, required: [id], properties: {id: {type: string, minLength: 1}}}
        allOf:
          - $ref: "#/$defs/Base"
          - properties: {id: {maxLength: 5}, n: {type: integer}}
        """)
    merged = typed.type
    assert isinstance(merged, plan.ObjectType)
    assert merged.fields["id"].required
    id = typed.table.types[merged.fields["id"].type.type]
    assert isinstance(id, plan.StringType)
    assert (id.min_length, id.max_length) == (1, 5)


def test_merged_recursion_ends(compile_schema: Compile) -> None:
    typed = compile_schema("""
        $defs:
          A: {type: object, properties: {next: {$ref: "#/$defs/A"}}}
          B: {type: object, required: [v], properties: {next: {$ref: "#/$defs/B"}}}
        allOf: [{$ref: "#/$defs/A"}, {$ref: "#/$defs/B"}]
        """)
    below = f"{ID}/$defs/A&{ID}/$defs/B"
    assert set(typed.table.types) == {ID, below}
    inner = typed.table.types[below]
    assert isinstance(inner, plan.ObjectType)
    assert inner.fields["next"].type.type == below
    assert inner.name.words == ["order", "input", "a", "and", "order", "input", "b"]


def test_the_order_of_keys_changes_nothing_but_the_order_of_fields(
    compile_schema: Compile,
) -> None:
    schemas = (
        "{type: object, properties: {a: {$ref: '#/$defs/X'}, b: {allOf: [{$ref: '#/$defs/X'}, {maxLength: 9}]}}, $defs: {X: {type: string, minLength: 2}}}",
        "{$defs: {X: {minLength: 2, type: string}}, properties: {b: {allOf: [{$ref: '#/$defs/X'}, {maxLength: 9}]}, a: {$ref: '#/$defs/X'}}, type: object}",
    )
    one, other = (compile_schema(schema) for schema in schemas)
    assert {id: to_json(type) for id, type in one.table.types.items()} == {
        id: to_json(type) for id, type in other.table.types.items()
    }
    assert one.table.field_order[ID] == ["a", "b"]
    assert other.table.field_order[ID] == ["b", "a"]


def test_a_union_refers_to_its_variants(compile_schema: Compile) -> None:
    typed = compile_schema(
        """
        definitions:
          Card: {type: object, required: [by], properties: {by: {const: card}}}
          Bank: {type: object, required: [by], properties: {by: {enum: [bank, giro]}}}
        input_schema:
          type: object
          oneOf: [{$ref: "#/definitions/Card"}, {$ref: "#/definitions/Bank"}]
        """,
        context=True,
    )
    union = typed.type
    assert isinstance(union, plan.UnionType)
    assert (union.how, union.property) == ("tag", "by")
    assert [(variant.type.type, variant.tags) for variant in union.variants] == [
        ("order-context#/definitions/Card", ["card"]),
        ("order-context#/definitions/Bank", ["bank", "giro"]),
    ]


def test_parts_of_a_union_without_a_schema_of_their_own(
    compile_schema: Compile,
) -> None:
    typed = compile_schema("{type: [string, array, 'null'], minLength: 2, maxItems: 3}")
    union = typed.type
    assert typed.ref.nullable
    assert isinstance(union, plan.UnionType)
    assert [(v.type.type, v.json_types) for v in union.variants] == [
        (f"{ID}/~string", ["string"]),
        (f"{ID}/~array", ["array"]),
    ]
    assert typed.table.types[f"{ID}/~array"].name.words == ["order", "input", "array"]
    assert typed.codes == []


def test_fields(compile_schema: Compile) -> None:
    typed = compile_schema("""
        type: object
        properties:
          id: {type: string, required: true, readOnly: true, title: Id, examples: [a]}
          secret: {type: string, writeOnly: true, deprecated: true, example: s}
          at: {type: [integer, 'null'], default: null, x-magicflow-go-name: AtTime}
          x: {type: integer, default: 2.0}
        """)
    assert isinstance(typed.type, plan.ObjectType)
    assert typed.type.fields == {
        "id": plan.Field(
            type=plan.TypeRef(type="string"),
            required=True,
            read_only=True,
            doc=plan.Doc(title="Id", examples=["a"]),
        ),
        "secret": plan.Field(
            type=plan.TypeRef(type="string"),
            required=False,
            write_only=True,
            deprecated=True,
            doc=plan.Doc(deprecated=True, examples=["s"]),
        ),
        "at": plan.Field(
            type=plan.TypeRef(type="integer", nullable=True),
            required=False,
            has_default=True,
            names={"go": "AtTime"},
        ),
        "x": plan.Field(
            type=plan.TypeRef(type="integer"),
            required=False,
            default=2,
            has_default=True,
        ),
    }
    assert to_json(typed.type.fields["at"])["default"] is None


def test_required_may_be_said_in_two_ways(compile_schema: Compile) -> None:
    """By the object's list, or by the property itself."""
    listed, marked = (
        compile_schema(f"{{type: object, {of}, b: {{type: string}}}}}}")
        for of in (
            "required: [a], properties: {a: {type: string}",
            "properties: {a: {type: string, required: true}",
        )
    )
    assert listed.type == marked.type
    assert [f.required for f in listed.type.fields.values()] == [True, False]


def test_numbers_are_exact_text(compile_schema: Compile) -> None:
    typed = compile_schema(
        "{type: number, minimum: 0.1, exclusiveMaximum: 1e30, multipleOf: 0.010}"
    )
    assert isinstance(typed.type, plan.NumberType)
    assert typed.type.minimum == "0.1"
    assert typed.type.exclusive_maximum == "1e+30"
    assert typed.type.multiple_of == ["0.01"]
    small = compile_schema("{type: integer, format: int32, maximum: 5.0}").type
    assert isinstance(small, plan.IntegerType)
    assert (small.bits, small.maximum) == (32, "5")


def test_enums(compile_schema: Compile) -> None:
    cases = {
        "{enum: [b, a]}": ("string", ["b", "a"], None),
        "{const: 1.0}": ("integer", [1], True),
        "{enum: [1, 1.5]}": ("number", [1, 1.5], None),
        "{const: true}": ("boolean", [True], True),
        "{enum: [1, a, true]}": ("mixed", [1, "a", True], None),
        "{oneOf: [{const: a}, {const: b}]}": ("string", ["a", "b"], None),
    }
    for schema, (base, values, const) in cases.items():
        type = compile_schema(schema).type
        assert isinstance(type, plan.EnumType)
        assert (type.base, type.values, type.const) == (base, values, const), schema


def test_enum_names_follow_their_values(compile_schema: Compile) -> None:
    typed = compile_schema(
        "{enum: [c, b, a], x-magicflow-enum-names: [sea, bee, ay], pattern: '[ac]'}"
    )
    assert isinstance(typed.type, plan.EnumType)
    assert typed.type.values == ["c", "a"]
    assert typed.type.names == ["sea", "ay"]


def test_pinned_type_names(compile_schema: Compile) -> None:
    typed = compile_schema("""
        type: object
        x-magicflow-name: PlacedOrder
        x-magicflow-go-name: GoOrder
        properties:
          a: {type: object, x-magicflow-type-name: Inner, x-magicflow-name: field, properties: {b: {}}}
        """)
    assert typed.type.name == plan.TypeName(
        words=["placed", "order"], pinned={"*": "PlacedOrder", "go": "GoOrder"}
    )
    assert isinstance(typed.type, plan.ObjectType)
    assert typed.type.fields["a"].names == {"*": "field"}
    inner = typed.table.types[f"{ID}/properties/a"]
    assert inner.name == plan.TypeName(words=["inner"], pinned={"*": "Inner"})


def test_types_that_the_compiler_made() -> None:
    table = TypeTable(Report())
    made = plan.ObjectType(
        name=plan.TypeName(words=["made"]),
        fields={"a": plan.Field(type=plan.TypeRef(type="any"), required=True)},
        extra=plan.Extra(allow="preserve"),
    )
    span = Span("f", 1, 1, 1, 2)
    assert table.define("made#", made, span) == plan.TypeRef(type="made#")
    assert table.field_order == {"made#": ["a"]}
    assert table.spans == {"made#": span}
    table.finish()


def test_definitions_need_a_context() -> None:
    table = TypeTable(Report())
    table.add_definitions()
    table.share(load("[]"), "c#")
    table.add_definitions()
    assert table.types == {}
