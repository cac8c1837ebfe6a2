"""How fast types decode and encode: MB/s beside pydantic strict, in one run.

    python tests/bench/bench_types.py

A 1 kB order and a 1 MB array of orders. `plan` is `decode_json` with the plan's validator
(the server's input), `generated` the decoder of generated Python types, `pydantic` a
hand-written model with `model_validate_json(strict=True)`, which checks less: no
duplicate keys, no domain. Best of several rounds; exit code 1 when a bound is broken.
"""

from __future__ import annotations

import importlib.util
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
SECONDS = 0.5
ROUNDS = 5

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
        codecs = load_roots(Path(folder) / "generated_types.py")
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
    base = speed(
        "decode pydantic strict", data, lambda: model.validate_json(data, strict=True)
    )
    kept = [
        bound(speed("decode plan", data, lambda: check(decode_json(data))), base),
        bound(
            speed("decode plan, spaced", spaced, lambda: check(decode_json(spaced))),
            base,
        ),
        bound(speed("decode generated", data, lambda: codec.decode(data)), base),
    ]
    base = speed("encode pydantic", data, lambda: model.dump_json(plain))
    return [
        *kept,
        bound(speed("encode plan", data, lambda: encode_json(value)), base),
        bound(speed("encode generated", data, lambda: codec.encode(typed)), base),
    ]


def load_roots(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("generated_types", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated_types"] = module
    spec.loader.exec_module(module)
    return module.ROOTS


def speed(name: str, data: bytes, work: Callable[[], object]) -> float:
    """MB/s; prints it."""
    best = float("inf")
    for _ in range(ROUNDS):
        count, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < SECONDS / ROUNDS or not count:
            work()
            count += 1
        best = min(best, elapsed / count)
    found = len(data) / best / 1e6
    print(f"  {name:<24}{found:8.1f} MB/s {best * 1e6:12.1f} µs", end="")
    if not name.endswith(("strict", "pydantic")):
        return found
    print()
    return found


def bound(found: float, base: float) -> bool:
    """Whether it is at most three times as slow as pydantic."""
    times = base / found
    print(f"  {times:5.2f}× {'' if times <= BOUND else '  beyond the bound of 3×'}")
    return times <= BOUND


if __name__ == "__main__":
    sys.exit(main())
