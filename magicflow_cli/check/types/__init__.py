"""JSON Schemas to plan types, exactly (docs/types.md)."""

from magicflow_cli.check.types.table import TypeTable, is_built_in

__all__ = ["TypeTable", "is_built_in"]
