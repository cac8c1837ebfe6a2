"""Plans to JSON and back, without a rule per class."""

from __future__ import annotations

import keyword
import types
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from magicflow_cli.plan import models
from magicflow_cli.record import Record

Json: TypeAlias = Any
Decode: TypeAlias = Callable[[Any], Any]

PLAN_VERSION = 1


def to_json(model: Record) -> dict[str, Json]:
    """The model as plain JSON data.

    An optional member that is None is left out. Null is a value in two places: in
    `LitExpr.value`, which is always there, and in `Field.default`, which is there when
    `has_default` says so. Raw JSON inside the model is shared, not copied.
    """
    data: dict[str, Json] = {}
    for key, name, required in _encoder(type(model)):
        value = getattr(model, name)
        if value is not None:
            data[key] = value if type(value) in _PLAIN else _encode(value)
        elif required:
            data[key] = None
    if isinstance(model, models.Field) and model.has_default:
        data.setdefault("default", None)
    return data


def from_json(data: dict[str, Json]) -> models.Plan:
    """The plan that `to_json` wrote. ValueError for what is no plan of this version."""
    version = data.get("plan_version") if isinstance(data, dict) else None
    if version != PLAN_VERSION or isinstance(version, bool):
        raise ValueError(f"plan_version {version!r} is not {PLAN_VERSION}")
    plan: models.Plan = decode(models.Plan, data)
    return plan


def decode(cls: type[Record], data: Json) -> Any:
    """An object of `cls` from plain JSON data; ValueError when the keys do not fit."""
    if not isinstance(data, dict):
        raise ValueError(f"{cls.__name__}: an object is expected, not {data!r:.40}")
    members = _decoder(cls)
    values = {}
    for key, value in data.items():
        member = members.get(key)
        if member is None:
            raise ValueError(f"{cls.__name__} has no member {key!r}")
        name, convert = member
        values[name] = value if convert is None else convert(value)
    try:
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"{cls.__name__}: {error}") from error


def _encode(value: Any) -> Json:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [_encode(item) for item in value]
    if kind is dict:
        return {key: _encode(item) for key, item in value.items()}
    return to_json(value) if isinstance(value, Record) else value


_PLAIN = frozenset({str, int, bool, float, type(None)})
_encoders: dict[type[Record], list[tuple[str, str, bool]]] = {}
_decoders: dict[type[Record], dict[str, tuple[str, Decode | None]]] = {}


def _encoder(cls: type[Record]) -> list[tuple[str, str, bool]]:
    """Key, attribute and whether the member is always written, for each member."""
    found = _encoders.get(cls)
    if found is None:
        optional = cls.optional_fields()
        found = [(_key(name), name, name not in optional) for name in cls.__slots__]
        _encoders[cls] = found
    return found


def _decoder(cls: type[Record]) -> dict[str, tuple[str, Decode | None]]:
    found = _decoders.get(cls)
    if found is None:
        hints = get_type_hints(cls)
        found = {_key(name): (name, _conversion(hints[name])) for name in cls.__slots__}
        _decoders[cls] = found
    return found


def _key(name: str) -> str:
    bare = name.removesuffix("_")
    return bare if keyword.iskeyword(bare) else name


def _conversion(hint: Any) -> Decode | None:
    """How a value of the type is made from JSON; None when it is the JSON itself."""
    origin = get_origin(hint)
    if origin is list:
        item = _conversion(get_args(hint)[0])
        return None if item is None else _list_of(item)
    if origin is dict:
        item = _conversion(get_args(hint)[1])
        return None if item is None else _dict_of(item)
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Record):
        return lambda data: decode(hint, data)
    return None


def _list_of(item: Decode) -> Decode:
    return lambda data: [item(each) for each in data]


def _dict_of(item: Decode) -> Decode:
    return lambda data: {key: item(value) for key, value in data.items()}


def _union(arms: tuple[Any, ...]) -> Decode | None:
    """A union is one type and None, or records told apart by `kind` or `op`."""
    arms = tuple(arm for arm in arms if arm is not type(None))
    if len(arms) == 1:
        return _conversion(arms[0])
    records = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, Record)]
    if not records:
        return None
    tag = "op" if "op" in records[0].__slots__ else "kind"
    by_tag: dict[str, type[Record]] = {}
    for record in records:
        for value in _tags(record, tag):
            by_tag[value] = record

    def convert(data: Any) -> Any:
        value = data.get(tag) if isinstance(data, dict) else None
        if value not in by_tag:
            raise ValueError(f"{value!r} is no {tag}")
        return decode(by_tag[value], data)

    return convert


def _tags(record: type[Record], tag: str) -> tuple[str, ...]:
    hint = get_type_hints(record)[tag]
    assert get_origin(hint) is Literal
    return get_args(hint)
