"""OpenAPI 3.1 of a service, made from the plans that it runs.

The server answers with it at `/openapi.json`, and `magic-flow generate docs` writes it.
Imports nothing of the server, so that describing one costs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from magicflow.openapi.answers import shared_schemas
from magicflow.openapi.operations import common_paths, failures
from magicflow.openapi.types import Components
from magicflow.openapi.workflows import Events, describe_start

__all__ = ["Components", "describe"]
Json = dict[str, Any]


def describe(plans: Sequence[Mapping[str, Any]]) -> Json:
    """The document of a server that runs these plans (JSON): one start operation per
    workflow with its typed input, output and errors; the rest is the same for all."""
    schemas = shared_schemas()
    starts: Json = {}
    events = Events()
    for plan in plans:
        components = Components(plan, schemas=schemas)
        name = plan["workflow"]["name"]
        starts[f"/api/v2/workflows/{name}/execute"] = {
            "post": describe_start(plan, components)
        }
        events.add(plan, components)
    document: Json = {
        "openapi": "3.1.1",
        "info": _info(plans),
        "servers": [{"url": "/", "description": "The server of this document."}],
        "security": [{"bearer": []}],
        "tags": [
            *(
                {"name": plan["workflow"]["name"], **_description(plan)}
                for plan in plans
            ),
            *({"name": name, "description": text} for name, text in _TAGS.items()),
        ],
        "paths": {**starts, **common_paths()},
    }
    if events.sent:
        document["webhooks"] = events.webhooks()
    document["components"] = {
        "schemas": schemas,
        "responses": failures(),
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "May be off on a server that listens on loopback only.",
            }
        },
    }
    if events.listened:
        document["x-magicflow-listens"] = events.listened
    return document


_TAGS = {
    "workflows": "What can be started.",
    "executions": "Runs and what became of them.",
    "human tasks": "What people do.",
    "workers": "Executors of other processes.",
    "v1": "The first version's addresses and shapes.",
    "operations": "Health, metrics and this description.",
}


def _info(plans: Sequence[Mapping[str, Any]]) -> Json:
    if len(plans) != 1:
        return {"title": "Magic Flow", "version": "2"}
    (plan,) = plans
    workflow = plan["workflow"]
    return {
        "title": workflow["name"],
        "version": workflow["version"],
        "x-magicflow-plan": plan["hash"],
        **_description(plan),
    }


def _description(plan: Mapping[str, Any]) -> Json:
    text = plan["workflow"].get("description")
    return {} if text is None else {"description": text}
