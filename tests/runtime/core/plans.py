"""Plans by hand, short enough to read in a test."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def lit(value: Any) -> Json:
    return {"op": "lit", "value": value}


def path(
    root: str, *members: str, name: str | None = None, field: str | None = None
) -> Json:
    made: Json = {
        "op": "path",
        "root": root,
        "segments": [{"selectors": [{"member": member}]} for member in members],
        "singular": True,
    }
    if name is not None:
        made["name"] = name
    if field is not None:
        made["field"] = field
    return made


def output(step: str, *members: str) -> Json:
    return path("step", *members, name=step, field="output")


def status(step: str) -> Json:
    return path("step", name=step, field="status")


def equals(left: Json, right: Any) -> Json:
    return {"op": "==", "left": left, "right": lit(right)}


def obj(**members: Json) -> Json:
    return {"op": "object", "members": members}


def call(step: str | None = None, **members: Any) -> Json:
    made = {"kind": "call", "executor": "svc", "function": step or "work", **members}
    return {**made, "step": step} if step is not None else made


def policy(**members: Any) -> Json:
    return {
        "max_attempts": 3,
        "backoff": "fixed",
        "initial_delay": 1000,
        "max_delay": 60000,
        "jitter": False,
        **members,
    }


def clause(action: str, *match: str, before: bool = False, **members: Any) -> Json:
    return {
        "match": list(match) or ["any"],
        "before_retry": before,
        "action": action,
        **members,
    }


def rule(number: int, when: Json, action: str, **members: Any) -> Json:
    reads = sorted(_steps_of(when))
    known = {k: members.pop(k) for k in ("reads", "outcome") if k in members}
    return {
        "id": f"rule/{number}",
        "when": when,
        "reads": reads,
        "outcome": bool(reads) and not _reads_error(when),
        "action": {"type": action, **members},
        **known,
    }


def _paths(value: Any) -> list[Json]:
    if isinstance(value, dict):
        own = [value] if value.get("op") == "path" else []
        return own + [p for item in value.values() for p in _paths(item)]
    if isinstance(value, list):
        return [p for item in value for p in _paths(item)]
    return []


def _steps_of(when: Json) -> set[str]:
    return {p["name"] for p in _paths(when) if p["root"] == "step"}


def _reads_error(when: Json) -> bool:
    return any(p["root"] == "error" for p in _paths(when))


def chain(*names: str) -> Json:
    """Blocks' nodes: each of the calls goes on to the next."""
    nodes: Json = {"/": {"kind": "seq", "nodes": list(names), "start": names[0]}}
    for name, following in zip(names, [*names[1:], "@block"], strict=True):
        nodes[name] = call(name, next=following)
    return nodes


def plan(nodes: Json, **members: Any) -> Json:
    """A plan around nodes. `handlers`: names of steps that are handlers."""
    handlers = set(members.pop("handlers", ()))
    steps = {}
    for id, node in nodes.items():
        name = node.get("step")
        if name is not None:
            steps[name] = {
                "name": name,
                "type": "function",
                "node": id,
                "block": "/",
                "role": "handler" if name in handlers else "main",
                "handler": name in handlers,
                "implicit": False,
            }
    return {
        "plan_version": 1,
        "profile": "mf-2026.1",
        "hash": "0" * 64,
        "workflow": {"name": "wf", "version": "1.0.0"},
        "input": {"type": "any"},
        "output": {"type": {"type": "any"}, "value": lit(None)},
        "root": "/",
        "nodes": nodes,
        "steps": steps,
        "functions": {},
        "types": {},
        "events": {},
        "rules": [],
        "triggers": [],
        "limits": {
            "visits_per_block": 1000,
            "occurrences_per_run": 10000,
            "value_bytes": 262144,
            "cancel_grace": 30000,
        },
        "presentation": {"step_order": list(steps), "field_order": {}},
        **members,
    }
