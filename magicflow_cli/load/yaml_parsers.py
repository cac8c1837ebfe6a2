"""The two event parsers: libyaml's and, where that is not built, the pure Python one."""

from __future__ import annotations

import os
import re
from typing import Any, Protocol

import yaml

_TAG_ESCAPE = re.compile(r"(?<![^\s,\[{])[!%]\S*%[0-9A-Fa-f]{2}")


class EventParser(Protocol):
    def get_event(self) -> Any:
        """The next event, None after the last. Raises `yaml.MarkedYAMLError`."""


def open_parser(text: str, pure: bool | None = None) -> EventParser:
    """A parser of `text`. `pure` decides which; None means libyaml where it is built,
    unless the environment variable MAGICFLOW_PURE_YAML is `1`."""
    if pure is None:
        pure = os.environ.get("MAGICFLOW_PURE_YAML") == "1"
    parser: EventParser
    if pure or not yaml.__with_libyaml__:
        from magicflow_cli.load.pure_parser import PureParser

        parser = PureParser(text)
    else:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        parser = CParser(text)
    return parser


def find_tag_escape(text: str) -> int:
    """The index of the tag at which libyaml's parser of `text` dies with a
    `UnicodeDecodeError`: the first escape behind its last event."""
    parser = open_parser(text, pure=False)
    reached = 0
    try:
        while event := parser.get_event():
            reached = event.end_mark.index
    except UnicodeDecodeError:
        pass
    match = _TAG_ESCAPE.search(text, reached)
    return match.start() if match is not None else reached
