"""The normal form of a state: what of it can still make a difference.

Two states with one normal form go on in the same ways. Left out are times and ids,
histories and counters, the outputs, errors and statuses that nothing will read any
more, and the numbers of visits: the second visit of a step and the third are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from magicflow.canonical import canonical
from magicflow.core import State

from magicflow_cli.verify.reads import Path, Read, expressions, reads_of
from magicflow_cli.verify.structure import Structure

_FRAME = (
    "attempt",
    "try",
    "next",
    "open",
    "ended",
    "done",
    "total",
    "clause",
    "ran",
    "opened",
    "child",
    "stopping",
    "correlate",
    "timers",
    "index",
    "branch",
    "run",
    "failed",
    "at",
    "undo",
)
"""Members of a frame that say where its node stands."""

_PATHS = ("parent", "owner", "body", "scope")
_COUNTED = {"undo", "at"}
_MISSING = {"@": "missing"}


@dataclass(slots=True)
class _Live:
    """What may still be read in states with these open nodes."""

    input: frozenset[Path]
    steps: dict[str, dict[str, set[Path]]] = field(default_factory=dict)
    undo: frozenset[Path] = frozenset()


class Normal:
    """Normal forms of the states of one plan."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._live: dict[Any, _Live] = {}
        self._rule_steps = {
            name for rule in structure.plan["rules"] for name in rule["reads"]
        }
        self._error_reads = self._deciding_error_reads()
        self._whiles = {
            id
            for id, node in structure.nodes.items()
            if node["kind"] == "for" and node.get("while")
        }
        self._ordered_undo = any(
            read.root == "step" and read.field == "status"
            for node in structure.nodes.values()
            if node["kind"] == "call" and node.get("compensation")
            for read in structure.entered_reads(node["compensation"]["node"])
        )

    def form(self, state: State) -> bytes:
        """A digest that is equal for states that go on in the same ways."""
        text = json.dumps(self.shape(state), sort_keys=True, separators=(",", ":"))
        return blake2b(text.encode(), digest_size=16).digest()

    def shape(self, state: State) -> Any:
        """The normal form itself, as JSON."""
        run = state["run"]
        if run["phase"] == "ended":
            error = run.get("error") or {}
            return [
                "ended",
                run["status"],
                error.get("code"),
                error.get("step"),
                run.get("compensation"),
            ]
        names = _Names(state)
        live = self._live_of(state)
        ending = run.get("ending") or {}
        error = ending.get("error") or {}
        return [
            run["phase"],
            [ending.get(name) for name in ("status", "undo", "retry")],
            [error.get("code"), error.get("step")],
            [run.get(name) for name in ("compensation", "timer", "grace", "waits")],
            self._project(state["start"]["input"], live.input),
            [self._frame(row, state, names, live) for row in _sorted(state["frames"])],
            self._steps(state, names, live),
            self._cells(state, names),
            self._undo(state, names, live),
        ]

    # what is live

    def _live_of(self, state: State) -> _Live:
        phase = state["run"]["phase"]
        open_nodes = frozenset(row["node"] for row in state["frames"].values())
        undo = frozenset(row["node"] for row in state["undo"].values())
        top = state["frames"].get("@handling")
        key = (phase, open_nodes, undo, None if top is None else top["run"])
        found = self._live.get(key)
        if found is None:
            found = self._live[key] = self._collect(phase, open_nodes, undo)
        return found

    def _collect(
        self, phase: str, open_nodes: frozenset[str], undo: frozenset[str]
    ) -> _Live:
        structure = self.structure
        reads: set[Read] = set()
        for id in undo:
            reads |= structure.entered_reads(id)
        if phase in ("running", "handling"):
            for id in open_nodes:
                reads |= structure.late_reads(id)
            reads |= structure.output_reads | structure.rule_reads
            reads |= structure.timeout_reads
        elif phase == "undoing":
            for id in open_nodes:
                reads |= structure.late_reads(id)
        live = _Live(
            frozenset(read.path for read in reads if read.root == "input"),
            undo=frozenset(
                r.path for r in reads if r.root == "undo" and r.name == "output"
            ),
        )
        for read in reads:
            if read.root == "step":
                fields = live.steps.setdefault(read.name, {})
                fields.setdefault(read.field, set()).add(read.path)
        if phase == "running":
            for name in self._rule_steps:
                live.steps.setdefault(name, {}).setdefault("status", set()).add(())
        return live

    def _deciding_error_reads(self) -> frozenset[Path]:
        """What conditions read of errors besides their code."""
        pieces: list[Any] = [rule["when"] for rule in self.structure.plan["rules"]]
        for node in self.structure.nodes.values():
            pieces += [node.get("guard"), node.get("cases"), node.get("while")]
        return frozenset(
            read.path
            for expr in expressions(pieces)
            for read in reads_of(expr)
            if read.root == "error" or read.field == "error"
        ) - {("code",)}

    # rows

    def _frame(
        self, row: Mapping[str, Any], state: State, names: _Names, live: _Live
    ) -> Any:
        shape: dict[str, Any] = {"path": names.of(row["path"]), "node": row["node"]}
        for name in _FRAME:
            if name in row and name not in _COUNTED:
                shape[name] = row[name]
        for name in _PATHS:
            if name in row:
                shape[name] = names.of(row[name])
        if "errors" in row:
            shape["errors"] = [self._error(error) for error in row["errors"][-1:]]
        if "error" in row:
            shape["error"] = self._error(row["error"])
        if "then" in row:
            shape["then"] = [row["then"]["status"], row["then"]["error"].get("code")]
        if "undo" in row:
            shape["undo"] = names.of(state["undo"][row["undo"]]["path"])
        if "last" in row and self._is_valued(row, state, live):
            last = state["steps"].get(row["last"], {})
            shape["last"] = last.get("output", _MISSING)
        node = self.structure.nodes.get(row["node"])
        if node is not None and node["kind"] == "try" and node["catch"]:
            step = state["steps"].get(row["path"], {})
            shape["input"] = step.get("input", _MISSING)
        return shape

    def _error(self, error: Mapping[str, Any]) -> Any:
        told = [error["code"], error.get("step")]
        for path in sorted(self._error_reads):
            told.append(_member(error, path))
        return told

    def _is_valued(self, row: Mapping[str, Any], state: State, live: _Live) -> bool:
        """Whether somebody may read what a block gives: the step around it is read, or
        the value travels through a mapping."""
        current: Mapping[str, Any] | None = row
        while current is not None:
            node = self.structure.nodes.get(current["node"])
            if node is not None and node.get("step") is not None:
                return "output" in live.steps.get(node["step"], {}) or bool(
                    node.get("output")
                )
            if node is not None and node["kind"] != "seq" and node.get("output"):
                return True
            current = state["frames"].get(current["parent"])
        return False

    def _steps(self, state: State, names: _Names, live: _Live) -> Any:
        """The occurrences that expressions can see and may look at."""
        scopes = self._scopes(state)
        found: dict[str, Any] = {}
        for path, row in state["steps"].items():
            fields = live.steps.get(row["step"])
            if fields is None or not names.is_latest(path, row["step"]):
                continue
            if path[: path.rfind("]/") + 2 if "]/" in path else 0] not in scopes:
                continue
            shape: dict[str, Any] = {}
            for name, paths in fields.items():
                if name == "output":
                    shape[name] = self._project(row.get(name, _MISSING), paths)
                elif name == "error":
                    shape[name] = self._error(row[name]) if name in row else None
                else:
                    shape[name] = row.get(name)
            found[names.of(path)] = shape
        return found

    def _scopes(self, state: State) -> set[str]:
        """The loop iterations in which somebody still looks for steps."""
        found = {""}
        for row in state["frames"].values():
            scope = row.get("scope", "")
            while scope and scope not in found:
                found.add(scope)
                cut = scope.rfind("]/", 0, -2)
                scope = scope[: cut + 2] if cut >= 0 else ""
            if row["node"] in self._whiles and row.get("next"):
                base = row["path"] if "try" in row else row.get("owner") or row["path"]
                found.add(f"{base}[{row['next'] - 1}]/")
        return found

    def _cells(self, state: State, names: _Names) -> Any:
        """Small values of open frames; queues as what stands in them."""
        found: dict[str, Any] = {}
        for key, value in state["cells"].items():
            if key.startswith("@event/"):
                continue
            if key.startswith("@listen/"):
                name, _, number = key.rpartition("#")
                if name:
                    found.setdefault(name, []).append((int(number), names.of(value)))
                continue
            shape = value
            if isinstance(value, Mapping) and "error" in value:
                shape = {"error": self._error(value["error"])}
            found[names.of(key)] = shape
        for name, listed in found.items():
            if name.startswith("@listen/"):
                found[name] = [path for _, path in sorted(listed)]
        return found

    def _undo(self, state: State, names: _Names, live: _Live) -> Any:
        """Compensation that may run. Its order is left out where nothing can see it."""
        found: list[Any] = []
        at = (state["frames"].get("@undo") or {}).get("at")
        for number in sorted(state["undo"], key=int):
            row = state["undo"][number]
            due = [row["outcome"], row.get("state")]
            if row.get("state") or (at is not None and int(number) > at):
                continue  # is over
            step = state["steps"].get(row["path"], {})
            told = self._project(step.get("output", _MISSING), live.undo)
            found.append([names.of(row["path"]), row["node"], *due, told])
        return found if self._ordered_undo else sorted(found, key=canonical)

    @staticmethod
    def _project(value: Any, paths: Iterable[Path]) -> Any:
        """The members of a value that are read."""
        wanted = set(paths)
        if () in wanted:
            return value
        return [[list(path), _member(value, path)] for path in sorted(wanted)]


class _Names:
    """Paths without the number of the latest visit."""

    def __init__(self, state: State) -> None:
        self._latest = {
            f"{key}~{row['visit']}": f"{key}~" for key, row in state["visits"].items()
        }
        self._visits = state["visits"]

    def of(self, path: str) -> str:
        if "~" not in path:
            return path
        for latest, name in self._latest.items():
            if path.startswith(latest) and path[len(latest) :][:1] in "/[#":
                path = name + path[len(latest) :]
        return path

    def is_latest(self, path: str, step: str) -> bool:
        """Whether an occurrence is the one that its step's name means."""
        key, _, visit = path.rpartition("~")
        if key and visit.isdigit() and key in self._visits:
            return int(visit) == int(self._visits[key]["visit"])
        return path not in self._visits


def _member(value: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _sorted(rows: Mapping[str, Any]) -> list[Any]:
    return [rows[key] for key in sorted(rows)]
