from __future__ import annotations

from typing import Any

import pytest

from magicflow_cli.documents.aliases import ALIASES, TYPE_ALIASES, Alias
from magicflow_cli.documents.headers import API_VERSION_ALIASES
from magicflow_cli.load.nodes import plain
from tests.unit.documents.trees import HEAD, parse_text

VALUES: dict[str, tuple[str, Any]] = {
    "retry": ("{max_attempts: 2}", {"max_attempts": 2}),
    "condition": ("$.a", "$.a"),
    "input": ("{a: 1}", {"a": 1}),
    "output": ("{a: 2}", {"a": 2}),
    "executor": ("some-service", "some-service"),
    "function": ("doIt", "doIt"),
    "url": ("https://example.com", "https://example.com"),
    "method": ("POST", "POST"),
    "headers": ("{a: b}", {"a": "b"}),
    "timeout": ("5s", "5s"),
    "backoff": ("linear", "linear"),
}
PLACES = {
    "step": "  steps: [{{name: a, {type}{here}}}]\n",
    "call": "  steps: [{{name: a, compensation: {{function: f, {here}}}}}]\n",
    "rule": "  error_handling: [{{action: {{type: fail}}, {here}}}]\n"
    "  steps: [{{name: a}}]\n",
    "retry": "  retry_policy: {{{here}}}\n  steps: [{{name: a}}]\n",
}


def write(alias: Alias, *more: str) -> str:
    value = VALUES[alias.target][0]
    outer, _, inner = alias.alias.partition(".")
    here = f"{outer}: {{{inner}: {value}}}" if inner else f"{outer}: {value}"
    type_ = ""
    if "service_call" in alias.types:
        type_ = "type: service_call, "
        if alias.target != "url":
            here = here.replace("config: {", "config: {endpoint: x, ")
    text = PLACES[alias.place].format(type=type_, here=", ".join([here, *more]))
    if alias.place == "call" and alias.target == "function":
        text = text.replace("function: f, ", "")
    return HEAD + text


def holder(alias: Alias, root: Any) -> Any:
    spec = root["spec"]
    return {
        "step": lambda: spec["steps"][0],
        "call": lambda: spec["steps"][0]["compensation"],
        "rule": lambda: spec["error_handling"][0],
        "retry": lambda: spec["retry_policy"],
    }[alias.place]()


@pytest.mark.parametrize("alias", ALIASES, ids=lambda a: f"{a.place}-{a.alias}")
def test_an_alias_is_rewritten(alias: Alias) -> None:
    parsed, report = parse_text(write(alias))
    assert report.diagnostics == []
    assert parsed is not None
    found = holder(alias, plain(parsed.root))
    assert found[alias.target] == VALUES[alias.target][1]
    assert alias.alias.partition(".")[0] not in found.keys() - {alias.target}


@pytest.mark.parametrize("alias", ALIASES, ids=lambda a: f"{a.place}-{a.alias}")
def test_an_alias_with_its_target_is_an_error(alias: Alias) -> None:
    also = f"{alias.target}: {VALUES[alias.target][0]}"
    text = write(alias, also)
    parsed, report = parse_text(text)
    assert parsed is None
    (diagnostic,) = report.diagnostics
    assert diagnostic.code == "MF0415"
    line = text.splitlines()[diagnostic.span.line - 1]  # type: ignore[union-attr]
    at = line[diagnostic.span.col - 1 :]  # type: ignore[union-attr]
    assert at.startswith(alias.alias.rpartition(".")[2])
    (label,) = diagnostic.labels
    assert line[label.span.col - 1 :].startswith(alias.target)


def test_two_aliases_of_one_target() -> None:
    policy = "{max_attempts: 2}"
    text = f"  steps: [{{name: a, retry_config: {policy}, retry_policy: {policy}}}]\n"
    parsed, report = parse_text(HEAD + text)
    assert parsed is None
    assert [d.code for d in report.diagnostics] == ["MF0415"]


def test_an_unknown_member_of_a_dissolved_key() -> None:
    parsed, report = parse_text(HEAD + "  steps: [{name: a, data_mapping: {in: 1}}]\n")
    assert parsed is None
    assert [(d.code, d.message) for d in report.diagnostics] == [
        ("MF0404", "`data_mapping` has no key `in`")
    ]


