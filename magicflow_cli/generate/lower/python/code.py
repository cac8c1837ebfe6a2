"""Python expressions and their layout, as black 26 writes them with 88 columns.

Only the forms that generated code has: names, literals, calls, subscripts, `|`, dicts
and tuples. A text that fits stays on its line; else the last bracket opens, its content
gets a line of its own, and where that does not fit either, every item does, with a
trailing comma. `tests/unit/generate/test_layout.py` compares with black.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 88
STEP = "    "


@dataclass(frozen=True, slots=True)
class Atom:
    """A name or literal; it cannot be broken."""

    text: str


@dataclass(frozen=True, slots=True)
class Bracket:
    """`head[items]`, `head(items)` or, with an empty head, a display. A `comma` may
    follow the last item when the items stand on lines of their own: not in a subscript
    of one item, which it would make a tuple."""

    head: str
    open: str
    items: tuple[Code, ...]
    keywords: tuple[tuple[str, Code], ...] = ()

    @property
    def close(self) -> str:
        return {"(": ")", "[": "]", "{": "}"}[self.open]

    @property
    def comma(self) -> bool:
        is_subscript = self.open == "[" and self.head
        return not is_subscript or len(self.items) > 1


@dataclass(frozen=True, slots=True)
class Either:
    """`a | b | c`."""

    parts: tuple[Code, ...]


Code: TypeAlias = Atom | Bracket | Either


def subscript(head: str, *items: Code) -> Bracket:
    return Bracket(head, "[", items)


def call(head: str, *items: Code, **keywords: Code) -> Bracket:
    return Bracket(head, "(", items, tuple(keywords.items()))


def either(parts: Iterable[Code]) -> Code:
    """The union of the parts, each once."""
    found: dict[Code, None] = {}
    for part in parts:
        for each in part.parts if isinstance(part, Either) else (part,):
            found[each] = None
    unique = tuple(found)
    return unique[0] if len(unique) == 1 else Either(unique)


def flat(code: Code) -> str:
    """The code on one line."""
    match code:
        case Atom(text):
            return text
        case Either(parts):
            return " | ".join(flat(part) for part in parts)
        case Bracket():
            return f"{code.head}{code.open}{', '.join(_items(code))}{code.close}"


def _items(code: Bracket) -> list[str]:
    items = [flat(item) for item in code.items]
    if code.open == "{":
        return items + [f"{name}: {flat(value)}" for name, value in code.keywords]
    if code.open == "(" and not code.head and len(items) == 1:
        return [f"{items[0]},"]
    return items + [f"{name}={flat(value)}" for name, value in code.keywords]


def layout(prefix: str, code: Code, suffix: str = "", indent: str = "") -> str:
    """The text of a statement, or of one item of a bracket: `prefix` + code + `suffix`,
    indented, without a line end. The prefix ends where the code begins: `extra=`."""
    line = f"{indent}{prefix}{flat(code)}{suffix}"
    if len(line) <= WIDTH:
        return line
    return "\n".join(_broken(prefix, code, suffix, indent, top=True))


def declaration(name: str, type: Code, value: Code | None, indent: str = "") -> str:
    """`name: type` or `name: type = value`."""
    if value is None:
        return _wrapped(f"{indent}{name}: ", type, indent)
    head = f"{indent}{name}: {flat(type)} = "
    if len(head) + len(flat(value)) <= WIDTH:
        return head + flat(value)
    if isinstance(value, Atom):
        wrapped = f"{indent}{STEP}{flat(value)}"
        if len(head) < WIDTH and len(wrapped) <= WIDTH:
            return f"{head}(\n{wrapped}\n{indent})"
        return layout(f"{name}: ", type, f" = {flat(value)}", indent)
    opening = value.head + value.open if isinstance(value, Bracket) else "("
    if len(head) + len(opening) > WIDTH:
        wrapped = f"{indent}{STEP}{flat(value)}"
        if len(head) < WIDTH and len(wrapped) <= WIDTH:
            return f"{head}(\n{wrapped}\n{indent})"
        lines = [f"{indent}{name}: (", f"{indent}{STEP}{flat(type)}"]
        rest = layout(") = ", value, "", indent)
        return "\n".join([*lines, rest])
    return layout(f"{name}: {flat(type)} = ", value, "", indent)


def assignment(name: str, value: Code, indent: str = "") -> str:
    """`name = value`."""
    return _wrapped(f"{indent}{name} = ", value, indent)


def _wrapped(head: str, code: Code, indent: str) -> str:
    """A code at the end of a statement; an atom that does not fit gets parentheses,
    where they help."""
    if isinstance(code, Atom) and len(head) + len(code.text) > WIDTH:
        line = f"{indent}{STEP}{code.text}"
        if len(line) <= WIDTH and len(head) < WIDTH:
            return f"{head}(\n{line}\n{indent})"
    return layout(head.removeprefix(indent), code, "", indent)


def import_from(module: str, names: Iterable[Code]) -> str:
    """`from module import a, b`, with a line for each name where they do not fit."""
    items = tuple(names)
    line = f"from {module} import {', '.join(flat(item) for item in items)}"
    if len(line) <= WIDTH:
        return line
    lines = [f"{STEP}{flat(item)}," for item in items]
    return "\n".join([f"from {module} import (", *lines, ")"])


def _broken(
    prefix: str, code: Code, suffix: str, indent: str, *, top: bool
) -> list[str]:
    """Lines of a code that does not fit on one."""
    inner = indent + STEP
    match code:
        case Atom():
            return [f"{indent}{prefix}{flat(code)}{suffix}"]
        case Either():
            if not top:
                return _split_either(prefix, code, suffix, indent)
            content = flat(code)
            if len(inner + content) <= WIDTH:
                lines = [inner + content]
            else:
                lines = _split_either("", code, "", inner)
            return [f"{indent}{prefix}(", *lines, f"{indent}){suffix}"]
        case Bracket():
            if not code.items and not code.keywords:
                return [f"{indent}{prefix}{flat(code)}{suffix}"]
            opening = f"{indent}{prefix}{code.head}{code.open}"
            return [
                opening,
                *_content(code, inner),
                f"{indent}{code.close}{suffix}",
            ]


def _content(code: Bracket, indent: str) -> list[str]:
    """The items of an opened bracket: on one line, or each on its own."""
    line = indent + ", ".join(_items(code))
    explodes = not code.head and len(code.items) + len(code.keywords) > 1
    if len(line) <= WIDTH and not explodes:
        return [line]
    separator = ": " if code.open == "{" else "="
    items: list[tuple[str, Code]] = [("", item) for item in code.items]
    items += [(name + separator, value) for name, value in code.keywords]
    comma = "," if code.comma else ""
    lines: list[str] = []
    for prefix, item in items:
        text = f"{indent}{prefix}{flat(item)}{comma}"
        if len(text) <= WIDTH:
            lines.append(text)
        else:
            lines += _broken(prefix, item, comma, indent, top=bool(prefix))
    return lines


def _split_either(prefix: str, code: Either, suffix: str, indent: str) -> list[str]:
    lines: list[str] = []
    for index, part in enumerate(code.parts):
        lead = prefix if index == 0 else "| "
        tail = suffix if index == len(code.parts) - 1 else ""
        text = f"{indent}{lead}{flat(part)}{tail}"
        if len(text) <= WIDTH:
            lines.append(text)
        else:
            lines += _broken(lead, part, tail, indent, top=False)
    return lines
