"""What expressions may read, and when: roots, steps, order."""

from __future__ import annotations

import pytest

from magicflow_cli.plan import models as plan
from tests.unit.check.flows import found, only, run, text_at

# Each case: the steps, and the codes MF61xx and MF62xx that come out.
READS = {
    "an earlier step": ("[{name: a}, {name: b, input: {x: $.a.x}}]", []),
    "the long path": ("[{name: a}, {name: b, input: {x: $.steps.a.output.x}}]", []),
    "a later step": ("[{name: a, input: {x: $.b.x}}, {name: b}]", ["MF6201"]),
    "itself": ("[{name: a, input: {x: $.a.x}}]", ["MF6201"]),
    "itself, in its output": ("[{name: a, output: {x: $.a.x}}]", ["MF6201"]),
    "its response": ("[{name: a, output: {x: $.response.x, y: $.result.y}}]", []),
    "a guarded step": (
        "[{name: a, condition: $.input.go}, {name: b, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "a guarded step in coalesce": (
        "[{name: a, condition: $.input.go},"
        " {name: b, input: {x: '${coalesce($.a.x, 1)}'}}]",
        [],
    ),
    "a guarded step as the last of coalesce": (
        "[{name: a, condition: $.input.go},"
        " {name: b, input: {x: '${coalesce($.input.y, $.a.x)}'}}]",
        ["MF6202"],
    ),
    "behind a guard with exists": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: exists($.a.x), input: {x: $.a.x}}]",
        [],
    ),
    "behind a comparison": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: exists($.a.ok) && $.a.ok == 1, input: {x: $.a.x}}]",
        [],
    ),
    "in a comparison that is not protected": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: $.a.ok == true, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "behind or": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: exists($.a.ok) || $.input.y, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "behind a negation": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: '!(!exists($.a.ok))', input: {x: $.a.x}}]",
        [],
    ),
    "behind its status": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: $.a.status == 'completed', input: {x: $.a.x}}]",
        [],
    ),
    "behind the same guard": (
        "[{name: a, condition: $.input.go == 1},"
        " {name: b, condition: $.input.go == 1 && $.input.y, input: {x: $.a.x}}]",
        [],
    ),
    "behind the same guard that is not pure": (
        "[{name: a, condition: now() > '2030'},"
        " {name: b, condition: now() > '2030', input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "behind a step that needs it": (
        "[{name: a, condition: $.input.go},"
        " {name: b, condition: exists($.a.x)},"
        " {name: c, condition: exists($.b.y), input: {x: $.a.x}}]",
        [],
    ),
    "in then": (
        "[{name: a, condition: $.input.go}, {name: c, type: condition,"
        " condition: $.a.x != null, then: [{name: b, input: {x: $.a.x}}]}]",
        [],
    ),
    "in else": (
        "[{name: a, condition: $.input.go}, {name: c, type: condition,"
        " condition: $.a.x == null, then: [{name: b}],"
        " else: [{name: d, input: {x: $.a.x}}]}]",
        [],
    ),
    "after an ignored timeout": (
        "[{name: a, timeout: 1s, timeout_action: ignore}, {name: b, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "of then, after the condition": (
        "[{name: c, type: condition, condition: $.input.go, then: [{name: a}]},"
        " {name: b, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "of both sides, after the condition": (
        "[{name: c, type: condition, condition: $.input.go,"
        " then: [{name: a}], else: [{name: d}]}, {name: b, input: {x: $.c.x}}]",
        [],
    ),
    "of the other side": (
        "[{name: c, type: condition, condition: $.input.go,"
        " then: [{name: a}], else: [{name: b, input: {x: $.a.x}}]}]",
        ["MF6201"],
    ),
    "of a branch, after the parallel step": (
        "[{name: f, type: parallel, branches: [{name: a}, {name: d}]},"
        " {name: b, input: {x: $.a.x}}]",
        [],
    ),
    "of a branch that raced": (
        "[{name: f, type: parallel, mode: race, branches: [{name: a}, {name: d}]},"
        " {name: b, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "of another branch": (
        "[{name: f, type: parallel, branches: [{name: a},"
        " {name: b, input: {x: $.a.x}}]}]",
        ["MF6203"],
    ),
    "of a loop, outside": (
        "[{name: l, type: loop, iterate_over: $.input.l, steps: [{name: a}]},"
        " {name: b, input: {x: $.a.x}}]",
        ["MF6107"],
    ),
    "of a loop, inside": (
        "[{name: l, type: loop, iterate_over: $.input.l, steps: [{name: a},"
        " {name: b, input: {x: $.a.x, i: $.item, n: $.index}}], collect: $.b.y}]",
        [],
    ),
    "of a loop, in while": (
        "[{name: l, type: loop, while: $.a.done != true, steps: [{name: a}]}]",
        [],
    ),
    "the item of the loop outside of it": (
        "[{name: l, type: loop, iterate_over: $.input.l, item_variable: line,"
        " steps: [{name: a, input: {x: $.line, y: $.item}}]},"
        " {name: b, input: {x: $.line}}]",
        ["MF6101"],
    ),
    "$.item outside": ("[{name: a, input: {x: $.item}}]", ["MF6102"]),
    "$.error on the main line": ("[{name: a, input: {x: $.error.code}}]", ["MF6102"]),
    "$.error in a handler": (
        "[{name: a, on_failure: h}, {name: h, handler: true,"
        " input: {x: $.error.code, y: $.input.z}}]",
        [],
    ),
    "the failed step in its handler": (
        "[{name: z}, {name: a, on_failure: h},"
        " {name: h, handler: true, input: {x: $.a.x, y: $.z.y}}]",
        ["MF6201"],
    ),
    "the status of the failed step in its handler": (
        "[{name: a, on_failure: h},"
        " {name: h, handler: true, input: {x: $.a.status, y: $.a.error.code}}]",
        [],
    ),
    "a rejoined handler's step": (
        "[{name: a, on_failure: h}, {name: b, input: {x: $.a.x}},"
        " {name: h, handler: true, on_success: b}]",
        ["MF6202"],
    ),
    "a step with a fallback": (
        "[{name: a, fallback_step: f}, {name: b, input: {x: $.a.x}},"
        " {name: f, handler: true}]",
        [],
    ),
    "the fallback itself": (
        "[{name: a, fallback_step: f}, {name: b, input: {x: $.f.x}},"
        " {name: f, handler: true}]",
        ["MF6202"],
    ),
    "a dependency": (
        "[{name: a, depends_on: []}, {name: b, depends_on: [a], input: {x: $.a.x}}]",
        [],
    ),
    "a dependency of a dependency": (
        "[{name: a, depends_on: []}, {name: c, depends_on: [a]},"
        " {name: b, depends_on: [c], input: {x: $.a.x}}]",
        [],
    ),
    "no dependency": (
        "[{name: a, depends_on: []}, {name: b, depends_on: [], input: {x: $.a.x}}]",
        ["MF6203"],
    ),
    "after a jump over it": (
        "[{name: s, type: switch, cases: [{when: $.input.go, goto: b}]}, {name: a},"
        " {name: b, input: {x: $.a.x}}]",
        ["MF6202"],
    ),
    "no such step": ("[{name: a, input: {x: $.zzz.y}}]", ["MF6101"]),
    "a bare root": ("[{name: a, input: $}]", ["MF6103"]),
    "steps without a name": ("[{name: a, input: {x: $.steps}}]", ["MF6103"]),
    "a step without a member": (
        "[{name: a}, {name: b, input: {x: $.steps.a}}]",
        ["MF6103"],
    ),
    "the compensation's own step": (
        "[{name: a, compensation: {function: undo, input: {id: $.a.id}}}]",
        [],
    ),
    "a step before, in compensation": (
        "[{name: z}, {name: a, compensation: {function: undo, input: {id: $.z.id}}}]",
        [],
    ),
}


