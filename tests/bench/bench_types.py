"""How fast types decode and encode: MB/s beside pydantic strict, in one run.

    python tests/bench/bench_types.py

A 1 kB order and a 1 MB array of orders. `plan` is `decode_json` with the plan's validator
(the server's input), `generated` the decoder of generated Python types, `pydantic` a
hand-written model with `model_validate_json(strict=True)`, which checks less: no
duplicate keys, no domain. Best of several rounds, processor time; exit code 1 when a bound is
broken.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from magicflow.types import TypeSet, decode_json, encode_json  # noqa: E402
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter  # noqa: E402

from magicflow_cli.plan import to_json  # noqa: E402
from tests.exactness.compiling import compile_corpus  # noqa: E402
from tests.exactness.corpus import Group  # noqa: E402
from tests.exactness.drivers import python_generated  # noqa: E402

BOUND = 3.0
SECONDS = 1.0
ROUNDS = 10

TEXT = {"type": "string"}
ADDRESS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["street", "city", "zip", "country"],
    "properties": {
        "street": TEXT,
        "city": TEXT,
        "zip": {"type": "string", "minLength": 2, "maxLength": 12},
        "country": {"type": "string", "minLength": 2, "maxLength": 2},
    },
}
ITEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sku", "title", "quantity", "price"],
    "properties": {
        "sku": {"type": "string", "minLength": 1, "maxLength": 40},
        "title": TEXT,
        "quantity": {"type": "integer", "minimum": 1},
        "price": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": TEXT},
    },
}
ORDER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "name", "ship_to", "items", "total", "currency", "paid"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "name": TEXT,
        "ship_to": ADDRESS,
        "items": {"type": "array", "minItems": 1, "items": ITEM},
        "total": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "USD", "GBP"]},
        "paid": {"type": "boolean"},
        "note": {"type": ["string", "null"]},
    },
}


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Address(Strict):
    street: str
    city: str
    zip: str = Field(min_length=2, max_length=12)
    country: str = Field(min_length=2, max_length=2)


class Item(Strict):
    sku: str = Field(min_length=1, max_length=40)
    title: str
    quantity: int = Field(ge=1)
    price: float = Field(ge=0)
    tags: list[str] = []


class Order(Strict):
    id: str = Field(min_length=1)
    name: str
    ship_to: Address
    items: list[Item] = Field(min_length=1)
    total: float = Field(ge=0)
    currency: Literal["EUR", "USD", "GBP"]
    paid: bool
    note: str | None = None


def order(number: int) -> dict[str, Any]:
    items = [
        {"sku": f"sku-{i}", "title": "Something nice", "quantity": i + 1}
        | {"price": 9.5 + i, "tags": ["new", "blue"]}
        for i in range(8)
    ]
    ship_to = {
        "street": "12 Main St",
        "city": "London",
        "zip": "N1 9GU",
        "country": "GB",
    }
    head = {"id": f"order-{number}", "name": "Ada Lovelace", "ship_to": ship_to}
    return head | {
        "items": items,
        "total": 123.5,
        "currency": "EUR",
        "paid": True,
        "note": None,
    }


def main() -> int:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(
        f"{platform.python_implementation()} {platform.python_version()},"
        f" {platform.machine()}, load {load:.1f}; best of {ROUNDS}, MB/s"
    )
    many = {"type": "array", "items": ORDER}
    groups = [Group("order", json.dumps(ORDER)), Group("orders", json.dumps(many))]
    corpus = compile_corpus(groups)
    types = TypeSet(corpus.types_json())
    with tempfile.TemporaryDirectory() as folder:
        python_generated.prepare(corpus, Path(folder))
        codecs = load_roots(Path(folder))
    kept: list[bool] = []
    for name, value, model in (
        ("order", order(1), TypeAdapter(Order)),
        ("orders", [order(n) for n in range(1_200)], TypeAdapter(list[Order])),
    ):
        check = types.compile(to_json(corpus.roots[name])).accepts
        kept += measure(name, value, model, check, codecs[name])
    return 0 if all(kept) else 1


def measure(
    name: str,
    value: Any,
    model: TypeAdapter[Any],
    check: Callable[[Any], bool],
    codec: Any,
) -> list[bool]:
    """Whether each of our ways keeps its bound."""
    data, spaced = encode_json(value), json.dumps(value).encode()
    typed, plain = codec.decode(data), model.validate_json(data, strict=True)
    assert check(decode_json(data)) and codec.encode(typed) == data
    print(f"{name}: {len(data) / 1000:.1f} kB")
    return [
        *compare(
            data,
            {
                "decode pydantic strict": lambda: model.validate_json(
                    data, strict=True
                ),
                "decode plan": lambda: check(decode_json(data)),
                "decode plan, spaced": lambda: check(decode_json(spaced)),
                "decode generated": lambda: codec.decode(data),
            },
        ),
        *compare(
            data,
            {
                "encode pydantic": lambda: model.dump_json(plain),
                "encode plan": lambda: encode_json(value),
                "encode generated": lambda: codec.encode(typed),
            },
        ),
    ]


def load_roots(folder: Path) -> Any:
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("generated_roots").ROOTS
    finally:
        sys.path.remove(str(folder))


def compare(data: bytes, works: dict[str, Callable[[], object]]) -> list[bool]:
    """Whether the others are at most three times as slow as the first; prints all. They
    take turns, so that what else the machine does meets them alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            best[name] = min(best[name], seconds(work, max(1, 10_000 // len(data))))
    base, *others = best.values()
    for name, found in best.items():
        times = found / base
        print(
            f"  {name:<24}{len(data) / found / 1e6:8.1f} MB/s {found * 1e6:12.1f} µs"
            f"  {times:5.2f}×{'  beyond the bound of 3×' if times > BOUND else ''}"
        )
    return [found <= BOUND * base for found in others]


def seconds(work: Callable[[], object], batch: int) -> float:
    """Processor time of one call, the mean of a round."""
    count, start = 0, time.process_time()
    while (elapsed := time.process_time() - start) < SECONDS / ROUNDS or not count:
        for _ in range(batch):
            work()
        count += batch
    return elapsed / count


if __name__ == "__main__":
    sys.exit(main())
