"""Integers and numbers: `1.0` is an integer, `true` is none, bounds are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from magicflow.models.values import plain_schema, refuse
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

        def validate(value: Any) -> int:
            if accepts(value):
                return value if type(value) is int else int(value)
            refuse(check, value)

        return plain_schema(validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self._json_schema("integer")


@dataclass(frozen=True, slots=True)
class Number(_Bounds):
    """Metadata of a `float`; an integer of the domain stays one."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        check = compile_number(self._definition("number"))
        accepts = check.accepts

        def validate(value: Any) -> float:
            if accepts(value):
                return value  # type: ignore[no-any-return]
            refuse(check, value)

        return plain_schema(validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self._json_schema("number")


Int: TypeAlias = Annotated[int, Integer()]
Float: TypeAlias = Annotated[float, Number()]
