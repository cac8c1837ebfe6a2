"""What generated types are made of: pydantic models that accept exactly what their
schema accepts and give it back unchanged.

    class Order(mf.Model, extra="forbid"):
        id: Annotated[str, mf.Text(min_length=1)]
        placed: mf.DateTime
        note: str | None | mf.MISSING = mf.MISSING

    order = Order.decode(b'{"id": "1", "placed": "2026-01-31T12:00:00Z"}')
    order.encode()
"""

from pydantic import MISSING, Discriminator, Field, Tag

from magicflow.models.codec import Codec
from magicflow.models.depth import Recursive
from magicflow.models.dump import dump
from magicflow.models.enums import IntegerEnum, OneOf, StringEnum
from magicflow.models.model import Default, Members, Model, RecursiveModel, RuledModel
from magicflow.models.numbers import Float, Int, Integer, Number
from magicflow.models.sequences import Fixed, Unique
from magicflow.models.texts import Date, DateTime, Text, Uuid
from magicflow.models.unions import by_json_type, by_property
from magicflow.models.values import Json, Nothing

__all__ = [
    "MISSING",
    "Codec",
    "Date",
    "DateTime",
    "Default",
    "Discriminator",
    "Field",
    "Fixed",
    "Float",
    "Int",
    "Integer",
    "IntegerEnum",
    "Json",
    "Members",
    "Model",
    "Nothing",
    "Number",
    "OneOf",
    "Recursive",
    "RecursiveModel",
    "RuledModel",
    "StringEnum",
    "Tag",
    "Text",
    "Unique",
    "Uuid",
    "by_json_type",
    "by_property",
    "dump",
]
