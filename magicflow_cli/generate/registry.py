"""The languages there are. A language is a module with a `LANGUAGE`, imported by need."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from magicflow_cli.generate.model import Language

KNOWN: Final = ("go", "python", "typescript", "java")
"""Every language that the project file may name."""

MODULES: Final[dict[str, str]] = {
    "go": "magicflow_cli.generate.lower.go",
    "python": "magicflow_cli.generate.lower.python",
}
"""The languages that can be generated."""


def load_language(name: str) -> Language:
    """The language of a name in `MODULES`. Raises KeyError for others."""
    language: Language = import_module(MODULES[name]).LANGUAGE
    return language
