"""The server: REST over the engine."""

from magicflow.server.config import ConfigError, ServerConfig
from magicflow.server.serving import Server, serve

__all__ = ["ConfigError", "Server", "ServerConfig", "serve"]
