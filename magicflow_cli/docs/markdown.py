"""A workflow's reference page in Markdown: diagram, data, steps, failures.

Texts of the workflow are escaped: they are shown, never read as Markdown or HTML.
"""

from __future__ import annotations

import json
import re
from typing import Any

from magicflow.openapi import Components

from magicflow_cli.docs.chart import chart
from magicflow_cli.docs.durations import print_duration
from magicflow_cli.docs.measures import printable
from magicflow_cli.docs.mermaid import draw_mermaid
from magicflow_cli.docs.outline import (
    BLOCK_ENDS,
    FAILS,
    RUN_ENDS,
    BlockView,
    Outline,
    StepView,
    outline,
)
from magicflow_cli.plan import to_json
from magicflow_cli.plan.models import Plan, TypeRef

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$:@])")
_LEAVES = {"next": "then", "rejoin": "then", "depends": "then", "skip": "if skipped"}


def write_markdown(plan: Plan) -> str:
    """The page."""
    read = outline(plan)
    components = Components(to_json(plan), "#/$defs/")
    parts = [
        f"# {escape(plan.workflow.name)}",
        _facts(plan),
        f"## Diagram\n\n```mermaid\n{draw_mermaid(chart(read))}```",
        f"## Input\n\n{_type(components, plan.input)}",
        f"## Output\n\n{_type(components, plan.output.type)}",
        f"## Steps\n\n{_steps(read.root)}",
        _rules(read),
        _functions(plan),
        _events(plan, components),
        _definitions(components),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """`text` on one line such that Markdown shows it as it is."""
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """`text` as a code span, however many backticks it holds."""
    text = printable(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _facts(plan: Plan) -> str:
    lines = []
    if plan.workflow.description:
        lines += [escape(plan.workflow.description), ""]
    lines.append(f"- Version {escape(plan.workflow.version)}")
    if plan.workflow.owner:
        lines.append(f"- Owner {escape(plan.workflow.owner)}")
    if plan.timeout is not None:
        after = print_duration(plan.timeout.after)
        lines.append(f"- Timeout {after}, then {code(plan.timeout.action)}")
    return "\n".join(lines)


def _type(components: Components, ref: TypeRef) -> str:
    schema = components.refer(to_json(ref))
    if "$ref" in schema:
        schema = components.schemas[schema["$ref"].rsplit("/", 1)[-1]]
    return _table(schema) if schema.get("properties") else _json(schema)


def _table(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", []))
    lines = ["| Field | Type | Required | Meaning |", "|---|---|---|---|"]
    for name, field in schema["properties"].items():
        meaning = field.get("description", "")
        lines.append(
            f"| {code(name)} | {code(_short(field))} | {'yes' if name in required else ''} | {escape(meaning)} |"
        )
    return "\n".join(lines)


def _short(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(_short(part) for part in schema["anyOf"])
    type_ = schema.get("type", "any")
    return " or ".join(type_) if isinstance(type_, list) else str(type_)


def _steps(block: BlockView) -> str:
    lines = [
        "| Step | Does | Policies | At worst | Leads to |",
        "|---|---|---|---|---|",
    ]
    lines += _rows(block, "")
    return "\n".join(lines)


def _rows(block: BlockView, path: str) -> list[str]:
    rows: list[str] = []
    for step in block.steps:
        worst = print_duration(step.worst) if step.worst is not None else "no limit"
        policies = "; ".join(escape(text) for _, text in step.notes)
        rows.append(
            f"| {escape(path)}{code(step.name)} | {escape(step.does)} | {policies} | {worst} | {_routes(step)} |"
        )
        for inner in step.blocks:
            rows += _rows(inner, f"{path}{step.name} / {inner.title}: ")
    return rows


def _routes(step: StepView) -> str:
    ends = {BLOCK_ENDS: "the end", RUN_ENDS: "the run's end", FAILS: "failure"}
    texts = []
    for route in step.routes:
        when = _LEAVES.get(route.kind, route.kind)
        label = f" ({escape(route.label)})" if route.label else ""
        target = ends.get(route.target) or code(route.target)
        texts.append(f"{when}{label} → {target}")
    return "; ".join(texts)


def _rules(read: Outline) -> str:
    if not read.rules:
        return ""
    lines = ["## Failure rules", "", "| If | Then |", "|---|---|"]
    lines += [f"| {code(rule.when)} | {escape(rule.does)} |" for rule in read.rules]
    return "\n".join(lines)


def _functions(plan: Plan) -> str:
    if not plan.functions:
        return ""
    lines = [
        "## Functions",
        "",
        "| Executor | Function | Reports | Called by |",
        "|---|---|---|---|",
    ]
    for function in plan.functions.values():
        errors = ", ".join(code(name) for name in function.errors)
        steps = ", ".join(code(name) for name in function.steps)
        lines.append(
            f"| {code(function.executor)} | {code(function.function)} | {errors} | {steps} |"
        )
    return "\n".join(lines)


def _events(plan: Plan, components: Components) -> str:
    if not plan.events:
        return ""
    lines = ["## Events", "", "| Event | Direction | Data |", "|---|---|---|"]
    for name, event in plan.events.items():
        ways = [
            way
            for way, is_so in (("received", event.listens), ("sent", event.emits))
            if is_so
        ]
        data = _short(components.refer(to_json(event.type)))
        lines.append(f"| {code(name)} | {', '.join(ways)} | {code(data)} |")
    return "\n".join(lines)


def _definitions(components: Components) -> str:
    if not components.schemas:
        return ""
    return "## Types\n\n" + _json({"$defs": components.schemas})


def _json(value: object) -> str:
    """JSON in a fence that no text inside can end: backticks become escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=True).replace("`", "\\u0060")
    return f"```json\n{text}\n```"
