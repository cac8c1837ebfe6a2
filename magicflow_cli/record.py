"""Frozen, keyword-only records: dataclasses that cost almost nothing to import.

`@dataclass(frozen=True, slots=True)` compiles six methods per class when the module is
imported: a millisecond each, a tenth of a second for the plan's models. A `Record`
compiles its one method, `__init__`, when the first object of the class is made, and
shares the rest. To type checkers a Record is a frozen keyword-only dataclass, and
`dataclasses.fields`, `replace` and `asdict` work.

A class may say of the fields that it declares itself, for all that inherit them:
`kw_only=True` that a Value takes them by name, `compare=False` that they stand beside
the value and count neither for equality nor in the hash and the `repr`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, dataclass_transform

_REQUIRED = object()


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _RecordType(type):
    """Turns a class body's annotations into slots, and its values into defaults."""

    def __new__(
        cls,
        name: str,
        bases: tuple[Any, ...],
        body: dict[str, Any],
        *,
        kw_only: bool = False,
        compare: bool = True,
    ) -> _RecordType:
        if bases:
            (base,) = bases
            names = tuple(body.get("__annotations__", ()))
            own = {field: body.pop(field, _REQUIRED) for field in names}
            body["__slots__"] = names
            body["__record_defaults__"] = base.__record_defaults__ | own
            body["__compared__"] = base.__compared__ + (names if compare else ())
            by_position = issubclass(cls, _ValueType) and not kw_only
            body["__match_args__"] = base.__match_args__ + (
                names if by_position else ()
            )
        return super().__new__(cls, name, bases, body)

    @property
    def __dataclass_fields__(cls) -> dict[str, Any]:
        return _fields(cls)


class Record(metaclass=_RecordType):
    """Base of all records. Equal when of one class and equal in all fields."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    __record_defaults__: ClassVar[dict[str, Any]] = {}
    __compared__: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        # The first object of a class lands here; the others in the compiled method.
        cls = type(self)
        cls.__init__ = _compile_init(cls)  # type: ignore[method-assign]
        cls.__init__(self, **values)

    @classmethod
    def optional_fields(cls) -> frozenset[str]:
        """The fields that have a default of None."""
        defaults = cls.__record_defaults__.items()
        return frozenset(name for name, default in defaults if default is None)

    @property
    def __dataclass_fields__(self) -> dict[str, Any]:
        return _fields(type(self))

    def but(self, **changes: Any) -> Self:
        """The same record with other fields. `dataclasses.replace` works too, but makes
        a dataclass to find the fields: milliseconds."""
        return type(self)(**self._values() | changes)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__record_defaults__}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to {name!r}: {type(self)} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: {type(self)} is frozen")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            getattr(self, name) == getattr(other, name) for name in self.__compared__
        )

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__compared__)))

    def __repr__(self) -> str:
        values = ", ".join(
            ("" if name in self.__match_args__ else f"{name}=")
            + repr(getattr(self, name))
            for name in self.__compared__
        )
        return f"{type(self).__qualname__}({values})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._values())


@dataclass_transform(frozen_default=True)
class _ValueType(_RecordType):
    """Records whose fields may be given by position."""


class Value(Record, metaclass=_ValueType):
    """A record that is written by position: `Point(1, 2)`."""

    def __init__(self, *fields: Any, **values: Any) -> None:
        cls = type(self)
        cls.__init__ = _compile_init(cls)  # type: ignore[method-assign]
        cls.__init__(self, *fields, **values)


def _restore(cls: type[Record], values: dict[str, Any]) -> Record:
    return cls(**values)


def _compile_init(cls: type[Record]) -> Any:
    defaults = cls.__record_defaults__
    by_position = cls.__match_args__
    by_name = [name for name in defaults if name not in by_position]
    parameters = ["self", *by_position, *(["*", *by_name] if by_name else [])]
    given = [
        name if defaults.get(name, _REQUIRED) is _REQUIRED else f"{name}=_of[{name!r}]"
        for name in parameters
    ]
    lines = [f"def __init__({', '.join(given)}):"]
    lines += [f"    _set_{name}(self, {name})" for name in defaults] or ["    pass"]
    # The slots' own setters: `object.__setattr__` would look each up by its name.
    scope: dict[str, Any] = {
        f"_set_{name}": getattr(cls, name).__set__ for name in defaults
    }
    scope["_of"] = defaults
    exec("\n".join(lines), scope)
    method = scope["__init__"]
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    return method


def _fields(cls: type) -> dict[str, Any]:
    """What the dataclasses module looks for, made by the module itself."""
    if cls is Record:
        raise AttributeError("__dataclass_fields__")
    from dataclasses import field, make_dataclass
    from inspect import get_annotations

    defaults: dict[str, Any] = cls.__dict__["__record_defaults__"]
    hints = {
        name: hint
        for base in reversed(cls.__mro__)
        for name, hint in get_annotations(base).items()
    }
    shape = make_dataclass(
        cls.__name__,
        [
            (
                name,
                hints[name],
                field() if default is _REQUIRED else field(default=default),
            )
            for name, default in defaults.items()
        ],
        kw_only=True,
    )
    fields: dict[str, Any] = shape.__dict__["__dataclass_fields__"]
    return fields
