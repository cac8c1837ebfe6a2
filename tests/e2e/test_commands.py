"""The commands from outside: products, diagnostics, exit codes, signals, pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.places import EXAMPLES, ROOT, Run

USER_ONBOARDING = EXAMPLES / "user-onboarding"
IMPLICIT = [
    "notify-validation-error",
    "create-guest-account",
    "skip-verification",
    "cleanup-partial-data",
]


@pytest.mark.parametrize(
    "example", ["user-onboarding", "payment-processing", "short-form"]
)
def test_the_seeds_compile_with_warnings_only(magic_flow: Run, example: str) -> None:
    done = magic_flow("validate", EXAMPLES / example, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {d["severity"] for d in found["diagnostics"]} <= {"warning", "note"}
    assert found["summary"]["warnings"] > 0
    assert magic_flow("plan", EXAMPLES / example).returncode == 0


def test_a_plan_names_the_implicit_steps(magic_flow: Run) -> None:
    plan = json.loads(magic_flow("plan", USER_ONBOARDING).stdout)
    assert plan["workflow"] == {
        **plan["workflow"],
        "name": "user-onboarding",
        "context": "user-onboarding-context",
    }
    assert set(IMPLICIT) <= plan["steps"].keys()


def test_options_and_positions_mean_the_same(magic_flow: Run) -> None:
    by_position = magic_flow("plan", USER_ONBOARDING)
    by_option = magic_flow(
        "plan",
        "--workflow",
        USER_ONBOARDING / "workflow.yaml",
        "--context",
        USER_ONBOARDING / "context.yaml",
    )
    assert by_position.stdout == by_option.stdout


def test_a_context_beside_the_workflow_is_found(magic_flow: Run) -> None:
    alone = magic_flow("plan", USER_ONBOARDING / "workflow.yaml")
    assert alone.stdout == magic_flow("plan", USER_ONBOARDING).stdout


def test_the_plan_does_not_depend_on_where_it_is_compiled(
    magic_flow: Run, tmp_path: Path
) -> None:
    here = magic_flow("plan", ".", cwd=USER_ONBOARDING)
    for seed in ("0", "1"):
        away = magic_flow(
            "plan",
            USER_ONBOARDING,
            env={"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        )
        assert away.stdout == here.stdout


def test_the_map_says_where_the_plan_comes_from(magic_flow: Run) -> None:
    found = json.loads(magic_flow("plan", USER_ONBOARDING, "--map").stdout)
    plan = json.loads(magic_flow("plan", USER_ONBOARDING).stdout)
    assert found["plan_hash"] == plan["hash"]
    lines = (USER_ONBOARDING / "workflow.yaml").read_text("utf-8").splitlines()
    span = found["spans"]["/nodes/send-welcome-email"]
    assert "send-welcome-email" in lines[span["start"][0] - 1]


def test_strict_makes_warnings_errors(magic_flow: Run) -> None:
    assert magic_flow("validate", USER_ONBOARDING).returncode == 0
    strict = magic_flow("validate", USER_ONBOARDING, "--strict")
    assert strict.returncode == 1
    assert "warning" not in strict.stderr


@pytest.mark.parametrize("format", ["full", "concise"])
def test_formats_for_people_go_to_stderr(magic_flow: Run, format: str) -> None:
    done = magic_flow("validate", USER_ONBOARDING, "--format", format)
    assert done.stdout == ""
    assert "MF1003" in done.stderr


@pytest.mark.parametrize("format", ["json", "sarif", "github"])
def test_formats_for_machines_are_the_product(magic_flow: Run, format: str) -> None:
    done = magic_flow("validate", USER_ONBOARDING, "--format", format)
    assert "MF1003" in done.stdout
    assert "MF1003" not in done.stderr
    if format != "github":
        json.loads(done.stdout)


def test_machine_formats_are_whole_without_findings(
    magic_flow: Run, tmp_path: Path
) -> None:
    write_clean(tmp_path)
    for format in ("json", "sarif"):
        done = magic_flow("validate", "--strict", "--format", format)
        assert done.returncode == 0, done.stdout
        json.loads(done.stdout)


def test_graph_draws_every_step(magic_flow: Run, tmp_path: Path) -> None:
    done = magic_flow("graph", USER_ONBOARDING, "--output", "out/flow.svg")
    assert done.returncode == 0
    assert done.stdout == ""
    text = (tmp_path / "out" / "flow.svg").read_text("utf-8")
    shown = {element.text for element in ElementTree.fromstring(text).iter()}
    assert {*IMPLICIT, "validate-user", "external-verification"} <= shown
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["flow.svg"]


def test_graph_as_mermaid(magic_flow: Run) -> None:
    done = magic_flow("graph", USER_ONBOARDING, "--format", "mermaid")
    assert done.stdout.startswith("flowchart TD\n")


def test_explain_tells_a_workflow(magic_flow: Run) -> None:
    told = magic_flow("explain", USER_ONBOARDING).stdout
    assert "1. validate-user (function): user-service · validateUserData" in told
    assert "at worst: 1 min 36 s" in told
    assert "on failure → notify-validation-error" in told


def test_schemas_for_editors_know_the_aliases(magic_flow: Run) -> None:
    canonical = magic_flow("schema", "workflow").stdout
    editor = magic_flow("schema", "workflow", "--editor").stdout
    assert '"data_mapping"' in editor
    assert '"data_mapping"' not in canonical
    json.loads(editor)


def test_docs_into_a_folder(magic_flow: Run, tmp_path: Path) -> None:
    for format, name in (("openapi", "openapi.json"), ("markdown", "README.md")):
        done = magic_flow(
            "generate", "docs", USER_ONBOARDING, "--format", format, "--output", "docs"
        )
        assert done.returncode == 0
        assert (tmp_path / "docs" / name).stat().st_size > 1000


def test_the_project_file_is_found_upwards(magic_flow: Run, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    write_clean(flows)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "magic-flow.yaml").write_text("version: 1\nworkflows: [flows]\n")
    done = magic_flow("validate", cwd=tmp_path / "deep" / "er")
    assert done.returncode == 0
    assert "1 workflow in 1 file" in done.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\nworkflow: [flows]\n", "MF04"),
        ("version: 1\nworkflows: [nowhere]\n", "MF0011"),
        ("version: [\n", "MF02"),
        ("", "MF0107"),
    ],
)
def test_a_wrong_project_file_is_reported(
    magic_flow: Run, tmp_path: Path, text: str, code: str
) -> None:
    write_clean(tmp_path)
    (tmp_path / "magic-flow.yaml").write_text(text)
    done = magic_flow("validate", "workflow.yaml", "--format", "concise")
    if code == "MF0011":  # its paths are not looked at when a path is given
        done = magic_flow("validate", "--format", "concise")
    assert done.returncode == 1
    assert re.search(rf"magic-flow\.yaml:\d+:\d+: {code}", done.stderr), done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["validat"],
        ["validate", "--frmat", "json"],
        ["validate", "--format", "yaml"],
        ["validate", "nowhere.yaml"],
        ["validate", "--workflows", "nowhere"],
        ["validate", "--context", "nowhere.yaml", "."],
        ["plan"],
        ["plan", "--name", "other", str(USER_ONBOARDING)],
        [
            "plan",
            "--output",
            "/nowhere/at/all/\0".replace("\0", "x"),
            str(USER_ONBOARDING),
        ],
        ["explain", "MF9999"],
        ["schema", "wrkflow"],
        ["generate"],
        ["generate", "dcs"],
        [],
    ],
    ids=lambda arguments: " ".join(arguments)[:40] or "(nothing)",
)
def test_what_cannot_be_done_ends_with_2(magic_flow: Run, arguments: list[str]) -> None:
    if "/nowhere/at/all/x" in arguments and os.access("/", os.W_OK):
        arguments = ["/proc/x" if a == "/nowhere/at/all/x" else a for a in arguments]
    done = magic_flow(*arguments)
    assert done.returncode == 2, done.stderr
    if arguments not in ([], ["generate"]):
        assert done.stdout == ""
        assert re.search(r"^MF0\d\d\d error: ", done.stderr, re.MULTILINE)


def test_several_workflows_need_a_name(magic_flow: Run, tmp_path: Path) -> None:
    write_clean(tmp_path)
    text = (tmp_path / "workflow.yaml").read_text()
    (tmp_path / "other.yaml").write_text(text.replace("greet", "other"))
    assert "MF0007" in magic_flow("plan", ".").stderr
    named = magic_flow("plan", ".", "--name", "other")
    assert json.loads(named.stdout)["workflow"]["name"] == "other"


@pytest.mark.parametrize(
    "name",
    [
        *("", "validate", "plan", "graph", "explain", "schema", "run", "start"),
        *("generate", "generate all", "generate types", "generate executor"),
        *("generate server", "generate client", "generate docs"),
    ],
)
def test_help_has_examples(magic_flow: Run, name: str) -> None:
    done = magic_flow(*name.split(), "--help")
    assert done.returncode == 0
    assert f"  magic-flow {name}".rstrip() in done.stdout.split("Examples:")[1]


def test_version(magic_flow: Run) -> None:
    text = (ROOT / "magicflow_cli" / "__init__.py").read_text("utf-8")
    version = re.search('__version__ = "(.*)"', text)
    assert version is not None
    assert magic_flow("--version").stdout == f"magic-flow {version[1]}\n"


def test_completion(magic_flow: Run) -> None:
    offered = magic_flow(
        env={
            "_MAGIC_FLOW_COMPLETE": "complete_bash",
            "COMP_WORDS": "magic-flow va",
            "COMP_CWORD": "1",
        }
    )
    assert offered.stdout.split() == ["validate"]


def test_no_colors_in_a_pipe(magic_flow: Run) -> None:
    done = magic_flow("validate", USER_ONBOARDING, env={"NO_COLOR": ""})
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is POSIX")
@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_colors_on_a_terminal(command: Path, no_color: str, colored: bool) -> None:
    import pty

    leader, follower = pty.openpty()
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    process = subprocess.Popen(
        [command, "validate", USER_ONBOARDING], stderr=follower, env=env
    )
    os.close(follower)
    seen = b""
    while part := _read(leader):
        seen += part
    assert process.wait(30) == 0
    os.close(leader)
    assert (b"\x1b[" in seen) is colored


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_an_interrupt_ends_quietly_by_its_signal(command: Path, tmp_path: Path) -> None:
    for number in range(4000):
        write_clean(tmp_path / f"d{number}")
    process = subprocess.Popen(
        [command, "validate", tmp_path],
        stderr=subprocess.PIPE,
        text=True,
        # a shell starts what runs in its background with interrupts ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in stderr


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_a_closed_pipe_ends_quietly(command: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [command, "plan", USER_ONBOARDING],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGPIPE
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr


def test_output_is_whole_or_untouched(magic_flow: Run, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("before")
    (tmp_path / "broken.yaml").write_text("kind: Workflow\n")
    assert magic_flow("plan", "broken.yaml", "--output", "plan.json").returncode == 1
    assert target.read_text() == "before"


def write_clean(folder: Path) -> None:
    """A workflow without a single warning."""
    folder.mkdir(exist_ok=True)
    (folder / "workflow.yaml").write_text("""\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: greet, version: 1.0.0}
