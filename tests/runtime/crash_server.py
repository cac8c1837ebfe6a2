"""A server to be killed: three durable steps whose effects go to a file.

    python crash_server.py DATABASE EFFECTS [--remote] [--lease SECONDS]

Prints its address when it listens. Each step appends `<idempotency key> <attempt>` to
EFFECTS in one write, as an effect on the outside world that can be counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]


def add_with_effect(path: str) -> Any:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def add(context: Any, input: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(random.random() * 0.004)
        os.write(file, f"{context.idempotency_key} {context.attempt}\n".encode())
        await asyncio.sleep(random.random() * 0.004)
        return {"n": input["n"] + 1}

    return add


def main() -> None:
    from magicflow.server import ServerConfig, serve

    from tests.runtime.plans import three_steps

    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("effects")
    parser.add_argument("--remote", action="store_true")
    parser.add_argument("--lease", type=float, default=30.0)
    given = parser.parse_args()
    config = ServerConfig(
        port=0,
        database=given.database,
        auth=False,
        lease=given.lease,
        log_level="error",
    )
    executors = {} if given.remote else {"svc": {"add": add_with_effect(given.effects)}}
    serve(
        [three_steps()],
        config,
        executors,
        ready=lambda at: print(f"http://{at[0]}:{at[1]}", flush=True),
    )


if __name__ == "__main__":
    main()
