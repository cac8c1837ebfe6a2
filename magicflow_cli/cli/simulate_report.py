"""The results of `magic-flow simulate`: as text, JSON, a drawing, a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from magicflow_cli.diagnostics.render.terminal import safe
from magicflow_cli.docs.diagrams import draw_heat
from magicflow_cli.docs.heat import Heat, print_share
from magicflow_cli.plan.models import Plan
from magicflow_cli.simulate.coverage import BLOCK_ENDS, PLURALS, RUN_ENDS
from magicflow_cli.simulate.statistics import (
    PathKind,
    Percentiles,
    Statistics,
    percentiles,
)

PATHS = 12
"""So many paths are printed; JSON has all."""
MISSING = 12
_ARROWS = {
    "next": "flow",
    "ignored": "flow",
    "skip": "case",
    "case": "case",
    "failure": "failure",
    "fallback": "fallback",
}


@dataclass(frozen=True, slots=True)
class Conditions:
    seed: int
    faults: float

    def __str__(self) -> str:
        return f"seed {self.seed}, {print_share(self.faults)} of attempts fail"


def text(plan: Plan, found: Statistics, conditions: Conditions, color: bool) -> str:
    workflow = plan.workflow
    lines = [
        f"{workflow.name} {workflow.version}: {found.runs:,} runs, {conditions}",
        "",
        *_how_runs_end(found),
        "",
        *_paths(found, color),
        "",
        *_steps(plan, found),
        "",
        *_errors(found),
        *_coverage(found),
    ]
    return "\n".join(map(safe, lines)) + "\n"


def _how_runs_end(found: Statistics) -> Iterator[str]:
    yield f"{'runs end':<14}{'share':>9}{'p50':>14}{'p95':>14}{'p99':>14}"
    for status, count in found.statuses.most_common():
        yield _line(status, count, found.runs, percentiles(found.times.get(status, ())))
    if len(found.statuses) > 1:
        yield _line("all that end", None, found.runs, percentiles(found.all_times()))
    for what, count in found.waits.most_common(5):
        yield f"  {print_share(count / found.runs)} wait for ever: {what}"
    for message, count in found.refused.most_common(5):
        yield f"  {count:,} times refused: {message}"


def _line(name: str, count: int | None, runs: int, times: Percentiles | None) -> str:
    share = "" if count is None else print_share(count / runs)
    line = f"{name:<14}{share:>9}"
    if times is not None:
        line += "".join(f"{print_time(each):>14}" for each in times[:3])
    return line


def _paths(found: Statistics, color: bool) -> Iterator[str]:
    yield "paths"
    ranked = _ranked(found)
    for path, count in ranked[:PATHS]:
        yield f"{print_share(count / found.runs):>9}  {told(path)}"
    if len(ranked) > PATHS:
        rest = sum(count for _, count in ranked[PATHS:])
        share = print_share(rest / found.runs)
        yield f"{share:>9}  {len(ranked) - PATHS} more paths"


def _ranked(found: Statistics) -> list[tuple[PathKind, int]]:
    """The most frequent path first; equals by their steps."""
    return sorted(
        found.paths.items(),
        key=lambda item: (-item[1], item[0].steps, item[0].status, item[0].code or ""),
    )


def told(path: PathKind) -> str:
    code = f" {path.code}" if path.code else ""
    end = "" if path.status == "completed" else f" → {path.status}{code}"
    return (" → ".join(path.steps) or "no step") + end


def _steps(plan: Plan, found: Statistics) -> Iterator[str]:
    width = max([len("steps"), *(len(name) for name in plan.steps)]) + 2
    yield f"{'steps':<{width}}{'runs':>9}{'p50':>14}{'p95':>14}{'p99':>14}"
    for name in plan.presentation.step_order:
        numbers = found.steps.get(name)
        if numbers is None:
            why = (
                "no path leads here" if name in found.coverage.unreachable else "never"
            )
            yield f"{name:<{width}}{'':>9}  {why}"
            continue
        times = percentiles(numbers.times)
        line = f"{name:<{width}}{print_share(numbers.runs / found.runs):>9}"
        if times is not None:
            line += "".join(f"{print_time(each):>14}" for each in times[:3])
        ends = [
            f"{print_share(count / sum(numbers.ends.values()))} {status}"
            for status, count in sorted(numbers.ends.items())
            if status != "completed"
        ]
        yield f"{line}  {', '.join(ends)}".rstrip()


def _errors(found: Statistics) -> Iterator[str]:
    if not found.errors:
        return
    yield "failed attempts"
    ranked = sorted(found.errors.items(), key=lambda item: (-item[1], item[0]))
    for (step, code), count in ranked[:PATHS]:
        yield f"{count:>9,}  {step}: {code}"
    if len(ranked) > PATHS:
        yield f"{sum(n for _, n in ranked[PATHS:]):>9,}  others"
    yield ""


def _coverage(found: Statistics) -> Iterator[str]:
    goals, reached = found.coverage.goals, found.reached
    parts = []
    for kind in PLURALS:
        all_of = {goal for goal in goals if goal.kind == kind}
        if all_of:
            parts.append(f"{len(all_of & reached)} of {len(all_of)} {PLURALS[kind]}")
    percent = 100 * len(reached) / len(goals) if goals else 100
    yield f"coverage {percent:.0f} %: {', '.join(parts)}"
    missing = sorted(goals - reached)
    for goal in missing[:MISSING]:
        yield f"  not reached: {goal}"
    if len(missing) > MISSING:
        yield f"  … and {len(missing) - MISSING} more"


def print_time(millis: int) -> str:
    """`250 ms`, `2.64 s`, `1 min 5 s`, `3 h 12 min`."""
    if millis < 1_000:
        return f"{millis} ms"
    if millis < 60_000:
        return f"{millis / 1000:.2f} s"
    minutes, seconds = divmod(millis // 1000, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


# JSON


def json_text(plan: Plan, found: Statistics, conditions: Conditions) -> str:
    """Durations in milliseconds, frequencies as numbers of runs."""
    goals, reached = found.coverage.goals, found.reached
    document = {
        "workflow": {"name": plan.workflow.name, "version": plan.workflow.version},
        "plan": plan.hash,
        "runs": found.runs,
        "seed": conditions.seed,
        "faults": conditions.faults,
        "ends": {
            status: {"runs": count, **_times(percentiles(found.times.get(status, ())))}
            for status, count in sorted(found.statuses.items())
        },
        "durations": _times(percentiles(found.all_times())),
        "paths": [
            {
                "runs": count,
                "steps": list(path.steps),
                "status": path.status,
                "code": path.code,
            }
            for path, count in _ranked(found)
        ],
        "steps": {
            name: {
                "runs": numbers.runs,
                "ends": dict(sorted(numbers.ends.items())),
                **_times(percentiles(numbers.times)),
            }
            for name, numbers in sorted(found.steps.items())
        },
        "errors": [
            {"step": step, "code": code, "attempts": count}
            for (step, code), count in sorted(found.errors.items())
        ],
        "waits": dict(sorted(found.waits.items())),
        "coverage": {
            "percent": round(100 * len(reached) / len(goals), 2) if goals else 100.0,
            "reached": [
                {**goal._asdict(), "runs": found.goals[goal]}
                for goal in sorted(reached)
            ],
            "missing": [goal._asdict() for goal in sorted(goals - reached)],
            "unreachable": sorted(found.coverage.unreachable),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _times(times: Percentiles | None) -> dict[str, Any]:
    if times is None:
        return {}
    return {
        "p50": times.p50,
        "p95": times.p95,
        "p99": times.p99,
        "min": times.least,
        "max": times.most,
    }


# drawing


def heat_of(found: Statistics) -> Heat:
    """The shares of runs, as the drawing wants them."""
    runs = found.runs
    steps: dict[str, tuple[float, str]] = {}
    for name, numbers in found.steps.items():
        share = numbers.runs / runs
        times = percentiles(numbers.times)
        line = f"{print_share(share)} of runs"
        if times is not None:
            line += f", p50 {print_time(times.p50)}, p95 {print_time(times.p95)}"
        steps[name] = share, line
    arrows: dict[tuple[str, str, str], float] = {}
    rules: dict[str, float] = {}
    following = {
        goal.step: goal.target for goal in found.coverage.goals if goal.name == "next"
    }
    for goal, count in found.goals.items():
        if goal.kind != "edge":
            continue
        if goal.name == "rule":
            rules[goal.target] = count / runs
            continue
        kind, target = _ARROWS.get(goal.name), goal.target
        if goal.name == "otherwise":  # no case held: on to what comes next
            target = following.get(goal.step, "")
        if goal.name in ("skip", "otherwise") and target == following.get(goal.step):
            kind = "flow"
        if kind is not None:
            key = (goal.step, RUN_ENDS if target == BLOCK_ENDS else target, kind)
            arrows[key] = min(arrows.get(key, 0.0) + count / runs, 1.0)
    completed = found.statuses["completed"] / runs
    return Heat(steps, arrows, {"end": completed, "fails": 1 - completed}, rules)


def drawing(plan: Plan, found: Statistics, conditions: Conditions, page: bool) -> str:
    """The workflow coloured by how often runs took what; as a page with the numbers."""
    svg = draw_heat(plan, heat_of(found), f"{found.runs:,} runs, {conditions}")
    if not page:
        return svg
    title = escape(f"{plan.workflow.name} {plan.workflow.version}, simulated")
    numbers = escape(text(plan, found, conditions, False))
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_PAGE}</style></head>\n"
        f"<body>\n{svg}<pre>{numbers}</pre>\n</body></html>\n"
    )


_PAGE = (
    "body{margin:2rem auto;max-width:72rem;font-family:system-ui,sans-serif;"
    "color-scheme:light dark;background:Canvas;color:CanvasText}"
    "svg{max-width:100%;height:auto}pre{overflow-x:auto;font-size:.85rem;line-height:1.4}"
)
