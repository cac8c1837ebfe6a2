"""Plain words, Mermaid, Markdown, expressions, durations."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.docs.diagrams import draw
from magicflow_cli.docs.durations import print_duration, retry_delay, worst_case
from magicflow_cli.docs.expressions import print_expression, print_value
from magicflow_cli.docs.markdown import code, escape, write_markdown
from magicflow_cli.docs.measures import clip, printable, width_of
from magicflow_cli.docs.mermaid import quote
from magicflow_cli.docs.telling import tell
from magicflow_cli.plan.models import LitExpr, RetryPolicy
from tests.unit.docs.plans import compile_text, plans, steps


@pytest.mark.parametrize("name", plans())
def test_every_golden_can_be_told_drawn_and_described(name: str) -> None:
    plan = plans()[name]
    told, mermaid = tell(plan), draw(plan, "mermaid")
    markdown = write_markdown(plan)
    for step in plan.steps.values():
        assert f". {step.name} (" in told
        assert quote(step.name) in mermaid
        assert f"`{step.name}`" in markdown
    lines = [line.split()[0] for line in mermaid.splitlines()]
    assert lines.count("subgraph") == lines.count("end")


def test_a_workflow_in_plain_words(tmp_path: Path) -> None:
    told = tell(
        compile_text(
            tmp_path,
            steps(
                """
- name: fetch
  executor: shop
  timeout: 10s
  retry: {max_attempts: 3, backoff: fixed, initial_delay: 2s}
  fallback_step: cached
