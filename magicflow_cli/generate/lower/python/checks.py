"""What a Python project cannot be: refused before anything is rendered."""

from __future__ import annotations

import re

from magicflow_cli.diagnostics import Report
from magicflow_cli.diagnostics.codes import MF4011
from magicflow_cli.generate.lower.packages import check_packages
from magicflow_cli.generate.lower.python.names import module_of, package_of
from magicflow_cli.generate.model import Request
from magicflow_cli.plan.identifiers import is_reserved

_PART = re.compile(r"[a-z][a-z0-9_]*")


def check_request(request: Request, report: Report) -> None:
    """The package's name, and workflows that would share a package."""
    package = package_of(request.options)
    parts = package.split(".")
    wrong = [
        part
        for part in parts
        if _PART.fullmatch(part) is None or is_reserved(part, "python", "function")
    ]
    if wrong or parts[0] == "magicflow":
        report.add(
            MF4011,
            f"`{package[:60]}` cannot be the name of a Python package",
            None,
            help="write lower-case ASCII letters, digits and `_`, a letter first, parts"
            " separated by dots; `magicflow` is the runtime",
        )
    check_packages(request, module_of, "words", report)
