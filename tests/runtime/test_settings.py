"""config/server.yaml and config/executor.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from magicflow.errors import ConfigError
from magicflow.settings import executor_settings, read_settings, server_settings

SERVER = """
server: {host: 127.0.0.1, port: 9000, max_body_bytes: 5}
storage: {embedded: {path: data/runs.db}}
auth:
  tokens: [{name: a, value: "${TOKEN_A}"}, {name: b, value: "x-${env.TOKEN_B}"}, {name: c, file: FILE}]
monitoring: {log_level: debug, log_format: text, tracing_enabled: true}
secrets: {source: files, path: secrets}
"""


def read(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "token").write_text("from-file\n")
    file = tmp_path / "c.yaml"
    file.write_text(text.replace("FILE", str(tmp_path / "token")))
    return read_settings(file)


def test_a_server(tmp_path: Path) -> None:
    settings = read(tmp_path, SERVER)
    config = server_settings(settings, {"TOKEN_A": "a", "TOKEN_B": "b"})
    assert (config.host, config.port, config.max_body) == ("127.0.0.1", 9000, 5)
    assert config.database == "data/runs.db"
    assert config.tokens == ("a", "x-b", "from-file")
    assert (config.log_level, config.log_format) == ("debug", "text")
    assert config.traces
    assert config.secrets_directory == "secrets"


def test_environment_and_options_go_first(tmp_path: Path) -> None:
    settings = read(tmp_path, SERVER)
    env = {"MAGICFLOW_PORT": "1", "MAGICFLOW_TOKENS": "t", "MAGICFLOW_AUTH": "on"}
    config = server_settings(settings, env, database=":memory:")
    assert (config.port, config.tokens, config.database) == (1, ("t",), ":memory:")
    assert server_settings(settings, env, port=2).port == 2


def test_a_token_that_the_environment_has_not_is_none(tmp_path: Path) -> None:
    settings = read(tmp_path, "auth: {tokens: [{name: a, value: '${NONE}'}]}")
    with pytest.raises(ConfigError, match="no token is configured"):
        server_settings(settings, {})
    assert server_settings(settings, {}, auth=False).tokens == ()


def test_an_executor(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "executor: {concurrency: 3, shutdown_grace: 1m}\n"
        "server: {url: 'https://x', token: '${T}'}\n"
        "health: {host: '::1', port: 8081}\n",
    )
    config = executor_settings(settings, {"T": "secret"})
    assert (config.concurrency, config.drain) == (3, 60.0)
    assert (config.url, config.token) == ("https://x", "secret")
    assert (config.health_host, config.health_port) == ("::1", 8081)
    env = {"T": "x", "MAGICFLOW_URL": "http://y", "MAGICFLOW_EXECUTORS": "a, b"}
    config = executor_settings(settings, env, concurrency=9)
    assert (config.url, config.concurrency) == ("http://y", 9)
    assert config.executors == ("a", "b")
    with pytest.raises(ConfigError, match="the environment has no `T`"):
        executor_settings(settings, {})


def test_the_executors_token_may_be_a_file(tmp_path: Path) -> None:
    assert executor_settings(
        read(tmp_path, "server: {token_file: FILE}"), {}
    ).token == ("from-file")
    env = {"MAGICFLOW_TOKEN_FILE": str(tmp_path / "token")}
    assert executor_settings({}, env).token == "from-file"
    with pytest.raises(ConfigError, match="MAGICFLOW_TOKEN_FILE"):
        executor_settings({}, {"MAGICFLOW_TOKEN_FILE": str(tmp_path / "none")})


USELESS = [
    ("a: [", "is no YAML"),
    ("[]", "has no keys"),
    ("server: 1", "`server` must have keys"),
    ("storage: {backend: redis}", "`storage.backend: redis` is not there yet"),
    ("messaging: {backend: kafka}", "`messaging.backend: kafka` is not there"),
    ("server: {tls: {cert_file: a, key_file: b}}", "`server.tls` is not there"),
    ("secrets: {prefix: X_}", "`secrets.prefix` is not there"),
    ("auth: {tokens: [{name: a, file: /none}]}", "/none: No such file"),
    ("server: {port: abc}", "`server.port` must be a whole number"),
    ("server: {port: true}", "`server.port` must be a whole number"),
    ("server: {port: 80.5}", "`server.port` must be a whole number"),
    ("server: {host: [a]}", "`server.host` must be a text"),
    ("server: {max_body_bytes: x}", "`server.max_body_bytes` must be a whole"),
    ("server: {max_body_bytes: -1}", "at least 1 byte"),
    ("storage: {embedded: {path: 5}}", "`storage.embedded.path` must be a text"),
    ("storage: {embedded: 5}", "`storage.embedded` must have keys"),
    ("auth: {enabled: 'off'}", "`auth.enabled` must be true or false"),
    ("auth: {tokens: 5}", "`auth.tokens` must be a list"),
    ("auth: {tokens: [x]}", r"`auth.tokens\[0\]` must have keys"),
    ("auth: {tokens: [{value: [1]}]}", r"`auth.tokens\[0\].value` must be a text"),
    (
        "auth: {tokens: [{name: a, value: t, scopes: [read]}]}",
        "`auth.tokens.scopes` is not there yet",
    ),
    ("monitoring: {log_level: loud}", "log level `loud` is none of"),
    ("monitoring: {log_format: xml}", "log format `xml` is none of"),
    ("monitoring: {tracing_enabled: 1}", "`monitoring.tracing_enabled` must be"),
    ("secrets: {source: vault}", "`secrets.source: vault` is not there yet"),
    ("secrets: {source: files}", "`secrets.path` is missing"),
    ("messaging: {backend: 5}", "`messaging.backend` must be a text"),
]
"""Files that no server can use, those of other languages neither, and why."""


@pytest.mark.parametrize(("text", "message"), USELESS)
def test_what_a_server_cannot_use(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        server_settings(read(tmp_path, text), {}, auth=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("executor: {shutdown_grace: soon}", "executor.shutdown_grace"),
        ("executor: {concurrency: 0}", "at least 1"),
        ("server: {url: 'ftp://x'}", "no http or https"),
        ("server: {token_file: /none}", "/none: No such file"),
        ("health: {port: 70000}", "not within 0–65535"),
        ("health: {port: x}", "`health.port` must be a whole number"),
        ("health: {host: 5}", "`health.host` must be a text"),
        ("executor: {concurrency: x}", "`executor.concurrency` must be a whole"),
        ("executor: {concurrency: true}", "`executor.concurrency` must be a whole"),
        ("executor: {shutdown_grace: [1]}", "`executor.shutdown_grace` must be a"),
        ("server: {url: 5}", "`server.url` must be a text"),
        ("server: {token: [1]}", "`server.token` must be a text"),
        ("server: {token_file: [1]}", "`server.token_file` must be a text"),
        ("monitoring: {log_level: loud}", "log level `loud` is none of"),
    ],
)
def test_what_an_executor_cannot_use(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        executor_settings(read(tmp_path, text), {})


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert read_settings(None) == read_settings(tmp_path / "none.yaml") == {}
    assert read(tmp_path, "") == {}
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError):
        read_settings(tmp_path / "binary.yaml")


def test_a_setting_without_effect_is_told(caplog: pytest.LogCaptureFixture) -> None:
    server_settings(
        {
            "server": {"port": 1, "timeout": "30s"},
            "auth": {"tokens": [{"name": "a", "value": "secret"}]},
            "health": {"check_interval": "30s"},
            "storage": {"embedded": {"path": "x.db", "backup": {}}},
            "x-own": 1,
        },
        {},
    )
    told = [record.getMessage() for record in caplog.records]
    assert [message.split("`")[1] for message in told] == [
        "server.timeout",
        "health",
        "storage.embedded.backup",
    ]
    caplog.clear()
    executor_settings({"executor": {"concurrency": 3, "name": "a"}}, {})
    assert "executor.name" in caplog.text


def test_a_token_with_a_part_that_is_missing_is_none(tmp_path: Path) -> None:
    """`x-` alone is a token that anybody could guess."""
    settings = read(tmp_path, "auth: {tokens: [{name: a, value: 'x-${NONE}'}]}")
    with pytest.raises(ConfigError, match="no token is configured"):
        server_settings(settings, {})
