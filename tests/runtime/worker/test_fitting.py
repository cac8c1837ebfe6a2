"""Whether an annotation fits another."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping
from typing import Annotated, Any, Literal, Optional, TypeVar, Union

import pytest
from magicflow.worker.fitting import fits
from typing_extensions import TypeAliasType

T = TypeVar("T")


class Base: ...


class Derived(Base): ...


Name = TypeAliasType("Name", str)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (int, int),
        (Derived, Base),
        (int, float),
        (bool, int),
        (None, type(None)),
        (Any, Base),
        (Base, Any),
        (Base, object),
        (Derived, Base | None),
        (Derived | None, Optional[Base]),  # noqa: UP045
        (Union[int, str], str | int | None),  # noqa: UP007
        (Annotated[str, 1], str),
        (str, Annotated[str, 1]),
        (Annotated[Derived, 1] | None, Base | None),
        (list[Derived], list[Base]),
        (list, list[Base]),
        (dict[str, int], dict[str, float]),
        (dict[str, Any], Mapping[str, int]),
        (Awaitable[Derived], Base),
        (Coroutine[Any, Any, Derived], Base),
        (Literal["a"], Literal["a", "b"]),
        (Literal["a"], str),
        (Literal[1, "a"], int | str),
        (Name, str),
        (str, Name),
        ("Unknown", int),
        (T, int),
    ],
)
def test_it_fits(source: Any, target: Any) -> None:
    assert fits(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Base, Derived),
        (float, int),
        (str, int),
        (None, str),
        (str | None, str),
        (Base | int, Base),
        (list[Base], list[Derived]),
        (dict[str, str], dict[str, int]),
        (list[int], tuple[int]),
        (Literal["a", "c"], Literal["a", "b"]),
        (Literal["a"], int),
        (str, Literal["a"]),
        (Awaitable[str], int),
        (Name, int),
    ],
)
def test_it_does_not_fit(source: Any, target: Any) -> None:
    assert not fits(source, target)
