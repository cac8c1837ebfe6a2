"""What a notification says is sent as it is written."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.check.policies import spec_of
from magicflow_cli.diagnostics import Report
from magicflow_cli.diagnostics.codes import MF6013
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence


def check_notifications(checked: CheckedWorkflow, report: Report) -> None:
    """Texts of `notification` that look as if something were put into them."""
    handling = spec_of(checked).get("error_handling")
    if not isinstance(handling, Mapping) or "notification" not in handling:
        return
    for text in _texts(handling.get("notification")):
        if text.text.startswith("$.") or "${" in text.text:
            report.add(
                MF6013,
                "nothing is put into the texts of a notification",
                text.span(),
                help="write the text itself; the event that carries it also has the"
                " run's `run_id`, `status` and `error`",
            )


def _texts(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Mapping):
        for _, value in node.items():
            yield from _texts(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, Scalar):
        yield node
