"""Whether values of one annotation can stand where another is wanted, as far as that can
be told without a type checker. What cannot be told fits."""

from __future__ import annotations

import types
import typing
from collections.abc import Awaitable, Coroutine
from typing import Annotated, Any, get_args, get_origin

_WAITED_FOR = (Awaitable, Coroutine)


def fits(source: Any, target: Any) -> bool:
    """Whether every value of `source` is one of `target`."""
    if source == target:
        return True
    source, target = _plain(source), _plain(target)
    if source == target or Any in (source, target) or object is target:
        return True
    if _is_opaque(source) or _is_opaque(target):
        return True
    sources, targets = _members(source), _members(target)
    if len(sources) > 1 or len(targets) > 1:
        return all(any(fits(s, t) for t in targets) for s in sources)
    return _fits_one(source, target)


def _fits_one(source: Any, target: Any) -> bool:
    if get_origin(source) is typing.Literal:
        if get_origin(target) is typing.Literal:
            return bool(source == target)
        return all(fits(type(value), target) for value in get_args(source))
    wide, narrow = get_origin(target) or target, get_origin(source) or source
    if not isinstance(wide, type) or not isinstance(narrow, type):
        return False
    if wide is float and narrow is int:
        return True
    if not issubclass(narrow, wide):
        return False
    ours, theirs = get_args(source), get_args(target)
    if not ours or not theirs or len(ours) != len(theirs):
        return True
    return all(fits(a, b) for a, b in zip(ours, theirs, strict=True))


def _plain(of: Any) -> Any:
    """Without metadata and without the promise to wait for."""
    while get_origin(of) is Annotated or get_origin(of) in _WAITED_FOR:
        arguments = get_args(of)
        of = arguments[0] if get_origin(of) is Annotated else arguments[-1]
    if hasattr(of, "__value__"):  # a TypeAliasType
        return _plain(of.__value__)
    return type(None) if of is None else of


def _members(of: Any) -> tuple[Any, ...]:
    if get_origin(of) in (typing.Union, types.UnionType):
        return tuple(
            member for each in get_args(of) for member in _members(_plain(each))
        )
    if get_origin(of) is typing.Literal and len(get_args(of)) > 1:
        return tuple(typing.Literal[value] for value in get_args(of))
    return (of,)


def _is_opaque(of: Any) -> bool:
    return isinstance(of, str | typing.TypeVar | typing.ForwardRef)
