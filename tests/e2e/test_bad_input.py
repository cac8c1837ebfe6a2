"""Everything that can be wrong with a file, through the real command: a diagnostic with
code, place and help, exit code 1, never a traceback, never half an output."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.places import Run, permissions_apply

HEAD = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: {name: w}\nspec:\n"
PLACE = re.compile(r"^(\S+?):(\d+):(\d+): (MF\d{4}) error: \S", re.MULTILINE)
CONTEXT = """\
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: {name: %s}
spec:
  input_schema: %s
"""


def workflow(step: str = "", spec: str = "") -> str:
    return f"{HEAD}{spec}  steps:\n    - {{name: a{step}}}\n"


def schema(text: str) -> str:
    return workflow(spec=f"  input_schema: {text}\n")


ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

FILES: dict[str, str | bytes] = {
    "empty": "",
    "blank": "\n\n  \n",
    "comment-only": "# nothing\n",
    "not-yaml": "key: [1, 2\nother: }\n",
    "not-utf-8": b"kind: Workflow\nname: \xff\xfe\xfa\n",
    "utf-16": workflow().encode("utf-16"),
    "scalar": "hello\n",
    "list": "- a\n- b\n",
    "wrong-kind": workflow().replace("kind: Workflow", "kind: Workfow"),
    "no-kind": workflow().replace("kind: Workflow\n", ""),
    "wrong-api-version": workflow().replace("/v2", "/v3"),
    "no-api-version": workflow().partition("\n")[2],
    "no-spec": HEAD.replace("spec:\n", ""),
    "no-steps": HEAD + "  timeout: 1m\n",
    "empty-steps": HEAD + "  steps: []\n",
    "steps-is-a-mapping": HEAD + "  steps: {a: {}}\n",
    "no-name": workflow().replace("{name: w}", "{}"),
    "unknown-key": workflow(spec="  timout: 1m\n"),
    "duplicate-key": workflow(", timeout: 1s, timeout: 2s"),
    "ref-circular": schema("{$ref: '#/spec/input_schema'}"),
    "ref-http": schema("{$ref: 'http://127.0.0.1:9/x.json'}"),
    "ref-https": schema("{$ref: 'https://example.com/x.json'}"),
    "ref-outside": schema("{$ref: '../../../../etc/passwd'}"),
    "ref-file": schema("{$ref: 'file:///etc/passwd'}"),
    "ref-nowhere": schema("{$ref: '#/definitions/Nothing'}"),
    "number-10000-digits": schema("{type: integer, maximum: " + "9" * 10_000 + "}"),
    "brackets-200000": workflow() + "x-a: " + "[" * 200_000 + "\n",
    "braces-200000": workflow() + "x-a: " + "{a: " * 50_000 + "\n",
    "dashes-200000": "- " * 200_000 + "\n",
    "alias-bomb": ALIAS_BOMB,
    "self-alias": "a: &a [*a]\n",
    "self-alias-mapping": "&a a: *a\n",
    "python-tag": "!!python/object/apply:os.system ['touch owned']\n",
    "python-name": workflow() + "x-a: !!python/name:os.system\n",
    "unknown-tag": workflow() + "x-a: !mine 1\n",
    "tab": workflow().replace("  steps", "\tsteps"),
    "nul": workflow() + "x-a: \0\n",
    "control": workflow() + "x-a: \x07\n",
    "three-megabytes": workflow() + "# " + "x" * 3_000_000 + "\n",
    "rtl-name": workflow().replace("name: a", "name: \u202eabc"),
    "quoted-name": workflow().replace("name: a", "name: 'a\"b'"),
    "slash-name": workflow().replace("name: a", "name: a/b"),
    "dots-name": workflow().replace("name: a", "name: ../../etc"),
    "empty-name": workflow().replace("name: a", "name: ''"),
    "newline-name": workflow().replace("name: a", 'name: "a\\nb"'),
    "control-name": workflow().replace("name: a", 'name: "a\\eb"'),
    "step-1-beside-step1": HEAD + "  steps: [{name: step-1}, {name: step1}]\n",
    "step-twice": HEAD + "  steps: [{name: a}, {name: a}]\n",
    "regex-look-around": schema("{type: string, pattern: '(?=a)b'}"),
    "regex-back-reference": schema(r"{type: string, pattern: '(a)\1'}"),
    "regex-broken": schema("{type: string, pattern: '['}"),
    "fallback-cycle": HEAD
    + "  steps: [{name: a, fallback_step: b}, {name: b, fallback_step: a}]\n",
    "fallback-of-itself": HEAD + "  steps: [{name: a, fallback_step: a}]\n",
    "expression-broken": workflow(", condition: '$.input.a =='"),
    "expression-deep": workflow(", condition: '" + "(" * 5_000 + "'"),
    "expression-long": workflow(", condition: '" + "!" * 300_000 + "true'"),
    "duration-broken": workflow(", timeout: forever"),
    "duration-huge": workflow(", timeout: " + "9" * 400 + "s"),
    "timeout-is-a-list": workflow(", timeout: [1, 2]"),
    "merge-key": "a: &a {b: 1}\nc: {<<: *a}\n",
    "second-document-broken": workflow() + "---\nkind: [\n",
    "json-lone-surrogate": b'{"apiVersion": "\\ud800"}',
    "surrogate-escape": 'x: "\\ud800"\n',
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_answered_with_code_place_and_help(
    magic_flow: Run, tmp_path: Path, name: str
) -> None:
    content = FILES[name]
    file = tmp_path / ("w.json" if name.startswith("json-") else "w.yaml")
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = magic_flow("validate", file.name, "--format", "json")
    assert done.returncode == 1, done.stdout
    found = json.loads(done.stdout)["diagnostics"]
    errors = [d for d in found if d["severity"] == "error"]
    assert errors
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    for error in errors:
        assert re.fullmatch(r"MF\d{4}", error["code"])
        assert error["help"]
        assert error["span"]["file"] == file.name
        assert 1 <= error["span"]["line"] <= len(lines) + 1
        assert error["span"]["col"] >= 1
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["empty", "brackets-200000", "ref-http", "step-twice"])
def test_a_bad_file_gives_no_product(
    magic_flow: Run, tmp_path: Path, name: str
) -> None:
    (tmp_path / "w.yaml").write_text(str(FILES[name]))
    for command in ("plan", "graph", "explain", "generate docs"):
        done = magic_flow(*command.split(), "w.yaml")
        assert done.returncode == 1
        assert done.stdout == ""
        assert PLACE.search(done.stderr) or "--> w.yaml:" in done.stderr


def test_a_byte_order_mark_is_allowed(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_bytes(b"\xef\xbb\xbf" + workflow().encode())
    assert magic_flow("validate", "w.yaml").returncode == 0


KEYWORDS = "class def None import go func chan select interface package function const"
KEYWORDS += " typeof await delete enum public static void synchronized true null yes on"


def test_keywords_of_the_languages_are_names(magic_flow: Run, tmp_path: Path) -> None:
    steps = "".join(f"    - {{name: '{word}'}}\n" for word in KEYWORDS.split())
    (tmp_path / "w.yaml").write_text(f"{HEAD}  steps:\n{steps}")
    assert magic_flow("validate", "w.yaml").returncode == 0
    plan = json.loads(magic_flow("plan", "w.yaml").stdout)
    assert set(plan["steps"]) == set(KEYWORDS.split())


def test_two_workflows_of_one_name(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(workflow())
    (tmp_path / "b.yaml").write_text(workflow())
    done = magic_flow("validate", ".", "--format", "concise")
    assert done.returncode == 1
    assert "MF1007" in done.stderr


def test_missing_context(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow(spec="  context: other\n"))
    done = magic_flow("validate", "w.yaml", "--format", "concise")
    assert done.returncode == 1
    assert "MF1008" in done.stderr


def test_two_contexts(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow())
    for name in ("x", "y"):
        (tmp_path / f"{name}.yaml").write_text(CONTEXT % (name, "{type: object}"))
    done = magic_flow("validate", "w.yaml", "--format", "concise")
    assert done.returncode == 1
    assert "MF1009" in done.stderr


def test_a_broken_context_beside_is_reported_only_when_it_is_meant(
    magic_flow: Run, tmp_path: Path
) -> None:
    (tmp_path / "w.yaml").write_text(workflow(spec="  context: x\n"))
    (tmp_path / "x.yaml").write_text(CONTEXT % ("x", "{type: object}"))
    (tmp_path / "y.yaml").write_text(CONTEXT % ("y", "{type: object}") + "  oops: 1\n")
    assert magic_flow("validate", "w.yaml").returncode == 0
    named = magic_flow("validate", ".", "--format", "concise")
    assert named.returncode == 1
    assert "y.yaml" in named.stderr


def test_a_file_as_its_context(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow())
    done = magic_flow(
        "validate", "w.yaml", "--context", "w.yaml", "--format", "concise"
    )
    assert done.returncode == 1
    assert "MF0010" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_folders_that_link_to_themselves(magic_flow: Run, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "w.yaml").write_text(workflow())
    (deep / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    done = magic_flow("validate", ".")
    assert done.returncode == 0, done.stderr
    assert "1 workflow in 1 file" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_what_is_no_regular_file(magic_flow: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "dangling.yaml", "loop.yaml"):
        done = magic_flow("validate", name, "--format", "concise", timeout=10)
        assert done.returncode == 1, name
        assert PLACE.search(done.stderr), done.stderr
    walked = magic_flow("validate", ".", "--format", "concise", timeout=10)
    assert walked.returncode == 1
    assert "dangling.yaml:1:1" in walked.stderr
    assert "pipe.yaml" not in walked.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_an_unreadable_file_and_folder(magic_flow: Run, tmp_path: Path) -> None:
    if not permissions_apply(tmp_path):
        pytest.skip("root may read everything")
    (tmp_path / "w.yaml").write_text(workflow())
    (tmp_path / "w.yaml").chmod(0)
    done = magic_flow("validate", "w.yaml", "--format", "concise")
    assert done.returncode == 1
    assert "w.yaml:1:1: MF0101" in done.stderr
    (tmp_path / "dir").mkdir(mode=0)
    assert "MF0003" in magic_flow("validate", "dir").stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_a_read_only_output_folder(magic_flow: Run, tmp_path: Path) -> None:
    if not permissions_apply(tmp_path):
        pytest.skip("root may write everywhere")
    (tmp_path / "w.yaml").write_text(workflow())
    arguments = ("generate", "types", "--workflow", "w.yaml", "--output", "out")
    (tmp_path / "out").mkdir(mode=0o555)
    refused = magic_flow(*arguments)
    assert refused.returncode == 2
    assert "MF4007" in refused.stderr
    assert "Permission denied" in refused.stderr
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "out").chmod(0o755)
    assert magic_flow(*arguments).returncode == 0
    # Later the files are read-only, and so are their folders: nothing is half-written.
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.py")}
    (tmp_path / "w.yaml").write_text(workflow(", executor: other"))
    for path in (tmp_path / "out").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "out").chmod(0o555)
    assert magic_flow(*arguments).returncode == 2
    assert before == {p: p.read_bytes() for p in (tmp_path / "out").rglob("*.py")}
    for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]:
        path.chmod(0o755)


def test_what_is_not_ours_is_left_alone(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow())
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "deploy.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\n")
    (tmp_path / ".hidden.yaml").write_text(": [")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "w.yaml").write_text(workflow())
    done = magic_flow("validate", ".")
    assert done.returncode == 0
    assert "1 workflow in 1 file" in done.stderr
    assert "2 other files left alone" in done.stderr
    named = magic_flow("validate", "deploy.yaml", "--format", "concise")
    assert named.returncode == 1


def test_an_empty_file_in_a_folder_is_reported(magic_flow: Run, tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow())
    (tmp_path / "forgotten.yaml").write_text("")
    done = magic_flow("validate", ".", "--format", "concise")
    assert done.returncode == 1
    assert "forgotten.yaml:1:1: MF0107" in done.stderr


HOSTILE = [
    "\"quotes\" and 'apostrophes'",
    "*/ // # ; --> ]]> </script> <b>&amp;",
    '"""',
    "${x} {{ y }} {% z %} %s %n $(touch owned) `touch owned`",
    "line\nbreak\r\n\u2028\u2029\x85",
    "\u202eright to left",
    "emoji 👩‍👩‍👧 and 中文 and ünïcödé",
    "x" * 10_000,
    "|a|b|\n|--|--|",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_shown_and_injected_nowhere(
    magic_flow: Run, tmp_path: Path, text: str
) -> None:
    quoted = json.dumps(text)
    (tmp_path / "w.yaml").write_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\n"
        f"metadata: {{name: w, description: {quoted}, owner: {quoted}, tags: [{quoted}]}}\n"
        "spec:\n"
        f"  input_schema: {{type: object, title: {quoted}, description: {quoted},"
        f" properties: {{p: {{type: string, description: {quoted}, default: {quoted}}}}}}}\n"
        "  steps:\n"
        f"    - {{name: a, description: {quoted}, function: {quoted}, executor: {quoted},"
        f" input: {{k: {quoted}}}}}\n"
        f"    - {{name: t, type: transform, output: {{v: {quoted}}}}}\n"
        f"    - {{name: f, type: fail, code: C, message: {quoted}}}\n"
    )
    plan = magic_flow("plan", "w.yaml")
    if plan.returncode == 1:  # a text may be refused where it is a name or expression
        assert re.search(r"MF\d{4} error", plan.stderr)
        return
    assert text in json.dumps(json.loads(plan.stdout), ensure_ascii=False) or any(
        text == value for value in _strings(json.loads(plan.stdout))
    )
    svg = magic_flow("graph", "w.yaml").stdout
    from xml.etree import ElementTree

    tags = {element.tag.split("}")[1] for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "g", "path", "circle"}
    mermaid = magic_flow("graph", "w.yaml", "--format", "mermaid").stdout
    assert (
        "<b>" not in mermaid and "</script>" not in mermaid and "\u202e" not in mermaid
    )
    markdown = magic_flow("generate", "docs", "w.yaml", "--format", "markdown").stdout
    prose = re.sub(r"(?s)```.*?```|(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
    assert "<b>" not in prose and "</script>" not in prose
    assert "\u202e" not in markdown
    document = json.loads(magic_flow("generate", "docs", "w.yaml").stdout)
    assert text in set(_strings(document))
    told = magic_flow("explain", "w.yaml").stdout
    assert "\u202e" not in told and "\x1b" not in told
    assert not (tmp_path / "owned").exists()


def test_time_and_memory_have_a_limit(command: Path, tmp_path: Path) -> None:
    """The worst of the files above, each within 2 s and 256 MB."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    for name, content in FILES.items():
        file = tmp_path / f"{name}.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        started = time.perf_counter()
        process = subprocess.Popen(
            [command, "validate", file],
            stderr=subprocess.DEVNULL,
            preexec_fn=limit,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        assert process.returncode == 1, name
        assert usage.ru_maxrss < 256 * 1024, name
        assert usage.ru_utime + usage.ru_stime < 2.0, (name, seconds)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in (k, *_strings(v))]
    if isinstance(value, list):
        return [s for item in value for s in _strings(item)]
    return []
