"""What a scenario expects, beside what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from magicflow.simulation.times import parse_duration, print_duration
from magicflow.simulation.trace import NOT_RUN, Json, Trace

LONGEST = 200
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """`place` is the member of `expect`, dotted; `text` says what is not as expected,
    on several lines for a path."""

    place: str
    text: str


def differences(trace: Trace, expect: Mapping[str, Any]) -> list[Difference]:
    """What is not as expected, most telling first; empty when all is."""
    found = _status(trace, expect)
    if "path" in expect:
        found += _path(trace, expect["path"])
    for name, wanted in expect.get("steps", {}).items():
        found += _step(trace, name, wanted)
    if "output" in expect:
        found += _values("output", expect["output"], trace.output)
    if "error" in expect:
        found += _error("error", expect["error"], trace.error)
    if "events" in expect:
        emitted = [command["event"] for command in trace.emitted]
        found += _values("events", expect["events"], emitted)
    if "compensation" in expect and trace.compensation != expect["compensation"]:
        found.append(
            _differ("compensation", expect["compensation"], trace.compensation)
        )
    if "within" in expect and trace.duration > parse_duration(expect["within"]):
        took = print_duration(trace.duration)
        found.append(
            Difference("within", f"the run took {took}, more than {expect['within']}")
        )
    return found


def _status(trace: Trace, expect: Mapping[str, Any]) -> list[Difference]:
    actual = trace.status if trace.is_over else "waiting"
    if "status" in expect:
        fits, wanted = actual == expect["status"], str(expect["status"])
    elif "error" in expect:
        fits, wanted = actual not in ("completed", "waiting"), "a run that fails"
    else:
        fits, wanted = actual == "completed", "completed"
    if fits:
        return []
    why = ""
    if actual == "waiting":
        why = f": {waits(trace)}"
    elif trace.error is not None:
        why = f": {_told(trace.error)}"
    return [Difference("status", f"expected {wanted}, the run is {actual}{why}")]


def waits(trace: Trace) -> str:
    """What a run that does not end waits for."""
    told = {
        "schedule_task": "an attempt of `{task_id}`",
        "open_human_task": "a person, in `{task_id}`",
        "start_child": "the child run of `{child_id}`",
        "listen": "the event `{event}`, in `{listen_id}`",
        "start_timer": "the timer `{timer_id}`",
    }
    names = [told[command["type"]].format(**command) for command in trace.waits]
    return "it waits for " + (", ".join(names) if names else "nothing")


def _told(error: Mapping[str, Any]) -> str:
    step = f"{error['step']}: " if error.get("step") else ""
    return f"{step}{error.get('code')} {error.get('message')}"


# path


def _path(trace: Trace, wanted: Sequence[str]) -> list[Difference]:
    ran = [row for row in trace.occurrences() if row["status"] not in NOT_RUN]
    if len(ran) == len(wanted) and all(map(_is_named, wanted, ran)):
        return []
    return [Difference("path", side_by_side(wanted, ran))]


def _is_named(name: str, row: Json) -> bool:
    return name in (row["path"], row["step"])


def side_by_side(wanted: Sequence[str], ran: Sequence[Json]) -> str:
    """The expected path beside the actual one, a step a line; `>` marks where they
    differ."""
    names = [
        (
            row["step"]
            if row["step"] in wanted and row["path"] not in wanted
            else row["path"]
        )
        for row in ran
    ]
    left: list[str] = []
    right: list[str] = []
    marks: list[str] = []
    for tag, i, i2, j, j2 in SequenceMatcher(
        None, list(wanted), names, autojunk=False
    ).get_opcodes():
        a, b = list(wanted[i:i2]), [_stepped(row) for row in ran[j:j2]]
        height = max(len(a), len(b))
        left += a + [""] * (height - len(a))
        right += b + [""] * (height - len(b))
        marks += [" " if tag == "equal" else ">"] * height
    width = max(map(len, [*left, "expected"]))
    lines = [f"    {'expected':<{width}}   actual"]
    lines += [
        f"  {mark} {a:<{width}}   {b}".rstrip()
        for mark, a, b in zip(marks, left, right, strict=True)
    ]
    return "the path is another\n" + "\n".join(lines)


def _stepped(row: Json) -> str:
    """An occurrence with what is worth knowing of it."""
    notes = [] if row["status"] == "completed" else [str(row["status"])]
    if row.get("attempts", 0) > 1:
        notes.append(f"{row['attempts']} attempts")
    if row.get("error") is not None:
        notes.append(str(row["error"]["code"]))
    return f"{row['path']} ({', '.join(notes)})" if notes else str(row["path"])


# steps


def _step(trace: Trace, name: str, wanted: Mapping[str, Any]) -> list[Difference]:
    row = trace.steps.get(name) or max(
        (row for row in trace.steps.values() if row["step"] == name),
        key=lambda row: int(row["n"]),
        default=None,
    )
    place = f"steps.{name}"
    if row is None:
        if wanted.get("status") == "absent":
            return []
        return [Difference(place, f"`{name}` was not entered")]
    found: list[Difference] = []
    for member in ("status", "attempts"):
        if member in wanted and row.get(member) != wanted[member]:
            why = f" ({_told(row['error'])})" if row.get("error") else ""
            differ = _differ(f"{place}.{member}", wanted[member], row.get(member))
            found.append(Difference(differ.place, differ.text + why))
    for member in ("input", "output"):
        if member in wanted:
            actual = row.get(member, _ABSENT)
            found += _values(f"{place}.{member}", wanted[member], actual)
    if "error" in wanted:
        found += _error(f"{place}.error", wanted["error"], row.get("error"))
    if "fallback_used" in wanted:
        used = bool(row.get("fallback_used"))
        if used != wanted["fallback_used"]:
            found.append(_differ(f"{place}.fallback_used", not used, used))
    return found


# values


def _error(place: str, wanted: Any, actual: Any) -> list[Difference]:
    if actual is None:
        if wanted is None:
            return []
        return [Difference(place, f"expected {_shown(wanted)}, there is no error")]
    if isinstance(wanted, str):
        if actual.get("code") == wanted:
            return []
        return [Difference(place, f"expected {wanted}, got {_told(actual)}")]
    return _values(place, wanted, actual)


def _values(place: str, wanted: Any, actual: Any) -> list[Difference]:
    return [
        _differ(place + pointer, expected, found)
        for pointer, expected, found in unlike(wanted, actual)
    ]


def unlike(wanted: Any, actual: Any, pointer: str = "") -> list[tuple[str, Any, Any]]:
    """Where a value is not as wanted, as (JSON pointer, wanted, actual). An object may
    have further members; everything else must be equal."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        return [
            each
            for name, member in wanted.items()
            for each in unlike(member, actual.get(name, _ABSENT), f"{pointer}/{name}")
        ]
    if isinstance(wanted, list) and isinstance(actual, list):
        if len(wanted) != len(actual):
            return [(pointer, wanted, actual)]
        return [
            each
            for index, (a, b) in enumerate(zip(wanted, actual, strict=True))
            for each in unlike(a, b, f"{pointer}/{index}")
        ]
    same = wanted == actual and isinstance(wanted, bool) == isinstance(actual, bool)
    return [] if same else [(pointer, wanted, actual)]


def _differ(place: str, wanted: Any, actual: Any) -> Difference:
    return Difference(place, f"expected {_shown(wanted)}, got {_shown(actual)}")


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    if isinstance(value, str) and value.isidentifier():
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
