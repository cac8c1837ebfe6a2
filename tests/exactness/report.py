"""Compares verdicts with a corpus and with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from magicflow.types import DomainError, decode_json

from tests.exactness.compiling import CompiledCorpus
from tests.exactness.corpus import Group, Instance
from tests.exactness.equality import equal
from tests.exactness.verdicts import Verdict

FAILURES = (
    "false_accepts",
    "false_rejects",
    "round_trip_failures",
    "wrong_codes",
    "crashes",
)
Verdicts = Mapping[tuple[str, int], Verdict]
"""By group id and the instance's index."""


def judge_refusals(groups: Sequence[Group], compiled: CompiledCorpus) -> dict[str, Any]:
    """What the compiler refused, and whether it should have."""
    expected: list[str] = []
    wrong: list[dict[str, Any]] = []
    unexpected: list[dict[str, Any]] = []
    for group in groups:
        codes = compiled.refusals.get(group.id)
        if not group.refused:
            if codes is not None:
                unexpected.append({"group": group.id, "codes": codes})
        elif codes is None or (
            isinstance(group.refused, str) and group.refused not in codes
        ):
            wrong.append({"group": group.id, "expected": group.refused, "codes": codes})
        else:
            expected.append(group.id)
    return {
        "refused_as_expected": len(expected),
        "refused_wrongly": wrong,
        "refused": unexpected,
    }


def judge_language(
    groups: Sequence[Group], drivers: Mapping[str, Verdicts]
) -> dict[str, Any]:
    """The counts of a language over all its drivers, and what each got wrong. An
    instance is exact when every driver is right about it."""
    found = {name: judge(groups, verdicts) for name, verdicts in drivers.items()}
    wrong = {
        (failure["group"], failure["index"])
        for result in found.values()
        for kind in FAILURES
        for failure in result[kind]
    }
    most = max(found.values(), key=lambda result: result["instances"])
    return {
        "groups": most["groups"],
        "exact_groups": most["groups"] - len({group for group, _ in wrong}),
        "instances": most["instances"],
        "exact": most["instances"] - len(wrong),
        **{kind: sum(len(each[kind]) for each in found.values()) for kind in FAILURES},
        "disagreements": len(find_disagreements(groups, drivers)),
        "drivers": found,
    }


def judge(groups: Sequence[Group], verdicts: Verdicts) -> dict[str, Any]:
    """What one driver got right and wrong."""
    failures: dict[str, list[dict[str, Any]]] = {kind: [] for kind in FAILURES}
    judged = exact = exact_groups = judged_groups = 0
    for group in groups:
        group_exact = True
        asked = False
        for index, instance in enumerate(group.instances):
            verdict = verdicts.get((group.id, index))
            if verdict is None:
                continue
            asked = True
            judged += 1
            kind = _judge_instance(instance, verdict)
            if kind is None:
                exact += 1
                continue
            group_exact = False
            failures[kind].append(
                {
                    "group": group.id,
                    "instance": instance.id,
                    "index": index,
                    "json": instance.json[:200],
                    "code": verdict.code,
                    "detail": verdict.crash or (verdict.json or "")[:200],
                }
            )
        judged_groups += asked
        exact_groups += asked and group_exact
    return {
        "groups": judged_groups,
        "exact_groups": exact_groups,
        "instances": judged,
        "exact": exact,
        **failures,
    }


def _judge_instance(instance: Instance, verdict: Verdict) -> str | None:
    """The kind of failure, None when the verdict is right."""
    if verdict.crash is not None:
        return "crashes"
    if verdict.valid != instance.valid:
        return "false_accepts" if verdict.valid else "false_rejects"
    if verdict.valid:
        try:
            same = equal(decode_json(instance.json), decode_json(verdict.json or ""))
        except DomainError:
            same = False
        return None if same else "round_trip_failures"
    if instance.code is not None and verdict.code != instance.code:
        return "wrong_codes"
    return None


def find_disagreements(
    groups: Sequence[Group], drivers: Mapping[str, Verdicts]
) -> list[dict[str, Any]]:
    """Instances on which drivers differ in their verdict or in the domain's code."""
    found: list[dict[str, Any]] = []
    for group in groups:
        for index, instance in enumerate(group.instances):
            answers = {
                name: _answer(verdicts[group.id, index])
                for name, verdicts in drivers.items()
                if (group.id, index) in verdicts
            }
            if len(set(answers.values())) > 1:
                found.append(
                    {"group": group.id, "instance": instance.id, "answers": answers}
                )
    return found


def _answer(verdict: Verdict) -> str:
    if verdict.crash is not None:
        return "crash"
    if verdict.valid:
        return "valid"
    code = verdict.code or ""
    return code if code.startswith("MFD") else "invalid"
