"""What a Go project cannot be: refused before anything is rendered."""

from __future__ import annotations

import re

from magicflow_cli.diagnostics import Report
from magicflow_cli.diagnostics.codes import MF4011
from magicflow_cli.generate.lower.go.names import module_of, package_of
from magicflow_cli.generate.lower.packages import check_packages
from magicflow_cli.generate.model import Request

_PART = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_RESERVED = frozenset({"std", "cmd", "internal", "vendor", "main"})


def check_request(request: Request, report: Report) -> None:
    """The module's path, and workflows that would share a package."""
    module = module_of(request.options)
    parts = module.split("/")
    if (
        any(_PART.fullmatch(part) is None or part[-1] == "." for part in parts)
        or parts[0] in _RESERVED
        or parts[0].startswith("-")
    ):
        report.add(
            MF4011,
            f"`{module[:60]}` cannot be the path of a Go module",
            None,
            help="write parts of ASCII letters, digits, `-`, `_` and `.`, separated by"
            " slashes, such as `example.com/shop/workflows`",
        )
    check_packages(request, package_of, "letters", report)
