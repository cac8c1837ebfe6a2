"""The function table: documented, and the same in the runtime."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from magicflow.expr import compile as runtime
from magicflow.expr.functions import FUNCTIONS as RUNTIME

from magicflow_cli.expr.functions import FUNCTIONS, Function

DOCS = Path(__file__).parents[3] / "docs" / "expressions.md"
# dsl.md's list, in its order: the table is closed.
NAMES = [
    "now",
    "uuid",
    "length",
    "count",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "lower",
    "upper",
    "trim",
    "join",
    "split",
    "replace",
    "substring",
    "min",
    "max",
    "sum",
    "avg",
    "abs",
    "floor",
    "ceil",
    "round",
    "coalesce",
    "exists",
    "type_of",
    "to_string",
    "to_number",
    "keys",
    "values",
    "first",
    "last",
    "sort",
    "unique",
    "flatten",
    "map",
    "filter",
]


def row(function: Function) -> str:
    signature = function.signature.replace("|", "\\|")
    result = (
        f"{function.result} or null"
        if function.returns == "number" and function.nullable
        else function.result
    )
    return f"| `{signature}` | {result} | {function.summary} |"


def test_the_table_is_closed() -> None:
    assert [*FUNCTIONS] == NAMES


def test_the_docs_have_the_table() -> None:
    text = DOCS.read_text("utf-8")
    table = text.split("## Functions")[1].split("\n\n")[2].splitlines()
    assert table[2:] == [row(function) for function in FUNCTIONS.values()]


# What the compiler writes into plans for default mappings; no text calls them.
OF_THE_PLAN = {"either", "merge"}


def test_the_runtime_has_the_table() -> None:
    assert {*RUNTIME} | {*runtime._SPECIAL} == {*FUNCTIONS} | OF_THE_PLAN
    assert not OF_THE_PLAN & {*FUNCTIONS}
    assert not {*RUNTIME} & {*runtime._SPECIAL}


@pytest.mark.parametrize("name", [*RUNTIME])
def test_the_runtime_takes_as_many_arguments(name: str) -> None:
    function = FUNCTIONS[name]
    parameters = inspect.signature(RUNTIME[name]).parameters.values()
    if function.most is None:
        assert [p.kind for p in parameters] == [inspect.Parameter.VAR_POSITIONAL]
        return
    assert len(parameters) == function.most
    assert (
        sum(p.default is inspect.Parameter.empty for p in parameters) == function.least
    )


def test_parameters_by_position() -> None:
    assert FUNCTIONS["min"].parameter(0).types == ("list", "number", "string")
    assert FUNCTIONS["min"].parameter(9).name == "more"
    assert FUNCTIONS["min"].most is None
    assert (FUNCTIONS["substring"].least, FUNCTIONS["substring"].most) == (2, 3)
