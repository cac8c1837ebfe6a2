"""Configuration: what is read, and what would be unsafe."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from magicflow.server import ConfigError, Server, ServerConfig
from magicflow.store import StoreInUse

from tests.runtime.plans import three_steps


def test_the_environment_is_read_and_what_is_given_wins(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("c\n\n d \n")
    config = ServerConfig.from_environment(
        {
            "MAGICFLOW_HOST": "0.0.0.0",
            "MAGICFLOW_PORT": "9",
            "MAGICFLOW_TOKENS": "a, b,",
            "MAGICFLOW_TOKENS_FILE": str(tokens),
            "MAGICFLOW_EGRESS_ALLOW": "10.0.0.0/8,x:1",
            "MAGICFLOW_TRACES": "on",
            "MAGICFLOW_LEASE": "1500ms",
            "MAGICFLOW_DATABASE": "x.db",
        },
        port=10,
        database=None,
    )
    assert (config.host, config.port, config.database) == ("0.0.0.0", 10, "x.db")
    assert config.tokens == ("a", "b", "c", "d")
    assert config.egress_allow == ("10.0.0.0/8", "x:1")
    assert config.traces
    assert config.lease == 1.5


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "no token"),
        ({"MAGICFLOW_AUTH": "off", "MAGICFLOW_HOST": "0.0.0.0"}, "loopback only"),
        ({"MAGICFLOW_AUTH": "off", "MAGICFLOW_HOST": "example.org"}, "loopback only"),
        ({"MAGICFLOW_PORT": "http"}, "no number"),
        ({"MAGICFLOW_PORT": "70000", "MAGICFLOW_TOKENS": "t"}, "not within"),
        ({"MAGICFLOW_TOKENS_FILE": "/nowhere/x"}, "MAGICFLOW_TOKENS_FILE"),
        ({"MAGICFLOW_LEASE": "soon"}, "MAGICFLOW_LEASE"),
        ({"MAGICFLOW_LEASE": "1ms", "MAGICFLOW_TOKENS": "t"}, "at least 0.01 s"),
    ],
)
def test_unsafe_or_impossible_configurations(
    environment: dict[str, str], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        ServerConfig.from_environment(environment)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_authorization_may_be_off_on_loopback(host: str) -> None:
    ServerConfig.from_environment({"MAGICFLOW_AUTH": "off"}, host=host)


def test_a_taken_port_and_a_taken_database_are_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = ServerConfig(port=port, auth=False, database=tmp_path / "a.db")
        server = Server([three_steps()], config)
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
            server.bind()
        with pytest.raises(StoreInUse):
            Server([three_steps()], config)
        server.engine.store.close()


def test_a_plan_that_is_none_leaves_nothing_open(tmp_path: Path) -> None:
    from magicflow.plan import PlanError

    config = ServerConfig(auth=False, database=tmp_path / "a.db")
    with pytest.raises(PlanError):
        Server([{"plan_version": 99}], config)
    Server([three_steps()], config).engine.store.close()
