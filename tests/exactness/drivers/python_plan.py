"""Plan-driven validation in Python: the validators that the runtime compiles."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus


def prepare(corpus: CompiledCorpus, folder: Path) -> list[str]:
    """Writes the types and returns the command of the driver."""
    roots = {id: to_json(ref) for id, ref in corpus.roots.items()}
    data = {"types": corpus.types_json(), "roots": roots}
    (folder / "types.json").write_text(json.dumps(data), encoding="utf-8")
    return [sys.executable, "-m", __name__, str(folder / "types.json")]


def main(path: str) -> None:
    from magicflow.types import (
        DomainError,
        TypeSet,
        apply_defaults,
        decode_json,
        encode_json,
    )

    data = json.loads(Path(path).read_text(encoding="utf-8"))
    types = TypeSet(data["types"])
    for line in sys.stdin:
        request = json.loads(line)
        root = data["roots"][request["root"]]
        validator = types.compile(root)
        try:
            value = decode_json(request["json"])
            problems = validator.check(value)
        except DomainError as error:
            answer = {"valid": False, "code": error.code}
        else:
            if problems:
                answer = {
                    "valid": False,
                    "code": problems[0].code,
                    "problems": [asdict(problem) for problem in problems],
                }
            else:
                filled = apply_defaults(types, root, value)
                answer = {
                    "valid": True,
                    "json": encode_json(value).decode(),
                    "filled": encode_json(filled).decode(),
                }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
