"""`magic-flow generate`: a group with a command per kind of output."""

from __future__ import annotations

from magicflow_cli.cli.app import LazyGroup, application
from magicflow_cli.cli.commands import GENERATE


class _Targets(LazyGroup):
    entries = GENERATE


app = application(
    cls=_Targets,
    epilog="""
    magic-flow generate docs --format openapi --output openapi.json workflow.yaml
    """,
)


@app.callback()
def generate() -> None:
    """Generate from a workflow."""
