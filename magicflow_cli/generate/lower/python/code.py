"""Python expressions and their layout, as black 26 writes them with 88 columns.

Only the forms that generated code has: names, literals, calls, subscripts, `|`, dicts
and tuples. A text that fits stays on its line; else the last bracket opens, its content
gets a line of its own, and where that does not fit either, every item does, with a
trailing comma. `tests/unit/generate/test_layout.py` compares with black.
"""

from __future__ import annotations

from collections.abc import Iterable

WIDTH = 88
STEP = "    "


class Code:
    """An expression; `text` is all of it on one line, and what it is compared by."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Code) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class Atom(Code):
    """A name or literal; it cannot be broken."""

    __slots__ = ()


_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Bracket(Code):
    """`head[items]`, `head(items)` or, with an empty head, a display. `keywords` are
    arguments, or the members of a dict. A `comma` may follow the last item when the
    items stand on lines of their own: not in a subscript of one item, which it would
    make a tuple."""

    __slots__ = ("close", "comma", "head", "items", "keywords", "open")

    def __init__(
        self,
        head: str,
        open: str,
        items: tuple[Code, ...],
        keywords: tuple[tuple[str, Code], ...] = (),
    ) -> None:
        self.head = head
        self.open = open
        self.items = items
        self.keywords = keywords
        self.close = _CLOSING[open]
        self.comma = not (open == "[" and head) or len(items) > 1
        super().__init__(f"{head}{open}{self.inside}{self.close}")

    @property
    def separator(self) -> str:
        """What stands between a keyword and its value."""
        return ": " if self.open == "{" else "="

    @property
    def inside(self) -> str:
        """The items on one line."""
        items = [item.text for item in self.items]
        if self.keywords:
            separator = self.separator
            items += [f"{name}{separator}{value.text}" for name, value in self.keywords]
        elif self.open == "(" and not self.head and len(items) == 1:
            return f"{items[0]},"
        return ", ".join(items)


class Either(Code):
    """`a | b | c`."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Code, ...]) -> None:
        self.parts = parts
        super().__init__(" | ".join(part.text for part in parts))


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
    return code.text


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
    if isinstance(code, Either) and not top:
        return _split_either(prefix, code, suffix, indent)
    if isinstance(code, Either):
        lines = [inner + code.text]
        if len(lines[0]) > WIDTH:
            lines = _split_either("", code, "", inner)
        return [f"{indent}{prefix}(", *lines, f"{indent}){suffix}"]
    if isinstance(code, Bracket) and (code.items or code.keywords):
        opening = f"{indent}{prefix}{code.head}{code.open}"
        return [opening, *_content(code, inner), f"{indent}{code.close}{suffix}"]
    return [f"{indent}{prefix}{code.text}{suffix}"]


def _content(code: Bracket, indent: str) -> list[str]:
    """The items of an opened bracket: on one line, or each on its own."""
    line = indent + code.inside
    explodes = not code.head and len(code.items) + len(code.keywords) > 1
    if len(line) <= WIDTH and not explodes:
        return [line]
    items: list[tuple[str, Code]] = [("", item) for item in code.items]
    items += [(name + code.separator, value) for name, value in code.keywords]
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
