"""Files: encodings, and everything that a path can turn out to be."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from magicflow_cli.load import load_file, load_text
from magicflow_cli.load.nodes import plain
from tests.unit.load.outline import problems


def codes_of(path: Path) -> list[str]:
    loaded = load_file(path, "shown.yaml")
    assert all(d.span and d.span.file == "shown.yaml" for d in loaded.diagnostics)
    assert not loaded.documents or not loaded.diagnostics
    return [diagnostic.code for diagnostic in loaded.diagnostics]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\n")
    loaded = load_file(path, "shown.yaml")
    assert [plain(d.root) for d in loaded.documents] == [{"a": 1}]
    assert loaded.source.file == "shown.yaml"


def test_the_name_decides_between_yaml_and_json(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a: 1\n")
    assert [d.code for d in load_file(path, "f.json").diagnostics] == ["MF0301"]
    assert not load_file(path, "f.yml").diagnostics


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"a: 1\n")
    (tmp_path / "g.yaml").symlink_to("f.yaml")
    assert codes_of(tmp_path / "g.yaml") == []


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "dangling").symlink_to("nothing")
    assert codes_of(tmp_path / "none.yaml") == ["MF0102"]
    assert codes_of(tmp_path / "file" / "none.yaml") == ["MF0102"]
    assert codes_of(tmp_path / "dangling") == ["MF0102"]
    assert codes_of(Path("a\0b")) == ["MF0102"]


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert codes_of(tmp_path) == ["MF0103"]
    assert codes_of(fifo) == ["MF0103"]
    assert codes_of(Path(os.devnull)) == ["MF0103"]


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    assert codes_of(loop) == ["MF0101"]
    assert codes_of(tmp_path / ("n" * 5000)) == ["MF0101"]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(tmp_path / "s"))
        assert codes_of(tmp_path / "s") == ["MF0101"]


def test_descriptors_are_closed(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        load_file(tmp_path, "f")
        load_file(Path(os.devnull), "f")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_largest_file(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1 #" + b"x" * ((1 << 20) - 6))
    assert codes_of(path) == []
    path.write_bytes(b"a: 1 #" + b"x" * ((1 << 20) - 5))
    assert codes_of(path) == ["MF0104"]
    path.write_bytes(b"x" * 3_000_000)
    assert codes_of(path) == ["MF0104"]


@pytest.mark.parametrize(
    ("data", "line", "col", "words"),
    [
        (b"\xff", 1, 1, "byte 0xFF at offset 0"),
        (b"a: 1\nb: \xc3\xa9\xe9\n", 2, 5, "byte 0xE9 at offset 10"),
        (b"\xef\xbb\xbfa\xed\xa0\x80", 1, 2, "byte 0xED at offset 4"),
        (b"a\xc0\x80", 1, 2, "byte 0xC0 at offset 1"),
        ("a: 1".encode("utf-16"), 1, 1, "byte 0xFF at offset 0"),
    ],
)
def test_what_is_not_utf8(data: bytes, line: int, col: int, words: str) -> None:
    loaded = load_text(data, "f.yaml")
    assert problems(loaded) == [("MF0105", line, col)]
    assert words in loaded.diagnostics[0].message
    assert not loaded.documents


def test_utf16_is_named() -> None:
    [diagnostic] = load_text("a: 1".encode("utf-16"), "f.yaml").diagnostics
    assert "UTF-16" in diagnostic.help


@pytest.mark.parametrize(
    ("text", "col", "words"),
    [
        ("a\0b", 2, "U+0000 (NUL)"),
        ("a: \x1b[31m", 4, "U+001B (ESC)"),
        ("a: '\x7f'", 5, "U+007F (DEL)"),
        ("é: \x84", 4, "U+0084"),
        ("a: \ufeffb", 4, "U+FEFF (byte order mark)"),
        ("a: \uffff", 4, "U+FFFF"),
        ("\uffff\x01", 1, "U+FFFF"),
        ("\x0c", 1, "U+000C"),
    ],
)
def test_characters_that_yaml_does_not_have(text: str, col: int, words: str) -> None:
    loaded = load_text(text.encode(), "f.yaml")
    assert problems(loaded) == [("MF0106", 1, col)]
    assert words in loaded.diagnostics[0].message


@pytest.mark.parametrize(
    "text", ["", "\n", "# c\n", "---\n", "---\n...\n---\n", "\ufeff"]
)
def test_a_file_without_a_document(text: str) -> None:
    assert problems(load_text(text.encode(), "f.yaml")) == [("MF0107", 1, 1)]


@pytest.mark.parametrize("text", ["''", "~", "null", '""'])
def test_a_document_may_be_null_or_empty_text(text: str) -> None:
    assert len(load_text(text.encode(), "f.yaml").documents) == 1
