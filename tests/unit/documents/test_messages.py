"""What a user reads: one message per mistake, at the place of the mistake."""

from __future__ import annotations

import time

import pytest

from magicflow_cli.diagnostics.model import Edit
from magicflow_cli.load import load_text
from tests.unit.documents.trees import HEAD, parse_text

LONG = "a" * 64
# (what stands below `spec:`, [(code, line, column, message, help)])
CASES: list[tuple[str, list[tuple[str, int, int, str, str]]]] = [
    (
        "  stepps: [{name: a}]\n",
        [("MF0404", 5, 3, "`spec` has no key `stepps`", "did you mean `steps`?")],
    ),
    (
        "  steps: [{name: a, type: http, methd: GET, urll: x}]\n",
        [
            ("MF0404", 5, 33, "the http step `a` has no key `methd`", "`method`"),
            ("MF0404", 5, 45, "the http step `a` has no key `urll`", "`url`"),
        ],
    ),
    (
        "  steps: [{name: a, type: end, output: 1}]\n",
        [("MF0404", 5, 32, "the end step `a` has no key `output`", "`on_success`")],
    ),
    (
        "  steps: [{name: a, colour: red}]\n",
        [("MF0404", 5, 21, "the step `a` has no key `colour`", "docs/dsl.md")],
    ),
    (
        "  steps: [{type: transform, output: 1}]\n",
        [("MF0405", 5, 12, "transform step 1 has no `name`", "add the key `name`")],
    ),
    (
        "  triggers: [{every: 5m}]\n  steps: [{name: a}]\n",
        [("MF0405", 5, 15, "trigger 1 has no `type`", "add `type: schedule`")],
    ),
    (
        "  steps: [{name: 5}]\n",
        [("MF0406", 5, 18, "`name` must be a text, not a number", 'quotes: "5"')],
    ),
    (
        "  steps: [{name: [b]}]\n",
        [("MF0406", 5, 18, "`name` must be a text, not a list", "write a text")],
    ),
    (
        "  steps: [{name: }]\n",
        [("MF0406", 5, 18, "`name` must be a text, not empty", "write a text")],
    ),
    (
        "  steps: [{name: ~}]\n",
        [("MF0406", 5, 18, "`name` must be a text, not null", "write a text")],
    ),
    (
        "  steps: [{name: a, handler: yes}]\n",
        [("MF0406", 5, 30, "`handler` must be `true` or `false`", "write `true`")],
    ),
    (
        "  steps: [{name: a, priority: '5'}]\n",
        [("MF0406", 5, 31, "must be a whole number, not a text", "without quotes")],
    ),
    (
        "  steps: [{name: a, priority: 5.5}]\n",
        [("MF0406", 5, 31, "must be a whole number", "write a whole number")],
    ),
    (
        "  steps: [{name: a, depends_on: b}]\n",
        [("MF0406", 5, 33, "`depends_on` must be a list, not a text", "`[a, b]`")],
    ),
    (
        "  steps: [{name: a, depends_on: {b: c}}]\n",
        [("MF0406", 5, 33, "must be a list, not a mapping", "one `- ` line")],
    ),
    (
        "  steps: [a]\n",
        [("MF0406", 5, 11, "entry 1 of `steps` must be a mapping", "`key: value`")],
    ),
    (
        "  error_handling: true\n  steps: [{name: a}]\n",
        [("MF0406", 5, 19, "must be a list or a mapping, not `true`", "a list")],
    ),
    (
        "  steps: [{name: a, type: functoin, oops: 1}]\n",
        [("MF0407", 5, 27, "`type` cannot be `functoin`", "mean `function`?")],
    ),
    (
        "  steps: [{name: a, type: {b: c}}]\n",
        [("MF0407", 5, 27, "`type` cannot be a mapping", "`function`, `http`")],
    ),
    (
        "  unique: always\n  steps: [{name: a}]\n",
        [("MF0407", 5, 11, "`unique` cannot be `always`", "write `running`")],
    ),
    ("  steps: []\n", [("MF0408", 5, 3, "the workflow has no steps", "add a step")]),
    ("  steps:\n", [("MF0408", 5, 3, "the workflow has no steps", "add a step")]),
    ("  timeout: 5m\n", [("MF0408", 4, 1, "the workflow has no steps", "add")]),
    (
        "  timeout: 5 min\n  steps: [{name: a}]\n",
        [("MF0409", 5, 12, "`timeout` `5 min` is not a duration", "`500ms`")],
    ),
    (
        "  steps: [{name: a, type: workflow, workflow: A}]\n",
        [("MF0410", 5, 47, "`workflow` `A` is not a name", "`a-z`")],
    ),
    (
        "  steps: [{name: a, max_concurrency: 0}]\n",
        [("MF0412", 5, 38, "must be at least 1", "at least 1")],
    ),
    (
        "  steps: [{name: a, circuit_breaker: {failure_rate_threshold: 0}}]\n",
        [("MF0412", 5, 63, "must be more than 0", "more than 0")],
    ),
    (
        "  steps: [{name: a, type: http, url: x, expect: [600]}]\n",
        [("MF0412", 5, 50, "entry 1 of `expect` must be at most 599", "at most")],
    ),
    (
        "  steps: [{name: a, type: parallel, branches: []}]\n",
        [("MF0413", 5, 47, "`branches` has no entries", "at least one")],
    ),
    (
        "  executor: ''\n  steps: [{name: a}]\n",
        [("MF0413", 5, 13, "`executor` is empty", "write a text")],
    ),
    (
        f"  steps: [{{name: {LONG}}}]\n",
        [("MF0413", 5, 18, "`name` is longer than 63 characters", "shorter")],
    ),
    (
        "  steps: [{name: a, type: wait}]\n",
        [("MF0414", 5, 18, "the wait step `a` has neither `duration` nor", "add")],
    ),
    (
        "  steps: [{name: a, type: switch, cases: [{when: x, goto: b, steps: []}]}]\n",
        [("MF0414", 5, 53, "`steps` and `goto` exclude each other", "keep either")],
    ),
    (
        "  steps:\n    - {name: a, type: loop, while: x, item_variable: 1a, steps: "
        "[{name: b}]}\n",
        [("MF0416", 6, 54, "`item_variable` `1a` is not a name", "letters")],
    ),
    (
        "  steps: [{name: a, timeout: 5s, timeout_action: fallback}]\n",
        [("MF0414", 5, 50, "`timeout_action: fallback` needs `fallback_step`", "add")],
    ),
    (
        "  error_handling: [{condition: x, action: {type: goto}}]\n"
        "  steps: [{name: a}]\n",
        [("MF0414", 5, 50, "`type: goto` needs `step`", "add the key `step`")],
    ),
    (
        "  error_handling: [{condition: x, action: {type: continue, message: x}}]\n"
        "  steps: [{name: a}]\n",
        [
            (
                *("MF0414", 5, 60, "`message` has no effect unless `type` is"),
                "remove `message`, or set `type` to `return_error`, `fail` or",
            )
        ],
    ),
    (
        "  triggers: [{type: schedule, cron: 60 * * * *}]\n  steps: [{name: a}]\n",
        [("MF0416", 5, 37, "`60 * * * *` is not a cron expression", "five fields")],
    ),
    (
        "  steps: [{name: a, type: parallel, branches: [{steps: [{name: b}]}]}]\n",
        [("MF0405", 5, 49, "branch 1 has no `name`", "add the key")],
    ),
    (
        "  steps: [{name: a, type: parallel, branches: [{name: b, steps: [{name: c}],"
        " function: f}]}]\n",
        [("MF0404", 5, 78, "the branch `b` has no key `function`", "`steps`")],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), CASES, ids=lambda v: str(v)[:40])