@pytest.mark.parametrize("case", READS)
def test_reads(case: str) -> None:
    steps, codes = READS[case]
    spec = f"steps: {steps}"
    assert found(spec, prefix="MF61") + found(spec, prefix="MF62") == codes


def value(spec: str, key: str, step: str = "b") -> plan.Expr:
    checked, _ = run(spec)
    node = checked.steps[step].node
    assert node is not None
    return checked.values[node.get(key)]  # type: ignore[index]


def paths(expr: plan.Expr) -> dict[str, tuple[object, ...]]:
    assert isinstance(expr, plan.ObjectExpr)
    found = {}
    for name, path in expr.members.items():
        assert isinstance(path, plan.PathExpr)
        members = [segment.selectors[0].member for segment in path.segments]
        found[name] = (path.root, path.name, path.field, *members)
    return found


def test_short_paths_become_the_long_ones() -> None:
    spec = """
steps:
  - {name: a, output: {status: $.response.x, y: 1}}
  - {name: p, type: parallel, branches: [{name: c}]}
  - name: b
    input:
      whole: $.a
      own: $.a.status
      meta: $.a.attempts
      long: $.steps.a.status
      run: $.input.email
      branch: $.p.branches.c.id
      long_branch: $.steps.p.branches.c.id
      short_branch: $.p.c.id
"""
    assert paths(value(spec, "input")) == {
        "whole": ("step", "a", "output"),
        "own": ("step", "a", "output", "status"),  # the mapping has such a field
        "meta": ("step", "a", "attempts"),
        "long": ("step", "a", "status"),
        "run": ("input", None, None, "email"),
        "branch": ("step", "p", "output", "c", "id"),
        "long_branch": ("step", "p", "output", "c", "id"),
        "short_branch": ("step", "p", "output", "c", "id"),
    }


