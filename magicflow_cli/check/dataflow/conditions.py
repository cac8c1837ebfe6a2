"""The workflow's named conditions: each stands, whole, wherever it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from magicflow_cli.check.dataflow.unresolved import Unresolved
from magicflow_cli.check.fixes import for_segment
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Label
from magicflow_cli.diagnostics.codes import MF6103, MF6104, MF6105, MF6109
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.expr import ast
from magicflow_cli.load import nodes

MOST_INLINED = 200


class Conditions:
    def __init__(self, written: Mapping[str, ast.Expr], unresolved: Unresolved) -> None:
        self._written = written
        self._unresolved = unresolved
        self._open: list[str] = []
        self._inlined = 0

    def begin_site(self) -> None:
        """What is put into one place is counted from here."""
        self._inlined = 0

    @contextmanager
    def reading(self, path: ast.Path) -> Iterator[ast.Expr | None]:
        """The condition that `path` reads, open until it is resolved, so that one which
        reads itself is seen; None for what is reported."""
        name = self._find(path)
        if name is None:
            yield None
            return
        self._open.append(name)
        yield self._written[name]
        self._open.pop()

    def _find(self, path: ast.Path) -> str | None:
        name = path.names[1] if len(path.names) > 1 else ""
        if name not in self._written:
            self._unknown(path, name)
            return None
        if len(path.segments) > 2:
            self._unresolved.say(
                MF6103,
                f"`$.conditions.{name}` is true or false and has no members",
                path.segments[2].span(),
                help=f"read `$.conditions.{name}` itself",
            )
        if name in self._open:
            chain = " → ".join(f"`{n}`" for n in [*self._open, name])
            self._unresolved.say(
                MF6105,
                f"condition `{name}` reads itself: {chain}",
                path.span(),
                help="write one of them without the other",
            )
            return None
        self._inlined += 1
        if self._inlined > MOST_INLINED:
            self._unresolved.say(
                MF6109,
                "conditions are put into each other too often here",
                path.span(),
                help=f"a condition that another one reads stands in it once for each"
                f" read, and one place holds at most {MOST_INLINED} in all",
            )
            return None
        return name

    def _unknown(self, path: ast.Path, name: str) -> None:
        near = suggest(name, self._written)
        place = self._written[near].span() if near else None
        self._unresolved.say(
            MF6104,
            f"there is no condition `{name}`" if name else "a condition has a name",
            (path.segments[1] if name else path).span(),
            fix=for_segment(path.segments[1], near) if name else None,
            help=(
                f"did you mean `$.conditions.{near}`?"
                if near
                else "write it under `conditions:` in the workflow's `spec`"
            ),
            labels=[Label(place, f"`{near}` stands here")] if place else [],
        )


def parse_conditions(
    checked: CheckedWorkflow, parse: Callable[[nodes.Node], ast.Expr | None]
) -> dict[str, ast.Expr]:
    """The workflow's named conditions, parsed; a broken one is left out."""
    spec = checked.document.root.get("spec")
    conditions = spec.get("conditions") if isinstance(spec, nodes.Mapping) else None
    found: dict[str, ast.Expr] = {}
    if isinstance(conditions, nodes.Mapping):
        for name, node in conditions.items():
            parsed = parse(node)
            if parsed is not None:
                found[name] = parsed
    return found