spec:
  timeout: 1m
  executor: greeter
  input_schema:
    type: object
    additionalProperties: false
    required: [name]
    properties: {name: {type: string, maxLength: 100}}
  output_schema:
    type: object
    additionalProperties: false
    required: [greeting]
    properties: {greeting: {type: string, maxLength: 200}}
  steps:
    - {name: make, type: transform, output: {greeting: "Hello ${$.input.name}"}}
  output: {greeting: $.make.greeting}
""")


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is POSIX")
def test_many_files_show_progress_on_a_terminal_only(
    command: Path, magic_flow: Run, tmp_path: Path
) -> None:
    import pty

    for number in range(120):
        write_clean(tmp_path / f"d{number}")
        file = tmp_path / f"d{number}" / "workflow.yaml"
        file.write_text(file.read_text().replace("greet", f"greet-{number}", 1))
    piped = magic_flow("validate", tmp_path)
    assert piped.stderr == "120 workflows in 120 files: fine\n"
    leader, follower = pty.openpty()
    process = subprocess.Popen([command, "validate", tmp_path], stderr=follower)
    os.close(follower)
    seen = b""
    while part := _read(leader):
        seen += part
    assert process.wait(30) == 0
    os.close(leader)
    assert b"reading 100 of 120 files" in seen
    assert seen.endswith(b"\r120 workflows in 120 files: fine\r\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end is closed
        return b""
