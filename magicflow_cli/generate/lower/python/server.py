"""The target `server`: a workflow's plan and how it is started."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from magicflow_cli.generate.document import indented, plan_json
from magicflow_cli.generate.lower.python.code import Atom, assignment
from magicflow_cli.generate.lower.python.contract import contract_view
from magicflow_cli.generate.lower.python.names import folder_of
from magicflow_cli.generate.lower.python.server_tests import server_tests
from magicflow_cli.generate.lower.python.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class ServerView(Value):
    """`path` is a whole statement."""

    workflow: Untrusted
    path: str


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    folder = folder_of(document.workflow.name, options)
    yield contract_view(document, options)
    yield View(
        f"{folder}server.py",
        "server/server.py.j2",
        ServerView(
            workflow=Untrusted(document.workflow.name),
            path=assignment(
                "START_PATH",
                Atom(string_literal(start_path(document.workflow.name))),
            ),
        ),
    )
    yield View(f"{folder}plan.json", content=indented(plan_json(document)))
    yield from server_tests(document, options)


def start_path(workflow: str) -> str:
    """Where a run is started over HTTP."""
    return f"/api/v2/workflows/{quote(workflow, safe='')}/execute"