def test_a_message(spec: str, expected: list[tuple[str, int, int, str, str]]) -> None:
    parsed, report = parse_text(HEAD + spec)
    assert parsed is None
    assert len(report.diagnostics) == len(expected), report.diagnostics
    for found, (code, line, col, message, help_) in zip(
        report.diagnostics, expected, strict=True
    ):
        assert found.span is not None
        assert (found.code, found.span.line, found.span.col) == (code, line, col)
        assert message in found.message
        assert help_ in found.help
        assert not found.message.endswith(".") and "\n" not in found.message


def test_missing_keys_of_the_document() -> None:
    text = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\n"
    parsed, report = parse_text(text)
    assert parsed is None
    messages = [d.message for d in report.diagnostics]
    assert messages == [
        "the document has no `metadata`",
        "the document has no `spec`",
    ]


@pytest.mark.parametrize(
    ("text", "codes", "words"),
    [
        ("kind: Workflow\n", ["MF0402"], "has no `apiVersion`"),
        ("apiVersion: v1\nkind: Workflow\n", ["MF0402"], "`v1` is not known"),
        ("apiVersion: [v1]\nkind: Workflow\n", ["MF0402"], "that is a list"),
        ("apiVersion: magicflow.io/v2\n", ["MF0403"], "has no `kind`"),
        ("apiVersion: magicflow.io/v2\nkind: Job\n", ["MF0403"], "`Job`"),
        ("apiVersion: magicflow.io/v2\nkind: {a: b}\n", ["MF0403"], "a mapping"),
        ("{}\n", ["MF0402", "MF0403"], "`apiVersion`"),
        ("just a text\n", ["MF0401"], "not a mapping"),
    ],
)
def test_heads(text: str, codes: list[str], words: str) -> None:
    parsed, report = parse_text(text)
    assert parsed is None
    assert [d.code for d in report.diagnostics] == codes
    assert words in report.diagnostics[0].message


