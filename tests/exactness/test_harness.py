"""The harness itself: crashes, hangs, wrong verdicts, refusals and its command line."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.exactness import verdicts
from tests.exactness.__main__ import main
from tests.exactness.convert import convert
from tests.exactness.convert import main as convert_main
from tests.exactness.corpus import CorpusError, Group, Instance, read_corpus
from tests.exactness.equality import equal
from tests.exactness.report import find_disagreements, judge
from tests.exactness.verdicts import Question, Verdict, ask


def driver(tmp_path: Path, body: str) -> list[str]:
    """A driver whose `answer(text)` has this body."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    script = tmp_path / "driver.py"
    script.write_text(
        "import json, os, sys, time\n"
        f"def answer(text):\n{lines}\n"
        "for line in sys.stdin:\n"
        "    print(json.dumps(answer(json.loads(line)['json'])), flush=True)\n"
    )
    return [sys.executable, str(script)]


def test_a_crash_counts_against_one_instance(tmp_path: Path) -> None:
    command = driver(
        tmp_path,
        """
        if text == '"crash"': raise ValueError("broken")
        if text == '"exit"': os._exit(3)
        return {"valid": True, "json": text}
        """,
    )
    texts = ["1", '"crash"', "2", '"exit"', '"exit"', "3"]
    found = ask(command, [Question("r", text) for text in texts])
    assert [verdict.json for verdict in found] == ["1", None, "2", None, None, "3"]
    assert found[1].crash == "the driver ended: ValueError: broken"
    assert found[3].crash == found[4].crash == "the driver ended"


def test_a_driver_that_hangs_or_babbles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "TIMEOUT", 0.5)
    command = driver(
        tmp_path,
        """
        if text == "0": time.sleep(60)
        return {"valid": False, "code": "x"} if text == "1" else [text]
        """,
    )
    hung, refused, babble = ask(command, [Question("r", text) for text in "012"])
    assert hung.crash is not None and "no answer within" in hung.crash
    assert refused == Verdict(False, code="x")
    assert babble.crash == "the answer is no verdict"


def test_long_texts_in_both_directions(tmp_path: Path) -> None:
    command = driver(tmp_path, 'return {"valid": True, "json": text}')
    questions = [Question("r", json.dumps("x" * 200_000)) for _ in range(20)]
    assert all(len(verdict.json or "") > 200_000 for verdict in ask(command, questions))


GROUP = Group(
    "g",
    "{}",
    (
        Instance("a", "1", True),
        Instance("b", "2", False),
        Instance("c", "1e400", False, "MFD003"),
    ),
)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([Verdict(False), Verdict(False), Verdict(False, code="MFD003")], "false_rejects"),
        ([Verdict(True, "1.0"), Verdict(True, "2"), Verdict(False, code="MFD003")], "false_accepts"),
        ([Verdict(True, "true"), Verdict(False), Verdict(False, code="MFD003")], "round_trip_failures"),
        ([Verdict(True, "nonsense"), Verdict(False), Verdict(False, code="MFD003")], "round_trip_failures"),
        ([Verdict(True, "1"), Verdict(False), Verdict(False, code="type")], "wrong_codes"),
        ([Verdict(True, "1"), Verdict(False, crash="x"), Verdict(False, code="MFD003")], "crashes"),
    ],
)  # fmt: skip
def test_every_failure_has_a_kind(answers: list[Verdict], kind: str) -> None:
    result = judge(
        [GROUP], {("g", index): verdict for index, verdict in enumerate(answers)}
    )
    assert (result["groups"], result["exact_groups"], result["exact"]) == (1, 0, 2)
    assert len(result[kind]) == 1


def test_disagreements() -> None:
    one = {
        ("g", 0): Verdict(True, "1"),
        ("g", 1): Verdict(False, code="type"),
        ("g", 2): Verdict(False, code="MFD003"),
    }
    same = {**one, ("g", 1): Verdict(False, code="minimum")}
    other = {
        ("g", 0): Verdict(False, crash="x"),
        ("g", 2): Verdict(False, code="MFD002"),
    }
    assert find_disagreements([GROUP], {"a": one, "b": same}) == []
    found = find_disagreements([GROUP], {"a": one, "b": other})
    assert [item["instance"] for item in found] == ["a", "c"]
    assert found[1]["answers"] == {"a": "MFD003", "b": "MFD002"}


def test_json_equality() -> None:
    assert equal({"a": [1, None], "b": "x"}, {"b": "x", "a": [1.0, None]})
    for left, right in [(1, True), (0, False), ("1", 1), ([1], [1, 2]), ({}, []), ({"a": 1}, {"b": 1}), (None, 0)]:  # fmt: skip
        assert not equal(left, right)


