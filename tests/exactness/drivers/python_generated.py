"""The decoder of generated Python types."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.exactness.compiling import CompiledCorpus


def prepare(corpus: CompiledCorpus, folder: Path) -> list[str]:
    """Generates one module for the whole corpus and a table of its roots; returns the
    command of the driver."""
    from magicflow_cli.generate.lower.python import LANGUAGE
    from magicflow_cli.generate.lower.python.annotations import type_of
    from magicflow_cli.generate.lower.python.code import flat
    from magicflow_cli.generate.lower.python.types import lower_types
    from magicflow_cli.generate.model import View
    from magicflow_cli.generate.render.environment import render
    from magicflow_cli.plan.bare import plan_of_types

    document = plan_of_types("corpus", corpus.types, corpus.field_order)
    view = View("types.py", "types/types.py.j2", lower_types(document))
    text = render(LANGUAGE, view)
    (folder / "generated_types.py").write_text(text, encoding="utf-8")
    lines = [
        "from generated_types import *",
        "from generated_types import mf",
        "ROOTS = {",
    ]
    for id, ref in corpus.roots.items():
        code = flat(type_of(ref, document.types))
        lines.append(f"    {id!r}: mf.Codec({code}),")
    lines.append("}\n")
    (folder / "generated_roots.py").write_text("\n".join(lines), encoding="utf-8")
    return [sys.executable, "-m", __name__, str(folder)]


def main(folder: str) -> None:
    import json

    from magicflow.types import DomainError
    from pydantic import ValidationError

    sys.path.insert(0, folder)
    roots = import_module("generated_roots").ROOTS
    for line in sys.stdin:
        request = json.loads(line)
        codec = roots[request["root"]]
        answer: dict[str, Any]
        try:
            value = codec.decode(request["json"])
        except DomainError as error:
            answer = {"valid": False, "code": error.code}
        except ValidationError as error:
            answer = {"valid": False, "code": error.errors()[0]["type"]}
        else:
            answer = {"valid": True, "json": codec.encode(value).decode()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
