"""A worker to be killed.    python crash_worker.py URL EFFECTS"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]


def main() -> None:
    from magicflow.worker import Worker

    from tests.runtime.crash_server import add_with_effect

    url, effects = sys.argv[1:]
    worker = Worker("svc", url, concurrency=20, drain=1)
    worker.register_function("add", add_with_effect(effects))
    print("up", flush=True)
    worker.start()


if __name__ == "__main__":
    main()