def test_a_declared_field_wins_over_the_meta_field() -> None:
    context = """
input_schema: {type: object}
functions: {a: {output_schema: {type: object, properties: {status: {type: string}}}}}
"""
    spec = "steps: [{name: a}, {name: b, input: {s: $.a.status, e: $.a.error}}]"
    checked, _ = run(spec, context)
    node = checked.steps["b"].node
    assert node is not None
    assert paths(checked.values[node.get("input")]) == {  # type: ignore[index]
        "s": ("step", "a", "output", "status"),
        "e": ("step", "a", "error"),
    }


def test_length_is_a_member_where_the_schema_says_so() -> None:
    context = """
input_schema:
  type: object
  properties:
    box: {type: object, properties: {length: {type: number}}}
    name: {type: string}
"""
    spec = """
steps: [{name: b, input: {box: $.input.box.length, name: $.input.name.length}}]
"""
    checked, _ = run(spec, context)
    node = checked.steps["b"].node
    assert node is not None
    made = checked.values[node.get("input")]  # type: ignore[index]
    assert isinstance(made, plan.ObjectExpr)
    box, name = made.members["box"], made.members["name"]
    assert isinstance(box, plan.PathExpr) and isinstance(name, plan.PathExpr)
    assert box.segments[-1].selectors[0].member == "length"
    assert name.segments[-1].selectors[0].length is True


def test_conditions_are_inlined_where_they_are_read() -> None:
    spec = """
conditions: {high: $.item.total > 3}
steps:
  - name: l
    type: loop
    iterate_over: $.input.l
    item_variable: line
    steps: [{name: b, condition: $.conditions.high}]
"""
    guard = value(spec, "condition")
    assert isinstance(guard, plan.BinaryExpr)
    assert isinstance(guard.left, plan.PathExpr)
    assert (guard.left.root, guard.left.name) == ("local", "line")


def test_a_condition_is_checked_where_it_is_read() -> None:
    spec = """
conditions: {high: $.item.total > 3, unused: $.line.x && $.error.code == 'A'}
steps: [{name: b, condition: $.conditions.high},
        {name: l, type: loop, iterate_over: $.input.l, item_variable: line, steps: [{name: c}]}]
"""
    assert found(spec, prefix="MF61") == ["MF6102"]


