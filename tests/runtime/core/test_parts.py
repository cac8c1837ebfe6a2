"""The core's small parts on their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from magicflow.canonical import canonical
from magicflow.core import apply, new_state, queues
from magicflow.core.errors import (
    MAX_SUPPRESSED,
    MAX_TEXT,
    extended,
    reported_error,
    with_cause,
    with_suppressed,
)
from magicflow.core.limits import exceeds
from magicflow.core.retry import resume_point
from magicflow.core.times import parse_date_time
from magicflow.core.transition import Transition
from magicflow.plan import PlanError, load_plan

from tests.runtime.core.driving import Run, tasks
from tests.runtime.core.plans import call, chain, clause, lit, path, plan

Json = dict[str, Any]

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


class TestLimits:
    @given(VALUES)
    def test_counts_canonical_bytes(self, value: Any) -> None:
        size = len(canonical(value).encode())
        assert not exceeds(value, size)
        assert exceeds(value, size - 1)

    def test_depth(self) -> None:
        deep: Any = 1
        for _ in range(512):
            deep = [deep]
        assert not exceeds(deep, 10_000)
        assert exceeds([deep], 10_000)
        assert exceeds({"a": deep}, 10_000)
        assert exceeds([deep, "x" * 20_000], 10_000)


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "millis"),
        [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00.0015z", 1),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-02-28T23:30:00-01:00", 1772325000000),
            ("2016-12-31T23:59:60Z", 1483228800000),
            ("2026-02-30T00:00:00Z", None),
            ("2026-02-28T00:00:00", None),
            ("2026-02-28T24:00:00Z", None),
            ("2026-02-28T00:00:00+24:00", None),
            ("2026-02-28T00:00:00+01:60", None),
            ("tomorrow", None),
            ("٢٠٢٦-02-28T00:00:00Z", None),
        ],
    )
    def test_date_times(self, text: str, millis: int | None) -> None:
        assert parse_date_time(text) == millis


class TestErrors:
    def reported(self, raw: Any, limit: int = 1000) -> Json:
        return reported_error(raw, step="s", attempt=1, declared={}, limit=limit)

    @pytest.mark.parametrize(
        "raw", [None, 3, "text", [], {"code": 4, "message": 5}, {"code": ""}]
    )
    def test_whatever_was_sent_is_an_error(self, raw: Any) -> None:
        error = self.reported(raw)
        assert error["code"] == "INTERNAL" and isinstance(error["message"], str)

    def test_what_is_too_large_is_cut(self) -> None:
        error = self.reported(
            {"code": "C" * 9000, "message": "m" * 9000, "details": [1], "cause": {}}
        )
        assert (len(error["code"]), len(error["message"])) == (MAX_TEXT, MAX_TEXT)
        assert "details" not in error and "cause" not in error

    def test_negative_retry_after(self) -> None:
        assert self.reported({"retry_after": -5})["retry_after"] == 0
        assert "retry_after" not in self.reported({"retry_after": True})

    def test_a_cause_of_its_own_is_not_lost(self) -> None:
        error = with_cause({"code": "B", "cause": {"code": "OWN"}}, {"code": "A"})
        assert error == {
            "code": "B",
            "cause": {"code": "A"},
            "suppressed": [{"code": "OWN"}],
        }

    def test_a_chain_keeps_its_first_and_newest(self) -> None:
        errors: list[Json] = []
        for number in range(50):
            errors = extended(errors, {"code": str(number)})
        assert len(errors) == MAX_SUPPRESSED
        assert (errors[0]["code"], errors[-1]["code"]) == ("0", "49")
        assert len(with_suppressed(errors)["suppressed"]) == MAX_SUPPRESSED - 1


class TestQueues:
    """A queue is a list from which items also leave in the middle."""

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["append", "first", "discard"]), st.integers(0, 9)
            )
        )
    )
    @example([("append", 0), ("first", 0)])  # nothing in it is wanted
    def test_like_a_list(self, steps: list[tuple[str, int]]) -> None:
        loaded, state = load_plan(plan(chain("a"))), new_state()
        numbered: dict[int, str] = {}
        for kind, number in steps:
            tx = Transition(loaded, state, {"at": 1, "id": "e"})
            if kind == "append":
                item = f"i{number}"
                numbered[queues.append(tx, "q", item)] = item
            elif kind == "discard":
                queues.discard(tx, "q", number)
                numbered.pop(number, None)
            else:
                found = queues.first(tx, "q", lambda item: item != "i0")
                known = [(n, i) for n, i in sorted(numbered.items()) if i != "i0"]
                assert found == (known[0] if known else None)
            apply(state, json.loads(json.dumps(tx.delta())))
            if not numbered:
                assert state["cells"] == {}


class TestLoad:
    def test_another_version(self) -> None:
        with pytest.raises(PlanError, match="version 2"):
            load_plan({**plan(chain("a")), "plan_version": 2})

    @pytest.mark.parametrize(
        "broken", [{}, {"nodes": {}}, {"nodes": {"/": {}}}, {"root": "nowhere"}]
    )
    def test_no_plan(self, broken: Json) -> None:
        with pytest.raises(PlanError):
            load_plan(
                {"plan_version": 1, **(broken and {**plan(chain("a")), **broken})}
            )

    @pytest.mark.parametrize(
        "node",
        [
            {"kind": "nonsense"},
            call("a", next="gone"),
            call("a", compensation={"node": "gone", "on": "unknown"}),
            {"kind": "seq", "nodes": ["gone"]},
            {"kind": "switch", "cases": [], "default": {"goto": "gone"}},
            {
                "kind": "fork",
                "mode": "all",
                "fail_fast": True,
                "branches": [{"name": "x", "body": "gone"}],
            },
            {
                "kind": "for",
                "variable": "i",
                "parallel": False,
                "max_iterations": 1,
                "body": "gone",
            },
            {"kind": "try", "body": "gone", "catch": []},
            {"kind": "try", "body": "/", "catch": [clause("goto", target="gone")]},
            {"kind": "set", "value": {"op": "nonsense"}},
        ],
    )
    def test_what_cannot_run_does_not_load(self, node: Json) -> None:
        nodes = {"/": {"kind": "seq", "nodes": ["a"], "start": "a"}, "a": node}
        with pytest.raises(PlanError):
            load_plan(plan(nodes))

    def test_a_rule_that_leads_nowhere(self) -> None:
        rule = {
            "id": "rule/1",
            "when": lit(True),
            "reads": [],
            "outcome": False,
            "action": {"type": "goto", "target": "gone"},
        }
        with pytest.raises(PlanError, match="rule/1"):
            load_plan(plan(chain("a"), rules=[rule]))


class TestResumePoint:
    def failed(self, nodes: Json, *results: tuple[str, bool], **members: Any) -> Run:
        run = Run(plan(nodes, **members))
        run.start({"k": 1})
        for task, well in results:
            run.ok(task, {"from": task}) if well else run.err(task)
        assert run.status == "failed"
        return run

    def resumed(
        self, run: Run, nodes: Json, **members: Any
    ) -> tuple[Run, list[tuple[str, int]]]:
        again = Run(plan(nodes, **members))
        resume = json.loads(json.dumps(resume_point(run.plan, run.state)))
        return again, tasks(again.start({"k": 1}, retry_of="r0", resume=resume))

    def test_begins_at_the_failed_step(self) -> None:
        nodes = chain("a", "b", "c")
        run = self.failed(nodes, ("a", True), ("b", False))
        again, begun = self.resumed(run, nodes)
        assert begun == [("b", 1)]
        assert again.step("a")["output"] == {"from": "a"}
        again.ok("b")
        assert tasks(again.ok("c")) == [] and again.status == "completed"
        again.check()

    def test_what_was_undone_runs_again(self) -> None:
        nodes = chain("z", "a", "b", "c")
        nodes["a"]["compensation"] = {"node": "a/compensate", "on": "unknown"}
        nodes["a/compensate"] = call(function="undo")
        results = [
            ("z", True),
            ("a", True),
            ("b", True),
            ("c", False),
            ("a/compensate", True),
        ]
        run = self.failed(nodes, *results)
        again, begun = self.resumed(run, nodes)
        assert begun == [("a", 1)]
        assert sorted(again.state["steps"]) == ["a", "z"]

    def test_a_failed_block_begins_anew(self) -> None:
        fan = {
            "kind": "fork",
            "step": "fan",
            "mode": "all",
            "fail_fast": True,
            "branches": [
                {"name": "x", "body": "fan/x"},
                {"name": "y", "body": "fan/y"},
            ],
            "next": "@block",
        }
        nodes = {**chain("a"), "fan": fan}
        nodes["/"] = {"kind": "seq", "nodes": ["a", "fan"], "start": "a"}
        nodes["a"]["next"] = "fan"
        for name in "xy":
            nodes[f"fan/{name}"] = {"kind": "seq", "nodes": [name], "start": name}
            nodes[name] = call(name, next="@block")
        run = self.failed(nodes, ("a", True), ("x", True), ("y", False))
        _, begun = self.resumed(run, nodes)
        assert begun == [("x", 1), ("y", 1)]

    def test_a_dag_keeps_what_stands(self) -> None:
        deps = {"a": [], "b": ["a"], "c": [], "d": ["b", "c"]}
        nodes: Json = {"/": {"kind": "seq", "nodes": list(deps), "deps": deps}}
        nodes.update({name: call(name) for name in deps})
        run = self.failed(nodes, ("a", True), ("b", True), ("c", False))
        again, begun = self.resumed(run, nodes)
        assert begun == [("c", 1)]
        assert tasks(again.ok("c")) == [("d", 1)]

    def test_visits_go_on_counting(self) -> None:
        nodes = chain("a", "w", "b")
        again_if = {
            "op": "==",
            "left": path("step", "again", name="a", field="output"),
            "right": lit(True),
        }
        nodes["w"] = {
            "kind": "switch",
            "step": "w",
            "cases": [{"when": again_if, "then": {"goto": "a"}}],
            "next": "b",
        }
        run = Run(plan(nodes))
        run.start()
        run.ok("a", {"again": True})
        run.ok("a~2", {"again": False})
        run.err("b")
        again, begun = self.resumed(run, nodes)
        assert begun == [("b", 1)]
        assert again.state["visits"]["a"]["visit"] == 2
        again.ok("b")
        again.check()

    def test_only_a_failed_run_with_a_failed_step(self) -> None:
        run = Run(plan(chain("a")))
        run.start()
        assert resume_point(run.plan, run.state) is None
        run.ok("a")
        assert resume_point(run.plan, run.state) is None
        broken = {"type": {"type": "integer"}, "value": lit("x")}
        run = Run(plan(chain("a"), output=broken))
        run.start()
        run.ok("a")
        assert run.status == "failed"
        assert resume_point(run.plan, run.state) is None


class TestEvents:
    """What conformance cases would be too long for."""

    def listening(self) -> Run:
        listen = {
            "kind": "listen",
            "step": "l",
            "event": "e",
            "correlate": {},
            "type": {"type": "any"},
            "next": "@block",
        }
        nodes = {**chain("a"), "l": listen}
        nodes["/"] = {"kind": "seq", "nodes": ["a", "l"], "start": "a"}
        nodes["a"]["next"] = "l"
        run = Run(plan(nodes), check=False)
        run.start()
        return run

    def receive(self, run: Run, number: int, **more: Any) -> str | None:
        event = {"event_id": f"x{number}", "event": "e", "data": number, **more}
        refused = run.send("event_received", **event).refused
        return None if refused is None else refused["code"]

    def test_the_buffer_is_bounded(self) -> None:
        run = self.listening()
        for number in range(1000):
            assert self.receive(run, number, expires_at=run.now + number) is None
        assert self.receive(run, 1000) is None  # 0 has expired
        assert self.receive(run, 1001) == "LIMIT"
        run.now += 1
        assert self.receive(run, 1001) is None
        run.ok("a")
        assert run.step("l")["output"]["data"] == 2
        run.check()

    def test_what_no_json_says_is_nobodys(self) -> None:
        run = self.listening()
        assert self.receive(run, 1, data={"k": "\ud800" * 300_000}) == "LIMIT"
        correlate = {"k": {"op": "lit", "value": "x"}}
        listen = {
            "kind": "listen",
            "step": "l",
            "event": "e",
            "correlate": correlate,
            "type": {"type": "any"},
            "next": "@block",
        }
        run = Run(
            plan({"/": {"kind": "seq", "nodes": ["l"], "start": "l"}, "l": listen}),
            check=False,
        )
        run.start()
        assert self.receive(run, 1, data={"k": "\ud800"}) is None
        assert run.status == "waiting"

    def test_another_plan(self) -> None:
        run = Run(plan(chain("a")))
        run.start()
        run.plan = load_plan({**plan(chain("a")), "hash": "1" * 64})
        with pytest.raises(ValueError, match="on plan"):
            run.ok("a")
