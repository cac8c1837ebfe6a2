"""Writes runtime/python/magicflow/models/messages.py from schemas/messages.schema.json,
by the generator's own types target.

    python scripts/generate_messages.py [--check]
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics import Report
from magicflow_cli.generate.lower.python import LANGUAGE
from magicflow_cli.generate.lower.python.types import lower_types
from magicflow_cli.generate.model import View
from magicflow_cli.generate.render.environment import render
from magicflow_cli.load import load_text
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.bare import plan_of_types

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schemas" / "messages.schema.json"
OUTPUT = ROOT / "runtime" / "python" / "magicflow" / "models" / "messages.py"
NAMES = ("WorkflowInitEvent", "TaskMessage", "ResultMessage", "CloudEvent")
HEADER = '''"""The messages between servers, executors and the programs around them.

Generated from schemas/messages.schema.json by scripts/generate_messages.py. That a
ResultMessage has a result or an error is the server's to check.
"""
'''


def main(arguments: list[str]) -> int:
    text = messages()
    if "--check" in arguments:
        return 0 if OUTPUT.read_text("utf-8") == text else 1
    OUTPUT.write_text(text, "utf-8")
    return 0


def messages() -> str:
    """The text of the module."""
    report = Report()
    loaded = load_text(json.dumps(_schema()).encode(), SCHEMA.name)
    table = TypeTable(report)
    table.add_schema(loaded.documents[0].root, "messages#", ["messages"], named=True)
    table.finish()
    if report.has_errors:
        raise SystemExit(f"the schema is outside the profile: {report.diagnostics}")
    types = {
        id: replace(each, name=plan.TypeName(words=each.name.words[1:]))
        for id, each in table.types.items()
        if id != "messages#"
    }
    view = lower_types(plan_of_types("messages", types, table.field_order))
    text = render(LANGUAGE, View("messages.py", "types/types.py.j2", view))
    return HEADER + text.split('"""\n', 1)[1]


def _schema() -> dict[str, Any]:
    """An object that names the messages, without what only a server can check."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    definitions = schema["$defs"]
    for keyword in ("if", "then", "else"):
        del definitions["ResultMessage"][keyword]
    properties = {name: {"$ref": f"#/$defs/{name}"} for name in NAMES}
    return {"type": "object", "properties": properties, "$defs": definitions}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
