"""The messages of a workflow, with its own input and steps."""

from __future__ import annotations

from magicflow_cli.generate.lower.python.annotations import BUILT_IN, name_of, string
from magicflow_cli.generate.lower.python.code import (
    Atom,
    declaration,
    either,
    subscript,
)
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value


class MessagesView(Value):
    """The statements of fields that differ from those of every workflow."""

    workflow: Untrusted
    workflow_name: str
    workflow_id: str
    initial_data: str
    has_models: bool
    has_types: bool


def lower_messages(document: plan.Plan) -> MessagesView:
    """The view of `messages.py`."""
    name = subscript("Literal", string(document.workflow.name))
    ref = document.input
    code = BUILT_IN.get(ref.type)
    if code is None:
        code = Atom(f"t.{name_of(document.types[ref.type])}")
    if ref.nullable and ref.type != "any":
        code = either((code, Atom("None")))
    return MessagesView(
        workflow=Untrusted(document.workflow.name),
        workflow_name=declaration("workflow_name", name, None, "    "),
        workflow_id=declaration("workflow_id", name, None, "    "),
        initial_data=declaration("initial_data", code, None, "    "),
        has_models="mf." in code.text,
        has_types=code.text.startswith("t."),
    )
