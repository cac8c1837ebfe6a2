"""Whatever stands where a schema is expected: diagnostics, never an exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from magicflow.canonical import canonical
from magicflow.types import TypeSet

from magicflow_cli.check.types import TypeTable
from magicflow_cli.check.types.keywords import FORMATS, KEYWORDS
from magicflow_cli.diagnostics.model import Report, Severity
from magicflow_cli.load import load_text
from magicflow_cli.load.nodes import Mapping
from magicflow_cli.plan import to_json

WORDS = ["string", "integer", "null", "object", "array", "a", "b", "", "-", "#", "^a$"]
POINTERS = [
    "#",
    "#/$defs/a",
    "#/definitions/b",
    "#/properties/a",
    "#/items",
    "#/anyOf/0",
]
SCALARS = st.one_of(
    st.sampled_from([*WORDS, *POINTERS, *FORMATS]),
    st.integers(-3, 3),
    st.sampled_from([True, False, None, 0.5, 1e300, 2**53, -0.0]),
    st.text(max_size=4).filter(
        lambda text: not any("\ud800" <= c <= "\udfff" for c in text)
    ),
)
NAMES = st.one_of(
    st.sampled_from([*KEYWORDS, *KEYWORDS, "a", "b", "x-a", "typ"]), st.text(max_size=3)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=4),
        st.dictionaries(st.sampled_from(sorted(KEYWORDS)), inner, max_size=4),
    ),
    max_leaves=14,
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANYTHING, ANYTHING)
def test_nothing_breaks_it(schema: Any, definition: Any) -> None:
    context = {"input_schema": schema, "definitions": {"a": definition, "b": schema}}
    loaded = load_text(json.dumps(context).encode(), "context.json")
    if not loaded.documents:
        return
    spec = loaded.documents[0].root
    assert isinstance(spec, Mapping)
    report = Report()
    table = TypeTable(report)
    table.share(spec, "c#")
    table.add_definitions()
    node = spec.entries["input_schema"].value
    ref = table.add_schema(node, "c#/input_schema", ["x"], named=True)
    table.finish()
    for diagnostic in report.diagnostics:
        assert diagnostic.message and diagnostic.help
        assert not diagnostic.message.endswith(".")
        assert diagnostic.span is not None or diagnostic.code == "MF2201"
    types = {id: to_json(type) for id, type in table.types.items()}
    canonical(types)
    if not any(each.severity is Severity.ERROR for each in report.diagnostics):
        TypeSet(types).compile(to_json(ref)).check(None)
