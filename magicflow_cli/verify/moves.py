"""What may happen next to a run: every event that its open tasks, timers, listeners,
human tasks and children allow.

A move is derived from the state alone, so equal states have equal moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from magicflow.core import State
from magicflow.core.frames import RUN_GRACE, RUN_TIMEOUT
from magicflow.simulation import RUN_ID
from magicflow.types import TypeSet

from magicflow_cli.verify.demands import INPUT, Tracer, demands_of
from magicflow_cli.verify.reads import Json
from magicflow_cli.verify.representatives import Representatives, representatives
from magicflow_cli.verify.structure import Structure

NOW = 1_767_225_600_000
"""The time of every event, 2026-01-01: time itself is not explored, its order is."""

Kind = Literal["task", "timer", "event", "human", "child", "start"]

ENGINE_CODES = {"UNAVAILABLE", "INTERNAL", "CIRCUIT_OPEN", "VALIDATION"}
"""Codes of MagicFlow's own that any call can end with, timeouts aside."""

_NEVER_REPORTED = {"TIMEOUT", "EXPRESSION", "LIMIT", "CANCELLED"}
_TIMEOUTS = (
    ("lease", "timeout"),
    ("queue", "queue_timeout"),
    ("heartbeat", "heartbeat_timeout"),
)
_LIMIT_OF = dict(_TIMEOUTS)
_ENCLOSING = {"seq", "switch", "fork", "for", "try"}


@dataclass(slots=True, frozen=True, eq=False)
class Move:
    """`item` is the frame that the event is for, `step` the name of its step and
    `occurrence` that step's path. `outcome` is what a scenario says of it:
    `{"output": …}`, `{"error": …}`, `{"timeout": kind}`, `{"stopped": True}`. `encloses`:
    a timer that ends what runs inside its node. `wait` is the longest time from the start of what the move ends to the move, in milliseconds; None where nothing
    bounds it; `least` the shortest."""

    kind: Kind
    item: str
    event: Json
    step: str | None = None
    occurrence: str = ""
    attempt: int = 0
    outcome: Json | None = None
    encloses: bool = False
    wait: int | None = None
    least: int = 0
    node: str = ""


