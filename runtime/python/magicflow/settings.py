"""config/server.yaml and config/executor.yaml: what they mean for a server and an
executor. `docs/configuration.md` of magic-flow lists every key."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from magicflow.errors import ConfigError
from magicflow.server.config import ServerConfig
from magicflow.server.durations import parse_duration
from magicflow.worker.config import ExecutorConfig

Json = Mapping[str, Any]
_LOGGER = logging.getLogger("magicflow.settings")
_SHARED: dict[str, Any] = {
    "messaging": {"backend": None},
    "monitoring": {"log_level": None, "log_format": None},
    "secrets": {"source": None, "path": None, "prefix": None},
}
_SERVER: dict[str, Any] = {
    **_SHARED,
    "server": {"host": None, "port": None, "max_body_bytes": None, "tls": None},
    "auth": {"enabled": None, "tokens": None},
    "storage": {"backend": None, "embedded": {"path": None}},
    "monitoring": {**_SHARED["monitoring"], "tracing_enabled": None},
}
_EXECUTOR: dict[str, Any] = {
    **_SHARED,
    "executor": {"concurrency": None, "shutdown_grace": None},
    "server": {"url": None, "token": None, "token_file": None},
    "health": {"host": None, "port": None},
}
_VARIABLE = re.compile(r"\$\{(?:env\.)?([A-Za-z_][A-Za-z0-9_]*)\}")


def read_settings(file: Path | None) -> dict[str, Any]:
    """The content of a configuration file; of none that is not there, nothing.

    Raises ConfigError.
    """
    if file is None or not file.is_file():
        return {}
    import yaml

    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} is no YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file} has no keys")
    return content


def server_settings(
    settings: Json, environment: Mapping[str, str] | None = None, **given: Any
) -> ServerConfig:
    """A server's configuration: `given` wins over the environment (`MAGICFLOW_HOST`…),
    which wins over the file. Raises ConfigError."""
    env = os.environ if environment is None else environment
    _embedded_only(settings, "messaging", "storage")
    _tell_unused(settings, _SERVER)
    server, auth = _section(settings, "server"), _section(settings, "auth")
    if _section(server, "tls").get("enabled", "tls" in server):
        raise ConfigError("`server.tls` is not there yet: put a proxy in front")
    base = ServerConfig()
    found: dict[str, Any] = {
        "host": server.get("host"),
        "port": server.get("port"),
        "max_body": server.get("max_body_bytes"),
        "database": _section(_section(settings, "storage"), "embedded").get("path"),
        "auth": auth.get("enabled"),
        "tokens": tuple(_tokens(auth.get("tokens") or (), env)),
        **_shared(settings),
        "traces": _section(settings, "monitoring").get("tracing_enabled"),
    }
    _take(base, found)
    return ServerConfig.from_environment(env, base, **given)


def executor_settings(
    settings: Json, environment: Mapping[str, str] | None = None, **given: Any
) -> ExecutorConfig:
    """An executor's configuration, as `server_settings`."""
    env = os.environ if environment is None else environment
    _embedded_only(settings, "messaging")
    _tell_unused(settings, _EXECUTOR)
    executor = _section(settings, "executor")
    server, health = _section(settings, "server"), _section(settings, "health")
    base = ExecutorConfig()
    found: dict[str, Any] = {
        "url": server.get("url"),
        "concurrency": executor.get("concurrency"),
        "drain": _seconds(executor.get("shutdown_grace"), "executor.shutdown_grace"),
        "health_host": health.get("host"),
        "health_port": health.get("port"),
        **_shared(settings),
    }
    token = server.get("token")
    if token:
        found["token"] = _resolve(str(token), env)
    elif server.get("token_file"):
        found["token"] = _read(str(server["token_file"]))
    _take(base, found)
    return ExecutorConfig.from_environment(env, base, **given)


def _take(config: ServerConfig | ExecutorConfig, found: Json) -> None:
    for name, value in found.items():
        if value is not None:
            setattr(config, name, value)


def _shared(settings: Json) -> dict[str, Any]:
    monitoring = _section(settings, "monitoring")
    secrets = _section(settings, "secrets")
    if secrets.get("prefix"):
        raise ConfigError("`secrets.prefix` is not there yet")
    return {
        "log_level": monitoring.get("log_level"),
        "log_format": monitoring.get("log_format"),
        "secrets_directory": (
            secrets.get("path") if secrets.get("source") == "files" else None
        ),
    }


def _tell_unused(settings: Json, known: Json, path: str = "") -> None:
    """Warn of every key that has no effect here: a setting is never ignored silently."""
    for key, value in settings.items():
        if key not in known:
            if not str(key).startswith("x-"):
                _LOGGER.warning("the setting `%s%s` has no effect yet", path, key)
        elif isinstance(known[key], dict) and isinstance(value, dict):
            _tell_unused(value, known[key], f"{path}{key}.")


def _embedded_only(settings: Json, *sections: str) -> None:
    for name in sections:
        backend = _section(settings, name).get("backend", "embedded")
        if backend != "embedded":
            raise ConfigError(f"`{name}.backend: {backend}` is not there yet")


def _section(settings: Json, name: str) -> Json:
    found = settings.get(name) or {}
    if not isinstance(found, dict):
        raise ConfigError(f"`{name}` must have keys")
    return found


def _tokens(listed: Any, env: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for each in listed:
        if "file" in each:
            found.append(_read(str(each["file"])))
        else:
            token = _resolve(str(each.get("value", "")), env, missing="")
            if token:
                found.append(token)
    return found


def _resolve(text: str, env: Mapping[str, str], missing: str | None = None) -> str:
    """The text with `${NAME}` replaced by the environment's value."""

    def replace(match: re.Match[str]) -> str:
        value = env.get(match[1], missing)
        if value is None:
            raise ConfigError(f"the environment has no `{match[1]}`")
        return value

    return _VARIABLE.sub(replace, text)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _seconds(duration: Any, name: str) -> float | None:
    if duration is None:
        return None
    try:
        return parse_duration(duration) / 1000
    except ValueError as error:
        raise ConfigError(f"`{name}`: {error}") from None
