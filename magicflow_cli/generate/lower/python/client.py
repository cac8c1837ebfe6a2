"""The target `client`: typed clients of one workflow."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.generate.lower.python.client_tests import client_tests
from magicflow_cli.generate.lower.python.code import Atom, call, layout, subscript
from magicflow_cli.generate.lower.python.contract import contract_view
from magicflow_cli.generate.lower.python.functions import codec_of, type_from
from magicflow_cli.generate.lower.python.names import (
    class_of,
    constant,
    folder_of,
    function_of,
)
from magicflow_cli.generate.model import Options, Untrusted, View
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value

STEP = " " * 8


class Event(Value):
    """`data` is the parameter, `codec` the statement that makes its codec."""

    name: str
    event: Untrusted
    constant: str
    data: str
    codec: str
    send: str
    send_async: str


class ClientView(Value):
    """`blocking` and `waiting` are the first lines of the clients' classes."""

    workflow: Untrusted
    blocking: str
    waiting: str
    has_types: bool
    events: tuple[Event, ...]


def lower(document: plan.Plan, options: Options) -> Iterator[View]:
    """The files of the target for one workflow."""
    folder = folder_of(document.workflow.name, options)
    events = tuple(
        _event(document, event)
        for _, event in sorted(document.events.items())
        if event.listens
    )
    name = class_of(document.workflow.name, "client")
    yield contract_view(document, options)
    yield View(
        f"{folder}client.py",
        "client/client.py.j2",
        ClientView(
            workflow=Untrusted(document.workflow.name),
            blocking=_head(name, "WorkflowClient"),
            waiting=_head(f"Async{name}", "AsyncWorkflowClient"),
            has_types=any("(t." in event.codec for event in events),
            events=events,
        ),
    )
    yield from client_tests(document, options)


def _head(name: str, base: str) -> str:
    """The first line of a client's class."""
    parent = subscript(base, Atom("Input"), Atom("Output"))
    return layout("", call(f"class {name}", parent), ":")


def _event(document: plan.Plan, event: plan.Event) -> Event:
    type = type_from("t", event.type, document.types)
    name = constant("event", event.name)
    arguments = ("execution_id", f"c.{name}", "codec.to_json(data)", "event_id")
    sent = call("self.signal", *map(Atom, arguments))
    return Event(
        name=function_of(f"send-{event.name}"),
        event=Untrusted(event.name),
        constant=name,
        data=layout("data: ", type, ",", STEP),
        codec=codec_of(type, STEP),
        send=layout("return ", sent, "", STEP),
        send_async=layout("return await ", sent, "", STEP),
    )
