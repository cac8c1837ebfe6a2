"""Random schemas of the profile and random instances: plan-driven as jsonschema-rs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from magicflow.types import NoExample, TypeSet, decode_json, encode_json, example

from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus, compile_group
from tests.exactness.corpus import Group
from tests.exactness.equality import equal

NAMES = st.sampled_from(["a", "b", "kind", "x y", "é", "__proto__"])
TEXTS = st.sampled_from(["", "a", "b", "ab", "aé😀", "2020-01-01", "1", "x@y.z"])
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([0.1, 0.5, 1.5, -2.25, 0.3, 1e-7, 1e22, 2.0, -0.0]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


def some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


def schemas_over(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    small = st.integers(0, 3)
    names = st.lists(NAMES, unique=True, max_size=3)
    numbers = some(
        type=st.sampled_from(["number", "integer", ["integer", "null"]]),
        minimum=NUMBERS,
        maximum=NUMBERS,
        exclusiveMinimum=NUMBERS,
        exclusiveMaximum=NUMBERS,
        multipleOf=st.sampled_from([1, 2, 0.5, 0.1, 0.3, 1e-7]),
    )
    strings = some(
        type=st.sampled_from(["string", ["string", "null"]]),
        minLength=small,
        maxLength=small,
        pattern=st.sampled_from(["a", "^a", "b$", "^[a-z]*$", r"\d", r"^\S+$", "^.*$"]),
        format=st.sampled_from(["date", "email", "ipv4"]),
    )
    arrays = some(
        type=st.just("array"),
        items=inner,
        minItems=small,
        maxItems=small,
        uniqueItems=st.booleans(),
    )
    tuples = st.lists(inner, min_size=1, max_size=3).map(
        lambda items: {"prefixItems": items, "items": False, "minItems": len(items)}
    )
    objects = some(
        type=st.sampled_from(["object", ["object", "null"]]),
        properties=st.dictionaries(NAMES, inner, max_size=3),
        required=names,
        additionalProperties=st.one_of(st.booleans(), inner),
        propertyNames=some(pattern=st.sampled_from(["^[a-z]+$", "a"]), maxLength=small),
        minProperties=small,
        maxProperties=small,
    )
    constants = st.one_of(
        st.lists(SCALARS, min_size=1, max_size=4, unique_by=repr).map(
            lambda v: {"enum": v}
        ),
        SCALARS.map(lambda value: {"const": value}),
    )
    types = st.one_of(
        st.sampled_from(TYPES).map(lambda name: {"type": name}),
        st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True).map(
            lambda found: {"type": found}
        ),
    )
    tagged = st.builds(
        lambda keyword, tags, bodies: {
            keyword: [
                {
                    **body,
                    "type": "object",
                    "required": ["kind"],
                    "properties": {
                        **body.get("properties", {}),
                        "kind": {"const": tag},
                    },
                }
                for tag, body in zip(tags, bodies, strict=False)
            ]
        },
        st.sampled_from(["oneOf", "anyOf"]),
        st.lists(
            st.sampled_from(["a", "b", "c", 1, 2, True]), min_size=2, unique_by=repr
        ),
        st.lists(objects, min_size=2, max_size=3),
    )
    return st.one_of(
        numbers,
        strings,
        arrays,
        tuples,
        objects,
        constants,
        types,
        tagged,
        st.builds(
            lambda *parts: {k: v for p in parts for k, v in p.items()}, types, constants
        ),
        st.builds(
            lambda *parts: {k: v for p in parts for k, v in p.items()},
            numbers,
            strings,
            objects,
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"allOf": found}),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"anyOf": found}),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"oneOf": found}),
        st.builds(lambda a, b: {**a, "allOf": [b]}, objects, inner),
        st.builds(lambda a, b: {**a, "anyOf": [b, {"type": "null"}]}, types, inner),
    )


SCHEMAS = st.recursive(
    st.booleans() | schemas_over(st.just({})), schemas_over, max_leaves=6
)
REFS = st.sampled_from([{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}, {"$ref": "#"}])
RECURSIVE = st.builds(
    lambda a, b, root: {"$defs": {"A": a, "B": b}, **root},
    schemas_over(st.one_of(REFS, schemas_over(REFS))),
    schemas_over(st.one_of(REFS, st.just({}))),
    schemas_over(REFS).filter(lambda schema: isinstance(schema, dict)),
)


def compare(schema: Any, instances: list[Any]) -> None:
    compiled = CompiledCorpus()
    compile_group(Group("g", json.dumps(schema)), 0, compiled)
    if "g" not in compiled.roots:
        event(f"refused: {compiled.refusals['g'][0]}")
        assume(False)
    event("compiled")
    root = to_json(compiled.roots["g"])
    types = TypeSet(compiled.types_json())
    validator = types.compile(root)
    oracle = jsonschema_rs.validator_for(
        schema if isinstance(schema, bool) else {"$schema": DIALECT, **schema},
        validate_formats=True,
    )
    try:
        found = example(types, root)
    except NoExample:
        pass
    else:
        assert oracle.is_valid(found), ("example", schema, found)
    for instance in instances:
        value = decode_json(json.dumps(instance))
        problems = validator.check(value)
        if any(problem.code.startswith("MFD") for problem in problems):
            continue  # outside the domain, where no oracle is asked
        assert (problems == []) is oracle.is_valid(instance), (
            schema,
            instance,
            problems,
        )
        if not problems:
            assert equal(decode_json(encode_json(value)), value)


DIALECT = "https://json-schema.org/draft/2020-12/schema"
SETTINGS = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@SETTINGS
@given(SCHEMAS, st.lists(JSON, min_size=1, max_size=12))
def test_random_schemas(schema: Any, instances: list[Any]) -> None:
    compare(schema, instances)


@SETTINGS
@given(RECURSIVE, st.lists(JSON, min_size=1, max_size=12))
def test_random_recursive_schemas(schema: Any, instances: list[Any]) -> None:
    compare(schema, instances)


def test_every_driver_is_exact_on_random_schemas(tmp_path: Path) -> None:
    from tests.exactness.__main__ import is_exact, run
    from tests.exactness.corpus import read_corpus
    from tests.exactness.random_corpus import random_groups

    lines = random_groups(150, 20260101)
    file = tmp_path / "random.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = run(list(read_corpus(file)), ["python"])
    assert report["groups"] > 100
    assert is_exact(report, complete=True), json.dumps(report, indent=1)[:10_000]
