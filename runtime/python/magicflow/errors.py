"""Errors that servers and executors share."""


class ConfigError(ValueError):
    """The configuration cannot be used; the message says what to change."""
