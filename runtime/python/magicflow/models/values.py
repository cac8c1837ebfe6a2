"""Values without a rule of their own, and what the validators of all types share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, NoReturn, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from magicflow.types.problems import Check, Problem, json_type

WIRE: Final = {"magicflow": "wire"}
"""The validation context of JSON data. Without it a value may be what a program built:
an `int` where the wire has its text."""


def refuse(check: Check, value: Any) -> NoReturn:
    """Raises pydantic's error for a value that a check does not accept. Its type is the
    keyword that the value breaks, or the domain's code (`MFD007`)."""
    problems: list[Problem] = []
    check.explain(value, "", problems)
    fail(problems[0].code, problems[0].message)


def fail(code: str, message: str) -> NoReturn:
    """Raises pydantic's error with a code and a message, neither of them a template."""
    raise PydanticCustomError(code, "{text}", {"text": message})


def plain_schema(
    validate: Callable[[Any], Any],
    serialize: Callable[[Any], Any] | None = None,
) -> core_schema.CoreSchema:
    """A core schema of one function, which returns the value or raises."""
    return core_schema.no_info_plain_validator_function(
        validate,
        serialization=(
            None
            if serialize is None
            else core_schema.plain_serializer_function_ser_schema(serialize)
        ),
    )


Json: TypeAlias = Any
"""Any JSON value: dict, list, str, int, float, bool or None."""


class _Never:
    """Metadata of the type without values."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return plain_schema(_refuse_all)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"not": {}}


def _refuse_all(value: Any) -> NoReturn:
    fail("false", f"no value is allowed here, not even {json_type(value)}")


Nothing: TypeAlias = Annotated[Any, _Never()]
"""The type that accepts no value."""
