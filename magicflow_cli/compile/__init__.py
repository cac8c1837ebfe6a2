"""Checked documents → plan: all desugaring happens here."""

from magicflow_cli.compile.workflow import Compiled, compile_workflow

__all__ = ["Compiled", "compile_workflow"]
