"""Pinned names, and names that collide in any target language.

All four languages are checked always, so that adding a target later cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Table
from typing import NamedTuple

from magicflow_cli.check.types.values import Values
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Label, Span
from magicflow_cli.load.nodes import Mapping, Node, Scalar
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import (
    LANGUAGES,
    Kind,
    Language,
    is_identifier,
)
from magicflow_cli.plan.naming import name_of_field, name_of_type, names_of_members

_LABELS: dict[Language, str] = {
    "go": "Go",
    "python": "Python",
    "typescript": "TypeScript",
    "java": "Java",
}


def read_pins(
    node: Mapping, values: Values, *, of_type: bool, is_property: bool
) -> dict[str, str]:
    """The names that a schema pins for its type, or for the field that it is.

    On a property `x-magicflow-name` and `x-magicflow-<language>-name` are the field's
    and `x-magicflow-type-name` the type's; elsewhere all are the type's.
    """
    pins: dict[str, str] = {}
    if of_type and "x-magicflow-type-name" in node:
        _read_pin(node, values, "x-magicflow-type-name", None, "type", pins)
    if of_type == is_property:
        return pins
    kind: Kind = "type" if of_type else "field"
    _read_pin(node, values, "x-magicflow-name", None, kind, pins)
    for language in LANGUAGES:
        _read_pin(node, values, f"x-magicflow-{language}-name", language, kind, pins)
    return pins


def check_member_name(node: Node, values: Values) -> None:
    """Reports a name of an enum's member that is no identifier in some language."""
    name = node.value if isinstance(node, Scalar) else None
    if isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is None:
        values.problem(
            codes.MF2202,
            f"`{name[:60]}` cannot be the name of an enum's member",
            node.span(),
            "write ASCII letters, digits and `_`, a letter first",
        )


def _read_pin(
    node: Mapping,
    values: Values,
    keyword: str,
    language: Language | None,
    kind: Kind,
    pins: dict[str, str],
) -> None:
    name = values.text(node, keyword)
    if name is None:
        return
    # Every language spells a pin for all in its own case.
    if is_identifier(
        name[:1].upper() + name[1:] if language is None else name,
        language or "go",
        kind,
    ):
        pins[language or "*"] = name
        return
    values.problem(
        codes.MF2202,
        f"`{name[:60]}` cannot be the name of a {kind}"
        + ("" if language is None else f" in {_LABELS[language]}"),
        node.entries[keyword].value.span(),
        "write ASCII letters, digits and `_`, a letter first"
        + (", in upper case for Go" if language == "go" else "")
        + ", and no reserved word",
    )


class _Candidate(NamedTuple):
    """Something that has a name: what people call it, and where it is written."""

    shown: str
    span: Span | None


def check_names(
    types: Table[str, plan.TypeDef],
    spans: Table[str, Span],
    field_spans: Table[tuple[str, str], Span],
    values: Values,
) -> None:
    """Reports every group of types, fields or members that share an identifier."""
    _check_types(types, spans, values)
    for id in sorted(types):
        match types[id]:
            case plan.ObjectType() as object:
                _check_fields(id, object, spans, field_spans, values)
            case plan.EnumType(base="string" | "integer") as enum:
                _check_members(id, enum, spans, values)


def _check_types(
    types: Table[str, plan.TypeDef], spans: Table[str, Span], values: Values
) -> None:
    groups = _Groups()
    for id in sorted(types):
        candidate = _Candidate(f"the type at `{id}`", spans.get(id))
        for language in LANGUAGES:
            # Types have files of their own, and file systems fold case.
            name = name_of_type(types[id].name, language)
            groups.add(language, name.casefold(), name, candidate)
    groups.report(values, "types", "pin one of them with `x-magicflow-name`")


def _check_fields(
    id: str,
    object: plan.ObjectType,
    spans: Table[str, Span],
    field_spans: Table[tuple[str, str], Span],
    values: Values,
) -> None:
    groups = _Groups()
    for wire, field in sorted(object.fields.items()):
        span = field_spans.get((id, wire), spans.get(id))
        for language in LANGUAGES:
            name = name_of_field(wire, field, language)
            groups.add(language, name, name, _Candidate(f"`{wire}`", span))
    groups.report(
        values, "fields", "pin one of them with `x-magicflow-name` in its schema"
    )


def _check_members(
    id: str, enum: plan.EnumType, spans: Table[str, Span], values: Values
) -> None:
    groups = _Groups()
    for language in LANGUAGES:
        if language == "typescript":
            continue  # members are literals there
        names = names_of_members(enum, language)
        for name, value in zip(names, enum.values, strict=True):
            groups.add(language, name, name, _Candidate(f"`{value}`", spans.get(id)))
    groups.report(
        values, "enum members", "name all members with `x-magicflow-enum-names`"
    )


class _Groups:
    """Candidates by language and folded identifier."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], tuple[str, list[_Candidate]]] = {}

    def add(
        self, language: Language, key: str, name: str, candidate: _Candidate
    ) -> None:
        _, found = self._groups.setdefault((language, key), (name, []))
        found.append(candidate)

    def report(self, values: Values, what: str, help: str) -> None:
        """One problem for each set of candidates, whatever languages they meet in."""
        met: dict[tuple[_Candidate, ...], list[str]] = {}
        for (language, _), (name, found) in self._groups.items():
            if len(found) > 1:
                text = f"`{name}` in {_LABELS[language]}"  # type: ignore[index]
                met.setdefault(tuple(found), []).append(text)
        for candidates, names in met.items():
            _report(values, what, help, candidates, names)


def _report(
    values: Values,
    what: str,
    help: str,
    candidates: Iterable[_Candidate],
    names: list[str],
) -> None:
    ordered = sorted(
        candidates, key=lambda each: (each.span is not None, each.span, each.shown)
    )
    shown = " and ".join(candidate.shown for candidate in ordered[:4])
    if len(ordered) > 4:
        shown += f" and {len(ordered) - 4} more"
    placed = [candidate for candidate in ordered if candidate.span is not None]
    labels = [
        Label(candidate.span, candidate.shown)
        for candidate in placed[:-1][:20]
        if candidate.span is not None
    ]
    values.collision(
        codes.MF2201,
        (
            f"the {what} {shown} would all be {', '.join(names)}"
            if len(ordered) > 2
            else f"the {what} {shown} would both be {', '.join(names)}"
        ),
        placed[-1].span if placed else None,
        help,
        tuple(labels),
    )
