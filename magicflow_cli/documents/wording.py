"""How a message names what a user wrote: a key, a value, a place in the document."""

from __future__ import annotations

from typing import Any, TypeAlias

from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence

PathPart: TypeAlias = str | int
_SHOWN = 60  # characters of a user's text in a message
TYPES = {
    "string": "a text",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
}


def described(path: tuple[PathPart, ...], node: Node) -> str:
    """What a mapping is, for a sentence about its keys."""
    if not path:
        return "the document"
    name = node.get("name") if isinstance(node, Mapping) else None
    named = f" `{cut(name.text)}`" if isinstance(name, Scalar) else ""
    last = path[-1]
    if isinstance(last, int):
        noun = _NOUNS.get(str(path[-2]) if len(path) > 1 else "", "entry")
        type_ = node.get("type") if isinstance(node, Mapping) else None
        if noun == "step" and isinstance(type_, Scalar):
            noun = f"{cut(type_.text)} step"
        return f"the {noun}{named}" if named else f"{noun} {last + 1}"
    return f"`{cut(last)}`"


_NOUNS = {
    "steps": "step",
    "then": "step",
    "else": "step",
    "default": "step",
    "branches": "branch",
    "cases": "case",
    "triggers": "trigger",
    "error_handling": "rule",
    "targets": "target",
    "checks": "check",
}


def subject(path: tuple[PathPart, ...]) -> str:
    """What a value is, for a sentence about it: the key under which it stands."""
    if not path:
        return "the document"
    if isinstance(path[-1], str):
        return f"`{cut(path[-1])}`"
    if len(path) == 1:
        return f"entry {path[-1] + 1}"
    return f"entry {path[-1] + 1} of `{cut(str(path[-2]))}`"


def kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "empty" if not node.text else "null"
    if isinstance(node.value, bool):
        return f"`{node.text}`"
    if isinstance(node.value, str):
        return "a text"
    return "a number"


def json(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def cut(text: str) -> str:
    """A user's text for a message: one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def listed(names: Any, word: str = "and") -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"
