"""Typed values to JSON text in one pass: orjson walks and writes, and asks about models.

Where this answers at all, the answer is that of `encode_json(dump(value))`, and several
times as fast. orjson would write `null` for what is no finite number and a text for a
UUID, so numbers and types are looked at before it sees them; whatever is not plainly
right goes the slow way, which has the rules, the error codes and the depth.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin

import orjson
from pydantic import MISSING, BaseModel

from magicflow.models.dump import Int64, dump, wire_names, write_scalar
from magicflow.types.decode import encode_json
from magicflow.types.inline import Constants

_OPTIONS: Final = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)


class _Unsure(Exception):
    """The slow way must decide."""


def encode(value: Any) -> bytes:
    """The compact JSON text, in UTF-8, of what `dump` takes. Raises DomainError for what
    no JSON text of the domain can hold."""
    try:
        if type(value) not in _calm:
            _look(value)
        return orjson.dumps(value, _write, _OPTIONS)
    except (orjson.JSONEncodeError, _Unsure, RecursionError):
        return encode_json(dump(value))


# Types whose values orjson itself writes or refuses rightly, or asks `_write` about.
_calm: set[type] = {str, int, bool, NoneType, bytes, Decimal, Int64}


def _look(value: Any) -> None:
    """Raises _Unsure unless orjson may see a value, whose type may be anything."""
    kind = type(value)
    if kind in _calm:
        return
    if kind is float:
        if value - value != 0.0:
            raise _Unsure
    elif kind is list or kind is tuple:
        for item in value:
            if type(item) not in _calm:
                _look(item)
    elif kind is dict:
        for item in value.values():
            if type(item) not in _calm:
                _look(item)
    elif (
        issubclass(kind, str | BaseModel) or issubclass(kind, int) and issubclass(kind, Enum)
    ):
        _calm.add(kind)
    else:
        raise _Unsure


def _write(value: Any) -> Any:
    """What orjson is to write for a value of a type that it does not know."""
    kind = type(value)
    write = _models.get(kind)
    if write is None:
        if not issubclass(kind, BaseModel):
            return write_scalar(value)
        write = _models[kind] = _compile(kind)
    return write(value)


Write: TypeAlias = Callable[[Any], dict[str, Any]]
_models: dict[type, Write] = {}


def _compile(kind: type[BaseModel]) -> Write:
    """The function that gives a model's members to orjson: as they are, because orjson
    goes on into them, but looked at. It is the model's own dict where that will do.

    The annotations say what a member should be, so that the first test mostly fits;
    what a program put there instead is looked at all the same.
    """
    constants = Constants()
    constants.values |= {"MISSING": MISSING, "calm": _calm, "look": _look}
    names = wire_names(kind)
    fields = {
        name: (constants.add(name), constants.add(wire)) for name, wire in names
    }
    lines = ["values = value.__dict__"]
    lines.append(f"if len(values) != {len(names)}: raise {constants.add(_Unsure)}")
    if all(name == wire for name, wire in names):
        lines.append("found = values")
    else:
        pairs = ", ".join(f"{wire}: values[{name}]" for name, wire in fields.values())
        lines.append(f"found = {{{pairs}}}")
    for field, info in kind.model_fields.items():
        name, wire = fields[field]
        options = list(_options(info.annotation))
        lines.append(f"v = values[{name}]")
        test, action = _test(options)
        lines.append(f"if {test}:")
        if any(option is MISSING for option in options):
            lines += [
                "    if v is MISSING:",
                "        if found is values: found = values.copy()",
                f"        del found[{wire}]",
                f"    else: {action}",
            ]
        else:
            lines.append(f"    {action}")
    lines += [
        "more = value.__pydantic_extra__",
        "if more:",
        "    look(more)",
        "    return {**found, **more}",
        "return found",
    ]
    body = "\n    ".join(lines)
    exec(f"def write(value):\n    {body}\n", constants.values)
    write: Write = constants.values["write"]
    return write


def _options(annotation: Any) -> Any:
    """The types of a union, without their metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in _UNIONS:
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation
