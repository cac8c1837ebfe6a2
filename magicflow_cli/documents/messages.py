"""One function per way in which a value does not fit: its message, place and help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Edit, Fix, Label, Report, Span
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents.aliases import ALIASES
from magicflow_cli.documents.wording import (
    TYPES,
    PathPart,
    cut,
    described,
    json,
    kind,
    listed,
    subject,
)
from magicflow_cli.load.nodes import Entry, Mapping, Node, Scalar, Sequence
from magicflow_cli.record import Value

_MOST_LISTED = 14  # keys in a help line


class Found(Value):
    """A rule of the schema that does not hold. `path` leads to the value; for a missing
    or unknown key to the key."""

    rule: str
    path: tuple[PathPart, ...]
    schema: dict[str, Any]
    expected: Any
    instance: Any


def add(found: Found, shape: dict[str, Any], root: Mapping, report: Report) -> None:
    """Report `found` at its place in `root`."""
    _MESSAGES[found.rule](found, shape, root, report)


def _unknown_key(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    entry = _entry(root, found.path)
    holder = _walk(root, found.path[:-1])
    name = str(found.path[-1])
    assert isinstance(holder, Mapping)
    known = list(found.schema.get("properties", {}))
    free = [key for key in known if key not in holder]
    near = suggest(name, free) or suggest(name, known)
    what = described(found.path[:-1], holder)
    fix = None
    if near and near in free:
        fix = Fix(f"write `{near}`", (_replacing(entry.key, near),))
    help_ = f"did you mean `{near}`?" if near else _help_for_key(name, known)
    report.add(
        codes.MF0404,
        f"{what} has no key `{cut(name)}`",
        entry.key.span(),
        help=help_,
        fix=fix,
    )


def _help_for_key(name: str, known: list[str]) -> str:
    for alias in ALIASES:
        if alias.alias == name and alias.types:
            return f"`{name}` is read on steps of type {listed(alias.types)} only"
    if len(known) > _MOST_LISTED:
        return "docs/dsl.md lists the keys; those of your own begin with `x-`"
    return f"its keys are {listed(known)}; those of your own begin with `x-`"


def _missing_key(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    holder = _walk(root, found.path[:-1])
    key = str(found.path[-1])
    if found.path == ("spec", "steps"):
        _no_steps(root, report)
        return
    property_ = found.schema["properties"].get(key, {})
    value = _example(property_)
    report.add(
        codes.MF0405,
        f"{described(found.path[:-1], holder)} has no `{key}`",
        _head(root, found.path[:-1]),
        help=f"add `{key}: {value}`" if value else f"add the key `{key}`",
    )


def _example(property_: dict[str, Any]) -> str:
    if "const" in property_:
        return str(property_["const"])
    return str(property_["enum"][0]) if "enum" in property_ else ""


def _wrong_type(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    node = _walk(root, found.path)
    if found.path == ("spec", "steps") and isinstance(node, Scalar):
        _no_steps(root, report)
        return
    types = found.expected if isinstance(found.expected, list) else [found.expected]
    expected = " or ".join(TYPES[type_] for type_ in types)
    report.add(
        codes.MF0406,
        f"{subject(found.path)} must be {expected}, not {kind(node)}",
        node.span(),
        help=_help_for_type(types[0], node),
    )


def _help_for_type(expected: str, node: Node) -> str:
    if expected == "string" and isinstance(node, Scalar) and node.value is not None:
        return f'put it in quotes: "{cut(node.text)}"'
    if expected == "array" and isinstance(node, Scalar):
        return "write a list: `[a, b]`, or one `- ` line for each entry"
    if expected == "array":
        return "write a list, with one `- ` line for each entry"
    if expected == "object":
        return "write `key: value` lines below it"
    if expected == "boolean":
        return "write `true` or `false`"
    if isinstance(node, Scalar) and node.style != "plain":
        return "write it without quotes"
    return f"write {TYPES[expected]}"


def _not_allowed(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    node = _walk(root, found.path)
    allowed = found.expected if found.rule == "enum" else [found.expected]
    texts = [json(value) for value in allowed]
    value = node.text if isinstance(node, Scalar) else None
    near = suggest(value, texts) if value is not None else None
    shown = f"`{cut(value)}`" if value is not None else kind(node)
    fix = None
    if near and isinstance(node, Scalar):
        fix = Fix(f"write `{near}`", (_replacing(node, near),))
    report.add(
        codes.MF0407,
        f"{subject(found.path)} cannot be {shown}",
        node.span(),
        help=f"did you mean `{near}`?" if near else f"write {listed(texts, 'or')}",
        fix=fix,
    )


def _not_matching(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    node = _walk(root, found.path)
    name = _definition(found.expected, shape)
    code, message, help_ = _PATTERNS.get(
        name,
        (codes.MF0416, "is not a name", "write letters, digits and `_`"),
    )
    shown = cut(str(found.instance))
    report.add(
        code,
        f"{subject(found.path)} `{shown}` {message}",
        node.span(),
        help=help_,
    )


_PATTERNS = {
    "Cron": (
        codes.MF0416,
        "is not a cron expression",
        "write five fields, minute, hour, day, month and day of week:"
        " `0 9 * * MON-FRI`",
    ),
    "Duration": (
        codes.MF0409,
        "is not a duration",
        "write a number and a unit, `500ms`, `30s`, `5m`, `1h` or `2d`,"
        " or ISO 8601 without years and months, `PT1H30M`",
    ),
    "Name": (
        codes.MF0410,
        "is not a name",
        "write 1 to 63 of `a-z`, `0-9`, `-` and `_`",
    ),
    "Version": (
        codes.MF0411,
        "is not a version",
        "write a semantic version such as `1.2.0`, with or without `v`",
    ),
}


def _out_of_range(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    node = _walk(root, found.path)
    bound = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
    }[found.rule]
    report.add(
        codes.MF0412,
        f"{subject(found.path)} must be {bound} {json(found.expected)}",
        node.span(),
        help=f"write a number that is {bound} {json(found.expected)}",
    )


def _wrong_length(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    node = _walk(root, found.path)
    if found.path == ("spec", "steps"):
        _no_steps(root, report)
        return
    what = subject(found.path)
    message, help_ = {
        "minItems": (f"{what} has no entries", "write at least one entry"),
        "minLength": (f"{what} is empty", "write a text"),
        "maxLength": (
            f"{what} is longer than {found.expected} characters",
            "write a shorter one",
        ),
    }[found.rule]
    report.add(codes.MF0413, message, node.span(), help=help_)


def _choice_missing(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    holder = _walk(root, found.path)
    report.add(
        codes.MF0414,
        f"{described(found.path, holder)} has neither"
        f" {' nor '.join(f'`{key}`' for key in found.expected)}",
        _head(root, found.path),
        help=f"add {listed(found.expected, 'or')}",
    )


def _excluding(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    holder = _walk(root, found.path[:-1])
    assert isinstance(holder, Mapping)
    first, second = found.expected[:2]
    report.add(
        codes.MF0414,
        f"`{first}` and `{second}` exclude each other",
        holder.entries[second].key.span(),
        help=f"keep either `{first}` or `{second}`",
        labels=[Label(holder.entries[first].key.span(), f"`{first}` stands here")],
    )


def _condition(
    found: Found, shape: dict[str, Any], root: Mapping, report: Report
) -> None:
    condition = found.expected
    entry = _entry(root, found.path)
    values = listed(map(json, condition.values), "or")
    if condition.needs:
        report.add(
            codes.MF0414,
            f"`{condition.key}: {json(condition.values[0])}` needs"
            f" `{condition.other}`",
            entry.value.span(),
            help=f"add the key `{condition.other}`",
        )
        return
    there = _walk(root, (*found.path[:-1], condition.key))
    report.add(
        codes.MF0414,
        f"`{condition.other}` has no effect unless `{condition.key}` is {values}",
        entry.key.span(),
        help=f"remove `{condition.other}`, or set `{condition.key}` to {values}",
        labels=[Label(there.span(), f"`{condition.key}` stands here")],
    )


def _no_steps(root: Mapping, report: Report) -> None:
    spec = root.get("spec")
    entry = spec.entries.get("steps") if isinstance(spec, Mapping) else None
    report.add(
        codes.MF0408,
        "the workflow has no steps",
        entry.key.span() if entry is not None else _head(root, ("spec",)),
        help="add a step: `steps: [{name: first, function: doIt}]`",
    )


_MESSAGES: dict[str, Callable[[Found, dict[str, Any], Mapping, Report], None]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _not_matching,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "minItems": _wrong_length,
    "minLength": _wrong_length,
    "maxLength": _wrong_length,
    "oneOfKeys": _choice_missing,
    "excludingKeys": _excluding,
    "condition": _condition,
}


def _walk(node: Node, path: tuple[PathPart, ...]) -> Node:
    for part in path:
        if isinstance(node, Mapping):
            node = node.entries[str(part)].value
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
    return node


def _entry(root: Mapping, path: tuple[PathPart, ...]) -> Entry:
    holder = _walk(root, path[:-1])
    assert isinstance(holder, Mapping)
    return holder.entries[str(path[-1])]


def _head(root: Mapping, path: tuple[PathPart, ...]) -> Span:
    """Where to point for something that is missing in a mapping: its own key, its name,
    or its first key; never the whole of it."""
    node = _walk(root, path)
    if path and isinstance(path[-1], str):
        return _entry(root, path).key.span()
    if isinstance(node, Mapping):
        named = node.entries.get("name")
        if named is not None and isinstance(named.value, Scalar):
            return named.value.span()
        for entry in node.entries.values():
            return entry.key.span()
    return node.span()


def _replacing(node: Scalar, text: str) -> Edit:
    """Puts `text` in place of the scalar, in the quotes that it had."""
    quote = {"json": '"', "double": '"', "single": "'"}.get(node.style, "")
    return Edit(node.span(), f"{quote}{text}{quote}")


def _definition(text: str, shape: dict[str, Any]) -> str:
    for name, schema in shape["$defs"].items():
        if schema.get("pattern") == text:
            return str(name)
    return ""