def test_a_misspelt_kind() -> None:
    _, report = parse_text("apiVersion: magicflow.io/v2\nkind: Workflo\n")
    assert report.diagnostics[0].help == "did you mean `Workflow`?"


@pytest.mark.parametrize(
    ("key", "written", "mended"),
    [
        ("fucntion: f", "fucntion", "function"),
        ('"fucntion": f', '"fucntion"', '"function"'),
        ("'fucntion': f", "'fucntion'", "'function'"),
        ("timeout_action: retri", "retri", "retry"),
    ],
)
def test_a_fix_replaces_what_is_wrong(key: str, written: str, mended: str) -> None:
    text = f"{HEAD}  steps:\n    - name: a\n      {key}\n"
    _, report = parse_text(text)
    (diagnostic,) = report.diagnostics
    assert diagnostic.fix is not None
    (edit,) = diagnostic.fix.edits
    assert isinstance(edit, Edit)
    line = text.splitlines()[edit.span.line - 1]
    assert line[edit.span.col - 1 : edit.span.end_col - 1] == written
    assert edit.text == mended


def test_no_fix_for_a_key_that_is_there() -> None:
    text = f"{HEAD}  steps: [{{name: a, function: f, fucntion: g}}]\n"
    _, report = parse_text(text)
    (diagnostic,) = report.diagnostics
    assert diagnostic.fix is None
    assert diagnostic.help == "did you mean `function`?"


def test_a_long_and_hostile_key_is_cut() -> None:
    key = "a\\n\\u202e" + "b" * 500
    text = f'{HEAD}  steps: [{{name: a, "{key}": 1}}]\n'
    loaded = load_text(text.encode(), "a.yaml")
    assert loaded.documents
    _, report = parse_text(text)
    (diagnostic,) = report.diagnostics
    assert "\n" not in diagnostic.message
    assert len(diagnostic.message) < 150


def test_messages_stand_in_document_order() -> None:
    text = f"{HEAD}  steps: [{{name: a, b: 1}}, {{name: c, d: 1}}]\n  timeout: x\n"
    _, report = parse_text(text)
    lines = [(d.span.line, d.span.col) for d in report.diagnostics if d.span]
    assert lines == sorted(lines) and len(lines) == 3


@pytest.mark.parametrize("step", ["5", "{a: 1}", "{name: a, type: b}"])
def test_many_problems_are_cut(step: str) -> None:
    text = f"{HEAD}  steps: [{', '.join([step] * 300)}]\n"
    parsed, report = parse_text(text)
    assert parsed is None
    assert len(report.diagnostics) <= 101
    assert report.diagnostics[-1].code == "MF0116"


def test_one_problem_among_many_steps_is_found_fast() -> None:
    steps = ", ".join(f"{{name: s{i}}}" for i in range(5000))
    text = f"{HEAD}  steps: [{steps}, {{nam: a}}]\n"
    started = time.process_time()
    _, report = parse_text(text)
    assert [d.code for d in report.diagnostics] == ["MF0404"]
    assert time.process_time() - started < 2
