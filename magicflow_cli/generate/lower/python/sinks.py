"""One filter per place where a text can land in generated Python."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from magicflow_cli.generate.model import Untrusted

_PLAIN = re.compile(r"[ !#-\[\]-~]*").fullmatch
"""Printable ASCII but quotes and backslashes."""
_PLAIN_DOC = re.compile(r"[ -\[\]-~]*").fullmatch

_SHORT = {
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def text_of(value: Untrusted | str) -> str:
    """The text itself, for a filter that makes it safe."""
    return value.text if isinstance(value, Untrusted) else value


def string_literal(value: Untrusted | str) -> str:
    """A string literal in black's quotes, in ASCII: what cannot be seen, or turns the
    direction of writing, must not hide in code."""
    text = text_of(value)
    if _PLAIN(text):
        return f'"{text}"'
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char == quote:
        return f"\\{char}"
    if " " <= char <= "~" and char != "\\":
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_literal(value: Any) -> str:
    """A Python literal of a JSON value."""
    if isinstance(value, str):
        return string_literal(value)
    if isinstance(value, list):
        return f"[{', '.join(map(json_literal, value))}]"
    if isinstance(value, dict):
        items = (f"{string_literal(k)}: {json_literal(v)}" for k, v in value.items())
        return "{" + ", ".join(items) + "}"
    return repr(value)


def visible(text: str) -> str:
    """Text for people: controls and marks that turn the direction of writing are
    replaced, ends of lines become LF."""
    if text.isascii() and text.isprintable():
        return text
    text = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return "".join(
        (
            char
            if char == "\n" or (char.isprintable() and not _is_hidden(char))
            else "\ufffd"
        )
        for char in text.replace("\t", "    ")
    )


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc", "Cs", "Co", "Cn")


def docstring(value: Untrusted | str, indent: int = 0) -> str:
    """A docstring as black leaves it, quotes and indentation included. Apart from white
    space around lines, `__doc__` is the text: what cannot be seen is escaped."""
    margin = " " * indent
    text = text_of(value).replace("\r\n", "\n").strip(" \n")
    lines = _dedent([line.rstrip(" ") for line in text.split("\n")]) or [""]
    *lines, last = lines
    # A quote at the end would meet those of the docstring.
    end = "\\x22" if last.endswith('"') else ""
    lines = [*map(_escape_doc, lines), _escape_doc(last.removesuffix('"')) + end]
    text = "\n".join([lines[0], *(margin + line if line else "" for line in lines[1:])])
    text = text.replace('"""', '\\"\\"\\"')
    if text.startswith('"'):
        text = "\\" + text
    last = text.rpartition("\n")[2]
    if "\n" in text and len(last) + 3 > 88:
        return f'"""{text}\n{margin}"""'
    return f'"""{text}"""' if text else '"""..."""'


def _escape_doc(line: str) -> str:
    if _PLAIN_DOC(line):
        return line
    return "".join(
        (
            char
            if char != "\\" and char.isprintable() and not _is_hidden(char)
            else _escaped(char, "")
        )
        for char in line
    )


def _dedent(lines: list[str]) -> list[str]:
    """Without the indentation that all lines but the first share."""
    rest = [len(line) - len(line.lstrip(" ")) for line in lines[1:] if line]
    cut = min(rest, default=0)
    return [lines[0], *(line[cut:] for line in lines[1:])]


def docline(value: Untrusted | str) -> str:
    """Inline code within a docstring that a template writes."""
    text = comment(value).replace("`", "'")
    return "`" + text.replace("\\", "\\\\").replace('"', '\\"') + "`"


def comment(value: Untrusted | str) -> str:
    """One line of a comment, without the `#`."""
    return " ".join(visible(text_of(value)).split())


def toml_string(value: Untrusted | str) -> str:
    """A basic string of TOML."""
    out: list[str] = []
    for char in text_of(value):
        code = ord(char)
        if char in '"\\':
            out.append(f"\\{char}")
        elif " " <= char <= "~":
            out.append(char)
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'


def markdown_text(value: Untrusted | str) -> str:
    """One line of Markdown that shows the text as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~&$])", r"\\\1", comment(value))


def markdown_code(value: Untrusted | str) -> str:
    """The text as inline code."""
    text = comment(value)
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


FILTERS = {
    "string": string_literal,
    "docstring": docstring,
    "docline": docline,
    "comment": comment,
    "toml": toml_string,
    "markdown": markdown_text,
    "code": markdown_code,
}
