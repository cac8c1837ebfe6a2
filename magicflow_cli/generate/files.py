"""What a generator gives: files in memory, and for whom each was made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class FileClass(Enum):
    """`OWNED` files are rewritten by every run and carry the header; a `STUB` is the
    user's step code, written once; a `ONCE` file (pyproject.toml) is the user's from
    its first writing on."""

    OWNED = "owned"
    STUB = "stub"
    ONCE = "once"


class Owner(NamedTuple):
    """One reason for a file to exist. Files of the whole project have workflow ""."""

    workflow: str
    language: str
    target: str


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """`path` is relative to the output folder, with slashes. `signature` is what a stub
    must agree with: when it changes, the user is told."""

    path: str
    content: str
    kind: FileClass
    owners: tuple[Owner, ...]
    signature: str = ""


def digest(content: bytes) -> str:
    """SHA-256 over the bytes with line ends normalised to LF: a checkout with CRLF is
    not an edit."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def text_digest(text: str) -> str:
    return digest(text.encode("utf-8"))
