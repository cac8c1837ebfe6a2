"""One filter per place where a text can land in generated Go."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from magicflow_cli.generate.model import Untrusted

_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WIDTH = 90


def text_of(value: Untrusted | str) -> str:
    """The text itself, for a filter that makes it safe."""
    return value.text if isinstance(value, Untrusted) else value


def string_literal(value: Untrusted | str) -> str:
    """An interpreted string literal in ASCII: what cannot be seen, or turns the
    direction of writing, must not hide in code."""
    out: list[str] = []
    for char in text_of(value):
        code = ord(char)
        if char in _SHORT:
            out.append(_SHORT[char])
        elif " " <= char <= "~":
            out.append(char)
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'


def visible(text: str) -> str:
    """One line of text for people: controls and marks that turn the direction of
    writing are replaced."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    return "".join(char if _is_visible(char) else "\ufffd" for char in line)


def _is_visible(char: str) -> bool:
    return char == " " or (
        char.isprintable()
        and unicodedata.category(char) not in ("Cf", "Cc", "Cs", "Co", "Cn")
    )


def comment(value: Untrusted | str) -> str:
    """Text within a comment's line, as gofmt leaves it: it makes typographic quotes of
    doubled ones."""
    line = visible(text_of(value))
    return re.sub(r"`(?=`)", "` ", re.sub(r"'(?=')", "' ", line))


def doc(value: Untrusted | str, indent: int = 0, subject: str = "") -> str:
    """A doc comment. Lines begin with a word only, because gofmt reads others as lists,
    headings, links or code; a text that does not begin so gets its subject before it.
    """
    text = comment(value)
    if subject and not re.match(r"[A-Za-z]", text):
        text = f"{subject}: {text}" if text else subject
    if text and text[-1] not in ".!?:…)":
        text += "."
    margin = "\t" * indent + "//"
    lines = [margin]
    for word in text.split(" "):
        full = len(lines[-1]) + len(word) > _WIDTH and lines[-1] != margin
        if full and re.match(r"[A-Za-z]", word):
            lines.append(margin)
        lines[-1] += f" {word}"
    return "\n".join(lines)


def json_text(value: Any) -> str:
    """A string literal that holds the JSON text of a value."""
    from magicflow.canonical import canonical

    return string_literal(canonical(value))


def shell_word(value: Untrusted | str) -> str:
    """A word of a shell command, for README and Dockerfile; only plain texts remain."""
    return re.sub(r"[^A-Za-z0-9._/-]", "-", text_of(value))


def markdown_text(value: Untrusted | str) -> str:
    """One line of Markdown that shows the text as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~&$])", r"\\\1", visible(text_of(value)))


def markdown_code(value: Untrusted | str) -> str:
    """The text as inline code."""
    text = visible(text_of(value))
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def lines(value: tuple[str, ...]) -> str:
    """Lines that lowering made."""
    return "\n".join(value)


FILTERS: dict[str, Callable[..., str]] = {
    "lines": lines,
    "string": string_literal,
    "comment": comment,
    "doc": doc,
    "word": shell_word,
    "markdown": markdown_text,
    "code": markdown_code,
}
