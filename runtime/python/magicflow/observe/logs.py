"""JSON logs, one object a line, with the ids of run, step and request."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

from magicflow.errors import ConfigError

LEVELS = ("debug", "info", "warning", "error", "critical")
FORMATS = ("json", "text")


class JsonFormatter(logging.Formatter):
    """`{time, level, logger, message, …ids, error?}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        ids = getattr(record, "magicflow", None)
        if isinstance(ids, dict):
            line.update({k: v for k, v in ids.items() if v is not None})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    @staticmethod
    def converter(seconds: float | None) -> object:  # type: ignore[override]
        import time

        return time.gmtime(seconds)


def check_logs(level: str, format: str) -> None:
    """Raises ConfigError for a level or format that there is not."""
    if level.lower() not in LEVELS:
        raise ConfigError(f"log level `{level}` is none of {', '.join(LEVELS)}")
    if format not in FORMATS:
        raise ConfigError(f"log format `{format}` is none of {', '.join(FORMATS)}")


def set_up_logs(
    level: str = "info", format: str = "json", to: TextIO | None = None
) -> None:
    """Send the log of `magicflow` to a stream (stderr). Raises ConfigError."""
    check_logs(level, format)
    handler = logging.StreamHandler(to or sys.stderr)
    if format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("magicflow")
    for old in list(logger.handlers):
        logger.removeHandler(old)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False
