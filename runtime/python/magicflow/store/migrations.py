"""The SQLite schema: `sql/0001.sql` and so on, one script per version.

Released scripts never change. The Go server has copies of them (`runtime/go/store/sql`),
made and checked by `scripts/copy_migrations.py`.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("sql")

MIGRATIONS: tuple[str, ...] = tuple(
    script.read_text("utf-8") for script in sorted(_FOLDER.glob("*.sql"))
)
