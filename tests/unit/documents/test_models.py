"""The generated files are current, and what is imported stays little."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from magicflow_cli.documents.bind import Binder

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT
    )


def test_a_model_is_current() -> None:
    """`make check` looks at all of them; here the smallest shows that looking works."""
    done = run("scripts/generate_models.py", "--check", "context")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_reference_is_current() -> None:
    done = run("scripts/generate_dsl_reference.py", "--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_examples_of_the_schema_are_steps() -> None:
    """They appear in docs/dsl.md as examples of each step type."""
    from magicflow_cli.documents.editor import load_schema
    from magicflow_cli.documents.models import workflow
    from tests.unit.documents.trees import tree

    schema = load_schema("workflow")
    binder = Binder(workflow.SHAPE, workflow)
    steps = [name for name in schema["$defs"] if name.endswith("Step")]
    for name in steps:
        if name == "Step":
            continue
        for example in schema["$defs"][name]["examples"]:
            document = {
                "apiVersion": "workflow.magic-flow.io/v2",
                "kind": "Workflow",
                "metadata": {"name": "a"},
                "spec": {"steps": [example]},
            }
            model = binder.bind(tree(document))
            assert type(model.spec.steps[0]).__name__ == name  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name",
    [
        *("workflow", "context", "scenario", "project", "server", "executor"),
        *("plan", "messages"),
    ],
)
def test_a_schema_is_one_and_says_what_everything_is(name: str) -> None:
    import jsonschema

    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    if name == "plan":
        return
    holders = [schema, *schema["$defs"].values()]
    for holder in holders:
        assert holder["description"].endswith("."), holder
        for key, item in holder.get("properties", {}).items():
            assert item.get("description"), key


def test_a_fitting_document_imports_no_jsonschema() -> None:
    code = """
import sys
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents import parse
from magicflow_cli.load import load_text
text = b"workflow: {name: a}\\nsteps: [{name: b}]\\n"
assert parse(load_text(text, "a").documents[0], Report()) is not None
names = ("jsonschema", "json", "importlib.resources", "magicflow_cli.plan")
print([name for name in names if name in sys.modules])
"""
    done = run("-c", code)
    assert done.stderr == ""
    assert "jsonschema" not in done.stdout
    assert "magicflow_cli.plan" not in done.stdout


def test_the_binder_refuses_a_schema_that_it_does_not_know() -> None:
    from magicflow_cli.documents.models import context

    for unknown in (
        {"type": "string", "contentEncoding": "base64"},
        {"type": "array", "items": {}, "uniqueItems": True},
        {"not": {}},
    ):
        shape = {"title": "Metadata", "type": "object", "$defs": {}}
        with pytest.raises(ValueError, match="does not know"):
            Binder({**shape, "properties": {"name": unknown}}, context)


@pytest.mark.parametrize("name", ["dsl", "configuration"])
def test_links_of_the_reference_lead_somewhere(name: str) -> None:
    text = (ROOT / f"docs/{name}.md").read_text()
    headings = {
        re.sub(r"[^a-z0-9 _-]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links and links <= headings