def test_conditions_that_read_each_other() -> None:
    spec = """
conditions: {a: $.conditions.b, b: $.conditions.a}
steps: [{name: s, condition: $.conditions.a}]
"""
    assert set(found(spec, prefix="MF61")) == {"MF6105"}


def test_an_unknown_condition_is_suggested() -> None:
    spec = "conditions: {high: $.input.x}\nsteps: [{name: s, condition: $.conditions.hihg}]"
    problem = only(spec, code="MF6104")
    assert "`$.conditions.high`" in problem.help
    assert problem.labels and text_at(problem, spec) == ".hihg"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("$.inptu.x", "`$.input`"),
        ("$.chrage.x", "`charge`"),
        ("$.high", "`$.conditions.high`"),
        ("$.total", "`$.input.total`"),
    ],
)
def test_unknown_names_are_suggested(path: str, hint: str) -> None:
    spec = f"""
conditions: {{high: $.input.total > 1}}
steps: [{{name: charge}}, {{name: b, input: {{x: {path}}}}}]
"""
    context = "input_schema: {type: object, properties: {total: {type: number}}}"
    assert hint in only(spec, context, code="MF6101").help


def test_triggers_read_the_event_only() -> None:
    spec = """
steps: [{name: a}]
triggers:
  - {type: event, event: e, filter: $.data.amount > 3, input: {x: $.data.x}}
  - {type: schedule, every: 1h, input: {x: $.data.x}}
concurrency: {max_runs: 1, key: $.a.x}
"""
    assert found(spec, prefix="MF61") == ["MF6102", "MF6102"]


def test_an_event_is_typed_in_its_trigger() -> None:
    spec = """
steps: [{name: a}]
triggers: [{type: event, event: e, filter: $.data.amuont > 3}]
"""
    context = """
input_schema: {type: object}
events: {e: {type: object, properties: {amount: {type: number}}}}
"""
    problem = only(spec, context, code="MF6301")
    assert "`amount`" in problem.help


def test_pii_names_paths() -> None:
    spec = """
steps: [{name: l, type: loop, iterate_over: $.input.l, steps: [{name: a}]}]
security: {pii: [$.input.email, $.a.name, lower($.input.x)]}
"""
    assert found(spec, prefix="MF61") == ["MF6106"]


def test_rules_read_what_the_condition_proves() -> None:
    spec = """
steps: [{name: a}, {name: b}]
error_handling:
  - {condition: $.a.ok == false, action: {type: fail, message: '${$.a.text}', details: $.b.x}}
"""
    problem = only(spec, code="MF6202")
    assert "`b`" in problem.message


def test_a_rule_that_continues_leaves_gaps() -> None:
    spec = """
steps: [{name: a}, {name: b, input: {x: $.a.x}}]
error_handling: {on_failure: continue}
"""
    assert found(spec, prefix="MF62") == ["MF6202"]


def test_a_jump_of_a_rule_keeps_what_its_condition_proves() -> None:
    spec = """
steps:
  - {name: a}
  - {name: b, on_success: end}
  - {name: c, handler: true, input: {x: $.a.text, y: $.b.y}}
error_handling: [{condition: $.a.ok == false, action: {type: goto, step: c}}]
"""
    # The rule acts as soon as `a` has ended, or when `b` failed.
    assert "`b`" in only(spec, code="MF6201").message


def test_the_workflows_fallback_may_come_at_any_time() -> None:
    spec = """
timeout: 1m
timeout_action: fallback
fallback_step: late
steps: [{name: a}, {name: late, handler: true, input: {x: $.a.x}}]
"""
    assert found(spec, prefix="MF62") == ["MF6202"]


def test_the_same_problem_is_said_once() -> None:
    spec = """
conditions: {c: $.zzz.y == 1}
steps: [{name: a, condition: $.conditions.c}, {name: b, condition: $.conditions.c}]
"""
    assert found(spec, prefix="MF61") == ["MF6101"]
