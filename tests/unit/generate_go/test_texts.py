"""Texts in Go: literals, comments, columns, names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magicflow_cli.generate.lower.go.layout import pad_rows
from magicflow_cli.generate.lower.go.names import (
    file_of,
    lower_first,
    package_of,
)
from magicflow_cli.generate.lower.go.sinks import (
    comment,
    doc,
    markdown_code,
    string_literal,
)
from magicflow_cli.generate.model import Untrusted
from tests.languages import go, need

HOSTILE = [
    "*/",
    "//go:build ignore",
    "`",
    '"',
    "\\",
    "${x}",
    "{{ x }}",
    "%s%!",
    "\u2028",
    "\u202etxt",
    "\0",
    "\r\n",
    "- list",
    "# heading",
    "[link]: http://x",
    "``quoted''",
    "\tcode",
    "1. one",
    "😀",
    "é" * 200,
    "Deprecated: no",
    "x " * 5000,
    "\U000e0001",
    "+build linux",
    "package main",
]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_literal_is_ascii_and_one_line(text: str) -> None:
    literal = string_literal(Untrusted(text))
    assert literal.isascii() and literal.isprintable()
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', literal)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_comment_is_one_line(text: str) -> None:
    assert comment(text).isprintable()
    assert "\n" not in comment(text)
    assert all(line.startswith("//") for line in doc(text, 0, "X").split("\n"))


def test_hostile_texts_come_back_from_go(tmp_path: Path) -> None:
    """Every text as a literal and as a doc comment; gofmt leaves the file as it is."""
    need("go")
    lines = ["package main", "", 'import "encoding/json"', 'import "os"', ""]
    for index, text in enumerate(HOSTILE):
        lines += [
            doc(Untrusted(text), 0, f"t{index}"),
            f"var t{index} = {string_literal(text)}",
            "",
        ]
    names = ", ".join(f"t{index}" for index in range(len(HOSTILE)))
    lines += [
        "func main() {",
        f"\tif err := json.NewEncoder(os.Stdout).Encode([]string{{{names}}}); err != nil {{",
        "\t\tpanic(err)",
        "\t}",
        "}",
        "",
    ]
    (tmp_path / "main.go").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.24.0\n")
    formatted = subprocess.run(
        ["gofmt", "-d", "main.go"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (formatted.returncode, formatted.stdout) == (0, ""), formatted.stderr
    ran = go("run", ".", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    import json

    assert json.loads(ran.stdout) == HOSTILE


def test_columns_end_at_comments_and_rows_without_the_column() -> None:
    rows = [
        ("A", "int", "`x`"),
        ("Long", "string", "`y`"),
        "\t// c",
        ("B", "T"),
        ("Cc", "Tt", "`z`"),
    ]
    assert pad_rows(rows) == [
        "\tA    int    `x`",
        "\tLong string `y`",
        "\t// c",
        "\tB  T",
        "\tCc Tt `z`",
    ]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("user-onboarding", "useronboarding"),
        ("2fa", "workflow2fa"),
        ("main", "mainflow"),
        ("internal", "internalflow"),
        ("order_v2", "orderv2"),
    ],
)
def test_packages(name: str, package: str) -> None:
    assert package_of(name) == package


@pytest.mark.parametrize(
    "name", ["run-test", "deploy-windows", "x-linux", "js", "arm64"]
)
def test_files_that_go_would_drop_get_a_suffix(name: str) -> None:
    assert file_of(name, "_step.go").endswith("_step.go")


@pytest.mark.parametrize(
    ("name", "lowered"),
    [
        ("UserID", "userID"),
        ("URLPath", "urlPath"),
        ("ID", "id"),
        ("X", "x"),
        ("A1", "a1"),
    ],
)
def test_the_first_word_in_lower_case(name: str, lowered: str) -> None:
    assert lower_first(name) == lowered


def test_inline_code_keeps_backticks() -> None:
    assert markdown_code("a`b") == "``a`b``"
