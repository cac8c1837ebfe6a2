"""Workflows whose names would become one package."""

from __future__ import annotations

from collections.abc import Callable

from magicflow_cli.diagnostics import Report
from magicflow_cli.diagnostics.codes import MF4012
from magicflow_cli.generate.model import Request


def check_packages(
    request: Request, package_of: Callable[[str], str], parts: str, report: Report
) -> None:
    """`package_of` gives a workflow's package by its `parts`: its words or letters."""
    seen: dict[str, str] = {}
    for plan in request.plans:
        name = plan.workflow.name
        other = seen.setdefault(package_of(name), name)
        if other != name:
            report.add(
                MF4012,
                f"the workflows `{other}` and `{name}` would both be the package"
                f" `{package_of(name)}`",
                None,
                help=f"rename one: names differ by their {parts}, not by `-` or `_`",
            )
