"""Configuration of a server, with defaults that are right for one machine."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from magicflow.errors import ConfigError
from magicflow.observe.logs import check_logs
from magicflow.server.durations import parse_duration

__all__ = ["ConfigError", "ServerConfig", "is_loopback"]

SHORTEST_LEASE = 0.01
"""Seconds; workers say three times within a lease that they live."""


@dataclass(slots=True)
class ServerConfig:
    """host, port: where to listen; port 0 takes a free one.
    database: SQLite file; None keeps runs in memory only.
    tokens: bearer tokens, any of which opens everything. Without tokens the server
    starts only on a loopback address and with `auth=False`.
    max_body: bytes of a request. drain: seconds for running handlers at the end.
    webhook_secret: signs completion webhooks. events_url: where CloudEvents go.
    lease: seconds that a worker of another process may be silent.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    database: Path | str | None = "magicflow.db"
    tokens: tuple[str, ...] = ()
    auth: bool = True
    max_body: int = 1024 * 1024
    drain: float = 10.0
    max_wait: float = 60.0
    secrets_directory: Path | str | None = None
    webhook_secret: str | None = None
    events_url: str | None = None
    egress_allow: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "json"
    traces: bool = False
    max_live_runs: int = 20_000
    max_waiting_writes: int = 10_000
    lease: float = 30.0

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        base: ServerConfig | None = None,
        **given: object,
    ) -> ServerConfig:
        """`MAGICFLOW_HOST`, `_PORT`, `_DATABASE`, `_TOKENS` (comma-separated),
        `_TOKENS_FILE` (one a line), `_AUTH` (on, off), `_LOG_LEVEL`, `_LOG_FORMAT`,
        `_SECRETS_DIR`, `_WEBHOOK_SECRET`, `_EVENTS_URL`, `_EGRESS_ALLOW`, `_TRACES`
        (on, off), `_LEASE` (a duration); they win over `base`, and `given` over them.

        Raises ConfigError.
        """
        env = os.environ if environment is None else environment
        config = base or cls()
        for name, variable in _TEXTS.items():
            if variable in env:
                setattr(config, name, env[variable])
        try:
            config.port = int(env.get("MAGICFLOW_PORT", config.port))
        except ValueError:
            raise ConfigError("MAGICFLOW_PORT is no number") from None
        if "MAGICFLOW_TOKENS" in env or "MAGICFLOW_TOKENS_FILE" in env:
            config.tokens = _tokens(env)
        if "MAGICFLOW_AUTH" in env:
            config.auth = env["MAGICFLOW_AUTH"] not in ("off", "false", "0")
        if "MAGICFLOW_TRACES" in env:
            config.traces = env["MAGICFLOW_TRACES"] in ("on", "true", "1")
        if "MAGICFLOW_EGRESS_ALLOW" in env:
            allow = env["MAGICFLOW_EGRESS_ALLOW"].split(",")
            config.egress_allow = tuple(part for part in allow if part)
        if "MAGICFLOW_LEASE" in env:
            config.lease = _lease(env["MAGICFLOW_LEASE"])
        for key, value in given.items():
            if value is not None:
                setattr(config, key, value)
        config.check()
        return config

    def check(self) -> None:
        """Raises ConfigError for a configuration that would be unsafe or cannot work."""
        check_logs(self.log_level, self.log_format)
        if self.max_body < 1:
            raise ConfigError("a request must be allowed at least 1 byte")
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"port {self.port} is not within 0–65535")
        if self.lease < SHORTEST_LEASE:
            raise ConfigError(f"a lease must last at least {SHORTEST_LEASE} s")
        if self.auth and not self.tokens:
            raise ConfigError(
                "no token is configured: set MAGICFLOW_TOKENS, or on a loopback "
                "address switch authorization off"
            )
        if not self.auth and not is_loopback(self.host):
            raise ConfigError(
                f"authorization can be off on loopback only, not on {self.host}"
            )


_TEXTS = {
    "host": "MAGICFLOW_HOST",
    "database": "MAGICFLOW_DATABASE",
    "log_level": "MAGICFLOW_LOG_LEVEL",
    "log_format": "MAGICFLOW_LOG_FORMAT",
    "secrets_directory": "MAGICFLOW_SECRETS_DIR",
    "webhook_secret": "MAGICFLOW_WEBHOOK_SECRET",
    "events_url": "MAGICFLOW_EVENTS_URL",
}


def _lease(text: str) -> float:
    """Seconds."""
    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise ConfigError(f"MAGICFLOW_LEASE: {error}") from None


def _tokens(env: Mapping[str, str]) -> tuple[str, ...]:
    found = env.get("MAGICFLOW_TOKENS", "").split(",")
    file = env.get("MAGICFLOW_TOKENS_FILE")
    if file is not None:
        try:
            found += Path(file).read_text().splitlines()
        except OSError as error:
            raise ConfigError(f"MAGICFLOW_TOKENS_FILE: {error.strerror}") from None
    return tuple(token.strip() for token in found if token.strip())


def is_loopback(host: str) -> bool:
    """Whether a server on this address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
