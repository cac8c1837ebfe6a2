"""Runs: every order of targets and workflows gives one tree, and the same one always."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

from magicflow_cli.generate.model import Options, RuntimePackage
from magicflow_cli.plan import from_json, to_json
from tests.unit.generate.pages import WORKFLOW
from tests.unit.generate.plans import (
    ALL,
    EXAMPLES,
    ROOT,
    compile_texts,
    example_plan,
    run,
    tree,
)

SMALL = Options(runtime_package=RuntimePackage(path="../runtime"))
"""Without the runtime's source, which is the same in every tree."""


@pytest.mark.parametrize("pair", list(permutations(ALL, 2)), ids="-".join)
def test_two_targets_one_after_the_other_are_both_at_once(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    plans = [example_plan("user-onboarding")]
    for target in pair:
        assert run(tmp_path / "apart", plans, (target,), SMALL) == []
    assert run(tmp_path / "together", plans, pair, SMALL) == []
    assert tree(tmp_path / "apart") == tree(tmp_path / "together")


@pytest.mark.parametrize("order", list(permutations(ALL)), ids="-".join)
def test_every_order_of_all_targets_is_all(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    plans = [example_plan("payment-processing")]
    for target in order:
        assert run(tmp_path / "apart", plans, (target,), SMALL) == []
    assert run(tmp_path / "all", plans, ALL, SMALL) == []
    assert tree(tmp_path / "apart") == tree(tmp_path / "all")


def test_with_the_vendored_runtime_too(tmp_path: Path) -> None:
    plans = [example_plan("user-onboarding")]
    for target in ("client", "types", "server", "executor"):
        assert run(tmp_path / "apart", plans, (target,)) == []
    assert run(tmp_path / "all", plans) == []
    assert tree(tmp_path / "apart") == tree(tmp_path / "all")


def test_workflows_one_after_the_other_are_all_at_once(tmp_path: Path) -> None:
    names = ("user-onboarding", "payment-processing")
    plans = [example_plan(name) for name in names]
    for order in (plans, plans[::-1]):
        folder = tmp_path / order[0].workflow.name
        for plan in order:
            assert run(folder, [plan], ALL, SMALL) == []
        assert run(tmp_path / "all", order, ALL, SMALL) == []
        assert tree(folder) == tree(tmp_path / "all")


def test_a_complete_run_removes_the_files_of_workflows_that_are_gone(
    tmp_path: Path,
) -> None:
    names = ("user-onboarding", "payment-processing")
    both = [example_plan(name) for name in names]
    run(tmp_path / "out", both, ("types",), SMALL, complete=True)
    run(tmp_path / "out", both[:1], ("types",), SMALL)
    assert "workflows/payment_processing/types.py" in tree(tmp_path / "out")
    run(tmp_path / "out", both[:1], ("types",), SMALL, complete=True)
    run(tmp_path / "one", both[:1], ("types",), SMALL, complete=True)
    assert tree(tmp_path / "out") == tree(tmp_path / "one")
    assert not (tmp_path / "out/workflows/payment_processing").exists()


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    plans = [example_plan("user-onboarding")]
    run(tmp_path, plans)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert run(tmp_path, plans) == []
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_what_somebody_removed_or_edited_is_seen(tmp_path: Path) -> None:
    plans = [example_plan("user-onboarding")]
    run(tmp_path, plans)
    before = tree(tmp_path)
    (tmp_path / "workflows/user_onboarding/types.py").unlink()
    assert run(tmp_path, plans) == []
    assert tree(tmp_path) == before
    (tmp_path / "workflows/user_onboarding/types.py").write_text("# mine\n")
    assert run(tmp_path, plans) == ["MF4001"]


def test_a_checkout_with_carriage_returns_is_current(tmp_path: Path) -> None:
    plans = [example_plan("user-onboarding")]
    run(tmp_path, plans, ("types",), SMALL)
    file = tmp_path / "workflows/user_onboarding/types.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = tree(tmp_path)
    assert run(tmp_path, plans, ("types",), SMALL) == []
    assert tree(tmp_path) == before


def test_other_options_are_other_inputs(tmp_path: Path) -> None:
    plans = [example_plan("user-onboarding")]
    run(tmp_path / "out", plans, ("types",), SMALL, complete=True)
    other = Options("acme.flows", SMALL.runtime_package)
    assert run(tmp_path / "out", plans, ("types",), other, complete=True) == []
    run(tmp_path / "fresh", plans, ("types",), other, complete=True)
    ours = {k: v for k, v in tree(tmp_path / "out").items() if k != "pyproject.toml"}
    theirs = {
        k: v for k, v in tree(tmp_path / "fresh").items() if k != "pyproject.toml"
    }
    assert ours.keys() == theirs.keys()
    assert "acme/flows/user_onboarding/types.py" in ours


@pytest.mark.parametrize(
    "package",
    ["my-flows", "Flows", "class", "magicflow", "a..b", "../x", "a b", "é", "a;b"],
)
def test_packages_that_python_cannot_have(tmp_path: Path, package: str) -> None:
    plans = [example_plan("user-onboarding")]
    assert run(tmp_path, plans, ("types",), Options(package)) == ["MF4011"]
    assert tree(tmp_path) == {}


def test_two_workflows_of_one_package(tmp_path: Path) -> None:
    plans = compile_texts(WORKFLOW, WORKFLOW.replace("greet", "greet_"))
    assert run(tmp_path, plans, ("types",)) == ["MF4012"]


def test_a_plan_read_back_gives_the_same_files(tmp_path: Path) -> None:
    plan = example_plan("payment-processing")
    run(tmp_path / "a", [plan], ALL, SMALL)
    run(tmp_path / "b", [from_json(to_json(plan))], ALL, SMALL)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


SCRIPT = """
import sys
from pathlib import Path
from magicflow_cli.cli.main import run
sys.exit(run(["generate", "all", *sys.argv[2:], "--output", sys.argv[1]]))
"""


def test_bytes_do_not_depend_on_the_environment(tmp_path: Path) -> None:
    flows = [str(EXAMPLES / name) for name in ("user-onboarding", "payment-processing")]
    python_path = os.pathsep.join([str(ROOT), str(ROOT / "runtime" / "python")])
    trees = []
    for seed, order, cwd, locale in (
        ("0", flows, tmp_path, "C"),
        ("1", flows[::-1], ROOT, "C.UTF-8"),
        ("2", flows, ROOT / "docs", "C"),
    ):
        folder = tmp_path / seed
        subprocess.run(
            [sys.executable, "-c", SCRIPT, folder, *order],
            cwd=cwd,
            env={
                **os.environ,
                "PYTHONPATH": python_path,
                "PYTHONHASHSEED": seed,
                "TZ": "Asia/Tokyo" if seed == "1" else "UTC",
                "LC_ALL": locale,
                "XDG_CACHE_HOME": str(tmp_path / f"cache{seed}"),
            },
            check=True,
            capture_output=True,
        )
        trees.append(tree(folder))
    assert trees[0] == trees[1] == trees[2]
    here = str(tmp_path).encode()
    assert not any(here in content for content in trees[0].values())
