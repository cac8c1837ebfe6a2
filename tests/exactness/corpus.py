"""The corpus: groups of one schema and its instances, one JSON object a line.

    {"id": …, "schema": …, "instances": [{"id": …, "json": "<text>", "valid": true|false}]}
    {"id": …, "schema": …, "refused": true | "MF2…"}

An instance that is outside the domain may name the `"code": "MFD…"` that refuses it.
`json` is a text, so that what is no JSON value (`1e400`, duplicate keys) can be written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    json: str
    valid: bool
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`schema` is JSON text: duplicate keys or long numbers in it must reach the
    compiler as they are."""

    id: str
    schema: str
    instances: tuple[Instance, ...] = ()
    refused: bool | str = False


class CorpusError(Exception):
    """A line of the corpus that is not in the format."""


def read_corpus(path: Path) -> Iterator[Group]:
    """The groups of a corpus file, in order. Raises `CorpusError` with the line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _read_group(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CorpusError(f"{path}:{number}: {error!r}") from None


def _read_group(data: dict[str, Any]) -> Group:
    instances = tuple(
        Instance(
            str(item.get("id", index)),
            item["json"],
            bool(item["valid"]),
            item.get("code"),
        )
        for index, item in enumerate(data.get("instances", ()))
    )
    refused = data.get("refused", False)
    if not isinstance(refused, bool | str) or not all(
        isinstance(instance.json, str) for instance in instances
    ):
        raise ValueError("refused is a boolean or a code, json a text")
    schema = json.dumps(data["schema"], ensure_ascii=True)
    return Group(str(data["id"]), schema, instances, refused)
