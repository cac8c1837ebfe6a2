"""Whole Go projects: order of targets, packages of the runtime, what breaks the tests."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from magicflow_cli.generate.model import Options, RuntimePackage
from tests.languages import go, need
from tests.unit.generate.plans import compile_texts, example_plan, run, tree

TARGETS = ("types", "executor", "server", "client")
EXAMPLE = "payment-processing"


def generate(folder: Path, *targets: str, **more: object) -> None:
    assert run(folder, [example_plan(EXAMPLE)], targets or TARGETS, language="go", **more) == []  # type: ignore[arg-type]


def test_every_order_of_targets_gives_the_same(tmp_path: Path) -> None:
    generate(tmp_path / "all")
    expected = tree(tmp_path / "all")
    orders = list(permutations(TARGETS))
    for index, order in enumerate(orders[::5]):
        folder = tmp_path / str(index)
        for target in order:
            generate(folder, target)
        assert tree(folder) == expected, order


def test_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    generate(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.go")}
    generate(tmp_path)
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.go")}


@pytest.mark.parametrize("module", ["example.com/shop/flows", "flows"])
def test_the_module_has_the_package_of_the_options(tmp_path: Path, module: str) -> None:
    generate(tmp_path, options=Options(package=module))
    assert (tmp_path / "go.mod").read_text().startswith(f"module {module}\n")
    text = (tmp_path / "paymentprocessing/executor/executor_gen.go").read_text()
    assert f'"{module}/paymentprocessing"' in text


@pytest.mark.parametrize("module", ["a b", "/x", "x//y", "internal/x", "x/..", '"'])
def test_a_module_path_that_go_refuses(tmp_path: Path, module: str) -> None:
    plans = [example_plan(EXAMPLE)]
    codes = run(tmp_path, plans, TARGETS, Options(package=module), language="go")
    assert codes == ["MF4011"]


def test_workflows_that_would_share_a_package(tmp_path: Path) -> None:
    texts = [
        f"workflow: {{name: {name}}}\nsteps:\n  - {{name: one, executor: e, function: f}}\n"
        for name in ("ab-c", "a-bc")
    ]
    assert "MF4012" in run(tmp_path, compile_texts(*texts), TARGETS, language="go")


def test_a_runtime_from_a_folder(tmp_path: Path) -> None:
    package = RuntimePackage(path="../runtime")
    generate(tmp_path, options=Options(runtime_package=package))
    assert "=> ../runtime/go\n" in (tmp_path / "go.mod").read_text()
    assert not (tmp_path / "magicflow").exists()


def test_a_runtime_from_a_proxy(tmp_path: Path) -> None:
    package = RuntimePackage(index="https://proxy.example", version="1.2.3")
    generate(tmp_path, options=Options(runtime_package=package))
    text = (tmp_path / "go.mod").read_text()
    assert "runtime/go v1.2.3\n" in text and "replace" not in text


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (
            "paymentprocessing/executor/executor_gen.go",
            "worker.NewRoute(paymentprocessing.ExecutorPaymentService",
        ),
        (
            "paymentprocessing/executor/executor_gen.go",
            "e.RegisterFunction(paymentprocessing.StepChargeCard",
        ),
        ("paymentprocessing/constants_gen.go", "StepConfirmOrder"),
    ],
)
def test_generated_tests_miss_what_is_deleted(
    tmp_path: Path, file: str, line: str
) -> None:
    need("go")
    generate(tmp_path)
    path = tmp_path / file
    lines = path.read_text().splitlines(keepends=True)
    found, *_ = [index for index, text in enumerate(lines) if line in text]
    path.write_text("".join(lines[:found] + lines[found + 1 :]))
    done = go("test", "./...", cwd=tmp_path)
    assert done.returncode != 0


def test_a_stub_with_another_signature_does_not_compile(tmp_path: Path) -> None:
    need("go")
    generate(tmp_path)
    path = tmp_path / "paymentprocessing/steps/charge_card_step.go"
    text = path.read_text()
    path.write_text(text.replace("*paymentprocessing.ChargeCardInput", "*string"))
    done = go("vet", "./...", cwd=tmp_path)
    assert done.returncode != 0
    assert "ChargeCard" in done.stderr


COMPENSATED = """\
workflow: {name: trip}
steps:
  - {name: book, executor: svc, function: bookRoom, compensation: {function: undo}}
  - {name: undo, executor: svc, function: pay, compensation: {function: undo, executor: other}}
"""


def test_functions_that_only_compensations_call(tmp_path: Path) -> None:
    """They have routes and stubs of their own, beside a step of the same name."""
    need("go")
    plans = compile_texts(COMPENSATED)
    assert run(tmp_path, plans, TARGETS, language="go") == []
    text = (tmp_path / "trip/executor/executor_gen.go").read_text()
    assert 'e.RegisterFunction("svc/undo", handlers.Undo_' in text
    assert 'e.RegisterFunction("other/undo", handlers.Undo_' in text
    assert (tmp_path / "trip/steps/svc_undo_compensation.go").is_file()
    for arguments in (("vet", "./..."), ("test", "./trip/...")):
        done = go(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
