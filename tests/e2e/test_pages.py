"""What the documents show is what comes out: usage pages, README, the demo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.places import EXAMPLES, ROOT, Run, obey_permissions, permissions_apply

PAGES = ROOT / "docs" / "diagnostics"
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORKFLOW = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: %s, version: 1.0.0}
spec:
  timeout: 1m
  input_schema: {type: object, additionalProperties: false, properties: {}}
  output_schema: {type: object, additionalProperties: false, properties: {}}
  steps:
    - {name: wait, type: wait, duration: 1s}
  output: {}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder that the pages' commands are written for."""
    (tmp_path / "workflows").mkdir()
    for name in ("order", "invoice"):
        (tmp_path / "workflows" / f"{name}.yaml").write_text(WORKFLOW % name)
    (tmp_path / "workflow.yaml").write_text(
        re.sub(r"  (in|out)put_schema.*\n", "", WORKFLOW % "one")
    )
    (tmp_path / "context.yaml").write_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\n"
        "metadata: {name: one-context}\nspec:\n"
        "  input_schema: {type: object, additionalProperties: false, properties: {}}\n"
        "  output_schema: {type: object, additionalProperties: false, properties: {}}\n"
    )
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "one.scenario.yaml").write_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: Scenario\n"
        "metadata: {name: it-waits}\nspec:\n"
        "  workflow: one\n  expect: {within: 1s}\n"
    )
    (tmp_path / "slow.yaml").write_text(
        (WORKFLOW % "slow").replace(
            "1.0.0}", "1.0.0, annotations: {magic-flow.io/latency: slow}}"
        )
    )
    return tmp_path


def pages_with_commands() -> list[Path]:
    pages = sorted(PAGES.glob("MF000*.md")) + sorted(PAGES.glob("MF001*.md"))
    return [page for page in pages if len(_SHELL.findall(page.read_text("utf-8"))) == 2]


@pytest.mark.skipif(os.name == "nt", reason="the pages are written for a shell")
@pytest.mark.parametrize("page", pages_with_commands(), ids=lambda page: page.stem)
def test_a_page_shows_what_its_command_says(
    page: Path, project: Path, command: Path
) -> None:
    if page.stem == "MF0003" and not permissions_apply(project):
        pytest.skip("root may read every folder")
    text = page.read_text("utf-8")
    wrong, mended = _SHELL.findall(text)
    shown = _TEXT.findall(text)[0]
    failed = in_shell(wrong, project, command)
    assert failed.returncode == (1 if page.stem == "MF0010" else 2)
    assert failed.stderr.startswith(shown.rstrip("\n")), failed.stderr
    assert in_shell(mended, project, command).returncode == 0


def in_shell(
    line: str, folder: Path, command: Path
) -> subprocess.CompletedProcess[str]:
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        preexec_fn=obey_permissions,
        check=False,
    )


def test_the_picture_of_the_readme_is_current(magic_flow: Run) -> None:
    drawn = magic_flow("graph", EXAMPLES / "user-onboarding")
    assert (ROOT / "docs/images/user-onboarding.svg").read_text("utf-8") == drawn.stdout


def test_the_diagnostic_of_the_readme_is_current(magic_flow: Run) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    said = magic_flow(
        "validate", "examples/mistakes/misspelt-step.yaml", cwd=ROOT
    ).stderr.splitlines()
    shown = [line[4:] for line in readme.splitlines() if line.startswith("    ")]
    first = shown.index(said[0])
    assert shown[first : first + 9] == said[:9]


def test_every_command_of_the_readme_exists(magic_flow: Run) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = re.findall(
        r"^\| `magic-flow ([a-z ]+?)(?: \[.*?)?(?: MF\d+)?` \|", readme, re.M
    )
    assert len(table) >= 6
    for name in table:
        assert magic_flow(*name.split(), "--help").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="process groups are of POSIX")
def test_the_demo_runs() -> None:
    demo = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "demo.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    out, err = demo.communicate(timeout=120)
    assert demo.returncode == 0, err
    assert "at worst: 1 min 36 s" in out
    for code in ("MF1001 error", "MF6306 error", "MF7003 error"):
        assert code in err
    assert "run_completed" in out and "UserOnboardingOutput(" in out
    assert "run_failed" in out and "WorkflowRejected(" in out
    assert "cleanup-partial-data" in out
    drawn = ROOT / "generated" / "user-onboarding-completed.svg"
    assert "run-completed" in drawn.read_text("utf-8")
    with pytest.raises(ProcessLookupError):  # nothing is left running
        os.killpg(demo.pid, 0)


def test_the_run_of_the_readme_is_the_demos() -> None:
    """Its picture is the failing run, as the demo before has drawn it."""
    drawn = ROOT / "generated" / "user-onboarding-failed.svg"
    if not drawn.is_file():
        pytest.skip("the demo has not run")
    shown = ROOT / "docs" / "images" / "user-onboarding-run.svg"
    assert drawn.read_text("utf-8") == shown.read_text("utf-8")


def test_the_index_lists_every_document() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"]({page.name})" in index, page.name
    links = re.findall(r"\]\(([^)#:]+)\)", index)
    assert all((ROOT / "docs" / link).exists() for link in links)


def test_links_of_the_readme_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / link).exists(), link
