"""`are_disjoint` against instances: where it says so, no value fits both."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.check.types.scalars import are_disjoint
from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus, compile_group
from tests.exactness.corpus import Group
from tests.exactness.test_random_schemas import NUMBERS, SCALARS, SETTINGS, TEXTS

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
SIZES = st.integers(0, 3)
SCHEMAS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional=dict.fromkeys(BOUNDS, NUMBERS)
        | {"format": st.just("int32"), "multipleOf": st.sampled_from([0.5, 2])},
    ),
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": SIZES, "maxLength": SIZES, "pattern": st.just("a")}
        | {"format": st.sampled_from(["date", "email"])},
    ),
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=3)}),
    st.just({"type": ["string", "integer"]}),
)


@SETTINGS
@given(SCHEMAS, SCHEMAS, st.lists(st.one_of(NUMBERS, TEXTS, SCALARS), max_size=8))
def test_no_value_fits_both(one: Any, other: Any, values: list[Any]) -> None:
    compiled = CompiledCorpus()
    for index, schema in enumerate((one, other)):
        compile_group(Group(str(index), json.dumps(schema)), index, compiled)
    assume(len(compiled.roots) == 2)
    refs = [compiled.roots["0"], compiled.roots["1"]]
    sides = [compiled.types.get(ref.type, ref.type) for ref in refs]
    found = are_disjoint(sides[0], sides[1])
    assert found == are_disjoint(sides[1], sides[0])
    event(str(found))
    if not found:
        return
    types = TypeSet(compiled.types_json())
    fits_one, fits_other = (types.compile(to_json(ref)).accepts for ref in refs)
    for ref in refs:
        with contextlib.suppress(NoExample):
            values.append(example(types, to_json(ref)))
    for value in [*values, *one.get("enum", ()), *other.get("enum", ())]:
        assert value is None or not (fits_one(value) and fits_other(value)), value
