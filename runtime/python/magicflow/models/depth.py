"""Values deeper than pydantic goes: types that contain themselves start afresh on the
way down, before pydantic's own limit of 255 levels; the domain's is 512 (MFD006)."""

from __future__ import annotations

from functools import cached_property
from threading import local
from typing import Annotated, Any

from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import core_schema

EVERY = 48
"""Levels between two fresh starts; a level may cost pydantic several of its own."""


class _Depth(local):
    level = 0


validating = _Depth()


class Recursive:
    """Metadata of an alias that contains itself."""

    def __init__(self) -> None:
        self._source: Any = None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        source: Any = Annotated[self._source, self]
        return TypeAdapter(source, config=ConfigDict(strict=True))

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        self._source = source

        def validate(
            value: Any, go_on: Any, info: core_schema.ValidationInfo[Any]
        ) -> Any:
            validating.level += 1
            try:
                if validating.level % EVERY:
                    return go_on(value)
                return self._adapter.validate_python(
                    value, by_alias=True, by_name=False, context=info.context
                )
            finally:
                validating.level -= 1

        return core_schema.with_info_wrap_validator_function(validate, handler(source))
