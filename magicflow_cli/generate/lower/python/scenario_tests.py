"""The generated test that plays scenario files against the handlers."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.code import Atom, import_from
from magicflow_cli.generate.lower.python.names import module_of
from magicflow_cli.generate.lower.python.server_tests import tested_module
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ScenarioTestsView(Value):
    workflow: Untrusted
    imports: tuple[str, ...]


def scenario_tests(document: plan.Plan, options: Options) -> View:
    """`tests/test_<workflow>_scenarios.py`."""
    module = tested_module(document, options)
    return View(
        f"tests/test_{module_of(document.workflow.name)}_scenarios.py",
        "tests/scenarios.py.j2",
        ScenarioTestsView(
            workflow=Untrusted(document.workflow.name),
            imports=(
                import_from(module, [Atom("constants")]),
                import_from(f"{module}.executor", [Atom("build_executor")]),
            ),
        ),
    )
