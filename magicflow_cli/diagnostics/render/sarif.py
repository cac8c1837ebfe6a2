"""SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from magicflow_cli import __version__
from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Diagnostic, Fix, Severity, Span
from magicflow_cli.diagnostics.sources import Sources

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def render(
    diagnostics: Sequence[Diagnostic], sources: Sources, *, color: bool, width: int
) -> str:
    """One log with one run, in ASCII; `color` and `width` do not matter."""
    used = sorted({diagnostic.code for diagnostic in diagnostics})
    index = {code: number for number, code in enumerate(used)}
    driver = {
        "name": "magic-flow",
        "version": __version__,
        "rules": [_rule(code) for code in used],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, index[d.code]) for d in diagnostics],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(id: str) -> dict[str, Any]:
    code = CODES.get(id)
    if code is None:
        return {"id": id}
    return {
        "id": id,
        "shortDescription": {"text": code.title},
        "help": {"text": f"Run `magic-flow explain {id}`."},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(diagnostic: Diagnostic, rule_index: int) -> dict[str, Any]:
    text = diagnostic.message
    if diagnostic.help:
        text += f"\nhelp: {diagnostic.help}"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        result["locations"] = [_location(diagnostic.span)]
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(label.span), "message": {"text": label.message}}
            for number, label in enumerate(diagnostic.labels)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(span: Span) -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(span.file), "region": _region(span)}
    location: dict[str, Any] = {"physicalLocation": physical}
    if span.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": span.pointer}]
    return location


def _fix(fix: Fix) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        files.setdefault(edit.span.file, []).append(
            {
                "deletedRegion": _region(edit.span),
                "insertedContent": {"text": edit.text},
            }
        )
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(file), "replacements": replacements}
            for file, replacements in files.items()
        ],
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.col,
        "endLine": span.end_line,
        "endColumn": span.end_col,
    }


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    try:  # names of files that are not UTF-8 hold their bytes as surrogates
        name = path.as_posix().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = path.as_posix().encode("utf-8", "backslashreplace")
    posix = quote(name)
    return {"uri": f"file://{posix}" if path.is_absolute() else posix}
