"""What a document says of each workflow: its start, its events, its functions' errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow.openapi.answers import START_MEMBERS, body, component
from magicflow.openapi.operations import (
    IDEMPOTENCY_KEY,
    WAIT,
    answer,
    failing,
    request,
)
from magicflow.openapi.types import Components

Json = dict[str, Any]


def describe_start(plan: Mapping[str, Any], components: Components) -> Json:
    """The operation that starts a run."""
    name = plan["workflow"]["name"]
    operation: Json = {
        "operationId": f"execute-{name}",
        "tags": [name],
        "summary": f"Start a run of {name}.",
        "description": "With `wait` the answer is the outcome, if the run ends in time.",
        "parameters": [WAIT, IDEMPOTENCY_KEY],
        "requestBody": request(_start_body(plan, components)),
        "responses": {
            "200": answer(
                "The run has ended within `wait`.", _outcome(plan, components)
            ),
            "202": answer(
                "The run is stored and goes on.", component("ExecutionSummary")
            ),
            **failing("400", "404", "409", "413", "422", "429"),
        },
    }
    return operation


def _start_body(plan: Mapping[str, Any], components: Components) -> Json:
    input = components.refer(plan["input"])
    schema = body(**START_MEMBERS)
    schema["properties"] = {"input": input, "input_data": input, **schema["properties"]}
    schema["description"] = (
        "`input_data` is another spelling of `input`: at most one is given."
    )
    if _takes_null(plan["input"]):
        schema["not"] = {"required": ["input", "input_data"]}
    else:
        schema["oneOf"] = [{"required": ["input"]}, {"required": ["input_data"]}]
    return schema


def _takes_null(reference: Mapping[str, Any]) -> bool:
    return bool(reference.get("nullable")) or reference["type"] in ("any", "null")


def _outcome(plan: Mapping[str, Any], components: Components) -> Json:
    output = components.refer(plan["output"]["type"])
    typed: Json = {}
    if output:
        typed["output"] = {"anyOf": [output, {"type": "null"}]}
    errors = _function_errors(plan, components)
    if errors:
        known = [error["properties"]["code"]["const"] for error in errors]
        others = {"properties": {"code": {"not": {"enum": known}}}}
        typed["error"] = {"anyOf": [{"type": "null"}, *errors, others]}
    outcome = component("Outcome")
    return {"allOf": [outcome, {"properties": typed}]} if typed else outcome


def _function_errors(plan: Mapping[str, Any], components: Components) -> list[Json]:
    """One schema per code that a function of the workflow reports."""
    found: dict[str, Json] = {}
    for function in plan["functions"].values():
        for code, error in function["errors"].items():
            schema: Json = {"type": "object", "properties": {"code": {"const": code}}}
            if error.get("description"):
                schema["description"] = error["description"]
            details = error.get("details")
            if details is not None:
                schema["properties"]["details"] = components.refer(details)
            found.setdefault(code, schema)
    return [found[code] for code in sorted(found)]


class Events:
    """The events of all workflows: what subscribers receive, and what runs listen for."""

    def __init__(self) -> None:
        self.sent: dict[str, list[Json]] = {}
        self.listened: dict[str, Json] = {}

    def add(self, plan: Mapping[str, Any], components: Components) -> None:
        for name, event in plan["events"].items():
            data = components.refer(event["type"])
            if event.get("emits"):
                self.sent.setdefault(name, []).append(data)
            if event.get("listens"):
                self.listened.setdefault(name, data)

    def webhooks(self) -> Json:
        return {
            name: {"post": _webhook(name, data)} for name, data in self.sent.items()
        }


def _webhook(name: str, data: list[Json]) -> Json:
    """The CloudEvent that subscribers receive; workflows may give it different data."""
    distinct = [schema for n, schema in enumerate(data) if schema not in data[:n]]
    carried = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    envelope = {
        "allOf": [
            component("CloudEvent"),
            {
                "type": "object",
                "properties": {"type": {"const": name}, "data": carried},
                "required": ["specversion", "id", "source", "data"],
            },
        ]
    }
    return {
        "summary": f"A workflow has sent `{name}`.",
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": {"schema": envelope}},
        },
        "responses": {"2XX": {"description": "Received."}},
    }
