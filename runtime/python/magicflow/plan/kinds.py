"""One function per kind of node: its JSON and its envelope → the executable node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from magicflow.expr import compile_expression, secret_pointers
from magicflow.plan import nodes
from magicflow.plan.checks import Checks

Json = Mapping[str, Any]
Envelope = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Source:
    """What the functions read besides their node: the whole plan, its compiled checks,
    and the blocks whose value somebody reads."""

    plan: Json
    checks: Checks
    valued: frozenset[str]


def optional(expr: Json | None) -> nodes.Evaluate | None:
    return None if expr is None else compile_expression(expr)


def _seq(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    deps: Json | None = node.get("deps")
    known: Json = deps or {}
    dependents: dict[str, list[str]] = {}
    for name, needs in known.items():
        for need in dict.fromkeys(needs):
            dependents.setdefault(need, []).append(name)
    order = {name: index for index, name in enumerate(node["nodes"])}
    return nodes.Seq(
        **envelope,
        nodes=tuple(node["nodes"]),
        start=node.get("start"),
        deps=(
            None
            if deps is None
            else {name: tuple(dict.fromkeys(needs)) for name, needs in deps.items()}
        ),
        dependents={
            need: tuple(sorted(names, key=lambda name: order.get(name, 0)))
            for need, names in dependents.items()
        },
        roots=tuple(n for n in node["nodes"] if n in known and not known[n]),
        keeps_value=envelope["id"] in source.valued and envelope["output"] is None,
    )


def _set(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Set(**envelope, value=compile_expression(node["value"]))


def _switch(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Switch(
        **envelope,
        cases=tuple(
            (compile_expression(case["when"]), _branching(case["then"]))
            for case in node["cases"]
        ),
        default=_branching(node["default"]) if node.get("default") else None,
    )


def _call(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    message = {
        "executor": node["executor"],
        "function": node["function"],
        "node": envelope["id"],
    }
    message.update({key: node[key] for key in _CALL_SETTINGS if key in node})
    if node.get("http"):
        secrets = _request_secrets(node["http"])
        message.update({"secrets": list(secrets)} if secrets else {})
    key = f"{node['executor']}/{node['function']}"
    declared = source.plan["functions"].get(key, {}).get("errors", {})
    written = node.get("compensation")
    return nodes.Call(
        **envelope,
        message=message,
        input_check=source.checks.of(node.get("input_type")),
        result_check=source.checks.of(node.get("result_type")),
        request=_request(node["http"]) if node.get("http") else None,
        errors={code: error["retryable"] for code, error in declared.items()},
        compensation=written
        and nodes.Compensation(node=written["node"], on=written["on"]),
    )


def _emit(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    event = source.plan["events"].get(node["event"])
    return nodes.Emit(
        **envelope,
        event=node["event"],
        data=compile_expression(node["data"]),
        data_check=source.checks.of(event and event["type"]),
    )


def _listen(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    task = node.get("task")
    human = None
    if task is not None:
        human = nodes.HumanTask(
            assignee=optional(task.get("assignee")),
            title=optional(task.get("title")),
            description=optional(task.get("description")),
            form=dict(node["type"]),
        )
    return nodes.Listen(
        **envelope,
        event=node["event"],
        correlate=tuple(
            (name, compile_expression(node["correlate"][name]))
            for name in sorted(node["correlate"])
        ),
        data_check=source.checks.of(node["type"]),
        task=human,
    )


def _wait(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Wait(
        **envelope,
        duration=node.get("duration"),
        until=optional(node.get("until")),
    )


def _fork(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Fork(
        **envelope,
        mode=node["mode"],
        fail_fast=node["fail_fast"],
        max_concurrency=node.get("max_concurrency"),
        branches=tuple((b["name"], b["body"]) for b in node["branches"]),
    )


def _for(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.For(
        **envelope,
        items=optional(node.get("items")),
        condition=optional(node.get("while")),
        variable=node["variable"],
        parallel=node["parallel"],
        batch_size=node.get("batch_size"),
        max_iterations=node["max_iterations"],
        body=node["body"],
        collect=optional(node.get("collect")),
    )


def _try(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Try(
        **envelope,
        body=node["body"],
        retry=_retry(node["retry"]) if node.get("retry") else None,
        catch=tuple(map(_catch, node["catch"])),
    )


def _raise(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    envelope["rethrow"] = node.get("rethrow", False)
    return nodes.Raise(
        **envelope,
        code=node.get("code") or "WORKFLOW_ERROR",
        message=optional(node.get("message")),
        details=optional(node.get("details")),
        final=node.get("final"),
        compensate=node.get("compensate", False),
    )


def _sub(source: Source, node: Json, envelope: Envelope) -> nodes.Node:
    return nodes.Sub(
        **envelope,
        workflow=node["workflow"],
        version=node["version"],
        result_check=source.checks.of(node.get("result_type")),
    )


KINDS: dict[str, Callable[[Source, Json, Envelope], nodes.Node]] = {
    "seq": _seq,
    "set": _set,
    "switch": _switch,
    "call": _call,
    "emit": _emit,
    "listen": _listen,
    "wait": _wait,
    "fork": _fork,
    "for": _for,
    "try": _try,
    "raise": _raise,
    "sub": _sub,
}
_CALL_SETTINGS = (
    "timeout",
    "queue_timeout",
    "heartbeat_timeout",
    "priority",
    "max_concurrency",
    "circuit_breaker",
)


def _branching(then: Json) -> nodes.Branching:
    return nodes.Branching(body=then.get("body"), goto=then.get("goto"))


def _request(http: Json) -> nodes.Request:
    return nodes.Request(
        url=compile_expression(http["url"]),
        headers={
            k: compile_expression(v) for k, v in sorted(http.get("headers", {}).items())
        },
        query={
            k: compile_expression(v) for k, v in sorted(http.get("query", {}).items())
        },
        body=optional(http.get("body")),
        expect=list(http["expect"]),
    )


def _request_secrets(http: Json) -> tuple[str, ...]:
    """Where the parts of a request hold secrets, as pointers into the request."""
    parts: dict[str, Json] = {
        name: http[name] for name in ("url", "body") if http.get(name)
    }
    for name in ("headers", "query"):
        parts[name] = {"op": "object", "members": http.get(name) or {}}
    return tuple(
        f"/{name}{pointer}"
        for name, part in parts.items()
        for pointer in secret_pointers(part)
    )


def _retry(retry: Json) -> nodes.Retry:
    only = retry.get("retry_on")
    return nodes.Retry(
        max_attempts=retry["max_attempts"],
        backoff=retry["backoff"],
        initial_delay=retry["initial_delay"],
        max_delay=retry["max_delay"],
        jitter=retry["jitter"],
        retry_on=None if only is None else frozenset(only),
        non_retryable=frozenset(retry.get("non_retryable") or ()),
    )


def _catch(clause: Json) -> nodes.Catch:
    match = clause["match"]
    return nodes.Catch(
        timeout="timeout" in match,
        circuit_open="circuit_open" in match,
        any="any" in match,
        before_retry=clause["before_retry"],
        action=clause["action"],
        handler=clause.get("handler"),
        target=clause.get("target"),
    )
