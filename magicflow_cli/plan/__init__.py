"""The plan (IR): models generated from schemas/plan.schema.json, JSON and hash."""

from magicflow_cli.plan.identity import canonical_json, plan_hash
from magicflow_cli.plan.serial import from_json, to_json

__all__ = ["canonical_json", "from_json", "plan_hash", "to_json"]
