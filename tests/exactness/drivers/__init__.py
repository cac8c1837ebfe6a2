"""Drivers: programs that give verdicts over NDJSON.

A driver reads one line per instance, `{"root": <group id>, "json": "<text>"}`, and
answers each with one line, in order: `{"valid": true, "json": "<text>"}` with the value
encoded again, or `{"valid": false, "code": "<first problem's code>"}`. It may crash or
hang: the harness starts it again behind the instance that did it.

`LANGUAGES` maps a language to the functions that prepare its drivers; each gets the
compiled corpus and an empty folder and returns the verdict's name and the command.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.exactness.compiling import CompiledCorpus
from tests.exactness.drivers import (
    go_plan,
    go_types,
    python_generated,
    python_plan,
    python_server,
)

Command: TypeAlias = list[str]
Prepare: TypeAlias = Callable[[CompiledCorpus, Path], Command]


class Unavailable(Exception):
    """A driver that cannot be prepared here: a missing toolchain, a build that fails."""


LANGUAGES: dict[str, dict[str, Prepare]] = {
    "python": {
        "plan": python_plan.prepare,
        "generated": python_generated.prepare,
        "server": python_server.prepare,
    },
    "go": {"plan": go_plan.prepare, "generated": go_types.prepare},
    "go-plan": {"plan": go_plan.prepare},
}