- {name: big, type: condition, condition: $.input.n > 10, then: [{name: warn, type: emit, event: big.one, data: {}}], else: [{name: rest, type: wait, duration: 90s}]}
- {name: all, type: parallel, branches: [{name: one, function: f}, {name: two, function: g}]}
- {name: each, type: loop, iterate_over: $.input.list, parallel: true, batch_size: 5, max_iterations: 50, steps: [{name: pack, timeout: 1s}]}
- {name: sure, type: human_task, assignee: team, title: Really?, timeout: 1d, form: {type: object}}
- {name: cached, handler: true, executor: shop, timeout: 1s}
""",
                "  timeout: 2d\n",
            ),
        )
    )
    for line in (
        "w 1.2.3",
        "After 2 d a run is cancelled, compensates and ends timed out.",
        "Some of its steps may take any time: nothing limits them.",
        "1. fetch (function): shop · fetch",
        "   3 attempts, fixed 2 s",
        "   at worst: 34 s",
        "   in its place → cached",
        "2. big (condition): $.input.n > 10",
        "     1. warn (emit): send big.one",
        "     1. rest (wait): wait 1 min 30 s",
        "3. all (parallel): all 2 side by side",
        "4. each (loop): for each item of $.input.list, 5 at once, at most 50",
        "   at worst: 50 s",
        "5. sure (human task): ask team: Really?",
        "   at worst: 1 d",
    ):
        assert line in told.splitlines(), f"{line}\n{told}"


def test_the_longest_path(tmp_path: Path) -> None:
    told = tell(
        compile_text(
            tmp_path,
            steps(
                "- {name: a, executor: x, timeout: 10s, on_failure: h}\n"
                "- {name: b, type: wait, duration: 1m}\n"
                "- {name: h, handler: true, executor: x, timeout: 5m}\n"
            ),
        )
    )
    assert "Its longest path takes 5 min 10 s at worst." in told


def test_thousands_of_steps_in_a_row(tmp_path: Path) -> None:
    chain = "".join(
        f"- {{name: s{i}, type: wait, duration: 1s}}\n" for i in range(3000)
    )
    plan = compile_text(tmp_path, steps(chain))
    assert "Its longest path takes 50 min at worst." in tell(plan)
    assert draw(plan, "svg").count("<rect") > 3000
    assert draw(plan, "mermaid").count("-->") == 3001


def test_a_crowd_of_arrows_becomes_notes(tmp_path: Path) -> None:
    def drawn(number: int) -> str:
        text = "".join(f"- {{name: s{i}, on_failure: help}}\n" for i in range(number))
        text += "- {name: help, handler: true}\n"
        return draw(compile_text(tmp_path, steps(text, "  executor: x\n")), "mermaid")

    assert drawn(8).count("on failure") == 8
    assert '-. "on failure" .->' in drawn(8)
    assert drawn(1000).count("on failure → help".replace("→", "#8594;")) == 1000
    assert "-. " not in drawn(1000)


def test_a_cycle_has_no_longest_path(tmp_path: Path) -> None:
    plan = compile_text(
        tmp_path,
        steps(
            "- {name: a, type: wait, duration: 1s}\n"
            "- name: b\n  type: switch\n"
            "  cases: [{when: $.input.again == true, goto: a}]\n"
        ),
    )
    assert "Some of its steps may take any time" in tell(plan)


def test_rules_in_plain_words() -> None:
    told = tell(plans()["user-onboarding/user-onboarding"])
    assert (
        "1. if $.validate-user.validation_result == false: end the run failed: User"
        " validation failed" in told
    )
    assert "2. if $.steps.create-account.status == 'failed': compensate" in told


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("$.input.a == 1 && ($.input.b || !$.input.c)",) * 2,
        ("$.input.a + 2 * 3 - (4 - 5)",) * 2,
        ("($.input.a + 2) * 3",) * 2,
        ("-$.input.a < 0",) * 2,
        ("$.input.items[0].name",) * 2,
        ("$.input.items[-1]",) * 2,
        ("$.input.items[*].name",) * 2,
        ("$.input.items[1:2]",) * 2,
        ("$.input['a b']",) * 2,
        ("$.input.items.length > 0",) * 2,
        ("$.input.items[?@.price > 10]",) * 2,
        ("$.input..name",) * 2,
        ("map($.input.items, x -> x.price)",) * 2,
        ("coalesce($.input.a, 'it''s')", 'coalesce($.input.a, "it\'s")'),
        ("$.input.a in ['x', 'y']",) * 2,
        ("not $.input.a and $.input.b", "!$.input.a && $.input.b"),
        ("$.execution.id",) * 2,
        ("$.metadata.source == null",) * 2,
    ],
)
def test_expressions_are_printed_as_they_are_written(
    tmp_path: Path, written: str, printed: str
) -> None:
    written = written.replace("'it''s'", '"it\'s"')
    quoted = written.replace("'", "''")
    text = steps(f"- {{name: t, type: transform, output: {{v: '{quoted}'}}}}")
    if not written.startswith("$"):
        text = steps(f"- {{name: t, type: transform, output: {{v: '${{{quoted}}}'}}}}")
    node = compile_text(tmp_path, text).nodes["t"]
    assert print_expression(node.value.members["v"]) == printed


def test_values(tmp_path: Path) -> None:
    text = steps(
        "- {name: t, type: http, url: 'https://x/${$.input.id}',"
        " headers: {A: 'Bearer ${secrets.KEY}'}, output: {}}",
        "  security: {secrets: [KEY]}\n",
    )
    plan = compile_text(tmp_path, text)
    request = next(n.http for n in plan.nodes.values() if getattr(n, "http", None))
    assert print_value(request.url) == "https://x/${$.input.id}"
    assert print_value(request.headers["A"]) == "Bearer ${secrets.KEY}"
    assert print_value(LitExpr(value="as it is")) == "as it is"


@pytest.mark.parametrize(
    ("millis", "text"),
    [(0, "0 s"), (1, "1 ms"), (90_000, "1 min 30 s"), (86_400_000 * 400, "400 d")],
)
def test_durations(millis: int, text: str) -> None:
    assert print_duration(millis) == text


def policy(attempts: int, backoff: str, cap: int = 60_000) -> RetryPolicy:
    return RetryPolicy(
        max_attempts=attempts,
        backoff=backoff,  # type: ignore[arg-type]
        initial_delay=1000,
        max_delay=cap,
        jitter=False,
    )


@pytest.mark.parametrize("backoff", ["fixed", "linear", "exponential"])
@pytest.mark.parametrize("attempts", [1, 2, 7, 100])
def test_worst_case_is_the_sum_of_attempts_and_delays(
    backoff: str, attempts: int
) -> None:
    retry = policy(attempts, backoff)
    delays = sum(retry_delay(retry, n) for n in range(1, attempts))
    assert worst_case(500, retry, None) == 500 * attempts + delays


def test_worst_case_bounds() -> None:
    assert worst_case(None, policy(3, "fixed"), None) is None
    assert worst_case(None, policy(3, "fixed"), 7) == 7
    assert worst_case(500, None, None) == 500
    assert worst_case(500, policy(10**9, "exponential"), None) is not None
    assert retry_delay(policy(2, "exponential"), 10**9) == 60_000


@given(st.text())
def test_texts_are_shown_without_what_is_invisible(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert "\n" not in shown
    assert width_of(clip(shown, 100, 6), 6) <= 100


@given(st.text())
def test_markdown_and_mermaid_texts_are_inert(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert not any(
        character in escaped.replace("\\" + character, "") for character in "`*_[|"
    )
    span = code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)] or not fence
    assert not set(quote(text)) & set('"<>[]{}|`&\\;'.replace(";", ""))
