"""`${secrets.X}` and `${env.X}`: placeholders that only their user resolves.

A placeholder travels as {"$secret": name} or {"$env": name}, a text with some in it as
{"$template": [text, placeholder, …]}, and is replaced right before the handler or the HTTP request sees the value; what is stored keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
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

    def resolve(self, value: Any) -> Any:
        """The value with every placeholder replaced; the same object when it has none."""
        if isinstance(value, dict):
            if len(value) == 1:
                ((key, name),) = value.items()
                if key == "$secret" and isinstance(name, str):
                    return self.secret(name)
                if key == "$env" and isinstance(name, str):
                    return self.variable(name)
                if key == "$template" and isinstance(name, list):
                    return "".join(str(self.resolve(piece)) for piece in name)
            if any(type(item) in (dict, list) for item in value.values()):
                return {key: self.resolve(item) for key, item in value.items()}
            return value
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value
