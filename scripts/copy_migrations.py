"""Copies the schema of the database from the Python store to the Go store.

python scripts/copy_migrations.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "runtime" / "python" / "magicflow" / "store" / "sql"
OUTPUT = ROOT / "runtime" / "go" / "store" / "sql"


def main(arguments: list[str]) -> int:
    wanted, found = scripts(SOURCE), scripts(OUTPUT)
    if "--check" in arguments:
        return 0 if wanted == found else 1
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in found.keys() - wanted.keys():
        (OUTPUT / name).unlink()
    for name, content in wanted.items():
        (OUTPUT / name).write_bytes(content)
    return 0


def scripts(folder: Path) -> dict[str, bytes]:
    """Content by file name."""
    return {file.name: file.read_bytes() for file in folder.glob("*.sql")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
