"""The table of docs/semantics.md: which conformance cases prove which sentence.

python -m tests.runtime.core.sentence_table      rewrite it
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
SEMANTICS = ROOT / "docs" / "semantics.md"
FOLDER = ROOT / "runtime" / "conformance"
MARK = "## Which case proves which sentence\n"

ELSEWHERE = {
    "doc-1": "tests/unit/load",
    "doc-2": "tests/unit/documents",
    "doc-3": "tests/unit/check",
    "doc-4": "tests/unit/documents",
    "doc-5": "tests/unit/check",
    "doc-6": "tests/unit/documents",
    "block-14": "tests/unit/check",
    "block-15": "tests/unit/check",
    "circuit-2": "tests/runtime/engine",
    "data-6": "tests/unit/check",
    "data-7": "runtime/conformance/expressions",
    "data-9": "tests/unit/check",
    "start-1": "tests/runtime/engine",
    "start-2": "tests/runtime/engine",
}
"""Sentences that are not the core's to keep, and who proves them."""


def sentences() -> list[str]:
    """The names of all sentences, in order."""
    return re.findall(r"\*\*([a-z]+-\d+)\*\*", SEMANTICS.read_text())


def proofs() -> dict[str, list[str]]:
    """Sentence → the cases that cover it."""
    found: dict[str, list[str]] = {}
    for path in sorted(FOLDER.glob("*/*.json")):
        case = json.loads(path.read_text())
        for name in case.get("covers", ()) if isinstance(case, dict) else ():
            found.setdefault(name, []).append(f"{path.parent.name}/{path.stem}")
    return found


def table() -> str:
    """The table's Markdown."""
    known = proofs()
    rows = ["| Sentence | Proved by |", "|---|---|"]
    for name in sentences():
        cases = known.get(name, [])
        places = [f"[{case}](../runtime/conformance/{case}.json)" for case in cases]
        if name in ELSEWHERE:
            places.append(f"`{ELSEWHERE[name]}`")
        rows.append(f"| {name} | {' · '.join(places)} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    return text.split(MARK)[0].rstrip() + f"\n\n{MARK}\n{table()}"


if __name__ == "__main__":
    SEMANTICS.write_text(with_table(SEMANTICS.read_text()))
