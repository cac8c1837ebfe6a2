"""Strings: lengths in code points, portable patterns, asserted formats.

Times, dates and UUIDs stay the texts that came in, because Python's own types cannot
give them back: nanoseconds, the year 0000, `t` and `z`, `-00:00` and upper-case digits
would be lost. `DateTime.datetime` and the like make the value to compute with.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from magicflow.models.dump import Int64
from magicflow.models.values import WIRE, plain_schema, refuse
from magicflow.types.formats import FORMATS
from magicflow.types.problems import Check
from magicflow.types.scalars import compile_string


class _FormatText(str):
    """A string of one format. Raises ValueError for any other text."""

    __slots__ = ()
    wire_format: ClassVar[str]

    def __new__(cls, text: str) -> Any:
        if FORMATS[cls.wire_format](text) is not True:
            raise ValueError(f"{text!r:.60} is no `{cls.wire_format}`")
        return str.__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return Text(format=cls.wire_format).__get_pydantic_core_schema__(
            source, handler
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": cls.wire_format}


class DateTime(_FormatText):
    """An RFC 3339 date-time, as it was written."""

    wire_format = "date-time"

    @classmethod
    def of(cls, moment: datetime) -> DateTime:
        """The text of an aware `datetime`. Raises ValueError for a naive one."""
        if moment.utcoffset() is None:
            raise ValueError("the datetime has no time zone")
        text = moment.isoformat()
        made: DateTime = cls(text[:-6] + "Z" if text.endswith("+00:00") else text)
        return made

    @property
    def datetime(self) -> datetime:
        """The moment; digits beyond microseconds are cut off. Raises ValueError for the
        year 0000, which Python has not."""
        return datetime.fromisoformat(self.upper())


class Date(_FormatText):
    """An RFC 3339 full-date, as it was written."""

    wire_format = "date"

    @classmethod
    def of(cls, day: date) -> Date:
        made: Date = cls(day.strftime("%Y-%m-%d").rjust(10, "0"))
        return made

    @property
    def date(self) -> date:
        """The day. Raises ValueError for the year 0000, which Python has not."""
        return date.fromisoformat(self)


class Uuid(_FormatText):
    """A UUID with dashes, as it was written."""

    wire_format = "uuid"

    @classmethod
    def of(cls, value: UUID) -> Uuid:
        made: Uuid = cls(str(value))
        return made

    @property
    def uuid(self) -> UUID:
        return UUID(self)


@dataclass(frozen=True, slots=True)
class Text:
    """Metadata of a string type. With the formats `byte`, `decimal` and `int64` the
    value is `bytes`, `Decimal` or `int`, and the rules are those of its text."""

    format: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    patterns: tuple[str, ...] = ()

    def check(self) -> Check:
        """The rules, compiled."""
        found = {
            name: getattr(self, name)
            for name in ("format", "min_length", "max_length", "patterns")
            if getattr(self, name)
        }
        if self.max_length == 0:
            found["max_length"] = 0
        return compile_string(found)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        if self.format in _VALUES:
            return self._value_schema()
        if self.format is None and not self.patterns:
            return core_schema.str_schema(
                strict=True, min_length=self.min_length, max_length=self.max_length
            )
        check = self.check()
        accepts = check.accepts
        make = _TEXTS.get(self.format or "")

        def validate(value: Any) -> str:
            if isinstance(value, str):
                text = str.__str__(value)
                if accepts(text):
                    return text if make is None else str.__new__(make, text)
            refuse(check, value)

        return plain_schema(validate, None if make is None else str.__str__)

    def _value_schema(self) -> core_schema.CoreSchema:
        check = self.check()
        accepts = check.accepts
        type_, read, write = _VALUES[self.format or ""]

        def validate(value: Any, info: core_schema.ValidationInfo[Any]) -> Any:
            is_built = info.context is not WIRE and isinstance(value, type_)
            text = write(value) if is_built else value
            if accepts(text):
                return read(text)
            refuse(check, text)

        return core_schema.with_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(write),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": "string"}
        for name, keyword in (
            ("format", "format"),
            ("min_length", "minLength"),
            ("max_length", "maxLength"),
        ):
            if getattr(self, name) is not None:
                shape[keyword] = getattr(self, name)
        if self.patterns:
            shape["pattern"] = self.patterns[0]
        return shape


def _read_bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _write_int64(value: int) -> Any:
    return value if isinstance(value, bool) else str(int(value))


def _write_decimal(value: Decimal) -> str:
    return format(value, "f")


_VALUES: dict[str, tuple[type, Any, Any]] = {
    "byte": (bytes, _read_bytes, _write_bytes),
    "decimal": (Decimal, Decimal, _write_decimal),
    "int64": (int, Int64, _write_int64),
}
_TEXTS: dict[str, type[_FormatText]] = {
    "date-time": DateTime,
    "date": Date,
    "uuid": Uuid,
}
