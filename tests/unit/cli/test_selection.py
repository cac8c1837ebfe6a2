"""Which files are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from magicflow_cli.cli.build import build
from magicflow_cli.cli.failure import NotDone
from magicflow_cli.cli.project import find_project, read_project
from magicflow_cli.cli.selection import is_ours, list_contexts, named, select

WORKFLOW = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (WORKFLOW, True),
        ("kind: WorkflowContext\n", True),
        ("apiVersion: magicflow.io/v2\n", True),
        ("apiVersion: workflow.magic-flow.io/v9\n", True),
        ("workflow:\n  name: x\nsteps: []\n", True),
        ("# a comment\n---\nkind: 'Workflow'\n", True),
        ('{"apiVersion": "workflow.magic-flow.io/v2"}', True),
        ('{"x": 1, "kind": "Workflow"}', True),
        ("", True),
        ("\n\n", True),
        ("a: \0", True),
        ("apiVersion: apps/v1\nkind: Deployment\n", False),
        ("name: CI\non: push\njobs: {}\n", False),
        ('{"name": "package"}', False),
        ("services: {}\n", False),
    ],
)
def test_what_is_ours_in_a_folder(text: str, ours: bool) -> None:
    assert is_ours(text.encode()) is ours


def test_a_file_is_taken_once(here: Path) -> None:
    (here / "a.yaml").write_text(WORKFLOW)
    (here / "b.yaml").symlink_to("a.yaml")
    found = select([Path("a.yaml"), here, Path("./a.yaml"), here / "b.yaml"])
    assert [file.name for file in found.files] == ["a.yaml"]


def test_order_is_that_of_names(here: Path) -> None:
    for name in ("z/a.yaml", "b.yml", "a.json", "c.yaml"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(WORKFLOW)
    (here / "a.json").write_text('{"kind": "Workflow"}')
    names = [file.name for file in select([Path()]).files]
    assert names == ["a.json", "b.yml", "c.yaml", "z/a.yaml"]


def test_what_does_not_exist_has_a_suggestion(here: Path) -> None:
    (here / "workflow.yaml").write_text(WORKFLOW)
    with pytest.raises(NotDone) as caught:
        select([Path("workflw.yaml")])
    assert caught.value.diagnostic.help == "did you mean `workflow.yaml`?"
    with pytest.raises(NotDone) as caught:
        select([Path("no/where.yaml")])
    assert "give the path" in caught.value.diagnostic.help


def test_names_are_seen_from_here(here: Path) -> None:
    assert named(here / "x" / "a.yaml").name == "x/a.yaml"
    assert named(Path("/elsewhere/a.yaml")).name == "/elsewhere/a.yaml"
    assert named(Path("../a.yaml")).name == "../a.yaml"


def test_a_folder_that_cannot_be_read(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "dir").mkdir()

    def refuse(path: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(NotDone) as caught:
        select([Path("dir")])
    assert caught.value.diagnostic.code == "MF0003"
    assert list_contexts(Path("dir")) == []


def test_the_nearest_project_file(here: Path) -> None:
    assert find_project(here) is None or not find_project(here).is_relative_to(here)
    (here / "magic-flow.yaml").write_text("version: 1\n")
    (here / "a" / "b").mkdir(parents=True)
    assert find_project(here / "a" / "b") == Path("magic-flow.yaml")
    (here / "a" / "magic-flow.yaml").write_text("version: 1\nworkflows: [b, c]\n")
    assert find_project(here / "a" / "b") == Path("a/magic-flow.yaml")
    project = read_project(here / "a")
    assert project is not None
    assert project.paths("workflows") == [Path("a/b")]
    assert [d.code for d in project.diagnostics] == ["MF0011"]
    assert project.diagnostics[0].span is not None
    assert project.diagnostics[0].span.line == 2
    assert project.paths("contexts") == []


def test_contexts_of_the_project_are_found_by_name(here: Path) -> None:
    (here / "flows").mkdir()
    (here / "flows" / "w.yaml").write_text(
        WORKFLOW + "metadata: {name: w}\nspec: {context: data, steps: [{name: a}]}\n"
    )
    (here / "types").mkdir()
    (here / "types" / "data.yaml").write_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\n"
        "metadata: {name: data}\nspec: {input_schema: {type: object}}\n"
    )
    selection = select([Path("flows")])
    alone = build(selection)
    assert "MF1008" in [d.code for d in alone.diagnostics]
    selection.contexts = select([Path("types")]).files
    together = build(selection)
    assert "MF1008" not in [d.code for d in together.diagnostics]
    assert together.workflows[0].context is not None


def test_a_context_named_by_path_in_another_folder(here: Path) -> None:
    (here / "flows").mkdir()
    (here / "flows" / "w.yaml").write_text(
        WORKFLOW
        + "metadata: {name: w}\nspec: {context: ../types.yaml, steps: [{name: a}]}\n"
    )
    (here / "types.yaml").write_text(
        "apiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\n"
        "metadata: {name: data}\nspec: {input_schema: {type: object}}\n"
    )
    built = build(select([Path("flows")]))
    assert built.workflows[0].context is not None
