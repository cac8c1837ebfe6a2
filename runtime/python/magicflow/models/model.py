"""The base of generated object types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import (
    MISSING,
    BaseModel,
    ConfigDict,
    ValidationInfo,
    model_validator,
)

from magicflow.models.depth import EVERY, validating
from magicflow.models.dump import dump, wire_name
from magicflow.models.encode import encode
from magicflow.models.texts import Text
from magicflow.models.values import WIRE, Json, fail
from magicflow.types.decode import decode_json, with_deep_stack


class Default:
    """Metadata of a field with a default, which `with_defaults` fills in. Decoding does
    not: what was absent stays absent."""

    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Default({self.value!r})"


@dataclass(frozen=True, slots=True)
class Members:
    """Rules of an object's members that are not about one field: how many there are,
    which must be there without being declared, how undeclared ones may be called."""

    min: int = 0
    max: int | None = None
    required: tuple[str, ...] = ()
    names: Text | None = None

    def compile(self, declared: Iterable[str]) -> Callable[[Any], None]:
        """A function that checks JSON data; `declared` are the names of fields."""
        known = frozenset(declared)
        name_check = None if self.names is None else self.names.check()

        def check(value: dict[str, Any]) -> None:
            if len(value) < self.min:
                fail("minProperties", f"fewer than {self.min} members")
            if self.max is not None and len(value) > self.max:
                fail("maxProperties", f"more than {self.max} members")
            for name in self.required:
                if name not in value:
                    fail("required", f"the member `{name}` is missing")
            if name_check is not None:
                for name in value:
                    if name not in known and not name_check.accepts(name):
                        fail("propertyNames", f"`{name}` is no name of a member here")

        return check


class Model(BaseModel):
    """An object type. Fields are read by their wire names and built by their Python
    names; an absent member is `MISSING`, which null is not. Unknown members are kept
    in `model_extra` unless the class forbids them."""

    model_config = ConfigDict(
        strict=True,
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        validate_assignment=True,
        protected_namespaces=(),
    )

    @classmethod
    def decode(cls, text: bytes | str) -> Self:
        """The object of a JSON text. Raises DomainError for a text outside the domain
        and pydantic's ValidationError for one that does not fit."""
        return cls.from_json(decode_json(text))

    def encode(self) -> bytes:
        """The compact JSON text, in UTF-8."""
        return encode(self)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """The object of JSON data of the domain, as `json.loads` gives it."""
        read: Self = with_deep_stack(_read, cls, data)
        return read

    def to_json(self) -> dict[str, Json]:
        """JSON data; what is MISSING is left out."""
        data: dict[str, Json] = dump(self)
        return data

    def with_defaults(self) -> Self:
        """A copy with the defaults of absent members filled in, at every depth."""
        data = self.to_json()
        for name, field in type(self).model_fields.items():
            wire = wire_name(name, field)
            if wire not in data:
                for each in field.metadata:
                    if isinstance(each, Default):
                        data[wire] = deepcopy(each.value)
        filled = self.from_json(data)
        for values in (filled.__dict__, filled.__pydantic_extra__ or {}):
            for name, value in values.items():
                values[name] = _fill(value)
        return filled


class RuledModel(Model):
    """An object type with rules of its members: `magicflow_members`."""

    magicflow_members: ClassVar[Members]
    _check: ClassVar[Callable[[dict[str, Any]], None]]
    _wire_names: ClassVar[dict[str, str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        fields = cls.model_fields.items()
        cls._wire_names = {name: wire_name(name, info) for name, info in fields}
        cls._check = cls.magicflow_members.compile(cls._wire_names.values())

    @model_validator(mode="before")
    @classmethod
    def _check_members(cls, value: Any) -> Any:
        if type(value) is dict:
            data: dict[str, Any] = value
            wire = cls._wire_names
            there = (item for item in data.items() if item[1] is not MISSING)
            cls._check({wire.get(name, name): item for name, item in there})
        return value


class RecursiveModel(Model):
    """An object type that contains itself."""

    @model_validator(mode="wrap")
    @classmethod
    def _validate_level(cls, value: Any, go_on: Any, info: ValidationInfo) -> Any:
        validating.level += 1
        try:
            if validating.level % EVERY:
                return go_on(value)
            return cls.model_validate(
                value, by_alias=True, by_name=False, context=info.context
            )
        finally:
            validating.level -= 1


def _read(cls: type[Model], data: Json) -> Model:
    return cls.model_validate(data, by_alias=True, by_name=False, context=WIRE)


def _fill(value: Any) -> Any:
    if isinstance(value, Model):
        return value.with_defaults()
    if type(value) is list:
        return [_fill(item) for item in value]
    if type(value) is tuple:
        return tuple(_fill(item) for item in value)
    if type(value) is dict:
        return {name: _fill(item) for name, item in value.items()}
    return value
