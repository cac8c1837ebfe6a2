"""JSON text as the engine stores it. Values were checked where they came in."""

from __future__ import annotations

from typing import Any

import orjson

from magicflow.types.decode import encode_json


def encode(value: Any) -> str:
    """Compact JSON text."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return encode_json(value).decode()


def decode(text: str | bytes) -> Any:
    """Reads what `encode` wrote."""
    return orjson.loads(text)
