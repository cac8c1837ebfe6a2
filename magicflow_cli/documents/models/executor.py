"""An executor's configuration, generated from schemas/executor.schema.json by
scripts/generate_models.py. Do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.documents.bound import Bound
from magicflow_cli.load.nodes import Node

Duration: TypeAlias = str


class Redis(Bound):
    url: str | None = None
    host: str | None = None
    port: int | None = None
    db: int | None = None
    username: str | None = None
    password: str | None = None


class RabbitMQ(Bound):
    url: str | None = None
    host: str | None = None
    port: int | None = None
    virtual_host: str | None = None
    username: str | None = None
    password: str | None = None


class Kafka(Bound):
    brokers: list[str]
    group: str | None = None
    username: str | None = None
    password: str | None = None
    tls: bool | None = None


class Nats(Bound):
    servers: list[str]
    username: str | None = None
    password: str | None = None


class Monitoring(Bound):
    metrics_enabled: bool | None = None
    tracing_enabled: bool | None = None
    tracing_endpoint: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    log_format: Literal["json", "text"] | None = None


Setting: TypeAlias = Node


class Executor(Bound):
    name: str | None = None
    concurrency: int | None = None
    timeout: Duration | None = None
    shutdown_grace: Duration | None = None


class Connection(Bound):
    url: str | None = None
    token: str | None = None
    token_file: str | None = None
    poll_wait: Duration | None = None


class Secrets(Bound):
    source: Literal["env", "files"] | None = None
    prefix: str | None = None
    path: str | None = None


class Messaging(Bound):
    backend: Literal["embedded", "redis", "rabbitmq", "kafka", "nats"] | None = None
    queue_prefix: str | None = None
    redis: Redis | None = None
    rabbitmq: RabbitMQ | None = None
    kafka: Kafka | None = None
    nats: Nats | None = None


class Check(Bound):
    name: str
    type: str
    config: dict[str, Setting] | None = None
    timeout: Duration | None = None


class Health(Bound):
    endpoint: str | None = None
    host: str | None = None
    port: int | None = None
    checks: list[Check] | None = None


class ExecutorConfiguration(Bound):
    executor: Executor | None = None
    server: Connection | None = None
    messaging: Messaging | None = None
    health: Health | None = None
    monitoring: Monitoring | None = None
    secrets: Secrets | None = None


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/executor.schema.json",
    "title": "ExecutorConfiguration",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "properties": {"executor": {"$ref": "#/$defs/Executor"}, "server": {"$ref": "#/$defs/Connection"}, "messaging": {"$ref": "#/$defs/Messaging"}, "health": {"$ref": "#/$defs/Health"}, "monitoring": {"$ref": "#/$defs/Monitoring"}, "secrets": {"$ref": "#/$defs/Secrets"}},
    "$defs": {
        "Duration": {"type": "string", "pattern": "^(?:[0-9]{1,12}ms|[0-9]{1,10}[sm]|[0-9]{1,9}h|[0-9]{1,8}d|P(?:[0-9]{1,7}W|(?=[0-9T])(?:[0-9]{1,8}D)?(?:T(?=[0-9])(?:[0-9]{1,8}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,8}(?:\\.[0-9]{1,3})?S)?)?))$"},
        "Messaging": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"backend": {"enum": ["embedded", "redis", "rabbitmq", "kafka", "nats"]}, "queue_prefix": {"type": "string", "minLength": 1}, "redis": {"$ref": "#/$defs/Redis"}, "rabbitmq": {"$ref": "#/$defs/RabbitMQ"}, "kafka": {"$ref": "#/$defs/Kafka"}, "nats": {"$ref": "#/$defs/Nats"}}},
        "Redis": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"url": {"type": "string", "minLength": 1}, "host": {"type": "string", "minLength": 1}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "db": {"type": "integer", "minimum": 0}, "username": {"type": "string", "minLength": 1}, "password": {"type": "string"}}},
        "RabbitMQ": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"url": {"type": "string", "minLength": 1}, "host": {"type": "string", "minLength": 1}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "virtual_host": {"type": "string", "minLength": 1}, "username": {"type": "string", "minLength": 1}, "password": {"type": "string"}}},
        "Kafka": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["brokers"], "properties": {"brokers": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "group": {"type": "string", "minLength": 1}, "username": {"type": "string", "minLength": 1}, "password": {"type": "string"}, "tls": {"type": "boolean"}}},
        "Nats": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["servers"], "properties": {"servers": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "username": {"type": "string", "minLength": 1}, "password": {"type": "string"}}},
        "Monitoring": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"metrics_enabled": {"type": "boolean"}, "tracing_enabled": {"type": "boolean"}, "tracing_endpoint": {"type": "string", "minLength": 1}, "log_level": {"enum": ["debug", "info", "warning", "error"]}, "log_format": {"enum": ["json", "text"]}}},
        "Check": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name", "type"], "properties": {"name": {"type": "string", "minLength": 1}, "type": {"type": "string", "minLength": 1}, "config": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Setting"}}, "timeout": {"$ref": "#/$defs/Duration"}}},
        "Setting": {},
        "Executor": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"name": {"type": "string", "minLength": 1}, "concurrency": {"type": "integer", "minimum": 1}, "timeout": {"$ref": "#/$defs/Duration"}, "shutdown_grace": {"$ref": "#/$defs/Duration"}}},
        "Connection": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"url": {"type": "string", "minLength": 1}, "token": {"type": "string", "minLength": 1}, "token_file": {"type": "string", "minLength": 1}, "poll_wait": {"$ref": "#/$defs/Duration"}}},
        "Health": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"endpoint": {"type": "string", "pattern": "^/.*$"}, "host": {"type": "string", "minLength": 1}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "checks": {"type": "array", "items": {"$ref": "#/$defs/Check"}}}},
        "Secrets": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"source": {"enum": ["env", "files"]}, "prefix": {"type": "string"}, "path": {"type": "string", "minLength": 1}}},
    },
}
# fmt: on
