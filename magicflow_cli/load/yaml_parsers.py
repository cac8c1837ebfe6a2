"""The two event parsers: libyaml's and, where that is not built, the pure Python one."""

from __future__ import annotations

import os
from typing import Any, Protocol

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class EventParser(Protocol):
    def get_event(self) -> Any:
        """The next event, None after the last. Raises `yaml.YAMLError`."""


class PureParser(Reader, Scanner, Parser):
    """PyYAML's own parser, without its composer and constructor."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def open_parser(text: str, pure: bool | None = None) -> EventParser:
    """A parser of `text`. `pure` decides which; None means libyaml where it is built,
    unless the environment variable MAGICFLOW_PURE_YAML is `1`."""
    if pure is None:
        pure = os.environ.get("MAGICFLOW_PURE_YAML") == "1"
    if pure or not yaml.__with_libyaml__:
        return PureParser(text)
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    parser: EventParser = CParser(text)
    return parser
