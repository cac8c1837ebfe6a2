"""Every keyword of JSON Schema and what the profile makes of it.

docs/types.md is tested against this table, and the table against the reader: there is
no keyword that is silently ignored.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Status: TypeAlias = Literal["supported", "normalised", "annotation", "refused"]


class Keyword(NamedTuple):
    """What the profile makes of a keyword. `json_type` is the only JSON type whose
    instances the keyword constrains, "" when it concerns all; `note` says what a
    normalised keyword becomes and what to write instead of a refused one."""

    name: str
    status: Status
    json_type: str = ""
    note: str = ""


def _table(*rows: Keyword) -> dict[str, Keyword]:
    return {row.name: row for row in rows}


KEYWORDS: dict[str, Keyword] = _table(
    # core
    Keyword("$schema", "supported", note="2020-12 or draft-07, at the root"),
    Keyword(
        "$id", "annotation", note="at the root only; no reference is resolved by it"
    ),
    Keyword("$ref", "supported", note="within the document: `#`, `#/…`"),
    Keyword("$defs", "supported"),
    Keyword("definitions", "normalised", note="the same as `$defs`"),
    Keyword("$comment", "annotation"),
    Keyword("$anchor", "refused", note="refer to the schema by its path, `#/$defs/…`"),
    Keyword("$dynamicRef", "refused", note="refer to the schema with `$ref: '#/…'`"),
    Keyword(
        "$dynamicAnchor", "refused", note="refer to the schema by its path, `#/$defs/…`"
    ),
    Keyword("$recursiveRef", "refused", note="write `$ref: '#'`"),
    Keyword("$recursiveAnchor", "refused", note="write `$ref: '#'` where it is meant"),
    Keyword("$vocabulary", "refused", note="it is for meta-schemas only; leave it out"),
    # any type
    Keyword("type", "supported", note="a list of types too"),
    Keyword("enum", "supported", note="scalars only"),
    Keyword("const", "supported", note="scalars only"),
    Keyword(
        "nullable", "normalised", note="`nullable: true` beside `type` adds null to it"
    ),
    # numbers
    Keyword("multipleOf", "supported", "number", "decimal arithmetic"),
    Keyword("minimum", "supported", "number"),
    Keyword("maximum", "supported", "number"),
    Keyword("exclusiveMinimum", "supported", "number"),
    Keyword("exclusiveMaximum", "supported", "number"),
    # strings
    Keyword("minLength", "supported", "string", "in code points"),
    Keyword("maxLength", "supported", "string", "in code points"),
    Keyword("pattern", "supported", "string", "portable regular expressions only"),
    Keyword(
        "format", "supported", "string", "asserted; the formats below and no others"
    ),
    Keyword(
        "contentEncoding",
        "normalised",
        "string",
        "`base64` is `format: byte`; no other",
    ),
    Keyword("contentMediaType", "annotation"),
    Keyword("contentSchema", "annotation"),
    # arrays
    Keyword("items", "supported", "array"),
    Keyword(
        "prefixItems",
        "supported",
        "array",
        "closed tuples: `items: false` and `minItems` of their length",
    ),
    Keyword(
        "additionalItems", "normalised", "array", "`items` behind an array of `items`"
    ),
    Keyword("minItems", "supported", "array"),
    Keyword("maxItems", "supported", "array"),
    Keyword("uniqueItems", "supported", "array", "by JSON equality"),
    Keyword("contains", "refused", note="say what all items are with `items`"),
    Keyword("minContains", "refused", note="bound the list with `minItems`"),
    Keyword("maxContains", "refused", note="bound the list with `maxItems`"),
    Keyword(
        "unevaluatedItems", "refused", note="write `items: false` behind `prefixItems`"
    ),
    # objects
    Keyword("properties", "supported", "object"),
    Keyword(
        "required", "supported", "object", "a list, or `required: true` on the property"
    ),
    Keyword(
        "additionalProperties", "supported", "object", "absent or true, false, a schema"
    ),
    Keyword(
        "propertyNames", "supported", "object", "`pattern`, `minLength` and `maxLength`"
    ),
    Keyword("minProperties", "supported", "object"),
    Keyword("maxProperties", "supported", "object"),
    Keyword(
        "patternProperties",
        "refused",
        note="use `additionalProperties` with `propertyNames.pattern`",
    ),
    Keyword(
        "unevaluatedProperties",
        "refused",
        note="write `additionalProperties: false` on an object that lists all its properties",
    ),
    Keyword(
        "dependencies",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    Keyword(
        "dependentRequired",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    Keyword(
        "dependentSchemas",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    # combination
    Keyword("allOf", "normalised", note="merged into one type"),
    Keyword("anyOf", "supported", note="where one look at the value tells the variant"),
    Keyword("oneOf", "supported", note="where one look at the value tells the variant"),
    Keyword(
        "discriminator",
        "supported",
        note="OpenAPI's: names the tag of `oneOf` or `anyOf`",
    ),
    Keyword(
        "not",
        "refused",
        note="say what is allowed instead; a forbidden property is written `name: false` under `properties`",
    ),
    Keyword(
        "if",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    Keyword(
        "then",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    Keyword(
        "else",
        "refused",
        note="describe the cases as a `oneOf` whose variants differ in a constant property",
    ),
    # annotations
    Keyword("title", "annotation"),
    Keyword("description", "annotation"),
    Keyword(
        "default",
        "supported",
        note="validated; applied by the server once, at start, never by a decoder",
    ),
    Keyword("deprecated", "annotation"),
    Keyword("readOnly", "annotation"),
    Keyword("writeOnly", "annotation"),
    Keyword("examples", "annotation"),
    Keyword("example", "annotation"),
    # ours
    Keyword(
        "x-magicflow-name",
        "supported",
        note="pins a name: the field's on a property, else the type's",
    ),
    Keyword(
        "x-magicflow-type-name",
        "supported",
        note="pins the name of the type of an inline schema",
    ),
    Keyword(
        "x-magicflow-enum-names",
        "supported",
        note="names of the enum's members, by position",
    ),
    Keyword("x-magicflow-decimal", "normalised", "string", "`format: decimal`"),
    Keyword(
        "x-magicflow-int64",
        "normalised",
        note="`string`: a 64-bit integer that travels as decimal text",
    ),
    Keyword("x-magicflow-go-name", "supported"),
    Keyword("x-magicflow-python-name", "supported"),
    Keyword("x-magicflow-typescript-name", "supported"),
    Keyword("x-magicflow-java-name", "supported"),
)

FORMATS: tuple[str, ...] = (
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "uri",
    "uuid",
    "ipv4",
    "ipv6",
    "hostname",
    "byte",
    "decimal",
    "int64",
)
"""String formats, asserted."""

NUMBER_FORMATS: tuple[str, ...] = ("int32", "int64", "float", "double")
"""OpenAPI's number formats; `float` and `double` say nothing that JSON does not."""

ANNOTATION_FORMATS: tuple[str, ...] = ("password",)

COMPOSITION: tuple[str, ...] = ("$ref", "allOf", "anyOf", "oneOf")

CONSTRAINTS: frozenset[str] = frozenset(
    name
    for name in [
        "type",
        "enum",
        "const",
        "nullable",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "contentEncoding",
        "items",
        "prefixItems",
        "additionalItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "x-magicflow-decimal",
        "x-magicflow-int64",
    ]
)
"""The keywords of one schema object that constrain an instance by themselves."""
