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
    server = _section(settings, "server")
    if _section(server, "tls", "server.tls").get("enabled", "tls" in server):
        raise ConfigError("`server.tls` is not there yet: put a proxy in front")
    base = ServerConfig()
    found: dict[str, Any] = {
        "host": _text(settings, "server.host"),
        "port": _whole(settings, "server.port"),
        "max_body": _whole(settings, "server.max_body_bytes"),
        "database": _text(settings, "storage.embedded.path"),
        "auth": _flag(settings, "auth.enabled"),
        "tokens": tuple(_tokens(_value(settings, "auth.tokens"), env)),
        **_shared(settings),
        "traces": _flag(settings, "monitoring.tracing_enabled"),
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
    base = ExecutorConfig()
    found: dict[str, Any] = {
        "url": _text(settings, "server.url"),
        "concurrency": _whole(settings, "executor.concurrency"),
        "drain": _seconds(settings, "executor.shutdown_grace"),
        "health_host": _text(settings, "health.host"),
        "health_port": _whole(settings, "health.port"),
        **_shared(settings),
    }
    token = _text(settings, "server.token")
    file = _text(settings, "server.token_file")
    if token:
        found["token"] = _resolve(token, env)
    elif file:
        found["token"] = _read(file)
    _take(base, found)
    return ExecutorConfig.from_environment(env, base, **given)


def _take(config: ServerConfig | ExecutorConfig, found: Json) -> None:
    for name, value in found.items():
        if value is not None:
            setattr(config, name, value)


def _shared(settings: Json) -> dict[str, Any]:
    if _value(settings, "secrets.prefix"):
        raise ConfigError("`secrets.prefix` is not there yet")
    source = _text(settings, "secrets.source") or "env"
    if source not in ("env", "files"):
        raise ConfigError(f"`secrets.source: {source}` is not there yet")
    folder = _text(settings, "secrets.path")
    if source == "files" and folder is None:
        raise ConfigError("`secrets.path` is missing: the folder of the files")
    return {
        "log_level": _text(settings, "monitoring.log_level"),
        "log_format": _text(settings, "monitoring.log_format"),
        "secrets_directory": folder if source == "files" else None,
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
        backend = _text(settings, f"{name}.backend") or "embedded"
        if backend != "embedded":
            raise ConfigError(f"`{name}.backend: {backend}` is not there yet")


def _section(settings: Json, name: str, path: str | None = None) -> Json:
    found = settings.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"`{path or name}` must have keys")
    return found


def _value(settings: Json, path: str) -> Any:
    """The value at `a.b.c`, None where there is none."""
    *sections, last = path.split(".")
    for depth, name in enumerate(sections, 1):
        settings = _section(settings, name, ".".join(sections[:depth]))
    return settings.get(last)


def _text(settings: Json, path: str) -> str | None:
    value = _value(settings, path)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"`{path}` must be a text")
    return value


def _whole(settings: Json, path: str) -> int | None:
    value = _value(settings, path)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ConfigError(f"`{path}` must be a whole number")
    return value


def _flag(settings: Json, path: str) -> bool | None:
    value = _value(settings, path)
    if value is not None and not isinstance(value, bool):
        raise ConfigError(f"`{path}` must be true or false")
    return value


def _tokens(listed: Any, env: Mapping[str, str]) -> list[str]:
    """A token whose variable the environment has not is none."""
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise ConfigError("`auth.tokens` must be a list")
    found: list[str] = []
    for position, each in enumerate(listed):
        path = f"auth.tokens[{position}]"
        if not isinstance(each, dict):
            raise ConfigError(f"`{path}` must have keys")
        if "scopes" in each:
            # ignoring them would open more than was asked for
            raise ConfigError("`auth.tokens.scopes` is not there yet")
        for name in ("file", "value"):
            if not isinstance(each.get(name, ""), str):
                raise ConfigError(f"`{path}.{name}` must be a text")
        if "file" in each:
            token = _read(each["file"])
        else:
            text = each.get("value", "")
            known = all(name in env for name in _VARIABLE.findall(text))
            token = _resolve(text, env) if known else ""
        if token:
            found.append(token)
    return found


def _resolve(text: str, env: Mapping[str, str]) -> str:
    """The text with `${NAME}` replaced by the environment's value."""

    def replace(match: re.Match[str]) -> str:
        value = env.get(match[1])
        if value is None:
            raise ConfigError(f"the environment has no `{match[1]}`")
        return value

    return _VARIABLE.sub(replace, text)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None


def _seconds(settings: Json, path: str) -> float | None:
    duration = _value(settings, path)
    if duration is None:
        return None
    if not isinstance(duration, str | int | float) or isinstance(duration, bool):
        raise ConfigError(f"`{path}` must be a duration such as `30s`")
    try:
        return parse_duration(duration) / 1000
    except ValueError as error:
        raise ConfigError(f"`{path}`: {error}") from None
