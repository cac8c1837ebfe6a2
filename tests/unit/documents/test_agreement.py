"""Binder, jsonschema, explanation and editor schema give one verdict.

Examples are mutated: keys dropped, renamed, added; values replaced. For each:
the binder gives a model exactly when jsonschema finds the document valid; what does not
fit gets at least one diagnostic with a place; and the editor's schema accepts exactly
what `parse` accepts, aliases and short form included.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema.exceptions import ValidationError

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import parse, parse_configuration, parse_project
from magicflow_cli.documents.bind import Binder, pattern
from magicflow_cli.documents.editor import editor_schema, load_schema
from magicflow_cli.documents.explain import explain
from magicflow_cli.load.nodes import Document, Mapping, plain
from tests.unit.documents.trees import SOURCE, document, tree

EXAMPLES = Path(__file__).parent / "examples"
HEAD = {
    "apiVersion": "workflow.magic-flow.io/v2",
    "kind": "Workflow",
    "metadata": {"name": "a"},
}
KEYS = [
    *("name", "type", "steps", "then", "else", "condition", "when", "cases", "goto"),
    *("retry", "retry_config", "retry_policy", "backoff", "backoff_strategy"),
    *("service", "method", "executor", "function", "data_mapping", "input", "output"),
    *("config", "url", "endpoint", "timeout", "duration", "until", "cron", "every"),
    *("on_success", "error_handling", "action", "branches", "iterate_over", "while"),
    *("timeout_action", "fallback_step", "step", "message"),
    *("compensation", "metadata", "spec", "workflow", "kind", "version", "x-own", ""),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, 0.5, 2**70, "", "a", "5s", "5s\n", "1.2.3"),
    *([], {}, [None], ["a"], {"a": 1}, {"name": "a"}, [{"name": "a"}], {"input": 1}),
    *("function", "http", "service_call", "loop", "switch", "wait", "end", "schedule"),
    *("fallback", "goto", "compensate", "continue", "0 9 * * MON-FRI", "60 * * * *"),
    *({"endpoint": "x"}, {"max_attempts": 2}, "workflow.magic-flow.io/v2"),
    *("magicflow.io/v2", "Workflow", "WorkflowContext", "a" * 64, "a b", "\u0000"),
]


def samples() -> list[dict[str, Any]]:
    """Whole documents, and one small document for each step of the language."""
    language = plain(document((EXAMPLES / "language.yaml").read_text()).root)
    assert isinstance(language, dict)
    small = [
        {**HEAD, "spec": {"steps": [step]}} for step in language["spec"].pop("steps")
    ]
    rest = {**language, "spec": {**language["spec"], "steps": [{"name": "a"}]}}
    aliased = plain(document((EXAMPLES / "user-onboarding.yaml").read_text()).root)
    short = plain(document((EXAMPLES / "short-form.yaml").read_text()).root)
    call = {
        "name": "a",
        "type": "service_call",
        "config": {"endpoint": "x", "method": "GET"},
    }
    return [
        *small,
        rest,
        aliased,  # type: ignore[list-item]
        short,  # type: ignore[list-item]
        {**HEAD, "spec": {"steps": [call]}},
    ]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    members = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        members = enumerate(value)  # type: ignore[assignment]
    for key, item in members:
        yield from paths(item, (*at, key))


@st.composite
def mutated(draw: st.DrawFn, bases: list[dict[str, Any]]) -> Any:
    value = copy.deepcopy(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(0, 2))):
        *outer, last = draw(st.sampled_from(list(paths(value))[1:] or [("x",)]))
        holder = value
        for key in outer:
            holder = holder[key]
        if not isinstance(holder, dict | list) or (
            isinstance(holder, dict) and last not in holder
        ):
            continue
        action = draw(st.sampled_from(["drop", "replace", "rename", "add"]))
        if action == "drop":
            del holder[last]
        elif action == "replace":
            holder[last] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif isinstance(holder, dict):
            key = draw(st.sampled_from(KEYS))
            moved = (
                holder.pop(last)
                if action == "rename"
                else copy.deepcopy(draw(st.sampled_from(VALUES)))
            )
            holder[key] = moved
    return value


@cache
def validator(name: str, *, editor: bool = False) -> Any:
    def anchored(_: Any, text: str, instance: object, __: Any) -> Iterator[Any]:
        if isinstance(instance, str) and pattern(text).search(instance) is None:
            yield ValidationError("")

    extend: Any = jsonschema.validators.extend
    cls = extend(jsonschema.Draft202012Validator, {"pattern": anchored})
    schema = editor_schema(name) if editor else load_schema(name)  # type: ignore[arg-type]
    return cls(schema)


@cache
def binder(kind: str) -> Binder:
    from magicflow_cli.documents.models import executor, project, server, workflow

    module = {
        "Workflow": workflow,
        "Project": project,
        "Server": server,
        "Executor": executor,
    }[kind]
    return Binder(module.SHAPE, module)


def agree(kind: str, name: str, value: Any) -> None:
    node = tree(value)
    fits = binder(kind).bind(node) is not None
    assert fits == validator(name).is_valid(value)
    if isinstance(node, Mapping):
        report = Report()
        explain(binder(kind), node, report)
        assert fits == (not report.diagnostics)
        assert all(d.span is not None and d.help for d in report.diagnostics)


SLOW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(mutated(samples()))
def test_workflows(value: Any) -> None:
    agree("Workflow", "workflow", value)


@SLOW
@given(mutated(samples()))
@example({**HEAD, "spec": {"steps": [{"name": "a", "type": "service_call"}]}})
def test_editors_accept_what_is_parsed(value: Any) -> None:
    report = Report()
    parsed = parse(Document(tree(copy.deepcopy(value)), SOURCE, 0), report)
    assert (parsed is None) == report.has_errors
    if parsed is None or parsed.kind == "Workflow":
        assert validator("workflow", editor=True).is_valid(value) == (
            parsed is not None
        )


CONFIGURATIONS = {
    "Server": plain(document((EXAMPLES / "config-server.yaml").read_text()).root),
    "Executor": plain(document((EXAMPLES / "config-executor.yaml").read_text()).root),
    "Project": {
        "version": 1,
        "targets": [{"lang": "go", "out": "x", "parts": ["types"]}],
        "runtime_package": {"path": "x"},
    },
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_configurations(kind: str, data: st.DataObject) -> None:
    value = data.draw(mutated([CONFIGURATIONS[kind]]))  # type: ignore[list-item]
    agree(kind, kind.lower(), value)
    report = Report()
    root = Document(tree(value), SOURCE, 0)
    parsed = (
        parse_project(root, report)
        if kind == "Project"
        else parse_configuration(root, kind, report)  # type: ignore[arg-type]
    )
    assert (parsed is None) == report.has_errors


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_roots_of_every_type(value: Any) -> None:
    report = Report()
    assert parse(Document(tree(value), SOURCE, 0), report) is None
    assert report.has_errors


def test_deep_nesting_is_explained() -> None:
    """As deep as the loader lets through, on the path that recurses most."""
    steps: Any = [{"name": "a", "oops": 1}]
    for depth in range(20):
        steps = [{"name": f"s{depth}", "type": "loop", "while": "x", "steps": steps}]
    report = Report()
    value = {**HEAD, "spec": {"steps": steps}}
    assert parse(Document(tree(value), SOURCE, 0), report) is None
    assert [d.code for d in report.diagnostics] == ["MF0404"]
