"""Fixes replace exactly the misspelt piece."""

from __future__ import annotations

import pytest

from magicflow_cli.diagnostics import Diagnostic
from tests.unit.check.flows import HEAD, run

CONTEXT = """
input_schema: {type: object, properties: {total: {type: number}, kind: {enum: [gift, order]}}}
"""


def mended(spec: str, code: str) -> str | None:
    """The line of the fix after it was applied; None when there is no fix."""
    problem: Diagnostic = next(d for d in run(spec, CONTEXT)[1] if d.code == code)
    if problem.fix is None:
        return None
    (edit,) = problem.fix.edits
    span = edit.span
    line = spec.strip("\n").splitlines()[span.line - HEAD.count("\n") - 1]
    start, end = span.col - 3, span.end_col - 3  # the text is indented by two
    return line[:start] + edit.text + line[end:]


@pytest.mark.parametrize(
    ("code", "wrong", "right"),
    [
        ("MF6101", "$.chrage.id == 1", "$.charge.id == 1"),
        ("MF6101", "$['chrage'].id == 1", "$.charge.id == 1"),
        ("MF6101", "$.steps.chrage.output == 1", "$.steps.charge.output == 1"),
        ("MF6101", "$.inptu.total == 1", "$.input.total == 1"),
        ("MF6104", "$.conditions.hihg", "$.conditions.high"),
        ("MF6301", "$.input.totla == 1", "$.input.total == 1"),
        ("MF6303", "$.input.kind == 'gfit'", "$.input.kind == 'gift'"),
    ],
)
def test_expressions(code: str, wrong: str, right: str) -> None:
    def spec(guard: str) -> str:
        return (
            "conditions: {high: $.input.total > 1}\n"
            f'steps: [{{name: charge}}, {{name: s, condition: "{guard}"}}]'
        )

    assert mended(spec(wrong), code) == spec(right).splitlines()[1]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_scalars(quote: str) -> None:
    def spec(code: str) -> str:
        return f"steps: [{{name: s, retry: {{retry_on: [{quote}{code}{quote}]}}}}]"

    assert mended(spec("TIMEUOT"), "MF7008") == spec("TIMEOUT")


def test_no_fix_where_the_text_is_escaped() -> None:
    spec = "steps: [{name: charge}, {name: s, condition: \"$.chrage.id == '\\u0041'\"}]"
    assert mended(spec, "MF6101") is None


@pytest.mark.parametrize(
    ("code", "guard"),
    [
        ("MF6303", "\"$.input.kind == 'zzzzz'\""),  # nothing is near
        ("MF6303", "\"$.input.kind == 'gf\\u0069t'\""),  # escaped in the file
        ("MF6301", '"$.input.zzzzz == 1"'),
        ("MF6301", '"$.input.t\\u006ftla == 1"'),
        ("MF6301", ">-\n    $.input.totla\n    == 1"),  # folded: the places differ
    ],
)
def test_no_fix(code: str, guard: str) -> None:
    spec = f"steps:\n- name: s\n  condition: {guard}"
    assert mended(spec, code) is None


def test_no_fix_in_a_block_text() -> None:
    text = "|\n        TIMEUOT"
    spec = f"steps:\n- name: s\n  retry:\n    retry_on:\n      - {text}"
    assert mended(spec, "MF7008") is None
