"""`${secrets.X}` and `${env.X}`: placeholders that only their user resolves.

A placeholder travels as {"$secret": name} or {"$env": name}, a text with some in it as
{"$template": [text, placeholder, …]}. It is replaced right before the handler or the
HTTP request sees the value; what is stored keeps it. The task says where placeholders
stand (`secrets`, JSON pointers), so that nobody can smuggle one in as data.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from magicflow.worker.errors import WorkflowError


class Secrets:
    """Values from files of `directory`, named like the secret, else from the
    environment variable of that name."""

    def __init__(
        self,
        directory: Path | str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = None if directory is None else Path(directory)
        self._environment = os.environ if environment is None else environment

    def secret(self, name: str) -> str:
        """Raises WorkflowError when there is no such secret."""
        if (
            self._directory is not None
            and "/" not in name
            and name not in ("", ".", "..")
        ):
            try:
                return (self._directory / name).read_text().rstrip("\n")
            except OSError:
                pass  # not there as a file; the environment may have it
        return self._variable(name, f"there is no secret `{name}`")

    def variable(self, name: str) -> str:
        """Raises WorkflowError when the environment has no such variable."""
        return self._variable(name, f"the environment has no `{name}`")

    def _variable(self, name: str, problem: str) -> str:
        value = self._environment.get(name)
        if value is None:
            raise WorkflowError("INTERNAL", problem, retryable=False)
        return value

    def resolve(self, value: Any, pointers: Sequence[str]) -> Any:
        """The value with the placeholders at these JSON pointers replaced.

        Nowhere else: a `{"$secret": …}` that came with a run's input is somebody's data.
        The value itself is not changed.
        """
        for pointer in pointers:
            value = self._replace(value, _parts(pointer))
        return value

    def _replace(self, value: Any, parts: Sequence[str]) -> Any:
        if not parts:
            return self._resolve(value)
        name, rest = parts[0], parts[1:]
        if isinstance(value, dict) and name in value:
            return {**value, name: self._replace(value[name], rest)}
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            copy = list(value)
            copy[int(name)] = self._replace(copy[int(name)], rest)
            return copy
        return value  # the mapping left the member out

    def _resolve(self, value: Any) -> Any:
        if not isinstance(value, dict) or len(value) != 1:
            return value
        ((kind, given),) = value.items()
        if kind == "$secret":
            return self.secret(str(given))
        if kind == "$env":
            return self.variable(str(given))
        if kind == "$template" and isinstance(given, list):
            return "".join(str(self._resolve(part)) for part in given)
        return value


def _parts(pointer: str) -> list[str]:
    return [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]
    ]
