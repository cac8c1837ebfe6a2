"""Writes docs/dsl.md and docs/configuration.md from schemas/ and the alias table.

python scripts/generate_dsl_reference.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from magicflow_cli.documents.aliases import ALIASES, TYPE_ALIASES, Place
from magicflow_cli.documents.conditions import condition_of
from magicflow_cli.documents.headers import API_VERSION_ALIASES

Schema: TypeAlias = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent

DSL_HEAD = """\
# The language: every key

Generated from `schemas/workflow.schema.json`, `context.schema.json` and `scenario.schema.json`; do not edit. What the keys mean
together is in semantics.md. Keys that are not listed are errors; keys of your own begin with `x-` and are free
everywhere. A key without a default is absent unless it is written.
"""
CONFIGURATION_HEAD = """\
# Project and configuration files: every key

Generated from `schemas/project.schema.json`, `server.schema.json` and `executor.schema.json`; do not edit. These files
have no `kind`. Keys that are not listed are errors; keys of your own begin with `x-`.
"""
LINKED = (
    "Expression",
    "Value",
    "Schema",
    "Duration",
    "StepName",
    "Name",
    "Version",
    "Cron",
    "Latency",
)
NAMES = {
    "Expression": "expression",
    "Value": "mapping value",
    "Schema": "JSON Schema",
    "Duration": "duration",
    "StepName": "step name",
    "Cron": "cron expression",
    "Setting": "anything",
    "Json": "anything",
    "DateTime": "date-time",
    "Outcomes": "[Outcome](#outcome) or list of [Outcome](#outcome)",
}
PLACES: dict[Place, str] = {
    "step": "a step or a branch",
    "call": "`compensation`",
    "rule": "a rule of `error_handling`",
    "retry": "a retry policy",
}


def load(name: str) -> Schema:
    schema: Schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_bytes())
    return schema


DEFINITIONS: Schema = load("workflow")["$defs"]


def dsl_text() -> str:
    return "\n".join(
        [
            DSL_HEAD,
            *_document(load("workflow"), "Workflow"),
            *_document(load("context"), "WorkflowContext", known={"Metadata"}),
            *_document(load("scenario"), "Scenario (*.scenario.yaml)"),
            *_aliases(),
        ]
    )


def configuration_text() -> str:
    return "\n".join(
        [
            CONFIGURATION_HEAD,
            *_document(load("project"), "Project file (magic-flow.yaml)"),
            *_document(load("server"), "Server (config/server.yaml)"),
            *_document(load("executor"), "Executor (config/executor.yaml)"),
        ]
    )


def _document(
    schema: Schema, title: str, known: frozenset[str] | set[str] = frozenset()
) -> list[str]:
    lines = [f"## {title}", "", schema["description"], "", *_table(schema)]
    simple = [n for n, item in schema["$defs"].items() if "properties" not in item]
    kinds = [n for n in simple if n in LINKED]
    if kinds:
        lines += ["| Kind of value | |", "|---|---|"]
        for name in kinds:
            text = schema["$defs"][name]["description"]
            lines.append(f"| {NAMES.get(name, name.lower())} | {_cell(text)} |")
        lines.append("")
    for name, item in schema["$defs"].items():
        if name not in simple and name not in known:
            lines += _definition(name, item)
    return lines


def _definition(name: str, schema: Schema) -> list[str]:
    lines = [f"### {_heading(name, schema)}", "", schema["description"], ""]
    for example in schema.get("examples", ()):
        text = yaml.safe_dump([example], sort_keys=False, allow_unicode=True, width=100)
        lines += ["```yaml", text.rstrip(), "```", ""]
    return lines + _table(schema)


def _heading(name: str, schema: Schema) -> str:
    """A step is known by its type, anything else by its name."""
    if name.endswith("Step"):
        return f"Step `{schema['properties']['type']['const']}`"
    return name


def _table(schema: Schema) -> list[str]:
    required = schema.get("required", ())
    lines = ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    for key, item in schema["properties"].items():
        default = "required" if key in required else ""
        if "default" in item:
            default = f"`{_literal(item['default'])}`"
        meaning = _cell(item.get("description", ""))
        lines.append(f"| `{key}` | {_type(item)} | {default} | {meaning} |")
    for group, words in (("oneOf", "Exactly one of"), ("anyOf", "At least one of")):
        variants = schema.get(group, ())
        if variants and all(set(variant) == {"required"} for variant in variants):
            keys = ", ".join(f"`{variant['required'][0]}`" for variant in variants)
            lines += ["", f"{words} {keys} is there."]
    for condition in map(condition_of, schema.get("allOf", ())):
        values = " or ".join(f"`{value}`" for value in condition.values)
        if condition.needs:
            text = f"`{condition.key}` {values} needs `{condition.other}`."
        else:
            text = f"`{condition.other}` is only for `{condition.key}` {values}."
        lines += ["", text]
    return [*lines, ""]


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _reference(schema["$ref"].removeprefix("#/$defs/"))
    if "const" in schema:
        return f"`{_literal(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_literal(value)}`" for value in schema["enum"])
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(map(_type, schema.get("anyOf") or schema["oneOf"]))
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if kind == "object":
        return f"map of {_type(schema.get('additionalProperties', {}))}"
    limits = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
        )
        if key in schema
    ]
    names = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return " ".join([names.get(str(kind), str(kind or "anything")), *limits])


def _reference(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    if name in LINKED:
        return name.lower()
    if name == "Step":
        return "step"
    variants = DEFINITIONS.get(name, {}).get("oneOf", ())
    if variants:
        return " or ".join(map(_type, variants))
    return f"[{name}](#{name.lower()})"


def _aliases() -> list[str]:
    lines = [
        "## Other spellings",
        "",
        "Rewritten before anything else looks at the document. A key together with its other spelling is an error.",
        "",
        "| Written | Means | Where |",
        "|---|---|---|",
    ]
    for alias in ALIASES:
        where = PLACES[alias.place]
        if alias.types:
            where = f"steps of type {', '.join(f'`{type_}`' for type_ in alias.types)}"
        lines.append(f"| `{alias.alias}` | `{alias.target}` | {where} |")
    for written, meant in TYPE_ALIASES.items():
        lines.append(f"| `type: {written}` | `type: {meant}` | a step |")
    version = load("workflow")["properties"]["apiVersion"]["const"]
    for written in API_VERSION_ALIASES:
        lines.append(
            f"| `apiVersion: {written}` | `apiVersion: {version}` | a document |"
        )
    lines += [
        "",
        "The short form has `workflow` and `steps` at the top: `workflow` holds the keys of `metadata` and of `spec`, the",
        "version is 0.0.0 unless one is written, and `apiVersion` may be left out.",
        "",
        "```yaml",
        "workflow:",
        "  name: user_onboarding",
        "  timeout: 300s",
        "steps:",
        "  - name: validate_user",
        "    timeout: 30s",
        "```",
        "",
    ]
    return lines


def _literal(value: object) -> str:
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


TEXTS = {"docs/dsl.md": dsl_text, "docs/configuration.md": configuration_text}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    stale = False
    for name, write in TEXTS.items():
        path, text = ROOT / name, write()
        if path.exists() and path.read_text() == text:
            continue
        stale = True
        if options.check:
            print(
                f"{name} is not current: run python scripts/generate_dsl_reference.py"
            )
        else:
            path.write_text(text)
            print(f"wrote {name}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
