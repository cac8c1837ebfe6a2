"""`magic-flow verify` and `magic-flow test --suggest`, as they are typed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from magicflow_cli.cli.main import run
from tests.unit.verify.seeded import TWINS
from tests.unit.verify.workflows import HEAD, SHOP

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def write(text: str, name: str = "workflow.yaml") -> None:
    Path(name).write_text(HEAD + text, encoding="utf-8")


def test_it_says_how_far_it_came_and_how_runs_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5703"][0])
    assert run(["verify", "workflow.yaml"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "order: 4 states, 4 transitions, complete (bound: 20,000 states)"
    assert lines[1].split("  ")[1:3] == ["ends", "completed"]
    assert "  ends  failed, TIMEOUT of charge" in out
    assert "longest run: 5s" in out
    assert "MF5703 note: a failure of `charge` ends the run" in err
    assert "shortest run: `charge`" in err


def test_every_finding_is_a_scenario_that_reproduces_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(SHOP)
    assert run(["verify", "workflow.yaml", "--scenarios", "found"]) == 0
    out, err = capsys.readouterr()
    files = sorted(path.name for path in Path("found").iterdir())
    assert "order-undo-fails-charge.scenario.yaml" in files
    assert "order-longest-run.scenario.yaml" in files
    assert "order-largest-state.scenario.yaml" in files
    assert f"{len(files)} scenarios written" in out
    assert "`found/order-undo-fails-charge.scenario.yaml`" in err
    assert run(["test", "found"]) == 0
    out, err = capsys.readouterr()
    assert f"{len(files)} scenarios: {len(files)} passed" in out
    assert err == "", "the scenarios have nothing that is wrong or doubtful"


@pytest.mark.parametrize("code", [c for c in TWINS if c not in ("MF5709", "MF5710")])
def test_the_scenario_of_each_kind_passes(
    code: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS[code][0])
    run(["verify", "workflow.yaml", "--scenarios", "elsewhere/deeper"])
    assert run(["test", "elsewhere/deeper"]) == 0, capsys.readouterr().out


def test_json_has_the_findings_with_their_scenarios(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5706"][0])
    assert run(["verify", "workflow.yaml", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    (verified,) = document["verified"]
    assert verified["complete"] is True
    assert verified["states"] > verified["unexplored"] == 0
    codes = sorted(finding["code"] for finding in verified["findings"])
    assert codes == sorted(d["code"] for d in document["diagnostics"])
    (undo,) = [f for f in verified["findings"] if f["code"] == "MF5706"]
    assert undo["scenario"]["expect"]["compensation"] == "incomplete"
    assert "order: " in err


@pytest.mark.parametrize(
    ("format", "mark"), [("github", "::warning"), ("sarif", '"MF5706"')]
)
def test_the_formats_for_machines(
    format: str, mark: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5706"][0])
    assert run(["verify", "workflow.yaml", "--format", format]) == 0
    assert mark in capsys.readouterr().out


def test_strict_makes_warnings_errors(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5704"][0])
    assert run(["verify", "workflow.yaml"]) == 0
    assert run(["verify", "workflow.yaml", "--strict"]) == 1
    write(TWINS["MF5703"][0])
    assert run(["verify", "workflow.yaml", "--strict"]) == 0, "notes stay notes"


def test_a_bound_that_ends_the_search_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(SHOP)
    assert run(["verify", "workflow.yaml", "--bound", "50"]) == 0
    out, err = capsys.readouterr()
    assert "not complete (bound: 50 states)" in out
    assert "MF5711 warning" in err
    assert "MF5709" not in err and "MF5710" not in err
    assert run(["verify", "workflow.yaml", "--bound", "50", "--strict"]) == 1


@pytest.mark.parametrize("bound", ["0", "-3", "many"])
def test_a_bound_is_a_number_of_states(
    bound: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5703"][0])
    assert run(["verify", "workflow.yaml", "--bound", bound]) == 2
    assert "MF00" in capsys.readouterr().err


def test_errors_of_the_workflow_come_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("  steps: [{name: a, on_success: b}]\n")
    assert run(["verify", "workflow.yaml"]) == 1
    out, err = capsys.readouterr()
    assert "error" in err and out == ""


def test_several_workflows_or_one_of_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5703"][0], "one.yaml")
    other = (HEAD + TWINS["MF5704"][0]).replace("name: order", "name: invoice")
    Path("two.yaml").write_text(other, encoding="utf-8")
    assert run(["verify", "."]) == 0
    out = capsys.readouterr().out
    assert "order: " in out and "invoice: " in out
    assert run(["verify", ".", "--name", "invoice"]) == 0
    assert "order: " not in capsys.readouterr().out
    assert run(["verify", ".", "--name", "offer"]) == 2


def test_a_comment_silences_a_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TWINS["MF5703"][0].replace(
        "timeout: 5s}", "timeout: 5s} # magic-flow: ignore[MF5703]"
    )
    write(text)
    assert run(["verify", "workflow.yaml"]) == 0
    assert "MF5703" not in capsys.readouterr().err
    assert run(["validate", "workflow.yaml"]) == 0
    assert "MF8901" not in capsys.readouterr().err, "validate cannot know"
    write(text.replace("MF5703", "MF5704"))
    assert run(["verify", "workflow.yaml"]) == 0
    assert "MF8901" in capsys.readouterr().err
    write(text.replace("MF5703", "MF1003"))
    assert run(["verify", "workflow.yaml"]) == 0
    assert "MF8901" not in capsys.readouterr().err, "verify judges its own only"


def test_progress_is_for_terminals(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from magicflow_cli.cli import verify

    write(SHOP)
    monkeypatch.setattr(verify, "_OFTEN", 0.0)
    assert run(["verify", "workflow.yaml"]) == 0
    assert " to go" not in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert run(["verify", "workflow.yaml"]) == 0
    err = capsys.readouterr().err
    assert re.search(r"\rorder: \d+ states, \d+ to go +\r", err)
    assert f"\r{' ' * verify.ROOM}\r" in err, "the line is taken away at the end"


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_an_interrupt_ends_it_by_its_signal(folder: Path) -> None:
    branches = "\n".join(
        f"        - {{name: b{number}, steps: ["
        + ", ".join(
            f"{{name: s{number}-{step}, timeout: 5s, retry: {{max_attempts: 3}}, "
            f"compensation: {{function: undo}}}}"
            for step in range(6)
        )
        + "]}"
        for number in range(6)
    )
    write(f"""\
{TWINS["MF5703"][0].partition("  steps:")[0]}  steps:
    - name: fan
      type: parallel
      branches:
{branches}
  output: {{}}
