"""The seam to `magicflow.types`: a TypeRef of the plan → a check of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from magicflow.plan.nodes import Check
from magicflow.types import TypeSet, apply_defaults

MAX_PROBLEMS = 100
"""How many problems of one value are told."""


class Checks:
    """Compiled checks by TypeRef; the same reference is compiled once."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = TypeSet(dict(types))
        self._known: dict[str, Check] = {}

    def of(self, reference: Mapping[str, Any] | None) -> Check | None:
        """None when every JSON value fits, so that a caller can skip the call."""
        if reference is None or reference["type"] == "any":
            return None
        key = f"{reference['type']}?{reference.get('nullable', False)}"
        if key not in self._known:
            self._known[key] = self._compile(reference)
        return self._known[key]

    def _compile(self, reference: Mapping[str, Any]) -> Check:
        validator = self._types.compile(dict(reference))
        accepts, explain = validator.accepts, validator.check

        def problems(value: Any) -> list[dict[str, Any]]:
            try:
                if accepts(value):
                    return []
            except RecursionError:
                pass  # explain has a deeper stack
            return [
                {"path": p.path, "code": p.code, "message": p.message}
                for p in explain(value)[:MAX_PROBLEMS]
            ]

        return problems

    def defaults(self, reference: Mapping[str, Any]) -> Callable[[Any], Any]:
        """Fills in the defaults that a type declares, into a value that fits it."""
        types, known = self._types, dict(reference)
        return lambda value: apply_defaults(types, known, value)
