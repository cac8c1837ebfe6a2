"""JSON text to typed values and back, for any type."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

from magicflow.models.dump import dump
from magicflow.models.encode import encode
from magicflow.models.values import WIRE, Json
from magicflow.types.decode import decode_json, with_deep_stack

T = TypeVar("T")


class Codec(Generic[T]):
    """Decodes and encodes a type: `Codec[Status](Status)`.

    What a value breaks is pydantic's `ValidationError`; a text outside the domain
    (`MFD…`) is a `DomainError`. Both are ValueErrors.
    """

    def __init__(self, type: Any) -> None:
        self.type = type

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        if hasattr(self.type, "model_config"):
            return TypeAdapter(self.type)
        return TypeAdapter(self.type, config=ConfigDict(strict=True))

    def decode(self, text: bytes | str) -> T:
        """The value of a JSON text."""
        return self.from_json(decode_json(text))

    def encode(self, value: T) -> bytes:
        """The compact JSON text of a value, in UTF-8."""
        return encode(self._checked(value))

    def from_json(self, data: Json) -> T:
        """The value of JSON data of the domain, as `json.loads` gives it."""
        read: T = with_deep_stack(self._read, data)
        return read

    def to_json(self, value: T) -> Json:
        """The JSON data of a value. Raises DomainError for what is outside the domain,
        ValidationError for what the type does not accept."""
        return dump(self._checked(value))

    def _checked(self, value: T) -> T:
        checked: T = with_deep_stack(self._adapter.validate_python, value)
        return checked

    def _read(self, data: Json) -> T:
        return self._adapter.validate_python(
            data, by_alias=True, by_name=False, context=WIRE
        )
