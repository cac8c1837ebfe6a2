"""The plan's canonical text and its hash."""

from __future__ import annotations

from hashlib import sha256

from magicflow.canonical import canonical

from magicflow_cli.plan import models
from magicflow_cli.plan.serial import to_json

UNHASHED = ("hash", "presentation")


def canonical_json(plan: models.Plan) -> str:
    """The plan as RFC 8785 JSON: one plan, one text."""
    return canonical(to_json(plan))


def plan_hash(plan: models.Plan) -> str:
    """Lower-case hexadecimal SHA-256 of the canonical JSON without `hash` and
    `presentation`; whatever `plan.hash` says."""
    data = to_json(plan)
    for key in UNHASHED:
        del data[key]
    return sha256(canonical(data).encode()).hexdigest()
