"""A plan as plain JSON, made once for all targets of the plan; settings as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from magicflow_cli.plan import models as plan
from magicflow_cli.plan import to_json

_last: list[tuple[plan.Plan, dict[str, Any]]] = []


def plan_json(document: plan.Plan) -> dict[str, Any]:
    """The plan's JSON, which nobody may change. The targets of one plan come one after
    the other, so the last one is kept."""
    if not _last or _last[0][0] is not document:
        _last[:] = [(document, to_json(document))]
    return _last[0][1]


def configuration_text(settings: Mapping[str, Any]) -> str:
    """The YAML of a configuration file that `--config` gave."""
    import yaml

    text: str = yaml.safe_dump(
        dict(settings), sort_keys=False, allow_unicode=False, default_flow_style=False
    )
    return text


def indented(value: Any) -> str:
    """JSON that can be compared line by line."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options).decode("utf-8")
