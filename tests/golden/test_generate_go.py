"""Generated Go projects: the expected trees, and what every one of them must be.

Go's build cache is shared by all.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.golden.projects import CASES, compare, is_anywhere, ours, texts
from tests.languages import STATICCHECK, go, need
from tests.unit.generate.plans import compile_texts, run

HERE = Path(__file__).parent / "generate-go"
TARGETS = ("types", "executor", "server", "client")


@pytest.fixture(scope="session", params=CASES)
def workflow(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def project(workflow: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole project of a case, with everything that a user gets."""
    folder = tmp_path_factory.mktemp(workflow)
    plans = compile_texts(*texts(workflow))
    assert run(folder, plans, TARGETS, language="go") == []
    return folder


def test_the_tree_is_the_expected_one(
    workflow: str, project: Path, request: pytest.FixtureRequest
) -> None:
    compare(HERE / workflow / "expected", project, request.config)


def test_it_is_formatted(project: Path) -> None:
    need("go")
    done = subprocess.run(
        ["gofmt", "-l", "-d", "."], cwd=project, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_is_vetted_and_its_tests_pass(project: Path) -> None:
    """Offline: the modules are there once `go mod download` has run."""
    need("go")
    downloaded = go("mod", "download", cwd=project)
    assert downloaded.returncode == 0, downloaded.stderr
    offline = {"GOPROXY": "off"}
    racing = project.name.startswith("kitchen") and shutil.which("gcc")
    race = ("-race",) if racing else ()
    commands = (("vet", "./..."), ("test", *race, "./..."), ("mod", "verify"))
    for arguments in commands:
        done = go(*arguments, cwd=project, env=offline)
        assert done.returncode == 0, done.stdout + done.stderr


def test_staticcheck_has_nothing_to_say(project: Path) -> None:
    need("go")
    done = go("run", STATICCHECK, "./...", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_module_is_complete(project: Path, tmp_path: Path) -> None:
    """`go mod tidy` has nothing to add. Without the server it could leave something
    out: a file that is written once cannot depend on the targets."""
    need("go")
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    done = go("mod", "tidy", "-diff", cwd=copy)
    added = [
        line
        for line in done.stdout.splitlines()
        if line.startswith("+") and not line.startswith("+++")
    ]
    assert (done.stderr, added) == ("", []), done.stderr + done.stdout


def test_no_file_is_one_that_go_drops(project: Path) -> None:
    need("go")
    listed = go(
        "list", "-f", "{{.Dir}} {{.GoFiles}} {{.TestGoFiles}}", "./...", cwd=project
    )
    assert listed.returncode == 0, listed.stderr
    for path in ours(project):
        if path.endswith(".go"):
            assert path.rpartition("/")[2] in listed.stdout, path


def test_nothing_names_this_machine(project: Path) -> None:
    is_anywhere(project)
