"""The formats for programs: json, sarif and github."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator

from magicflow_cli.diagnostics.model import (
    Diagnostic,
    Edit,
    Fix,
    Label,
    Severity,
    Span,
)
from magicflow_cli.diagnostics.render import render
from magicflow_cli.resources import read_text
from tests.unit.diagnostics.samples import (
    SOURCES,
    diagnostic,
    hostile,
    hostile_sources,
    span,
)

SARIF = json.loads(
    (Path(__file__).parent / "sarif-2.1.0-reduced.schema.json").read_text("utf-8")
)
FIXED = diagnostic(
    labels=(Label(span(1, 1, 8), "first"),),
    fix=Fix("remove it", (Edit(span(1, 1, 8), ""), Edit(span(2, 1, 2), "x"))),
)


def validate(document: Any, schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    errors = [
        error.message for error in Draft202012Validator(schema).iter_errors(document)
    ]
    assert errors == []


@pytest.mark.parametrize(
    "found",
    [[], [diagnostic()], [FIXED, diagnostic(span=None, code="MF9999")], hostile()],
    ids=["none", "one", "fix", "hostile"],
)
@pytest.mark.parametrize("format", ["json", "sarif"])
def test_documents_are_valid(format: str, found: list[Diagnostic]) -> None:
    text = render(format, found, hostile_sources())
    assert text.isascii()
    assert text.endswith("}\n")
    schema = SARIF
    if format == "json":
        schema = json.loads(read_text("schemas", "diagnostics.schema.json"))
    validate(json.loads(text), schema)


def test_json() -> None:
    document = json.loads(render("json", [FIXED], SOURCES))
    assert document["summary"] == {"errors": 1, "warnings": 0, "notes": 0}
    [found] = document["diagnostics"]
    assert found["code"] == "MF0120"
    assert found["title"] == "A key stands twice in one mapping"
    assert found["span"]["end_col"] == 9
    assert found["labels"][0]["message"] == "first"
    assert [edit["text"] for edit in found["fix"]["edits"]] == ["", "x"]


def test_json_keeps_hostile_text() -> None:
    found = hostile()
    document = json.loads(render("json", found, {}))
    assert [d["message"] for d in document["diagnostics"]] == [d.message for d in found]


def test_sarif() -> None:
    place = Span("a dir/é:x.yaml", 3, 2, 3, 9, "/timeout")
    note = diagnostic(code="MF0101", severity=Severity.NOTE, place=place)
    [run] = json.loads(render("sarif", [FIXED, note], SOURCES))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["MF0101", "MF0120"]
    first, second = run["results"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "MF0120"
    assert second["level"] == "note"
    location = second["locations"][0]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "/timeout"}]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20dir/%C3%A9%3Ax.yaml"
    assert location["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 2,
        "endLine": 3,
        "endColumn": 9,
    }
    [change] = first["fixes"][0]["artifactChanges"]
    assert len(change["replacements"]) == 2


def test_sarif_of_absolute_and_undecodable_paths() -> None:
    name = b"/tmp/\xff.yaml".decode("utf-8", "surrogateescape")
    found = diagnostic(place=Span(name, 1, 1, 1, 1))
    [run] = json.loads(render("sarif", [found], {}))["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "file:///tmp/%FF.yaml"


def test_github() -> None:
    warning = diagnostic("50%, a:b", severity=Severity.WARNING, help="")
    many = diagnostic(place=span(1, 2, 3, end_line=2, file="a,b:c%.yaml"))
    note = diagnostic(span=None, severity=Severity.NOTE)
    assert render("github", [warning, many, note], SOURCES).splitlines() == [
        "::warning title=MF0120,file=order.yaml,line=3,endLine=3,col=2,endColumn=9"
        "::50%25, a:b",
        "::error title=MF0120,file=a%2Cb%3Ac%25.yaml,line=1,endLine=2"
        "::key `timeout` stands twice%0Ahelp: remove one of the two",
        "::notice title=MF0120::key `timeout` stands twice%0Ahelp: remove one of the two",
    ]


def test_github_commands_cannot_be_injected() -> None:
    found = hostile()
    lines = render("github", found, {}).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(found)
    for line in lines:
        assert line.startswith("::error title=MF0120,")
        assert all(char.isprintable() or char == "\u0301" for char in line)
        properties, _, message = line[2:].partition("::")
        assert properties.count(",") == 5
        assert "%0Ahelp: " in message
        assert unquote(properties)
