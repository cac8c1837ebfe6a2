"""Small plans, written by hand in the form of schemas/plan.schema.json."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Json = dict[str, Any]


def path(root: str, *members: str, **more: Any) -> Json:
    segments = [{"selectors": [{"member": member}]} for member in members]
    return {"op": "path", "root": root, "segments": segments, "singular": True, **more}


def step_output(step: str, *members: str) -> Json:
    return path("step", *members, name=step, field="output")


def obj(**members: Json) -> Json:
    return {"op": "object", "members": members}


def lit(value: Any) -> Json:
    return {"op": "lit", "value": value}


def call(function: str, executor: str = "svc", **more: Any) -> Json:
    return {"kind": "call", "executor": executor, "function": function, **more}


def plan(
    nodes: dict[str, Json],
    order: list[str],
    *,
    name: str = "three",
    version: str = "1.0.0",
    output: Json | None = None,
    **more: Any,
) -> Json:
    """`nodes` are the root block's nodes and whatever stands in them; `order` names
    those of the root block. Every node in `order` is a step, chained by `next`."""
    table: dict[str, Json] = {"/": {"kind": "seq", "nodes": order, "start": order[0]}}
    steps: dict[str, Json] = {}
    for position, id in enumerate(order):
        last = position + 1 == len(order)
        table[id] = {
            "step": id,
            "next": "@block" if last else order[position + 1],
            **nodes[id],
        }
        kind = nodes[id]["kind"]
        steps[id] = {
            "name": id,
            "type": _TYPES.get(kind, "function"),
            "node": id,
            "block": "/",
            "role": "main",
            "handler": False,
            "implicit": False,
        }
    table.update({id: node for id, node in nodes.items() if id not in order})
    functions: dict[str, Json] = {}
    for id, node in table.items():
        if node["kind"] == "call":
            key = f"{node['executor']}/{node['function']}"
            function = functions.setdefault(
                key,
                {
                    "executor": node["executor"],
                    "function": node["function"],
                    "input": {"type": "any"},
                    "output": {"type": "any"},
                    "declared": [],
                    "errors": {},
                    "steps": [],
                },
            )
            function["steps"].append(id.split("/")[0])
    made: Json = {
        "plan_version": 1,
        "profile": "mf-2026.1",
        "workflow": {"name": name, "version": version},
        "input": {"type": "any"},
        "output": {"type": {"type": "any"}, "value": output or lit(None)},
        "root": "/",
        "nodes": table,
        "steps": steps,
        "functions": functions,
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
        "presentation": {"step_order": order, "field_order": {}},
        **more,
    }
    text = json.dumps({k: v for k, v in made.items() if k != "presentation"})
    return {**made, "hash": hashlib.sha256(text.encode()).hexdigest()}


_TYPES = {
    "set": "transform",
    "wait": "wait",
    "listen": "wait_for_event",
    "emit": "emit",
    "sub": "workflow",
    "raise": "fail",
    "fork": "parallel",
    "for": "loop",
}

INPUT_TYPE: Json = {
    "kind": "object",
    "name": {"words": ["three", "input"]},
    "extra": {"allow": "forbid"},
    "fields": {
        "n": {"type": {"type": "integer"}, "required": True},
        "label": {"type": {"type": "string"}, "required": False},
    },
}


def three_steps(name: str = "three", **settings: Any) -> Json:
    """a, b, c: each gets the number of the step before and gives `{n}`; typed input."""
    return plan(
        {
            "a": call("add", input=obj(n=path("input", "n")), **settings),
            "b": call("add", input=obj(n=step_output("a", "n")), **settings),
            "c": call("add", input=obj(n=step_output("b", "n")), **settings),
        },
        ["a", "b", "c"],
        name=name,
        output=obj(n=step_output("c", "n")),
        input={"type": "three#input"},
        types={"three#input": INPUT_TYPE},
    )


def retried(max_attempts: int = 3, delay: int = 1000, **settings: Any) -> Json:
    """One step with a retry policy."""
    return plan(
        {
            "a": {
                "kind": "try",
                "body": "a/do",
                "retry": {
                    "max_attempts": max_attempts,
                    "backoff": "fixed",
                    "initial_delay": delay,
                    "max_delay": 60000,
                    "jitter": False,
                },
                "catch": [],
            },
            "a/do": call("add", **settings),
        },
        ["a"],
        name="retried",
        output=obj(r=step_output("a")),
    )
