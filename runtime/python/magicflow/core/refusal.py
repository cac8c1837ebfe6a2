"""An event that is not applied, with the reason."""

from __future__ import annotations

from typing import Any

from magicflow.core.state import Row


class Refusal(Exception):
    """`reason` is `{code, message, details?}`."""

    def __init__(self, reason: Row) -> None:
        super().__init__(reason["message"])
        self.reason = reason


def refuse(code: str, message: str, details: Any = None) -> Refusal:
    reason: Row = {"code": code, "message": message}
    if details is not None:
        reason["details"] = details
    return Refusal(reason)