""")
    code = "from magicflow_cli.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "verify", "workflow.yaml", "-b", "10000000"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "runtime/python")]),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert out == err == b""


# --suggest


@pytest.mark.parametrize("name", ["user-onboarding", "payment-processing"])
def test_what_is_suggested_for_the_examples_is_what_stands_there(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(EXAMPLES / name, name)
    written = Path(name, f"{name}.suggested.scenario.yaml")
    before = written.read_text("utf-8")
    assert run(["test", name, "--suggest"]) == 0
    assert written.read_text("utf-8") == before
    assert "no times were found" not in capsys.readouterr().out
    assert run(["test", name]) == 0
    out = capsys.readouterr().out
    assert "✗" not in out


def test_what_is_suggested_covers_all_that_can_be_covered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(SHOP)
    assert run(["test", "workflow.yaml", "--suggest"]) == 0
    out = capsys.readouterr().out
    missing = [line for line in out.splitlines() if "not reached" in line]
    assert all("no run comes there" in line for line in missing)
    assert run(["test", "."]) == 0
    assert "coverage 98 %" in capsys.readouterr().out


def test_what_is_covered_is_not_suggested_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(TWINS["MF5703"][0])
    assert run(["test", "workflow.yaml", "--suggest"]) == 0
    suggested = Path("order.suggested.scenario.yaml")
    first = suggested.read_text("utf-8")
    assert first.startswith("# Written by `magic-flow test --suggest`")
    assert run(["test", ".", "--suggest"]) == 0
    assert suggested.read_text("utf-8") == first, "its own file does not count"
    suggested.rename("mine.scenario.yaml")
    assert run(["test", ".", "--suggest"]) == 0
    assert not suggested.exists()
    assert "order: 0 scenarios" in capsys.readouterr().out
