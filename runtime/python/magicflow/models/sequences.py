"""Rules of lists and tuples that pydantic has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from magicflow.models.dump import dump
from magicflow.models.values import fail
from magicflow.types.problems import frozen


@dataclass(frozen=True, slots=True)
class Unique:
    """Metadata of a list or tuple whose items differ, by JSON equality."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(
            _check_unique, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema["schema"]), "uniqueItems": True}


@dataclass(frozen=True, slots=True)
class Fixed:
    """Metadata of a tuple: JSON has lists only."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_to_tuple, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return handler(schema["schema"])


def _check_unique(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) > 1:
        seen: dict[Any, int] = {}
        for index, item in enumerate(dump(value)):
            first = seen.setdefault(frozen(item), index)
            if first != index:
                fail("uniqueItems", f"item {index} equals item {first}")
    return value


def _to_tuple(value: Any) -> Any:
    return tuple(value) if type(value) is list else value
