"""Random workflows that pass the checks, as documents: what properties run over."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

_DURATIONS = st.sampled_from(["500ms", "3s", "2m", "PT1H"])
_RETRY = st.fixed_dictionaries(
    {},
    optional={
        "max_attempts": st.integers(1, 5),
        "backoff": st.sampled_from(["fixed", "linear", "exponential"]),
        "initial_delay": st.sampled_from(["10ms", "1s"]),
        "jitter": st.booleans(),
        "retry_on": st.just(["BUSY"]),
    },
)
_GUARD = st.sampled_from(["$.input.total > 3", "exists($.input.kind)", "true"])


class _Names:
    """Unique step names within one workflow."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> str:
        self.count += 1
        return f"step-{self.count}-x"


@st.composite
def workflows(draw: st.DrawFn) -> Json:
    """A workflow document; its steps nest at most three deep."""
    names = _Names()
    spec: Json = {
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["total", "items"],
            "properties": {
                "total": {"type": "number"},
                "kind": {"type": "string", "maxLength": 9},
                "items": {
                    "type": "array",
                    "maxItems": 9,
                    "items": {"type": "string", "maxLength": 9},
                },
            },
        },
        "output_schema": {
            "type": "object",
            "additionalProperties": False,
            "properties": {},
        },
        "steps": _block(draw, names, 3),
    }
    if draw(st.booleans()):
        spec["retry_policy"] = draw(_RETRY)
    return {
        "apiVersion": "workflow.magic-flow.io/v2",
        "kind": "Workflow",
        "metadata": {"name": "random"},
        "spec": spec,
    }


def _block(draw: st.DrawFn, names: _Names, depth: int) -> list[Json]:
    main = [_step(draw, names, depth) for _ in range(draw(st.integers(1, 3)))]
    jumps = any(step["type"] == "switch" for step in main)
    if not jumps and draw(st.integers(0, 4)) == 0:
        return _dag(draw, main)
    handlers: list[Json] = []
    for index, step in enumerate(main):
        if step["type"] in ("fail", "end"):
            continue
        if draw(st.integers(0, 3)) == 0:
            handler = {"name": names.next(), "type": "function", "handler": True}
            if index + 1 < len(main) and draw(st.booleans()):
                handler["on_success"] = main[index + 1]["name"]
            step["on_failure"] = handler["name"]
            handlers.append(handler)
        if draw(st.integers(0, 3)) == 0:
            fallback = {"name": names.next(), "type": "function", "handler": True}
            step["fallback_step"] = fallback["name"]
            handlers.append(fallback)
        if index + 2 < len(main) and draw(st.integers(0, 3)) == 0:
            step["on_success"] = main[index + 2]["name"]
    return main + handlers


def _dag(draw: st.DrawFn, main: list[Json]) -> list[Json]:
    for index, step in enumerate(main):
        before = [other["name"] for other in main[:index]]
        some = st.lists(st.sampled_from(before), unique=True) if before else st.just([])
        step["depends_on"] = draw(some)
    return main


def _step(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    simple = [_function, _function, _http, _transform, _wait, _emit, _fail, _end]
    nested = [_condition, _switch, _parallel, _loop] if depth > 1 else []
    make = draw(st.sampled_from(simple + nested))
    step: Json = {"name": names.next(), **make(draw, names, depth)}
    if step["type"] != "condition" and draw(st.integers(0, 3)) == 0:
        step["condition"] = draw(_GUARD)
    return step


def _function(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    settings = st.fixed_dictionaries(
        {"type": st.just("function")},
        optional={
            "executor": st.sampled_from(["left", "right"]),
            "timeout": _DURATIONS,
            "timeout_action": st.sampled_from(
                ["retry", "ignore", "cancel_and_cleanup"]
            ),
            "retry": _RETRY,
            "input": st.just({"total": "$.input.total"}),
            "compensation": st.just({"function": "undo"}),
            "priority": st.integers(0, 9),
        },
    )
    return draw(settings)


def _http(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {
        "type": "http",
        "url": "https://example.com/${$.input.total}",
        "method": draw(st.sampled_from(["GET", "POST"])),
    }


def _transform(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {"type": "transform", "output": {"sum": "$.input.total + 1"}}


def _wait(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {"type": "wait", "duration": draw(_DURATIONS)}


def _emit(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {"type": "emit", "event": "order.done", "data": {"total": "$.input.total"}}


def _fail(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {"type": "fail", "code": "REJECTED"}


def _end(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {"type": "end"}


def _condition(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    step: Json = {
        "type": "condition",
        "condition": "$.input.total > 5",
        "then": _block(draw, names, depth - 1),
    }
    if draw(st.booleans()):
        step["else"] = _block(draw, names, depth - 1)
    return step


def _switch(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    cases = [
        {"when": "$.input.kind == 'a'", "steps": _block(draw, names, depth - 1)},
        {"when": "$.input.kind == 'b'", "goto": "end"},
    ]
    return {"type": "switch", "cases": draw(st.permutations(cases))}


def _parallel(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    branches: list[Json] = [
        {"name": names.next(), "steps": _block(draw, names, depth - 1)}
        for _ in range(draw(st.integers(1, 2)))
    ]
    branches.append({"name": names.next(), "function": "shortForm"})
    return {
        "type": "parallel",
        "mode": draw(st.sampled_from(["all", "any", "race"])),
        "branches": branches,
    }


def _loop(draw: st.DrawFn, names: _Names, depth: int) -> Json:
    return {
        "type": "loop",
        "iterate_over": "$.input.items",
        "steps": _block(draw, names, depth - 1),
        "parallel": draw(st.booleans()),
    }
