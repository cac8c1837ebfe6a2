from __future__ import annotations

from typing import Any

import pytest

from magicflow_cli.documents.bind import pattern
from magicflow_cli.documents.conditions import condition_of
from magicflow_cli.documents.parsing import shape_of

CRON = pattern(shape_of("Workflow")["$defs"]["Cron"]["pattern"])


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"if": {"required": ["a"]}, "then": {"not": {}}},
        {"if": {"required": ["a", "b"]}, "then": {"properties": {}}},
    ],
)
def test_other_conditions_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not know"):
        condition_of(schema)


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "0 9 * * MON-FRI",
        "*/15 0-23/2 1,15 JAN,JUL 0",
        "59 23 31 12 7",
        "05 09 01 01 06",
    ],
)
def test_cron_expressions(text: str) -> None:
    assert CRON.search(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *"),
        *("* * 32 * *", "* * * 13 *", "* * * * 8", "* * * * mon", "*/0 * * * *"),
        *("@daily", " * * * * *", "* * * * *\n", "1, * * * *", "1-2-3 * * * *"),
    ],
)
def test_no_cron_expressions(text: str) -> None:
    assert CRON.search(text) is None


def test_a_long_list_is_read_in_linear_time() -> None:
    assert CRON.search("1," * 200_000 + "x * * * *") is None
