"""Hostile texts in every position of a workflow: generated code is formatted, typed,
imports without a warning, gives every text back and runs none."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from magicflow_cli.plan import models as plan
from tests.hostile.texts import TEXTS
from tests.unit.generate.plans import compile_texts, run

SCRIPT = """
import json, sys
from importlib import import_module
sys.path.insert(0, ".")
types = import_module("workflows.hostile.types")
found = types.HostileInput.decode("{}").with_defaults().to_json()
fields = types.HostileInput.model_fields
out = {
    "defaults": [found[f"default{i}"] for i in range(int(sys.argv[1]))],
    "names": sorted(info.alias or name for name, info in fields.items()),
    "docs": [getattr(types, f"HostileInputDoc{i}").__doc__ for i in range(int(sys.argv[1]))],
    "enum": sorted(each.value for each in types.HostileInputEnum),
}
for module in sys.argv[2:]:
    import_module(module)
json.dump(out, sys.stdout)
"""


def document() -> plan.Plan:
    """A workflow with every text as default, description, title, enum's value, example;
    as names of properties where those are allowed."""
    properties: dict[str, Any] = {}
    for index, text in enumerate(TEXTS):
        properties[f"default{index}"] = {"type": "string", "default": text}
        properties[f"doc{index}"] = {
            "type": "object",
            "title": text,
            "additionalProperties": False,
            "properties": {"a": {"description": text, "examples": [text]}},
            "default": {"a": {"x": [text]}},
        }
        properties[f"const{index}"] = {"const": text}
    for text in NAMES:
        properties[text] = {"type": "boolean"}
    names = [f"v{index}" for index in range(len(TEXTS))]
    properties["enum"] = {"enum": TEXTS, "x-magicflow-enum-names": names}
    workflow = {
        "apiVersion": "workflow.magic-flow.io/v2",
        "kind": "Workflow",
        "metadata": {
            "name": "hostile",
            "version": "1.0.0",
            "description": "\n".join(TEXTS),
            "owner": TEXTS[-1],
            "labels": {"x": MARKED[0]},
        },
        "spec": {
            "input_schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": properties,
            },
            "steps": [
                {
                    "name": f"step-{index}",
                    "type": "function",
                    "executor": "e",
                    "function": f"f{index}",
                    "description": text,
                    "timeout": "1s",
                    "input": {"text": text.replace("$", "$$")},
                }
                for index, text in enumerate(MARKED)
            ],
        },
    }
    context = {
        "apiVersion": "workflow.magic-flow.io/v2",
        "kind": "WorkflowContext",
        "metadata": {"name": "hostile-context"},
        "spec": {
            "functions": {
                "f0": {
                    "description": MARKED[0],
                    "output_schema": {"type": "string", "default": MARKED[1]},
                    "errors": {
                        f"E{index}": {"description": text}
                        for index, text in enumerate(TEXTS)
                    },
                }
            }
        },
    }
    (found,) = compile_texts(json.dumps(workflow), json.dumps(context))
    return found


MARKED = [text for text in TEXTS if "_exit" in text]
NAMES = [
    '"',
    "'",
    '"""',
    "\\",
    "a\\",
    "${HOME}",
    "{{ 7 }}",
    "*/",
    "%s",
    "\u2028",
    "\U0001f600",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    assert run(folder, [document()]) == []
    return folder


def python(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources(project: Path) -> list[Path]:
    return sorted([*project.glob("workflows/**/*.py"), *project.glob("tests/*.py")])


def test_every_text_comes_back(project: Path) -> None:
    modules = [
        ".".join(path.relative_to(project).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        for path in sources(project)
        if path.parts[-2] != "tests" and path.name != "__main__.py"
    ]
    out = python(project, "-W", "error", "-c", SCRIPT, str(len(TEXTS)), *modules)
    found = json.loads(out)
    assert found["defaults"] == TEXTS
    assert found["enum"] == sorted(TEXTS)
    assert set(NAMES) <= set(found["names"])
    for text, shown in zip(TEXTS, found["docs"], strict=True):
        if text.strip():
            assert lines(shown) == lines(text.replace("\r\n", "\n"))


def lines(text: str) -> list[str]:
    """Without the spaces around them, which formatting changes."""
    return [line.strip(" ") for line in text.strip(" \n").split("\n")]


def test_nothing_is_injected(project: Path) -> None:
    for path in sources(project):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(node, ast.Name) or node.id != "__import__", path


def test_it_is_formatted_and_typed(project: Path) -> None:
    python(project, "-m", "black", "--check", "-q", "workflows", "tests")
    python(project, "-m", "mypy", "--strict", "workflows", "tests")


def test_its_tests_pass(project: Path) -> None:
    python(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_other_files_hold_nothing_hidden(project: Path) -> None:
    for name in ("README.md", "pyproject.toml", "Dockerfile", "config/server.yaml"):
        text = (project / name).read_text("utf-8")
        assert all(char == "\n" or char.isprintable() for char in text), name
