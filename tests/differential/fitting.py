"""Values that fit a type, or nearly."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from magicflow.canonical import canonical
from magicflow.types import NoExample, TypeSet, example

from tests.differential.values import value

Json = dict[str, Any]


class Fitting:
    """Examples of a plan's types, as text so that each is a value of its own."""

    def __init__(self, rng: Random, types: Json) -> None:
        self._rng = rng
        self._types = TypeSet(types)
        self._known: dict[str, str] = {}

    def value(self, reference: Json | None) -> Any:
        """Mostly one that fits; one that is wrong somewhere; or anything."""
        rng = self._rng
        if reference is None or reference["type"] == "any" or rng.random() < 0.1:
            return value(rng)
        made = json.loads(self._example(reference))
        return self._spoilt(made, 4) if rng.random() < 0.3 else made

    def _example(self, reference: Json) -> str:
        key = canonical(reference)
        if key not in self._known:
            try:
                self._known[key] = canonical(example(self._types, reference))
            except NoExample:
                self._known[key] = "null"
        return self._known[key]

    def _spoilt(self, made: Any, depth: int) -> Any:
        """The value with one place in it changed."""
        rng = self._rng
        if depth == 0 or not made or not isinstance(made, dict | list):
            return value(rng, 1)
        if isinstance(made, list):
            at = rng.randrange(len(made))
            made[at] = self._spoilt(made[at], depth - 1)
            return made
        name = rng.choice(sorted(made))
        choice = rng.random()
        if choice < 0.3:
            del made[name]
        elif choice < 0.4:
            made["odd"] = 1
        else:
            made[name] = self._spoilt(made[name], depth - 1)
        return made
