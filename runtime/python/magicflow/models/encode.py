"""Typed values to JSON text in one pass: orjson walks and writes, and asks about models.

Where this answers at all, the answer is that of `encode_json(dump(value))`, and several
times as fast. orjson would write `null` for what is no finite number and a text for a
UUID, so numbers and types are looked at before it sees them; whatever is not plainly
right goes the slow way, which has the rules, the error codes and the depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    NoReturn,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)

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
        pass  # the slow way takes more, and what it refuses it names
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
    elif kind is list:
        for item in value:
            if type(item) not in _calm:
                _look(item)
    elif kind is tuple:
        # orjson does not count how deep tuples are, so nothing may stand in one.
        for item in value:
            if isinstance(item, list | tuple | dict | BaseModel):
                raise _Unsure
            _look(item)
    elif kind is dict:
        for item in value.values():
            if type(item) not in _calm:
                _look(item)
    elif issubclass(kind, Enum):
        # orjson writes an enum's values as they are.
        if not all(type(member.value) in (str, int) for member in kind):
            raise _Unsure
        _calm.add(kind)
    elif issubclass(kind, str | BaseModel):
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

    Annotations say what a member should be, so that its first test mostly fits; what a
    program put there instead is looked at all the same. No name gets into the source.
    """
    names = wire_names(kind)
    if len({wire for _, wire in names}) < len(names):
        return _give_up
    constants = Constants()
    constants.values |= {"MISSING": MISSING, "calm": _calm, "look": _look}
    same = all(name == wire for name, wire in names)
    fields = [
        (constants.add(name), constants.add(wire), kind.model_fields[name].annotation)
        for name, wire in names
    ]
    members = ", ".join(f"{wire}: values[{name}]" for name, wire, _ in fields)
    lines = [
        "values = value.__dict__",
        f"if len(values) != {len(names)}: return {constants.add(_give_up)}(value)",
        "found = values" if same else f"found = {{{members}}}",
    ]
    for name, wire, annotation in fields:
        lines += [f"v = values[{name}]", *_test(wire, list(_options(annotation)))]
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


def _give_up(value: BaseModel) -> NoReturn:
    raise _Unsure


def _test(wire: str, options: list[Any]) -> list[str]:
    """Lines that look at the member `v`, whose annotation has these options."""
    types = [option for option in options if option not in (MISSING, None, NoneType)]
    first = types[0] if len(types) == 1 else None
    item = None
    if first is str:
        test = "type(v) is not str"
    elif first is float:
        test = "type(v) is not float or v - v != 0.0"
    elif get_origin(first) is list:
        test = "type(v) is not list"
        item = "is not str" if _is_text(get_args(first)[0]) else "not in calm"
    else:
        test = "type(v) not in calm"
    lines = [f"if {test}:"]
    if MISSING in options:
        lines += [
            "    if v is MISSING:",
            "        if found is values: found = values.copy()",
            f"        del found[{wire}]",
            "    else: look(v)",
        ]
    else:
        lines.append("    look(v)")
    if item is not None:
        lines += ["else:", "    for i in v:", f"        if type(i) {item}: look(i)"]
    return lines


def _is_text(annotation: Any) -> bool:
    return list(_options(annotation)) == [str]


def _options(annotation: Any) -> Iterator[Any]:
    """The types of a union, without their metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin is Union or origin is UnionType:
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation
