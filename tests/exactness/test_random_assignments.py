"""`is_assignable` against instances: a sure answer is never wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.check.types.assign import is_assignable
from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus, compile_group
from tests.exactness.corpus import Group
from tests.exactness.test_random_schemas import JSON, SCHEMAS, SETTINGS


@SETTINGS
@given(SCHEMAS, SCHEMAS, st.booleans(), st.lists(JSON, max_size=8))
def test_sure_answers_hold(
    source: Any, target: Any, related: bool, values: list[Any]
) -> None:
    if related:
        target = (
            {"allOf": [source, target]}
            if len(values) % 2
            else {"anyOf": [source, target]}
        )
    compiled = CompiledCorpus()
    for index, schema in enumerate((source, target)):
        compile_group(Group(str(index), json.dumps(schema)), index, compiled)
    assume(len(compiled.roots) == 2)
    refs = compiled.roots["0"], compiled.roots["1"]
    answer = is_assignable(*refs, compiled.types)
    event(answer)
    types = TypeSet(compiled.types_json())
    fits_source, fits_target = (types.compile(to_json(ref)).accepts for ref in refs)
    for ref in refs:
        with contextlib.suppress(NoExample):
            values.append(example(types, to_json(ref)))
    for value in filter(fits_source, values):
        if answer != "maybe":
            assert fits_target(value) is (answer == "yes"), (source, target, value)
    assert is_assignable(refs[0], refs[0], compiled.types) == "yes"
