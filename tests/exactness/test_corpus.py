"""The project's own corpus: exact in every verdict, and as an independent oracle says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from magicflow_cli.check.types.keywords import FORMATS, KEYWORDS
from tests.exactness.__main__ import is_exact, run
from tests.exactness.corpus import Group, read_corpus

FOLDER = Path(__file__).parent / "corpus"
FILES = sorted(FOLDER.glob("*.jsonl"))


@cache
def groups_of(file: Path) -> list[Group]:
    return list(read_corpus(file))


def lines() -> Iterator[dict[str, Any]]:
    for file in FILES:
        with file.open(encoding="utf-8") as text:
            for line in text:
                yield json.loads(line)


def test_the_corpus_is_exact() -> None:
    groups = [group for file in FILES for group in groups_of(file)]
    report = run(groups, ["python"])
    assert len(groups) >= 1_000
    assert is_exact(report, complete=True), json.dumps(report, indent=1)[:20_000]
    for name, result in report["languages"].items():
        assert result["exact"] == result["instances"] >= 5_000, name


def test_ids_are_unique() -> None:
    ids = [line["id"] for line in lines()]
    assert len(ids) == len(set(ids))


def test_every_keyword_has_a_case() -> None:
    used: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            used.update(value)
            for child in value.values():
                collect(child)
        elif isinstance(value, list):
            for child in value:
                collect(child)

    for line in lines():
        collect(line["schema"])
    assert set(KEYWORDS) - used == set()


def test_every_format_has_a_case() -> None:
    found = {
        line["schema"].get("format")
        for line in lines()
        if isinstance(line["schema"], dict)
    }
    assert set(FORMATS) <= found


def test_every_code_of_the_domain_has_a_case() -> None:
    codes = {
        instance.get("code")
        for line in lines()
        for instance in line.get("instances", [])
    }
    assert {f"MFD00{digit}" for digit in range(1, 8)} <= codes


def _is_base64(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_oracle_agrees(file: Path) -> None:
    """jsonschema-rs gives every verdict of the corpus inside the domain."""
    wrong: list[str] = []
    asked = 0
    for group, line in zip(groups_of(file), _lines_of(file), strict=True):
        if group.refused or "oracle" in line:
            continue
        validator = jsonschema_rs.validator_for(
            _as_2020(line["schema"]),
            validate_formats=True,
            formats={"byte": _is_base64},
        )
        for instance in group.instances:
            if instance.code is not None:
                continue
            asked += 1
            if validator.is_valid(json.loads(instance.json)) is not instance.valid:
                wrong.append(f"{group.id}: {instance.json[:100]} {instance.valid}")
    assert wrong == []
    assert asked > 0


def test_groups_that_no_oracle_judges_have_a_reason() -> None:
    reasons: dict[str, int] = {}
    for line in lines():
        if "oracle" in line:
            reasons[line["oracle"]] = reasons.get(line["oracle"], 0) + 1
    assert reasons == {
        "int32 is OpenAPI's": 2,
        "the pin changes the wire type": 1,
        "int64 is OpenAPI's": 1,
        "decimal is ours": 2,
        "byte is OpenAPI's": 3,
        "contentEncoding is an annotation in 2020-12": 1,
        "draft-07 spelling": 1,
        "nullable is OpenAPI 3.0's": 9,
        "required: true is the workflow language's": 3,
        "jsonschema-rs reads no surrogate pairs in patterns": 1,
        "jsonschema-rs reads \\b as Unicode's, ECMA-262 as ASCII's": 1,
    }


def _lines_of(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as text:
        for line in text:
            yield json.loads(line)


def _as_2020(schema: Any) -> Any:
    """The schema as a 2020-12 one: what no dialect is named for is read as that."""
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return schema
