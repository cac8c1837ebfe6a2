"""Bytes to text: size, encoding, byte order mark and the characters that may occur."""

from __future__ import annotations

import re
from typing import Final

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.load import limits
from magicflow_cli.load.places import Places

_BOM: Final = "\ufeff"
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_FORBIDDEN: Final = (_BOM, "\ufffe", "\uffff")
_NAMES: Final = {"\0": "NUL", "\x1b": "ESC", "\x7f": "DEL", _BOM: "byte order mark"}


def decode(data: bytes, file: str, report: Report) -> str:
    """The text of a file without its byte order mark. After a diagnostic it is only
    good for showing: "" for a file that is too large, with replacement characters for
    one that is not UTF-8."""
    if len(data) > limits.FILE_BYTES:
        _report_size(file, report)
        return ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _report_encoding(data, error.start, file, report)
        text = data.decode("utf-8", "replace")
    return text.removeprefix(_BOM)


def _report_size(file: str, report: Report) -> None:
    report.add(
        codes.MF0104,
        f"file is larger than {limits.FILE_BYTES // 1024} KiB",
        Span(file, 1, 1, 1, 1),
        help="split it into several files, or move data out of it",
    )


def check_characters(text: str, file: str, report: Report) -> bool:
    """Whether YAML 1.2 allows every character of the text; else one diagnostic, at the
    first that it does not allow."""
    match = _CONTROL.search(text)
    found = [] if match is None else [match.start()]
    if not text.isascii():
        # Not in the pattern: a set that reaches to U+FFFF takes milliseconds to compile.
        found += (index for char in _FORBIDDEN if (index := text.find(char)) >= 0)
    if not found:
        return True
    index = min(found)
    report.add(
        codes.MF0106,
        f"{describe(text[index])} is not allowed in YAML",
        Places(file, text).span(index),
        help="remove it, or write it as an escape in a double-quoted text",
    )
    return False


def describe(character: str) -> str:
    """A character that must not be shown itself, by number and name."""
    name = _NAMES.get(character)
    number = f"U+{ord(character):04X}"
    return f"character {number} ({name})" if name else f"character {number}"


def _report_encoding(data: bytes, offset: int, file: str, report: Report) -> None:
    help = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        help = "the file looks like UTF-16: save it as UTF-8"
    before = data[:offset].decode("utf-8").removeprefix(_BOM)
    report.add(
        codes.MF0105,
        f"file is not UTF-8: byte 0x{data[offset]:02X} at offset {offset}",
        Places(file, before).span(len(before)),
        help=help,
    )
