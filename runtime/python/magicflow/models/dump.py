"""Typed values to JSON data of the domain: a walk that the values themselves direct.
`encode` is the short cut to the text.

Not pydantic's serializer: that one stops at 255 levels, and what it returns would have
to be walked again to find what no JSON text can hold.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import MISSING, BaseModel
from pydantic.fields import FieldInfo

from magicflow.types.decode import with_deep_stack
from magicflow.types.domain import (
    DEPTH,
    INTEGER_RANGE,
    MAX_DEPTH,
    NOT_FINITE,
    NOT_JSON,
    SAFE_INTEGER,
    DomainError,
    check_text,
)


class Int64(int):
    """An integer whose JSON is a text."""

    __slots__ = ()


def dump(value: Any) -> Any:
    """JSON data of models, enums, formatted texts, lists, dicts and scalars. Raises
    DomainError for what is none and for what lies outside the domain."""
    kind = type(value)
    write = _WRITERS.get(kind) or _writer_of(kind)
    return with_deep_stack(write, value, 0)


Write = Callable[[Any, int], Any]


def _write_text(value: str, depth: int) -> str:
    if not value.isascii():
        check_text(value)
    return value


def _write_int(value: int, depth: int) -> int:
    if -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return value
    raise DomainError(INTEGER_RANGE)


def _write_float(value: float, depth: int) -> float:
    if value - value == 0.0:
        return value
    raise DomainError(NOT_FINITE)


def _write_as_is(value: Any, depth: int) -> Any:
    return value


def _write_list(value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    if depth == MAX_DEPTH:
        raise DomainError(DEPTH)
    depth += 1
    found: list[Any] = []
    for item in value:
        kind = type(item)
        if kind is str and item.isascii():
            found.append(item)
        else:
            found.append((_WRITERS.get(kind) or _writer_of(kind))(item, depth))
    return found


def _write_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    if depth == MAX_DEPTH:
        raise DomainError(DEPTH)
    depth += 1
    found: dict[str, Any] = {}
    for name, item in value.items():
        kind = type(item)
        written = (_WRITERS.get(kind) or _writer_of(kind))(item, depth)
        found[_write_name(name)] = written
    return found


def _write_name(name: Any) -> str:
    if type(name) is str:
        if not name.isascii():
            check_text(name)
        return name
    if isinstance(name, str):
        return str.__str__(name.value if isinstance(name, Enum) else name)
    raise DomainError(NOT_JSON, f"a key is of type {type(name).__name__}")


def _write_model(value: BaseModel, depth: int) -> dict[str, Any]:
    if depth == MAX_DEPTH:
        raise DomainError(DEPTH)
    depth += 1
    found: dict[str, Any] = {}
    values = value.__dict__
    for name, wire in _names.get(type(value)) or wire_names(type(value)):
        item = values[name]
        if item is MISSING:
            continue
        kind = type(item)
        # Most members are short scalars, and a call would cost more than they do.
        if (
            (kind is str and item.isascii())
            or (kind is int and -SAFE_INTEGER <= item <= SAFE_INTEGER)
            or (kind is float and item - item == 0.0)
        ):
            found[wire] = item
        else:
            found[wire] = (_WRITERS.get(kind) or _writer_of(kind))(item, depth)
    extra = value.__pydantic_extra__
    if extra:
        for name, item in extra.items():
            kind = type(item)
            written = (_WRITERS.get(kind) or _writer_of(kind))(item, depth)
            found[_write_name(name)] = written
    return found


def wire_name(name: str, info: FieldInfo) -> str:
    """What a field is called on the wire; "" is a name."""
    return name if info.alias is None else info.alias


_names: dict[type, list[tuple[str, str]]] = {}


def wire_names(kind: type[BaseModel]) -> list[tuple[str, str]]:
    """The fields of a model: names in Python and on the wire."""
    found = _names.get(kind)
    if found is None:
        fields = kind.model_fields.items()
        found = _names[kind] = [(name, wire_name(name, info)) for name, info in fields]
    return found


_WRITERS: dict[type, Write] = {
    str: _write_text,
    bool: _write_as_is,
    type(None): _write_as_is,
    int: _write_int,
    float: _write_float,
    list: _write_list,
    tuple: _write_list,
    dict: _write_dict,
    bytes: lambda value, depth: base64.b64encode(value).decode("ascii"),
    Decimal: lambda value, depth: format(value, "f"),
    Int64: lambda value, depth: str(int(value)),
}


def _writer_of(kind: type) -> Write:
    """The writer of a type that is met for the first time."""
    write: Write
    if issubclass(kind, BaseModel):
        write = _write_model
    elif issubclass(kind, Enum):
        write = _write_member
    elif issubclass(kind, str):
        write = _write_subclass
    else:
        raise DomainError(NOT_JSON, f"a value is of type {kind.__name__}")
    _WRITERS[kind] = write
    return write


def write_scalar(value: Any) -> Any:
    """JSON data of one value that contains no other."""
    kind = type(value)
    return (_WRITERS.get(kind) or _writer_of(kind))(value, MAX_DEPTH)


def _write_member(value: Enum, depth: int) -> Any:
    return value.value


def _write_subclass(value: str, depth: int) -> str:
    return _write_text(str.__str__(value), depth)