def corpus(tmp_path: Path, *lines: Any) -> Path:
    file = tmp_path / "corpus.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "\n")
    return file


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {
        "id": "1",
        "schema": {"type": "integer"},
        "instances": [{"id": "a", "json": "1", "valid": True}],
    }
    wrong = {
        "id": "2",
        "schema": {"type": "integer"},
        "instances": [{"id": "a", "json": "1", "valid": False}],
    }
    outside = {
        "id": "3",
        "schema": {"not": {}},
        "instances": [{"id": "a", "json": "1", "valid": False}],
    }
    refused = {"id": "4", "schema": {"not": {}}, "refused": "MF2001"}
    allowed = {"id": "5", "schema": {}, "refused": True}
    report = tmp_path / "report.json"

    def run(*lines: Any, more: tuple[str, ...] = ()) -> int:
        return main(
            ["--corpus", str(corpus(tmp_path, *lines)), "--report", str(report), *more]
        )

    assert run(good, outside, refused) == 0
    data = json.loads(report.read_text())
    assert data["groups"] == 3
    assert data["compiler"]["refused_as_expected"] == 1
    assert data["compiler"]["refused"] == [{"group": "3", "codes": ["MF2001"]}]
    python = data["languages"]["python"]
    assert set(python["drivers"]) == {"plan", "generated", "server"}
    assert (python["groups"], python["instances"], python["exact"]) == (1, 1, 1)
    assert python["refused_as_expected"] == 1
    assert python["false_accepts"] == python["disagreements"] == 0
    assert run(good, outside, more=("--complete",)) == 1
    assert run(wrong) == 1
    python = json.loads(report.read_text())["languages"]["python"]
    assert (python["exact"], python["false_accepts"]) == (0, 3)
    assert run(allowed) == 1
    assert run({**refused, "refused": "MF2003"}) == 1
    assert run(good, good) == 2
    assert run(good, more=("--languages", "cobol")) == 2
    assert run({"id": "x"}) == 2
    assert main(["--corpus", str(tmp_path / "none")]) == 2
    assert "no driver for cobol" in capsys.readouterr().err


def test_lines_that_are_no_groups(tmp_path: Path) -> None:
    for line in ([], {"schema": {}}, {"id": 1, "schema": {}, "refused": 1}, {"id": 1, "schema": {}, "instances": [{"json": 1, "valid": True}]}):  # fmt: skip
        with pytest.raises(CorpusError, match=r"corpus\.jsonl:1"):
            list(read_corpus(corpus(tmp_path, line)))


def test_a_published_suite_is_converted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "suite"
    (suite / "optional").mkdir(parents=True)
    tests = [
        {"description": "int", "data": 1.0, "valid": True},
        {"description": "big", "data": 12345678901234567890, "valid": True},
        {"description": "huge", "data": 1e300, "valid": True},
        {"description": "text", "data": "\ud800", "valid": True},
    ]
    group = {"description": "integers", "schema": {"type": "integer"}, "tests": tests}
    (suite / "type.json").write_text(json.dumps([group, {"no": "tests"}]))
    leap = [
        {"description": "leap", "data": "23:59:60Z", "valid": True},
        {"data": "x", "valid": False},
    ]
    time = {"description": "time", "schema": {"format": "time"}, "tests": leap}
    (suite / "optional" / "time.json").write_text(
        json.dumps([time, {"schema": True, "tests": []}])
    )
    (suite / "format.json").write_text(
        json.dumps([{**time, "description": "by default"}])
    )
    (suite / "readme.json").write_text("{}")
    groups = list(convert(suite))
    assert [group["id"] for group in groups] == [
        *("optional/time#0 time", "optional/time#1", "type#0 integers"),
    ]
    assert [(i["json"], i["valid"], i.get("code")) for i in groups[2]["instances"]] == [
        ("1.0", True, None),
        ("12345678901234567890", False, "MFD002"),
        ("1e+300", False, "MFD002"),
        ('"\\ud800"', False, "MFD004"),
    ]
    assert groups[0]["instances"][0] == {
        "id": "leap",
        "json": '"23:59:60Z"',
        "valid": False,
        "code": "MFD007",
    }
    assert "format.json left out" in capsys.readouterr().err
    assert convert_main([str(suite / "type.json")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["id"] == "type#0 integers"
    assert convert_main([]) == convert_main([str(tmp_path / "none")]) == 2
