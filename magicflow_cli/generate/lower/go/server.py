"""The target `server`: a workflow's plan and description, embedded, and how it is started
in the server's process."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from magicflow.canonical import canonical
from magicflow.types import NoExample, TypeSet, example

from magicflow_cli.generate.document import indented, plan_json
from magicflow_cli.generate.lower.go.names import Scope, module_of, package_of
from magicflow_cli.generate.lower.go.references import References
from magicflow_cli.generate.lower.go.sinks import string_literal
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.serial import to_json
from magicflow_cli.record import Value


class ServerView(Value):
    """`path` and `example` are literals; the latter is "" where no example is known."""

    workflow: Untrusted
    package: str
    workflow_import: str
    own: str
    hash: str
    path: str
    input: str
    output: str
    input_codec: str
    output_codec: str
    example: str


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    name = document.workflow.name
    package = package_of(name)
    references = References(document.types, package)
    scope = Scope(document.types)
    takes, gives = references.of(document.input), references.of(document.output.type)
    view = ServerView(
        workflow=Untrusted(name),
        package=package,
        workflow_import=f"{module_of(options)}/{package}",
        own=f"{package}.{scope.own('Workflow')}",
        hash=f"{package}.{scope.own('PlanHash')}",
        path=string_literal(f"/api/v2/workflows/{quote(name, safe='')}/execute"),
        input=takes.go,
        output=gives.go,
        input_codec=takes.codec,
        output_codec=gives.codec,
        example=_example(document),
    )
    folder = f"{package}/server"
    yield View(f"{folder}/server_gen.go", "server/server.go.j2", view)
    yield View(f"{folder}/server_gen_test.go", "server/tests.go.j2", view)
    yield View(f"{folder}/plan.json", content=indented(plan_json(document)))
    yield View(f"{folder}/openapi.json", content=_description(document))


def _description(document: plan.Plan) -> str:
    """What a server with this workflow alone answers at `/openapi.json`; one with more
    joins theirs."""
    from magicflow.openapi import describe

    return indented(describe([plan_json(document)]))


def _example(document: plan.Plan) -> str:
    types = TypeSet({id: to_json(each) for id, each in document.types.items()})
    try:
        return string_literal(canonical(example(types, to_json(document.input))))
    except NoExample:
        return string_literal("")
