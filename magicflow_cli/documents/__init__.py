"""Documents: from a node tree to a typed model, one per kind."""

from magicflow_cli.documents.bound import key_span, node_of
from magicflow_cli.documents.parsing import (
    Kind,
    Parsed,
    parse,
    parse_configuration,
    parse_project,
    shape_of,
)

__all__ = [
    "Kind",
    "Parsed",
    "key_span",
    "node_of",
    "parse",
    "parse_configuration",
    "parse_project",
    "shape_of",
]
