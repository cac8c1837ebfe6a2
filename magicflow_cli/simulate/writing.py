"""Scenarios as text that reads back as the same values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from magicflow_cli.load.core_schema import Unfit, resolve

API_VERSION = "workflow.magic-flow.io/v2"


def scenario_document(
    name: str, spec: Mapping[str, Any], description: str | None = None
) -> dict[str, Any]:
    """A whole document. `spec` is as schemas/scenario.schema.json has it."""
    metadata = {"name": name}
    if description:
        metadata["description"] = description
    return {
        "apiVersion": API_VERSION,
        "kind": "Scenario",
        "metadata": metadata,
        "spec": dict(spec),
    }


def write_scenarios(documents: Iterable[Mapping[str, Any]]) -> str:
    """Documents as the YAML of one file, keys in the order that they have."""
    return "---\n".join(
        yaml.dump(
            document,
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=100,
            default_flow_style=False,
        )
        for document in documents
    )


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would read as something else than a text, which is more
    than what 1.1 would. Values that stand in several places are written in each."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    try:
        plain = text == "" or resolve(text)
    except Unfit:
        plain = None
    if plain != text or plain.__class__ is not str:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _represent_collection(dumper: yaml.SafeDumper, value: Any) -> yaml.Node:
    """Empty collections stand on their line; so do lists of a few short leaves."""
    node = (
        dumper.represent_dict(value.items())
        if isinstance(value, dict)
        else dumper.represent_list(value)
    )
    if not value or (isinstance(value, list) and _is_short(value)):
        node.flow_style = True
    return node


def _is_short(items: list[Any]) -> bool:
    if any(isinstance(item, dict | list) for item in items):
        return False
    return sum(len(str(item)) + 2 for item in items) <= 80


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(dict, _represent_collection)
_Dumper.add_representer(list, _represent_collection)
