"""Why an expression cannot be read: the mistakes that people make, each with its help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.expr.problems import Mistake, Problem, quoted

if TYPE_CHECKING:
    from magicflow_cli.expr.reader import Token

_SHOUTED = {"AND": "and", "OR": "or", "NOT": "not", "IN": "in"}
_OPERAND_ENDS = frozenset(
    [
        "NUMBER",
        "STRING",
        "TRUE",
        "FALSE",
        "NULL",
        "NAME",
        "DOLLAR",
        "AT",
        "DOT_NAME",
        "DOT_STAR",
        "DOTS_NAME",
        "DOTS_STAR",
        "RPAR",
        "RSQB",
    ]
)


def _mistake(
    message: str,
    start: int,
    end: int,
    help: str,
    code: Code,
    mend: str | None = None,
) -> Mistake:
    return Mistake(Problem(code, message, start, end, help, mend))


def too_long(start: int, end: int, limit: int) -> Mistake:
    return _mistake(
        f"the expression has {end - start} characters and may have {limit}",
        start,
        end,
        "compute a part of it in a step of type `transform`, or name a part under `conditions`",
        codes.MF6003,
    )


def too_deep(first: Any, token: Token, limit: int) -> Mistake:
    start = getattr(first, "start", token.start)
    return _mistake(
        f"the expression is nested more than {limit} levels deep",
        start,
        max(token.start, start),
        "name a part of it under `conditions`, or write a chain of `==` with `or` as"
        " `… in ['a', 'b']`",
        codes.MF6003,
    )


def unreadable(text: str, position: int, end: int, tokens: list[Token]) -> Mistake:
    """No token begins at `position`."""
    char = text[position]
    before = text[max(0, position - 2) : position]
    if char in "'\"":
        return _mistake(
            f"the text that begins with {quoted(text[position:position + 12])} has no"
            " closing quote",
            position,
            end,
            f"end it with `{char}`; a quote inside a text is written `\\{char}`",
            codes.MF6002,
        )
    width, mend = 1, {"=": "==", "&": "&&", "|": "||"}.get(char)
    if char == "=":
        if before in ("==", "!="):
            position, width, mend = position - 2, 3, before
            help = f"write `{before}`: there is one kind of equality, and `1 == '1'` is false"
        else:
            help = "write `==` to compare"
    elif char == "&":
        help = "write `&&` or `and`"
    elif char == "|":
        help = "write `||` or `or`"
    elif char in "{}":
        help = (
            "an expression stands without `${` and `}`; a text with values in it may not"
            " begin with `$.`: write `${$.a} and ${$.b}`"
        )
    elif char == "`":
        help = "write texts in single or double quotes"
    elif char in "‘’“”":
        help = "use straight quotes, `'` or `\"`"
    elif char == ".":
        help = "a path begins with `$.` and its names with a letter or `_`; others are written `['…']`"
    elif char == "\0":
        help = "remove it"
    elif char in "^~#%;":
        help = "the operators are `== != < <= > >= in and or not + - * / %`"
    else:
        help = "write names with other characters as `['…']`, and texts in quotes"
    piece = text[position : position + width]
    return _mistake(
        f"{quoted(piece)} cannot stand in an expression",
        position,
        position + width,
        help,
        codes.MF6001,
        mend,
    )


def unexpected(text: str, tokens: list[Token], position: int) -> Mistake:
    """No rule goes on with the token at `position`."""
    token = tokens[position]
    before = tokens[position - 1] if position else None
    if token.type == "$END":
        return _ended(tokens, token, before)
    start, end = token.start, token.end
    help = _help(text, tokens, position)
    mend = _SHOUTED.get(token.text)
    if before is not None and before.type == "DOLLAR" and token.type == "NAME":
        start = before.start
        mend = f"$.{token.text}"
    if token.type == "NEGATIVE":
        end = tokens[position + 1].end
        if before is not None and before.type in _OPERAND_ENDS:
            blank = "" if before.end < start else " "
            mend = f"{blank}- {text[token.end : end].lstrip()}"
    return _mistake(
        f"{quoted(text[start:end])} is not expected here",
        start,
        end,
        help,
        codes.MF6001,
        mend,
    )


def _ended(tokens: list[Token], token: Token, before: Token | None) -> Mistake:
    if before is None:
        return _mistake(
            "the expression is empty",
            token.start,
            token.end,
            "write a condition such as `$.input.total > 0`, or leave the key out",
            codes.MF6001,
        )
    closing = _open_bracket(tokens)
    if closing is not None:
        opened, wanted = closing
        return _mistake(
            f"{quoted(opened.text)} is never closed",
            opened.start,
            opened.end,
            f"add the missing `{wanted}`",
            codes.MF6002,
        )
    return _mistake(
        f"the expression ends after {quoted(before.text)}",
        before.start,
        before.end,
        "write what belongs behind it, or take it away",
        codes.MF6001,
    )


def _open_bracket(tokens: list[Token]) -> tuple[Token, str] | None:
    opened: list[tuple[Token, str]] = []
    for token in tokens:
        if token.type in ("LPAR", "LSQB"):
            opened.append((token, ")" if token.type == "LPAR" else "]"))
        elif token.type in ("RPAR", "RSQB") and opened:
            opened.pop()
    return opened[-1] if opened else None


def _help(text: str, tokens: list[Token], position: int) -> str:
    token = tokens[position]
    before = tokens[position - 1] if position else None
    following = tokens[position + 1]
    after_operand = before is not None and before.type in _OPERAND_ENDS
    if token.type == "NAME" and before is not None and before.type == "DOLLAR":
        return f"write `$.{token.text}`: a path has a dot behind the `$`"
    if token.text in _SHOUTED:
        return f"write `{_SHOUTED[token.text]}`: words are in small letters"
    if before is not None and before.text in _SHOUTED:
        return f"write `{_SHOUTED[before.text]}`: words are in small letters"
    if token.type == "NEGATIVE" and after_operand:
        return "put blanks around a minus: `$.a - 1`; without them a hyphen is part of the name"
    if before is not None and before.type == "DOT_NAME" and before.text.endswith("-"):
        name = before.text.rstrip("-")
        return f"put blanks around a minus: `${name} - …`; the hyphen is part of the name here"
    if token.type == "COMPARE" and any(
        t.type in ("COMPARE", "IN") for t in tokens[:position]
    ):
        return "comparisons do not chain: join two with `and`, or use parentheses"
    if before is not None and before.type == "DOTS":
        return "behind `..` stands a name, `*` or `[…]`"
    if token.type in ("DOT_NAME", "LSQB") and before is not None:
        if before.type in ("RPAR", "STRING", "NUMBER"):
            return (
                "a member is read from a path only: take it inside,"
                " `first(map($.input.items, x -> x.name))`"
            )
        return "a path begins with `$.`"
    if token.type == "DOLLAR" and before is not None and before.type == "LSQB":
        return (
            "names and indexes in a path are written out; to look something up use a"
            " filter, `$.input.items[?@.id == $.input.id]`"
        )
    if token.type == "NAME" and before is not None and before.type == "LSQB":
        return f"write `['{token.text}']` for a member, `[0]` for an index"
    if before is not None and before.type == "NOT" and position > 1:
        return "put the negated part in parentheses: `… == (not $.a)`"
    if token.type == "NOT" and following.type == "IN":
        return "write `not ($.a in $.list)`"
    if token.type == "DOLLAR" and text[token.start :].startswith("${"):
        return "an expression stands without `${` and `}`"
    if token.type == "ARROW":
        return "a lambda has one name before its arrow: `map($.input.items, x -> x.id)`"
    if token.type in ("RPAR", "RSQB"):
        return "take it away, or write what belongs before it"
    if after_operand and token.type in (
        "STRING",
        "NUMBER",
        "NAME",
        "DOLLAR",
        "TRUE",
        "FALSE",
        "NULL",
    ):
        return (
            "put an operator between the two; a text with values in it is written"
            " `text ${$.path}`"
        )
    return "write a path, a literal, a function call or a part in parentheses here"
