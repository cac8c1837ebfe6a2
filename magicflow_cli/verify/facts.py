"""What single transitions show, noted while the search goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from magicflow.core import Decision, State

from magicflow_cli.simulate.coverage import Coverage, Goal
from magicflow_cli.verify.moves import Move
from magicflow_cli.verify.reads import Json

FactKind = Literal["unanswered", "output", "misfit", "undo-failed", "not-undone"]

_BROKEN = {"EXPRESSION", "VALIDATION", "LIMIT"}
_FAILED = {"step_failed", "step_timed_out"}
_RUNNING = {"new", "running", "handling"}


class Fact(NamedTuple):
    """`step` is where it happens, `code` the error's; what belongs to the run has no
    step. Facts with the same members are one finding."""

    kind: FactKind
    step: str = ""
    code: str = ""


class Shown(NamedTuple):
    """Of one transition: goals of coverage that it reaches, and facts with the message
    that goes with each."""

    goals: frozenset[Goal]
    facts: tuple[tuple[Fact, str], ...]


class Observer:
    """Sees every transition. Equal results are one object."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.coverage = Coverage(plan)
        self._goals: dict[frozenset[Goal], frozenset[Goal]] = {}
        self._shown: dict[Shown, Shown] = {}

    def __call__(
        self, before: State, after: State, move: Move, decision: Decision
    ) -> tuple[Shown]:
        history: Sequence[Json] = decision.delta.get("history", ())
        goals = frozenset(self.coverage.covered(history))
        goals = self._goals.setdefault(goals, goals)
        facts = dict(self._broken(history, move))
        facts.update(self._undo_failed(history))
        if before["run"]["phase"] in _RUNNING and after["run"]["phase"] not in _RUNNING:
            facts.update(self._ending(after, history))
        shown = Shown(goals, tuple(facts.items()))
        return (self._shown.setdefault(shown, shown),)

    def _broken(self, history: Sequence[Json], move: Move) -> list[tuple[Fact, str]]:
        """Values that fit their schemas and make a step fail."""
        given = ((move.outcome or {}).get("error") or {}).get("code")
        found: list[tuple[Fact, str]] = []
        for row in history:
            error = row.get("error")
            if not isinstance(error, Mapping) or error["code"] not in _BROKEN:
                continue
            if row["type"] not in ("attempt_failed", "rule_error", *_FAILED):
                continue
            step = error.get("step") or row.get("step") or ""
            if error["code"] == given or self._is_raised(step):
                continue
            if row["type"] == "rule_error":
                step = step or row["rule"]
            found.append((Fact("misfit", step, error["code"]), error["message"]))
        return found

    @staticmethod
    def _undo_failed(history: Sequence[Json]) -> list[tuple[Fact, str]]:
        return [
            (
                Fact("undo-failed", row.get("step") or "", row["error"]["code"]),
                row["error"]["message"],
            )
            for row in history
            if row["type"] == "compensation_failed"
        ]

    def _ending(self, after: State, history: Sequence[Json]) -> list[tuple[Fact, str]]:
        """The run has begun to end, or has ended: by what?"""
        run = after["run"]
        outcome = run.get("ending") or run
        if outcome["status"] != "failed":
            return []
        error = outcome["error"]
        acted = [
            row
            for row in history
            if row["type"] == "rule_matched"
            and row["action"] not in ("continue", "block_fails")
        ]
        found: list[tuple[Fact, str]] = []
        if acted and (acted[0]["action"] == "fail"):
            found += self._left_standing(after, acted[0]["rule"])
        elif error["message"].startswith("the run's output"):
            found.append((Fact("output", "", error["code"]), error["message"]))
        if not acted:
            found += self._unanswered(error, history)
        return found

    def _unanswered(
        self, error: Json, history: Sequence[Json]
    ) -> list[tuple[Fact, str]]:
        """The step whose failure went all the way up: a handler that failed itself, else
        the one whose error the run ends with."""
        first = next((row for row in history if row["type"] in _FAILED), None)
        if first is None or self._is_explicit(history):
            return []
        step = first.get("step") or ""
        handles = self.plan["steps"].get(step, {}).get("role") == "handler"
        if handles or not error.get("step"):
            error = first["error"]
        else:
            step = error["step"]
        if self._is_raised(step):
            return []
        return [(Fact("unanswered", step, error["code"]), error["message"])]

    def _left_standing(self, after: State, rule: str) -> list[tuple[Fact, str]]:
        """A rule ends the run without compensation, and something is done."""
        done = [
            row
            for row in after["undo"].values()
            if row["outcome"] == "completed"
            or (row["outcome"] in ("unknown", "open") and row["on"] == "unknown")
        ]
        steps = {after["steps"][row["path"]]["step"] for row in done}
        return [(Fact("not-undone", step, rule), "") for step in sorted(steps)]

    def _is_raised(self, step: str) -> bool:
        """Whether the step is there to fail."""
        known = self.plan["steps"].get(step)
        return known is not None and known["type"] == "fail"

    @staticmethod
    def _is_explicit(history: Sequence[Json]) -> bool:
        """Whether the workflow says of every failure that it ends the run."""
        return any(
            row["type"] == "rule_matched" and row["action"] == "block_fails"
            for row in history
        )
