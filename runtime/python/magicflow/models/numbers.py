"""Integers and numbers: `1.0` is an integer, `true` is none, bounds are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from magicflow.models.values import plain_schema, refuse
from magicflow.types.domain import SAFE_INTEGER
from magicflow.types.scalars import compile_number


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Bounds and multiples are decimal texts, as the schema writes them."""

    minimum: str | None = None
    maximum: str | None = None
    exclusive_minimum: str | None = None
    exclusive_maximum: str | None = None
    multiple_of: tuple[str, ...] = ()

    def _definition(self, kind: str, bits: int | None = None) -> dict[str, Any]:
        found = {
            name: getattr(self, name)
            for name in _Bounds.__dataclass_fields__
            if getattr(self, name)
        }
        return found | {"kind": kind} | ({} if bits is None else {"bits": bits})

    def _json_schema(self, type: str) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": type}
        for name, keyword in _KEYWORDS.items():
            bound = getattr(self, name)
            if bound is not None:
                schema[keyword] = float(bound)
        if self.multiple_of:
            schema["multipleOf"] = float(self.multiple_of[0])
        return schema


_KEYWORDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
}


@dataclass(frozen=True, slots=True)
class Integer(_Bounds):
    """Metadata of an `int` within ±(2^53−1), or within 32 bits."""

    bits: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        check = compile_number(self._definition("integer", self.bits))
        accepts = check.accepts
        low, high = (1, 0) if self.multiple_of else self._range()

        def validate(value: Any) -> int:
            # What nearly every value is, without a call.
            if type(value) is int and low <= value <= high:
                return value
            if accepts(value):
                return value if type(value) is int else int(value)
            refuse(check, value)

        return plain_schema(validate)

    def _range(self) -> tuple[int, int]:
        """The first and the last integer within the bounds, which are doubles."""
        lows = [-SAFE_INTEGER] if self.bits is None else [-(2**31)]
        highs = [SAFE_INTEGER] if self.bits is None else [2**31 - 1]
        if self.minimum is not None:
            lows.append(_clamped(self.minimum, ceil))
        if self.exclusive_minimum is not None:
            lows.append(_clamped(self.exclusive_minimum, floor) + 1)
        if self.maximum is not None:
            highs.append(_clamped(self.maximum, floor))
        if self.exclusive_maximum is not None:
            highs.append(_clamped(self.exclusive_maximum, ceil) - 1)
        return max(lows), min(highs)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self._json_schema("integer")


@dataclass(frozen=True, slots=True)
class Number(_Bounds):
    """Metadata of a finite `float`."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        check = compile_number(self._definition("number"))
        accepts = check.accepts

        def validate(value: Any) -> float:
            if accepts(value):
                return value  # type: ignore[no-any-return]
            refuse(check, value)

        if self._definition("number") != {"kind": "number"}:
            return plain_schema(validate)
        return core_schema.float_schema(strict=True, allow_inf_nan=False)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self._json_schema("number")


def _clamped(bound: str, rounded: Callable[[float], int]) -> int:
    """A bound as an integer, at most a little outside the domain."""
    value = max(min(float(bound), 2.0**60), -(2.0**60))
    return rounded(value)


Int: TypeAlias = Annotated[int, Integer()]
Float: TypeAlias = Annotated[float, Number()]
