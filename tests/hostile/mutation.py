"""Broken files from good ones: changes of bytes, lines and tokens."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

_TOKEN = re.compile(rb"[A-Za-z0-9_$.]+|[ \t]+|\r?\n|.", re.S)

HOSTILE: Sequence[bytes] = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b": ",
        b":",
        b"- ",
        b"? ",
        b"&a ",
        b"*a",
        b"!!str ",
    ),
    *(
        b"!x ",
        b"!!python/object:os.system ",
        b"|",
        b">",
        b"|2-\n",
        b"'",
        b'"',
        b"#",
        b" # ",
    ),
    *(
        b"%YAML 1.2\n",
        b"---\n",
        b"...\n",
        b"@",
        b"`",
        b"<<: *a\n",
        b"~",
        b"null",
        b"true",
    ),
    *(
        b"\t",
        b"\r",
        b"\r\n",
        b"\n",
        b"\0",
        b"\x1b[31m",
        b"\x7f",
        b"\xff",
        b"\xed\xa0\x80",
    ),
    *("\ufeff".encode(), "\u2028".encode(), "\x85".encode(), "\u202e".encode()),
    *(
        "😀".encode(),
        "e\u0301".encode(),
        b"\\u0000",
        b'"\\ud83d\\ude00"',
        b'"\\x',
        b"\\",
    ),
    *(b"1e400", b"-.inf", b".nan", b"0o17", b"0x1F", b"9" * 200, b"12:30:45", b"1_000"),
    *(b"[" * 70, b"- " * 70, b"{a: " * 70, b"x" * 1100, b" " * 40, b"$.", b"${", b"}}"),
    *(
        b"*/",
        b'"""',
        b"{{ x }}",
        b"%s",
        b"..",
        b"../../etc/passwd",
        b"__proto__",
        b"-1",
    ),
    *(b"on", b"no", b"", b"0", b"1e", b"\xc2\xa0", b"magic-flow: ignore[MF3012]"),
    *(b"# magic-flow: ignore[MF3012]\n", b"# magic-flow: ignore[\n", b"magic-flow:"),
)

Mutate = Callable[[bytes, random.Random], bytes]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to four random changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(MUTATIONS)(data, rng)
    return data


def _flip_byte(data: bytes, rng: random.Random) -> bytes:
    at, _ = _range(data, rng)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _insert_hostile(data: bytes, rng: random.Random) -> bytes:
    at, _ = _range(data, rng)
    return data[:at] + rng.choice(HOSTILE) + data[at:]


def _delete_bytes(data: bytes, rng: random.Random) -> bytes:
    start, end = _range(data, rng)
    return data[:start] + data[end:]


def _repeat_bytes(data: bytes, rng: random.Random) -> bytes:
    start, end = _range(data, rng)
    return data[:end] + data[start:end] * rng.randint(1, 3) + data[end:]


def _truncate(data: bytes, rng: random.Random) -> bytes:
    at, _ = _range(data, rng)
    return data[:at]


def _delete_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def _move_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        line = lines.pop(rng.randrange(len(lines)))
        lines.insert(rng.randint(0, len(lines)), line)
    return b"".join(lines)


def _repeat_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
    return b"".join(lines)


def _indent_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        at = rng.randrange(len(lines))
        content = lines[at].lstrip(b" \t")
        depth = max(0, len(lines[at]) - len(content) + rng.choice((-2, -1, 1, 2, 4)))
        lines[at] = rng.choice((b" ", b" ", b" ", b"\t")) * depth + content
    return b"".join(lines)


def _replace_token(data: bytes, rng: random.Random) -> bytes:
    tokens = _TOKEN.findall(data)
    if tokens:
        source = rng.choice((HOSTILE, tokens))
        tokens[rng.randrange(len(tokens))] = rng.choice(source)
    return b"".join(tokens)


def _swap_tokens(data: bytes, rng: random.Random) -> bytes:
    tokens = _TOKEN.findall(data)
    if tokens:
        a, b = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]
    return b"".join(tokens)


def _range(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.choice((1, 2, 5, 20, 100)))


MUTATIONS: Sequence[Mutate] = (
    _flip_byte,
    _insert_hostile,
    _insert_hostile,
    _delete_bytes,
    _repeat_bytes,
    _truncate,
    _delete_line,
    _move_line,
    _repeat_line,
    _indent_line,
    _replace_token,
    _replace_token,
    _swap_tokens,
)