class Moves:
    """The moves of one plan's runs."""

    def __init__(self, plan: Json) -> None:
        self.structure = Structure(plan)
        self.types = TypeSet(plan["types"])
        self.plan = plan
        self.tracer: Tracer = demands_of(self.structure)
        self.sampled: list[str] = []
        """Sources of values of which not every combination is explored."""
        self._outcomes: dict[str, list[Json]] = {}
        self._values: dict[str, list[Any]] = {}

    # values

    def inputs(self) -> list[Any]:
        """Inputs of the run that the workflow can tell apart."""
        return self._of(INPUT, self.plan["input"], {})

    def _of(self, source: str, type: Json | None, plain: Any) -> list[Any]:
        found = self._values.get(source)
        if found is None:
            asked = self.tracer.demands.get(source, {})
            made: Representatives = representatives(self.types, type, asked, plain)
            if not made.complete or not made.values:
                self.sampled.append(source)
            found = self._values[source] = made.values
        return found

    def results(self, node_id: str) -> list[Any]:
        """Results of a call that the workflow can tell apart."""
        node = self.structure.nodes[node_id]
        if not node.get("http"):
            return self._of(node_id, node.get("result_type"), {})
        expect = node["http"].get("expect") or [200]
        plain = {"status": expect[0], "headers": {}, "body": {}}
        found = self._of(node_id, node.get("result_type"), plain)
        fit = [v for v in found if isinstance(v, dict) and v.get("status") in expect]
        return fit or [plain]

    def outcomes(self, node_id: str) -> list[Json]:
        """How an attempt of a call may end, the friendliest first."""
        found = self._outcomes.get(node_id)
        if found is None:
            node = self.structure.nodes[node_id]
            found = [{"output": value} for value in self.results(node_id)]
            found += [{"error": error} for error in self._errors(node_id, node)]
            if (node.get("compensation") or {}).get("on") == "unknown":
                given_up = {"code": "UNAVAILABLE", "message": "given up"}
                found.append({"error": given_up, "unknown": True})
            for kind, limit in _TIMEOUTS:
                if node.get(limit) is not None:
                    found.append({"timeout": kind})
            self._outcomes[node_id] = found
        return found

    def _errors(self, node_id: str, node: Json) -> Iterator[Json]:
        declared = self._declared(node)
        codes = [*declared, *self._told_apart(node_id, node)]
        for code in dict.fromkeys(codes):
            error: dict[str, Any] = {"code": code, "message": f"{code} of a simulation"}
            if code in declared and not declared[code]:
                error["retryable"] = False
            yield error

    def _declared(self, node: Json) -> dict[str, bool]:
        function = f"{node['executor']}/{node['function']}"
        errors = self.plan["functions"].get(function, {}).get("errors", {})
        return {code: error["retryable"] for code, error in errors.items()}

    def _told_apart(self, node_id: str, node: Json) -> list[str]:
        """Codes besides the declared ones that something answers differently."""
        found = {"INTERNAL"}
        above = self.structure.nodes.get(self.structure.parents.get(node_id, ""), {})
        policy = above.get("retry") or {}
        named = {*(policy.get("retry_on") or ()), *(policy.get("non_retryable") or ())}
        others = {
            code
            for function in self.plan["functions"].values()
            for code in function.get("errors", {})
        }
        named |= self.tracer.codes - (others - ENGINE_CODES)
        found |= named
        answers = [c for c in above.get("catch", ()) if "circuit_open" in c["match"]]
        if node.get("circuit_breaker") or answers:
            found.add("CIRCUIT_OPEN")
        return sorted(
            found - _NEVER_REPORTED, key=lambda code: (code != "INTERNAL", code)
        )

    # moves

    def starts(self) -> list[Move]:
        """The first events."""
        return [
            Move(
                "start",
                "",
                {"type": "run_started", "run_id": RUN_ID, "input": value},
                outcome={"input": value},
                wait=0,
            )
            for value in self.inputs()
        ]

    def of(self, state: State) -> list[Move]:
        """Everything that may happen in a state, in a fixed order."""
        found: list[Move] = []
        for path in sorted(state["frames"]):
            found += self._of_frame(state, state["frames"][path])
        run = state["run"]
        if run.get("timer"):
            found.append(self._timer("", RUN_TIMEOUT, None, encloses=True))
        if run.get("grace"):
            found.append(self._timer("", RUN_GRACE, None, encloses=False))
        return found

    def _of_frame(self, state: State, frame: Mapping[str, Any]) -> Iterator[Move]:
        node = self.structure.nodes.get(frame["node"])
        if node is None:
            return
        if "attempt" in frame and node["kind"] == "call":
            yield from self._task(state, frame, node)
        elif "place" in frame:
            yield from self._event(frame, node)
        elif "opened" in frame:
            yield from self._human(frame, node)
        elif "child" in frame:
            yield from self._child(frame, node)
        for purpose in frame.get("timers", ()):
            encloses = purpose == "timeout" and node["kind"] in _ENCLOSING
            yield self._timer(frame["path"], purpose, node, encloses)

    def _task(
        self, state: State, frame: Mapping[str, Any], node: Json
    ) -> Iterator[Move]:
        path = frame.get("owner") or frame["path"]
        task = {"task_id": path, "attempt": frame["attempt"]}
        row = state["steps"].get(path)
        wait = node.get("timeout")
        if wait is not None:
            wait += node.get("queue_timeout") or 0
        outcomes = self.outcomes(frame["node"])
        if "stopping" in frame:
            outcomes = [outcomes[0], {"stopped": True}]
        for outcome in outcomes:
            least = 0
            if "timeout" in outcome:
                least = node[_LIMIT_OF[outcome["timeout"]]]
                event = {"type": "timed_out", "kind": outcome["timeout"], **task}
            elif "stopped" in outcome:
                event = {"type": "task_stopped", **task}
            else:
                event = {"type": "task_result", **outcome, **task}
            yield Move(
                "task",
                frame["path"],
                event,
                step=row["step"] if row else None,
                occurrence=path,
                attempt=frame["attempt"],
                outcome=outcome,
                wait=wait,
                least=least,
                node=frame["node"],
            )

    def _timer(
        self, path: str, purpose: str, node: Json | None, encloses: bool
    ) -> Move:
        timer_id = purpose if node is None else f"{path}#{purpose}"
        return Move(
            "timer",
            path,
            {"type": "timer_fired", "timer_id": timer_id},
            step=None if node is None else node.get("step"),
            occurrence=path,
            outcome={"timer": purpose},
            encloses=encloses,
        )

    def _event(self, frame: Mapping[str, Any], node: Json) -> Iterator[Move]:
        for data in self._of(frame["node"], node.get("type"), {}):
            if not isinstance(data, dict) and frame["correlate"]:
                continue
            whole = {**data, **frame["correlate"]} if frame["correlate"] else data
            event = {
                "type": "event_received",
                "event_id": frame["path"],
                "event": node["event"],
                "data": whole,
            }
            yield self._answer("event", frame, node, event, {"data": whole})

    def _human(self, frame: Mapping[str, Any], node: Json) -> Iterator[Move]:
        for data in self._of(frame["node"], node.get("type"), {}):
            event = {"type": "human_completed", "task_id": frame["path"], "data": data}
            yield self._answer("human", frame, node, event, {"data": data})

    def _child(self, frame: Mapping[str, Any], node: Json) -> Iterator[Move]:
        child = {"type": "child_ended", "child_id": frame["path"]}
        for value in self._of(frame["node"], node.get("result_type"), {}):
            yield self._answer(
                "child",
                frame,
                node,
                {**child, "status": "completed", "output": value},
                {"output": value},
            )
        codes = sorted({"INTERNAL", *(self.tracer.codes - _NEVER_REPORTED)})
        for code in codes:
            error = {"code": code, "message": f"{code} of a simulation"}
            yield self._answer(
                "child",
                frame,
                node,
                {**child, "status": "failed", "error": error},
                {"error": error},
            )
        for status in ("timed_out", "cancelled"):
            event = {**child, "status": status}
            yield self._answer("child", frame, node, event, {"status": status})

    def _answer(
        self,
        kind: Kind,
        frame: Mapping[str, Any],
        node: Json,
        event: Json,
        outcome: Json,
    ) -> Move:
        return Move(
            kind,
            frame["path"],
            event,
            step=node.get("step"),
            occurrence=frame.get("owner") or frame["path"],
            attempt=frame.get("try", 1),
            outcome=outcome,
            wait=node.get("timeout"),
            node=frame["node"],
        )
