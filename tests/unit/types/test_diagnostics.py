"""Every mistake is one diagnostic at its keyword; the pages' examples say what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from magicflow_cli.check.types import TypeTable
from magicflow_cli.check.types.keywords import KEYWORDS
from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Diagnostic, Report
from magicflow_cli.diagnostics.render.full import render
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import Mapping
from tests.unit.types.conftest import Typed

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs" / "diagnostics").glob("MF2[0-9]*.md"))
Compile = Callable[..., Typed]


def check_context(text: str) -> tuple[list[Diagnostic], str]:
    loaded = load_text(text.encode(), "context.yaml")
    root = loaded.documents[0].root
    assert isinstance(root, Mapping)
    spec = root.entries["spec"].value
    assert isinstance(spec, Mapping)
    report = Report()
    table = TypeTable(report)
    table.share(spec, "order#")
    table.add_definitions()
    schema = spec.entries["input_schema"].value
    table.add_schema(schema, "order#/input_schema", ["order", "input"], named=True)
    table.finish()
    shown = render(
        report.diagnostics, {"context.yaml": loaded.source}, color=False, width=88
    )
    return report.diagnostics, shown.rstrip("\n")


def test_every_code_of_the_range_is_here() -> None:
    assert [page.stem for page in PAGES] == sorted(
        code for code in CODES if re.match("MF2[0-9]", code)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_happens(page: Path) -> None:
    text = page.read_text("utf-8")
    wrong, right = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    message = re.findall(r"```text\n(.*?)\n```", text, re.DOTALL)[0]
    found, shown = check_context(wrong)
    assert {diagnostic.code for diagnostic in found} == {page.stem}
    assert shown == message
    assert check_context(right)[0] == []


@pytest.mark.parametrize(
    ("schema", "code", "line", "col", "message"),
    [
        ("type: object\nnot: {}", "MF2001", 2, 1, "keyword `not` is outside"),
        ("type: text", "MF2003", 1, 7, "`text` is not a JSON type"),
        ("type: [string, strng]", "MF2003", 1, 16, "`strng` is not a JSON type"),
        ("minLength: x", "MF2003", 1, 12, "`minLength` is the string `x`"),
        ("maximum: []", "MF2003", 1, 10, "`maximum` is an empty list"),
        ("maximum: [1]", "MF2003", 1, 10, "`maximum` is a list"),
        ("uniqueItems: 1", "MF2003", 1, 14, "`uniqueItems` is the number `1`"),
        ("pattern: true", "MF2003", 1, 10, "`pattern` is true"),
        ("pattern: null", "MF2003", 1, 10, "`pattern` is null"),
        ("required: [a, 1]", "MF2003", 1, 15, "`required` is the number `1`"),
        (
            "properties: {a: {}, b: x}\ntype: object",
            "MF2002",
            1,
            24,
            "a schema is a mapping",
        ),
        (
            "type: array\nitems:\n  oneOf:\n  - type: string\n  - {type: string, minLength: 1}",
            "MF2030",
            3,
            3,
            "2 variants of `oneOf` accept strings",
        ),
        ("titel: x", "MF2004", 1, 1, "`titel` is not a keyword"),
        ("$ref: 'http://x'", "MF2022", 1, 7, "leads out of the document"),
        (
            "discriminator: {propertyName: a, x-a: 1, foo: 2}\noneOf: [{type: object, required: [a], properties: {a: {const: 1}}}, {type: object, required: [a], properties: {a: {const: 2}}}]",
            "MF2004",
            1,
            42,
            "`foo` is not a key of `discriminator`",
        ),
    ],
)
def test_places(
    compile_schema: Compile, schema: str, code: str, line: int, col: int, message: str
) -> None:
    found = compile_schema(schema).diagnostics
    assert [diagnostic.code for diagnostic in found][:1] == [code]
    span = found[0].span
    assert span is not None
    assert (span.line, span.col) == (line, col)
    assert message in found[0].message
    assert found[0].help
    assert not found[0].message.endswith(".")


def test_every_refused_keyword_is_refused_with_help(compile_schema: Compile) -> None:
    for name, keyword in KEYWORDS.items():
        if keyword.status == "refused":
            (found,) = compile_schema(f"{{type: object, {name}: {{}}}}").diagnostics
            assert found.code == "MF2001"
            assert found.help == keyword.note != ""


def test_suggestions(compile_schema: Compile) -> None:
    cases = {
        "{type: object, additionalproperties: false}": "did you mean `additionalProperties`?",
        "{type: strin}": "did you mean `string`?",
        "{type: string, format: datetime}": "did you mean `date-time`?",
        "{$ref: '#/$defs/Ordr', $defs: {Order: {}}}": "did you mean `#/$defs/Order`?",
        "{$ref: '#/$defs/Xyz', $defs: {Order: {}, A: {}}}": "the document declares `#/$defs/A`, `#/$defs/Order`",
        "{$ref: '#/$defs/Xyz'}": "declare the schema under `definitions`",
    }
    for schema, help in cases.items():
        assert compile_schema(schema).diagnostics[0].help == help


def test_one_mistake_is_reported_once(compile_schema: Compile) -> None:
    typed = compile_schema("""
        $defs: {A: {type: string, minLength: -1}}
        type: object
        properties: {a: {$ref: "#/$defs/A"}, b: {$ref: "#/$defs/A"}, c: {allOf: [{$ref: "#/$defs/A"}, {maxLength: 2}]}}
        """)
    assert typed.codes == ["MF2003"]


def test_a_collision_names_all_places_whatever_the_order(
    compile_schema: Compile,
) -> None:
    one = compile_schema("{type: object, properties: {a-b: {}, a_b: {}, aB: {}}}")
    other = compile_schema("{type: object, properties: {aB: {}, a_b: {}, a-b: {}}}")
    assert one.codes == other.codes == ["MF2201"]
    for typed in (one, other):
        (found,) = typed.diagnostics
        assert len(found.labels) == 2
        assert {label.message for label in found.labels} < {"`a-b`", "`a_b`", "`aB`"}
        assert "`AB` in Go, `a_b` in Python, `aB` in Java" in found.message


def test_many_collisions_are_told_shortly(compile_schema: Compile) -> None:
    names = ", ".join(f"'{'-' * count}a': {{}}" for count in range(60))
    (found,) = compile_schema(f"{{type: object, properties: {{{names}}}}}").diagnostics
    assert "and 56 more would all be" in found.message
    assert len(found.labels) == 20


def test_types_collide_without_regard_to_case(compile_schema: Compile) -> None:
    typed = compile_schema(
        """
        definitions:
          line-item: {type: object, properties: {a: {}}}
          lineItem: {type: object, properties: {b: {}}}
        input_schema: true
        """,
        context=True,
    )
    assert typed.codes == ["MF2201"]
    assert "would both be `LineItem` in Go" in typed.diagnostics[0].message


def test_warnings_do_not_stop_anything(compile_schema: Compile) -> None:
    typed = compile_schema(
        "{type: object, properties: {a: {type: string, minimum: 3}}}"
    )
    assert typed.codes == []
    typed = compile_schema("{minimum: 3}")
    assert typed.codes == ["MF2041"]
    typed = compile_schema("{type: integer, minimum: 3, maximum: 2}")
    assert typed.codes == ["MF2010"]
    assert typed.table.types[typed.ref.type].kind == "never"


def test_a_definition_may_not_mean_the_whole_context(compile_schema: Compile) -> None:
    typed = compile_schema(
        "{definitions: {A: {type: object, properties: {a: {$ref: '#'}}}}, input_schema: true}",
        context=True,
    )
    assert typed.codes == ["MF2020"]


def test_long_chains_and_many_members_are_fast(compile_schema: Compile) -> None:
    chain = ", ".join(f'A{i}: {{$ref: "#/$defs/A{i + 1}"}}' for i in range(1_500))
    typed = compile_schema(
        f'{{$defs: {{{chain}, A1500: {{type: integer}}}}, $ref: "#/$defs/A0"}}'
    )
    assert typed.ref.type == "integer"
    members = ", ".join(f"p{i}: {{type: string, minLength: 1}}" for i in range(1_000))
    typed = compile_schema(f"{{type: object, properties: {{{members}}}}}")
    assert len(typed.table.types) == 1_001


def test_merging_has_a_bound(compile_schema: Compile) -> None:
    definitions = ", ".join(
        f"X{i}: {{type: object, properties: {{"
        + ", ".join(
            f'{name}: {{$ref: "#/$defs/X{(i * 2 + k) % 97}"}}'
            for k, name in enumerate("abcdef")
        )
        + "}}"
        for i in range(97)
    )
    refs = ", ".join(f'{{$ref: "#/$defs/X{i}"}}' for i in (0, 33, 50))
    typed = compile_schema(f"{{$defs: {{{definitions}}}, allOf: [{refs}]}}")
    assert set(typed.codes) == {"MF2032"}
