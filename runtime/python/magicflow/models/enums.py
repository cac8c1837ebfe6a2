"""Closed sets of values, by JSON equality: `1` is `1.0` and not `true`."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from magicflow.models.values import plain_schema, refuse
from magicflow.types.scalars import compile_enum


class _Closed:
    """What enums of strings and of integers share."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        members = {member.value: member for member in source}
        check = compile_enum({"values": list(members)})
        accepts = check.accepts

        def validate(value: Any) -> Any:
            if type(value) is source:
                return value
            if accepts(value):
                return members[value]
            refuse(check, value)

        return plain_schema(validate, lambda member: member.value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        values = [member.value for member in cls]  # type: ignore[attr-defined]
        return {"enum": values, "title": cls.__name__}


class StringEnum(_Closed, StrEnum):
    """Base of enums of strings."""


class IntegerEnum(_Closed, IntEnum):
    """Base of enums of integers."""


class OneOf:
    """Metadata of a type with the given values only; `Literal` would take `True` for 1."""

    __slots__ = ("values",)

    def __init__(self, *values: str | int | float | bool) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"OneOf({', '.join(map(repr, self.values))})"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        check = compile_enum({"values": list(self.values)})
        accepts = check.accepts

        def validate(value: Any) -> Any:
            if accepts(value):
                return value
            refuse(check, value)

        return plain_schema(validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"enum": list(self.values)}
