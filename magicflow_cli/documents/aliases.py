"""The one alias table: other spellings of the language, rewritten to the canonical one.

It works on the node tree, before anything else sees it; nodes keep the places of what
the user wrote. Docs and the editor schema are generated from the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Label, Report
from magicflow_cli.documents import shortform
from magicflow_cli.documents.headers import (
    API_VERSION,
    API_VERSION_ALIASES,
    is_short_form,
)
from magicflow_cli.load.nodes import Entry, Mapping, Node, Scalar, Sequence

Place: TypeAlias = Literal["step", "rule", "call", "retry"]
"""Where an alias holds. A branch of a parallel step is a `step`, compensation a `call`."""


class Alias(NamedTuple):
    """`alias`, which may be dotted, is written for `target` in a mapping of `place`.
    `types`: only on steps of these types."""

    place: Place
    alias: str
    target: str
    types: tuple[str, ...] = ()


ALIASES: tuple[Alias, ...] = (
    Alias("step", "retry_config", "retry"),
    Alias("step", "retry_policy", "retry"),
    Alias("step", "when", "condition"),
    Alias("step", "data_mapping.input", "input"),
    Alias("step", "data_mapping.output", "output"),
    Alias("step", "service", "executor", ("function",)),
    Alias("step", "method", "function", ("function",)),
    Alias("step", "config.endpoint", "url", ("service_call",)),
    Alias("step", "config.method", "method", ("service_call",)),
    Alias("step", "config.headers", "headers", ("service_call",)),
    Alias("step", "config.timeout", "timeout", ("service_call",)),
    Alias("call", "service", "executor"),
    Alias("call", "method", "function"),
    Alias("call", "retry_config", "retry"),
    Alias("call", "retry_policy", "retry"),
    Alias("call", "data_mapping.input", "input"),
    Alias("rule", "when", "condition"),
    Alias("retry", "backoff_strategy", "backoff"),
)
TYPE_ALIASES = {"service_call": "http"}
"""Other names of step types."""

_BLOCKS = frozenset(["steps", "then", "else", "default", "branches"])
_BY_PLACE: dict[Place, tuple[Alias, ...]] = {
    place: tuple(alias for alias in ALIASES if alias.place == place)
    for place in ("step", "rule", "call", "retry")
}
_FIRST_KEYS: dict[Place, frozenset[str]] = {
    place: frozenset(alias.alias.partition(".")[0] for alias in aliases)
    for place, aliases in _BY_PLACE.items()
}


def rewrite(kind: str, root: Mapping, report: Report) -> bool:
    """Rewrite `root` to the canonical spelling. A key that is given in two spellings is
    reported, and the canonical one kept. False when nothing is left to look at."""
    if (
        kind == "Workflow"
        and is_short_form(root)
        and not shortform.expand(root, report)
    ):
        return False
    version = root.get("apiVersion")
    if isinstance(version, Scalar) and version.value in API_VERSION_ALIASES:
        version.value = API_VERSION
    spec = root.get("spec")
    if kind == "Workflow" and isinstance(spec, Mapping):
        _Rewriting(report).spec(spec)
    return True


class _Rewriting:
    """One walk over a workflow. Mappings that stand in several places (YAML aliases) are
    rewritten once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done: set[int] = set()

    def spec(self, spec: Mapping) -> None:
        self._member(spec, "retry_policy", self._retry)
        self._steps(spec.get("steps"))
        rules = spec.get("error_handling")
        for rule in _mappings(rules):
            self._apply("rule", rule)
            action = rule.get("action")
            if isinstance(action, Mapping):
                self._steps(action.get("steps"))

    def _steps(self, node: Node | None) -> None:
        for step in _mappings(node):
            self._step(step)

    def _step(self, step: Mapping) -> None:
        if id(step) in self._done:
            return
        self._done.add(id(step))
        type_ = _step_type(step)
        self._apply("step", step, type_)
        if type_ in TYPE_ALIASES:
            step_type = step.entries["type"].value
            assert isinstance(step_type, Scalar)
            step_type.value = TYPE_ALIASES[type_]
        self._member(step, "retry", self._retry)
        self._member(step, "compensation", self._call)
        for key, entry in tuple(step.entries.items()):
            if key in _BLOCKS:
                self._steps(entry.value)
            elif key == "cases":
                for case in _mappings(entry.value):
                    self._steps(case.get("steps"))

    def _call(self, call: Mapping) -> None:
        self._apply("call", call)
        self._member(call, "retry", self._retry)

    def _retry(self, policy: Mapping) -> None:
        self._apply("retry", policy)

    def _member(
        self, mapping: Mapping, key: str, walk: Callable[[Mapping], None]
    ) -> None:
        node = mapping.get(key)
        if isinstance(node, Mapping):
            walk(node)

    def _apply(self, place: Place, mapping: Mapping, type_: str = "") -> None:
        if _FIRST_KEYS[place].isdisjoint(mapping.entries):
            return
        applying = [
            alias
            for alias in _BY_PLACE[place]
            if not alias.types or type_ in alias.types
        ]
        for alias in applying:
            outer, _, inner = alias.alias.partition(".")
            if not inner:
                self._replace(alias, mapping)
        for outer in sorted(
            {a.alias.partition(".")[0] for a in applying if "." in a.alias}
        ):
            self._dissolve(outer, applying, mapping)

    def _replace(self, alias: Alias, mapping: Mapping) -> None:
        entry = mapping.entries.get(alias.alias)
        if entry is None:
            return
        clash = self._clash(alias, entry, mapping)
        _put(mapping, alias.alias, {} if clash else {alias.target: entry})

    def _dissolve(self, outer: str, aliases: list[Alias], mapping: Mapping) -> None:
        """Move the members of `outer` to where they belong."""
        holder = mapping.get(outer)
        if not isinstance(holder, Mapping):
            return
        members = {
            alias.alias.partition(".")[2]: alias
            for alias in aliases
            if alias.alias.startswith(f"{outer}.")
        }
        moved: dict[str, Entry] = {}
        for key, entry in holder.entries.items():
            alias = members.get(key)
            if alias is None:
                self._report.add(
                    codes.MF0404,
                    f"`{outer}` has no key `{key}`",
                    entry.key.span(),
                    help=f"its keys are {', '.join(f'`{name}`' for name in members)}",
                )
            elif not self._clash(alias, entry, mapping):
                moved[alias.target] = entry
        _put(mapping, outer, moved)

    def _clash(self, alias: Alias, entry: Entry, mapping: Mapping) -> bool:
        there = mapping.entries.get(alias.target)
        if there is None:
            return False
        self._report.add(
            codes.MF0415,
            f"`{alias.alias}` and `{alias.target}` are two spellings of one key",
            entry.key.span(),
            help=f"keep `{alias.target}` and remove `{alias.alias}`",
            labels=[Label(there.key.span(), f"`{alias.target}` stands here")],
        )
        return True


def _put(mapping: Mapping, old: str, new: dict[str, Entry]) -> None:
    """Put `new` where `old` stood."""
    entries: dict[str, Entry] = {}
    for key, entry in mapping.entries.items():
        if key == old:
            entries.update(new)
        else:
            entries[key] = entry
    mapping.entries = entries


def _mappings(node: Node | None) -> Iterator[Mapping]:
    if isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Mapping):
                yield item


def _step_type(step: Mapping) -> str:
    node = step.get("type")
    if node is None:
        return "function"
    return (
        node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    )
