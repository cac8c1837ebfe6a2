"""python -m tests.exactness.random_corpus GROUPS SEED > corpus.jsonl

Random schemas of the profile with random instances, each with the verdict of
jsonschema-rs: the same corpus for the same seed. What lies outside the domain for its
type (an integral double beyond ±(2^53−1)) is left out.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from magicflow.types import NoExample, TypeSet, decode_json, example

from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus, compile_group
from tests.exactness.corpus import Group
from tests.exactness.test_random_schemas import DIALECT, JSON, RECURSIVE, SCHEMAS


def random_groups(count: int, number: int) -> list[dict[str, Any]]:
    """So many groups, as lines of a corpus."""
    groups: list[dict[str, Any]] = []

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(SCHEMAS, RECURSIVE), st.lists(JSON, min_size=4, max_size=16))
    def collect(schema: Any, values: list[Any]) -> None:
        group = _group(f"random/{number}/{len(groups)}", schema, values)
        if group is not None:
            groups.append(group)

    collect()
    return groups


def _group(id: str, schema: Any, values: list[Any]) -> dict[str, Any] | None:
    compiled = CompiledCorpus()
    compile_group(Group(id, json.dumps(schema)), 0, compiled)
    if id not in compiled.roots:
        return None
    types = TypeSet(compiled.types_json())
    root = to_json(compiled.roots[id])
    with contextlib.suppress(NoExample):
        values = [*values, example(types, root)]
    oracle = jsonschema_rs.validator_for(
        schema if isinstance(schema, bool) else {"$schema": DIALECT, **schema},
        validate_formats=True,
    )
    instances = []
    for index, value in enumerate(values):
        text = json.dumps(value)
        found = types.compile(root).check(decode_json(text))
        if any(problem.code.startswith("MFD") for problem in found):
            continue
        valid = oracle.is_valid(value)
        instances.append({"id": str(index), "json": text, "valid": valid})
    return {"id": id, "schema": schema, "instances": instances}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not all(text.isdecimal() for text in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    for group in random_groups(int(arguments[0]), int(arguments[1])):
        print(json.dumps(group))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
