"""A worker to be killed or stopped, for the servers of all languages.

python worker.py URL EFFECTS
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "runtime" / "python")]

from magicflow.worker import Worker  # noqa: E402

from tests.runtime.faults.handlers import handlers  # noqa: E402


def main() -> None:
    url, effects = sys.argv[1:]
    worker = Worker("svc", url, concurrency=20, drain=1)
    for name, function in handlers(effects).items():
        worker.register_function(name, function)
    print("up", flush=True)
    worker.start()


if __name__ == "__main__":
    main()
