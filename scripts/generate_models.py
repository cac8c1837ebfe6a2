"""Generates the models of documents and of the plan from schemas/.

    python scripts/generate_models.py            write them
    python scripts/generate_models.py --check    fail unless they are current

datamodel-code-generator (pinned in pyproject.toml) turns each schema into frozen,
keyword-only dataclasses. This script shapes its input and output:

- Keywords that say nothing about a field's type are taken out first (`x-` patterns,
  "one of these keys" groups), and so are the defaults of documents: a model says what
  is written, and None is "not written". What a default means is the compiler's matter.
- A schema that allows anything is the node itself in a document and raw JSON in a plan.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "schemas"
DOCUMENTS = ROOT / "magicflow_cli" / "documents" / "models"
NODE_IMPORT = "from magicflow_cli.load.nodes import Node\n"
BOUND_IMPORT = "from magicflow_cli.documents.bound import Bound\n"
RECORD_IMPORT = "from magicflow_cli.record import Record\n"
LIMITS = {
    "allOf",
    "examples",
    *("pattern", "patternProperties", "propertyNames"),
    *("minimum", "maximum", "exclusiveMinimum"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties"),
}
ARGUMENTS = {"frozen": True, "kw_only": True, "slots": True}
DECORATOR = "@dataclass(frozen=True, kw_only=True, slots=True)\n"


@dataclass(frozen=True)
class Target:
    schema: str
    output: Path
    title: str
    nodes: bool  # whether the model is bound from a node tree

    @property
    def source(self) -> Path:
        return SCHEMAS / f"{self.schema}.schema.json"


TARGETS = [
    Target("workflow", DOCUMENTS / "workflow.py", "A Workflow document", True),
    Target("context", DOCUMENTS / "context.py", "A WorkflowContext document", True),
    Target("scenario", DOCUMENTS / "scenario.py", "A Scenario document", True),
    Target("project", DOCUMENTS / "project.py", "The project file", True),
    Target("server", DOCUMENTS / "server.py", "A server's configuration", True),
    Target("executor", DOCUMENTS / "executor.py", "An executor's configuration", True),
    Target(
        "plan", ROOT / "magicflow_cli" / "plan" / "models.py", "The plan (IR)", False
    ),
]


def for_generator(schema: Any, target: Target) -> Any:
    """The schema without what a field's type does not depend on."""
    if isinstance(schema, list):
        return [for_generator(item, target) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shaped: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "default" and target.nodes:
            continue
        if key == "discriminator":  # turns a kind's enum of names into the class's name
            continue
        if key == "properties":
            shaped[key] = {
                name: for_generator(item, target) for name, item in value.items()
            }
        elif _is_choice_of_keys(key, value) or key in LIMITS:
            continue
        else:
            shaped[key] = for_generator(value, target)
    type_ = shaped.get("properties", {}).get("type", {})
    if target.nodes and isinstance(type_, dict) and "const" in type_:
        required = shaped.setdefault("required", [])
        if "type" not in required:
            required.append("type")
    return shaped


def _is_choice_of_keys(key: str, value: Any) -> bool:
    return key in ("oneOf", "anyOf") and all(
        set(item) == {"required"} for item in value
    )


def generate(target: Target) -> str:
    """The text of the target's module."""
    schema = json.loads(target.source.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{target.schema}.schema.json"
        source.write_text(json.dumps(for_generator(schema, target)))
        result = Path(folder) / "models.py"
        subprocess.run(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "datamodel_code_generator",
                "--ignore-pyproject",
                "--input",
                str(source),
                "--output",
                str(result),
                "--input-file-type=jsonschema",
                "--schema-version=2020-12",
                "--output-model-type=dataclasses.dataclass",
                "--target-python-version=3.11",
                "--dataclass-arguments",
                json.dumps(ARGUMENTS),
                "--enum-field-as-literal=all",
                "--use-one-literal-as-default",
                "--use-type-alias",
                "--use-union-operator",
                "--use-standard-collections",
                "--use-double-quotes",
                "--disable-timestamp",
                "--formatters=black",
            ],
            check=True,
        )
        text = result.read_text()
    return shape_output(text, target)


def shape_output(text: str, target: Target) -> str:
    text = re.sub(r"\A(?:#.*\n)+", "", text)
    header = (
        f'"""{target.title}, generated from schemas/{target.schema}.schema.json by\n'
        'scripts/generate_models.py. Do not edit."""\n'
    )
    imports, base = RECORD_IMPORT, "Record"
    if target.nodes:
        text = text.replace("TypeAlias = Any\n", "TypeAlias = Node\n")
        imports, base = NODE_IMPORT + BOUND_IMPORT, "Bound"
    text = text.replace(DECORATOR, "")
    text = re.sub(r"^class (\w+):$", rf"class \1({base}):", text, flags=re.M)
    text = re.sub(
        r"(from __future__ import annotations\n)((?:from .*\n)+)",
        lambda m: m[1] + "\n" + m[2] + "\n" + imports,
        text,
        count=1,
    )
    return _format(header + text) + (shape(target) if target.nodes else "")


def shape(target: Target) -> str:
    """The schema without prose, as a literal: loading it costs nothing, and a wheel
    needs no schema file to read a document."""
    schema = without_prose(json.loads(target.source.read_bytes()))
    lines = [
        "",
        "",
        "# What the binder and jsonschema read: the schema without its prose.",
        "# fmt: off",
        "SHAPE: dict[str, object] = {",
    ]
    for key, value in schema.items():
        if key != "$defs":
            lines.append(f"    {_literal(key)}: {_literal(value)},")
    lines.append('    "$defs": {')
    for key, value in schema.get("$defs", {}).items():
        lines.append(f"        {_literal(key)}: {_literal(value)},")
    lines += ["    },", "}", "# fmt: on", ""]
    return "\n".join(lines)


def without_prose(schema: Any) -> Any:
    if isinstance(schema, list):
        return [without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: (
            {name: without_prose(item) for name, item in value.items()}
            if key in ("properties", "$defs")
            else without_prose(value)
        )
        for key, value in schema.items()
        if key not in ("description", "examples", "default", "$comment")
    }


def _literal(value: Any) -> str:
    """`value` as black would write it on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, dict):
        members = (f"{_literal(key)}: {_literal(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    return repr(value)


def _format(text: str) -> str:
    """Unused imports out, imports sorted (ruff), then black."""
    ruff = [sys.executable, "-m", "ruff", "check", "--fix-only", "--quiet"]
    fixed = subprocess.run(
        [*ruff, "--select=F401,I", "--stdin-filename=magicflow_cli/models.py", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    return subprocess.run(
        [sys.executable, "-m", "black", "--quiet", "--target-version=py311", "-"],
        input=fixed,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("schemas", nargs="*", help="only these, e.g. `plan`")
    options = parser.parse_args()
    stale = 0
    for target in TARGETS:
        if options.schemas and target.schema not in options.schemas:
            continue
        text = generate(target)
        current = target.output.read_text() if target.output.exists() else ""
        if text == current:
            continue
        name = str(target.output.relative_to(ROOT))
        if options.check:
            stale += 1
            lines = difflib.unified_diff(
                current.splitlines(True), text.splitlines(True), name, name
            )
            sys.stdout.writelines(lines)
        else:
            target.output.write_text(text)
            print(f"wrote {name}")
    if stale:
        print("models are not current: run python scripts/generate_models.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
