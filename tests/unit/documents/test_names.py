"""Names and versions of documents, at their edges."""

from __future__ import annotations

import json

import pytest

from tests.unit.documents.trees import parse_text

NAMES = ["a", "7", "-", "_", "a-b_c9", "a" * 63]
NO_NAMES = ["", "a" * 64, "A", "a.b", "a b", "ä", "a\n", "a/b"]
VERSIONS = ["0.0.0", "v1.2.3", "1.0.0-rc.1+build.7", "10.20.30"]
NO_VERSIONS = ["", "1", "1.2", "01.0.0", "V1.0.0", "vv1.0.0", "1.0.0-", "1.0.0 ", "*"]


def codes(name: str = "order", version: str = "1.0.0") -> list[str]:
    metadata = f"{{name: {json.dumps(name)}, version: {json.dumps(version)}}}"
    _, report = parse_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\n"
        f"metadata: {metadata}\nspec:\n  steps: [{{name: a}}]\n"
    )
    return [diagnostic.code for diagnostic in report.diagnostics]


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert codes(name=name) == []


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name(name: str) -> None:
    assert len(codes(name=name)) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(version: str) -> None:
    assert codes(version=version) == []


@pytest.mark.parametrize("version", NO_VERSIONS)
def test_what_is_no_version(version: str) -> None:
    assert len(codes(version=version)) == 1
