"""What a trigger of a plan evaluates: whether an event fits, and the run's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from magicflow.expr import MISSING, ExpressionError, Scope, compile_expression
from magicflow.expr.paths import Evaluate


@dataclass(slots=True, frozen=True)
class EventTrigger:
    """Starts a run for each fitting event; `position` is the trigger's in the plan."""

    position: int
    event: str
    filter: Evaluate | None
    input: Evaluate | None

    def input_of(self, cloud: Mapping[str, Any], now: int) -> tuple[bool, Any]:
        """(whether the event fits, the input of the run it starts). A filter that fails
        does not fit; without a mapping the input is the event's data."""
        scope = Scope(event=dict(cloud), time=now, event_id=_uuid_of(cloud))
        try:
            if self.filter is not None and self.filter(scope) is not True:
                return False, None
            if self.input is None:
                return True, cloud.get("data")
            value = self.input(scope)
        except ExpressionError:
            return False, None
        return True, None if value is MISSING else value


def event_triggers(plan: Mapping[str, Any]) -> list[EventTrigger]:
    """The event triggers of a plan, compiled."""
    return [
        EventTrigger(
            position,
            trigger["event"],
            _compiled(trigger, "filter"),
            _compiled(trigger, "input"),
        )
        for position, trigger in enumerate(plan["triggers"])
        if trigger["type"] == "event"
    ]


def _compiled(trigger: Mapping[str, Any], name: str) -> Evaluate | None:
    expression = trigger.get(name)
    return None if expression is None else compile_expression(expression)


def _uuid_of(cloud: Mapping[str, Any]) -> str:
    return str(uuid5(NAMESPACE_URL, str(cloud.get("id"))))
