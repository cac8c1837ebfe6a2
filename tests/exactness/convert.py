"""python -m tests.exactness.convert SUITE_DIR > corpus.jsonl

Turns a published suite in the layout of the JSON-Schema-Test-Suite (JSON files, each a
list of groups `{"description", "schema", "tests": [{"description", "data", "valid"}]}`)
into a corpus. SUITE_DIR is a folder such as `tests/draft2020-12`, or one file.

Where the profile means something else than the suite, the corpus says what the profile
means: an instance outside the domain (an integer beyond ±(2^53−1), a leap second) must
be refused with its `MFD…` code, and the groups of `format.json`, in which formats are
annotations, are left out because the profile asserts formats (`optional/format`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from magicflow.types import DomainError, decode_json
from magicflow.types.domain import INTEGER_RANGE, LEAP_SECOND, SAFE_INTEGER
from magicflow.types.formats import FORMATS
from magicflow.types.formats import LEAP_SECOND as LEAP


def convert(root: Path) -> Iterator[dict[str, Any]]:
    """The groups of every JSON file below a folder, files in the order of their names."""
    files = [root] if root.is_file() else sorted(root.rglob("*.json"))
    for file in files:
        name = (
            file.stem
            if root.is_file()
            else file.relative_to(root).with_suffix("").as_posix()
        )
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, list):
            continue
        if name == "format" and any(
            "by default" in json.dumps(group) for group in content
        ):
            print("format.json left out: the profile asserts formats", file=sys.stderr)
            continue
        for index, group in enumerate(content):
            if not isinstance(group, dict) or "tests" not in group:
                continue
            yield {
                "id": f"{name}#{index} {group.get('description', '')}".strip(),
                "schema": group["schema"],
                "instances": [
                    _convert_test(group["schema"], test, number)
                    for number, test in enumerate(group["tests"])
                ],
            }


def _convert_test(schema: Any, test: dict[str, Any], number: int) -> dict[str, Any]:
    text = json.dumps(test["data"], ensure_ascii=True)
    instance = {
        "id": str(test.get("description", number)),
        "json": text,
        "valid": test["valid"],
    }
    code = _domain_code(schema, test["data"], text) if test["valid"] else None
    if code is not None:
        instance |= {"valid": False, "code": code}
    return instance


def _domain_code(schema: Any, data: Any, text: str) -> str | None:
    """The code that refuses a valid instance because it is outside the domain."""
    try:
        decode_json(text)
    except DomainError as error:
        return error.code
    if not isinstance(schema, dict):
        return None
    beyond = isinstance(data, float) and data.is_integer() and abs(data) > SAFE_INTEGER
    if beyond and schema.get("type") == "integer":
        return INTEGER_RANGE
    check = FORMATS.get(str(schema.get("format")))
    if isinstance(data, str) and check is not None and check(data) == LEAP:
        return LEAP_SECOND
    return None


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0])
    if not root.exists():
        print(f"{root} does not exist", file=sys.stderr)
        return 2
    for group in convert(root):
        print(json.dumps(group, ensure_ascii=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