def test_a_dissolved_key_that_is_no_mapping() -> None:
    parsed, report = parse_text(HEAD + "  steps: [{name: a, data_mapping: 5}]\n")
    assert parsed is None
    assert [d.code for d in report.diagnostics] == ["MF0404"]


def test_a_function_alias_on_another_type() -> None:
    text = "  steps: [{name: a, type: loop, while: x, steps: [{name: b}], method: f}]\n"
    parsed, report = parse_text(HEAD + text)
    assert parsed is None
    (diagnostic,) = report.diagnostics
    assert diagnostic.help == "`method` is read on steps of type `function` only"


def test_aliases_hold_in_every_block() -> None:
    inner = "{name: %s, service: s, method: f}"
    names = iter("bcdefghi")
    steps = [inner % next(names) for _ in range(7)]
    text = f"""\
  error_handling: [{{when: x, action: {{type: compensate, steps: [{steps[0]}]}}}}]
  steps:
    - {{name: p, type: parallel, branches: [{steps[1]}, {{name: q, steps: [{steps[2]}]}}]}}
    - {{name: r, type: condition, when: x, then: [{steps[3]}], else: [{steps[4]}]}}
    - {{name: s, type: switch, cases: [{{when: x, steps: [{steps[5]}]}}], default: []}}
    - {{name: t, type: loop, while: x, steps: [{steps[6]}]}}
"""
    parsed, report = parse_text(HEAD + text)
    assert report.diagnostics == []
    assert parsed is not None
    assert str(plain(parsed.root)).count("'executor': 's', 'function': 'f'") == 7
    cases = plain(parsed.root)["spec"]["steps"][2]["cases"]  # type: ignore[index]
    assert cases[0]["when"] == "x"


def test_an_aliased_node_is_rewritten_once() -> None:
    text = "  steps: [&a {name: a, service: s}, *a]\n"
    parsed, report = parse_text(HEAD + text)
    assert report.diagnostics == []
    assert parsed is not None
    assert [s.executor for s in parsed.model.spec.steps] == ["s", "s"]


@pytest.mark.parametrize("version", API_VERSION_ALIASES)
@pytest.mark.parametrize("kind", ["Workflow", "WorkflowContext"])
def test_the_other_api_versions(version: str, kind: str) -> None:
    spec = "{steps: [{name: a}]}" if kind == "Workflow" else "{}"
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n"
    parsed, _ = parse_text(text)
    assert parsed is not None
    assert parsed.model.apiVersion == "workflow.magic-flow.io/v2"


def test_the_other_step_types() -> None:
    for alias, target in TYPE_ALIASES.items():
        text = f"  steps: [{{name: a, type: {alias}, config: {{endpoint: x}}}}]\n"
        parsed, _ = parse_text(HEAD + text)
        assert parsed is not None
        assert parsed.model.spec.steps[0].type == target


def test_the_short_form() -> None:
    text = "workflow: {name: a_b, timeout: 5m, tags: [x]}\nsteps: [{name: a}]\nx-y: 1\n"
    parsed, report = parse_text(text)
    assert report.diagnostics == []
    assert parsed is not None
    model = parsed.model
    assert (model.metadata.name, model.metadata.version) == ("a_b", "0.0.0")
    assert model.metadata.tags == ["x"]
    assert model.spec.timeout == "5m"
    assert model.spec.steps[0].name == "a"


def test_a_short_form_with_a_version() -> None:
    parsed, _ = parse_text("workflow: {name: a, version: 1.2.3}\nsteps: [{name: a}]\n")
    assert parsed is not None
    assert parsed.model.metadata.version == "1.2.3"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("workflow: a\nsteps: [{name: a}]\n", "MF0406", 1),
        ("workflow: {name: a}\nsteps: [{name: a}]\nspec: {}\n", "MF0404", 3),
        ("workflow:\n  name: a\n  steps: []\nsteps: [{name: a}]\n", "MF0404", 3),
        ("workflow: {}\nsteps: [{name: a}]\n", "MF0405", 1),
        ("workflow: {name: a}\nsteps: []\n", "MF0408", 2),
    ],
)
def test_a_short_form_that_does_not_fit(text: str, code: str, line: int) -> None:
    parsed, report = parse_text(text)
    assert parsed is None
    (diagnostic,) = report.diagnostics
    assert diagnostic.code == code
    assert diagnostic.span is not None and diagnostic.span.line == line
