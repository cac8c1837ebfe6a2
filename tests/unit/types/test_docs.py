"""docs/types.md says what the implementation does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from magicflow.regex import check_portable, compile_portable
from magicflow.types.domain import MESSAGES
from magicflow.types.formats import FORMATS, PATTERNS

from magicflow_cli.check.types import keywords
from tests.exactness.corpus import read_corpus
from tests.unit.types.conftest import Typed

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "types.md").read_text("utf-8")
CORPUS = ROOT / "tests" / "exactness" / "corpus" / "formats.jsonl"


def test_every_keyword_has_a_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (\w+) \| (.*) \|$", TEXT, re.M)
    assert rows == [
        (row.name, row.status, row.json_type or "all", row.note)
        for row in keywords.KEYWORDS.values()
    ]


def test_every_keyword_of_2020_12_and_draft_07_is_known() -> None:
    published = [
        "$schema",
        "$id",
        "$ref",
        "$defs",
        "definitions",
        "$comment",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$vocabulary",
        "type",
        "enum",
        "const",
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
        "contentMediaType",
        "contentSchema",
        "items",
        "prefixItems",
        "additionalItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "unevaluatedProperties",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "title",
        "description",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "examples",
    ]
    assert set(published) <= set(keywords.KEYWORDS)


def test_keywords_are_treated_as_the_table_says(
    compile_schema: Callable[..., Typed],
) -> None:
    for name, keyword in keywords.KEYWORDS.items():
        codes = compile_schema(
            f"{{title: x, {name}: {{}}}}".replace("title: x, title", "title")
        ).codes
        assert ("MF2001" in codes) is (keyword.status == "refused"), name
        assert "MF2004" not in codes, name


def test_formats_are_the_expressions_that_stand_there() -> None:
    sections = re.findall(r"^### `([^`]+)`\n\n(.+)\n\n```text\n(.+)\n```$", TEXT, re.M)
    assert {name: pattern for name, _, pattern in sections} == PATTERNS
    assert tuple(PATTERNS) == tuple(FORMATS) == keywords.FORMATS


@pytest.mark.parametrize("format", PATTERNS)
def test_expressions_are_portable_and_decide_where_there_is_no_rule(
    format: str,
) -> None:
    pattern = f"^(?:{PATTERNS[format]})$"
    assert check_portable(pattern) is None
    search = compile_portable(pattern).search
    (rule,) = re.findall(rf"^### `{format}`\n\n(.+)$", TEXT, re.M)
    asked = 0
    for group in read_corpus(CORPUS):
        for instance in group.instances:
            text = instance.json
            if not text.startswith('"') or "\\ud8" in text:
                continue
            value = _decode(text)
            verdict = FORMATS[format](value)
            asked += 1
            if verdict is not False:
                assert search(value), value
            elif rule.startswith("None."):
                assert not search(value), value
    assert asked > 300


def _decode(text: str) -> str:
    import json

    value = json.loads(text)
    assert isinstance(value, str)
    return value


def test_every_code_of_the_domain_has_a_row() -> None:
    assert dict(re.findall(r"^\| `(MFD\d+)` \| (.+) \|$", TEXT, re.M)) == MESSAGES
