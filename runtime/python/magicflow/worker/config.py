"""Configuration of an executor process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from magicflow.errors import ConfigError
from magicflow.observe.logs import check_logs


@dataclass(slots=True)
class ExecutorConfig:
    """url, token: the server that hands out tasks.
    executors: which to serve; none means all. concurrency: tasks at once, of each.
    drain: seconds that running tasks may take after a stop signal.
    health_host, health_port: where `/health` answers; without a port nowhere.
    """

    url: str = "http://127.0.0.1:8080"
    token: str | None = None
    executors: tuple[str, ...] = ()
    concurrency: int = 10
    drain: float = 30.0
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    secrets_directory: Path | str | None = None
    log_level: str = "info"
    log_format: str = "json"

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        base: ExecutorConfig | None = None,
        **given: object,
    ) -> ExecutorConfig:
        """`MAGICFLOW_URL`, `_TOKEN`, `_TOKEN_FILE`, `_EXECUTORS` (comma-separated),
        `_CONCURRENCY`, `_HEALTH_PORT`, `_SECRETS_DIR`, `_LOG_LEVEL`, `_LOG_FORMAT`; they
        win over `base`, and `given` over them.

        Raises ConfigError.
        """
        env = os.environ if environment is None else environment
        config = base or cls()
        for name, variable in _TEXTS.items():
            if variable in env:
                setattr(config, name, env[variable])
        for name, variable in _NUMBERS.items():
            if variable in env:
                try:
                    setattr(config, name, int(env[variable]))
                except ValueError:
                    raise ConfigError(f"{variable} is no number") from None
        if "MAGICFLOW_TOKEN_FILE" in env:
            config.token = _read_token(env["MAGICFLOW_TOKEN_FILE"])
        names = env.get("MAGICFLOW_EXECUTORS", "").split(",")
        if any(names):
            config.executors = tuple(name.strip() for name in names if name.strip())
        for key, value in given.items():
            if value is not None:
                setattr(config, key, value)
        config.check()
        return config

    def check(self) -> None:
        """Raises ConfigError for what cannot work."""
        check_logs(self.log_level, self.log_format)
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"`{self.url}` is no http or https address")
        if self.concurrency < 1:
            raise ConfigError("an executor needs a concurrency of at least 1")
        if self.health_port is not None and not 0 <= self.health_port <= 65535:
            raise ConfigError(f"port {self.health_port} is not within 0–65535")


_TEXTS = {
    "url": "MAGICFLOW_URL",
    "token": "MAGICFLOW_TOKEN",
    "secrets_directory": "MAGICFLOW_SECRETS_DIR",
    "log_level": "MAGICFLOW_LOG_LEVEL",
    "log_format": "MAGICFLOW_LOG_FORMAT",
}
_NUMBERS = {
    "concurrency": "MAGICFLOW_CONCURRENCY",
    "health_port": "MAGICFLOW_HEALTH_PORT",
}


def _read_token(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"MAGICFLOW_TOKEN_FILE: {error.strerror}") from None
