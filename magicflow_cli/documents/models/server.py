"""A server's configuration, generated from schemas/server.schema.json by
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


class Tls(Bound):
    cert_file: str
    key_file: str
    enabled: bool | None = None


class EmbeddedStorage(Bound):
    path: str | None = None


class Postgres(Bound):
    url: str | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    username: str | None = None
    password: str | None = None
    schema: str | None = None
    max_connections: int | None = None


class Token(Bound):
    name: str
    value: str | None = None
    file: str | None = None
    scopes: list[Literal["read", "execute", "tasks", "admin"]] | None = None


class Retention(Bound):
    completed: Duration | None = None
    failed: Duration | None = None


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


class Server(Bound):
    host: str | None = None
    port: int | None = None
    timeout: Duration | None = None
    max_body_bytes: int | None = None
    tls: Tls | None = None


class Health(Bound):
    check_interval: Duration | None = None
    timeout: Duration | None = None
    failure_threshold: int | None = None
    checks: list[Check] | None = None


class Storage(Bound):
    backend: Literal["embedded", "postgres", "redis"] | None = None
    embedded: EmbeddedStorage | None = None
    postgres: Postgres | None = None
    redis: Redis | None = None


class Auth(Bound):
    enabled: bool | None = None
    tokens: list[Token] | None = None


class Workflows(Bound):
    max_concurrent_executions: int | None = None
    default_timeout: Duration | None = None
    cancel_grace: Duration | None = None
    value_bytes: int | None = None
    occurrences_per_run: int | None = None
    visits_per_block: int | None = None
    retention: Retention | None = None


class ServerConfiguration(Bound):
    server: Server | None = None
    messaging: Messaging | None = None
    storage: Storage | None = None
    health: Health | None = None
    monitoring: Monitoring | None = None
    auth: Auth | None = None
    workflow: Workflows | None = None
    secrets: Secrets | None = None


# What the binder and jsonschema read: the schema without its prose.
# fmt: off
SHAPE: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://magic-flow.io/schemas/v2/server.schema.json",
    "title": "ServerConfiguration",
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "properties": {"server": {"$ref": "#/$defs/Server"}, "messaging": {"$ref": "#/$defs/Messaging"}, "storage": {"$ref": "#/$defs/Storage"}, "health": {"$ref": "#/$defs/Health"}, "monitoring": {"$ref": "#/$defs/Monitoring"}, "auth": {"$ref": "#/$defs/Auth"}, "workflow": {"$ref": "#/$defs/Workflows"}, "secrets": {"$ref": "#/$defs/Secrets"}},
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
        "Server": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"host": {"type": "string", "minLength": 1}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "timeout": {"$ref": "#/$defs/Duration"}, "max_body_bytes": {"type": "integer", "minimum": 1}, "tls": {"$ref": "#/$defs/Tls"}}},
        "Tls": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["cert_file", "key_file"], "properties": {"enabled": {"type": "boolean"}, "cert_file": {"type": "string", "minLength": 1}, "key_file": {"type": "string", "minLength": 1}}},
        "Health": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"check_interval": {"$ref": "#/$defs/Duration"}, "timeout": {"$ref": "#/$defs/Duration"}, "failure_threshold": {"type": "integer", "minimum": 1}, "checks": {"type": "array", "items": {"$ref": "#/$defs/Check"}}}},
        "Storage": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"backend": {"enum": ["embedded", "postgres", "redis"]}, "embedded": {"$ref": "#/$defs/EmbeddedStorage"}, "postgres": {"$ref": "#/$defs/Postgres"}, "redis": {"$ref": "#/$defs/Redis"}}},
        "EmbeddedStorage": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"path": {"type": "string", "minLength": 1}}},
        "Postgres": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"url": {"type": "string", "minLength": 1}, "host": {"type": "string", "minLength": 1}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "database": {"type": "string", "minLength": 1}, "username": {"type": "string", "minLength": 1}, "password": {"type": "string"}, "schema": {"type": "string", "minLength": 1}, "max_connections": {"type": "integer", "minimum": 1}}},
        "Auth": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"enabled": {"type": "boolean"}, "tokens": {"type": "array", "items": {"$ref": "#/$defs/Token"}}}},
        "Token": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "required": ["name"], "oneOf": [{"required": ["value"]}, {"required": ["file"]}], "properties": {"name": {"type": "string", "minLength": 1}, "value": {"type": "string", "minLength": 1}, "file": {"type": "string", "minLength": 1}, "scopes": {"type": "array", "items": {"enum": ["read", "execute", "tasks", "admin"]}, "minItems": 1}}},
        "Workflows": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"max_concurrent_executions": {"type": "integer", "minimum": 1}, "default_timeout": {"$ref": "#/$defs/Duration"}, "cancel_grace": {"$ref": "#/$defs/Duration"}, "value_bytes": {"type": "integer", "minimum": 1024}, "occurrences_per_run": {"type": "integer", "minimum": 1}, "visits_per_block": {"type": "integer", "minimum": 1}, "retention": {"$ref": "#/$defs/Retention"}}},
        "Retention": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"completed": {"$ref": "#/$defs/Duration"}, "failed": {"$ref": "#/$defs/Duration"}}},
        "Secrets": {"type": "object", "additionalProperties": False, "patternProperties": {"^x-": True}, "properties": {"source": {"enum": ["env", "files"]}, "prefix": {"type": "string"}, "path": {"type": "string", "minLength": 1}}},
    },
}
# fmt: on
