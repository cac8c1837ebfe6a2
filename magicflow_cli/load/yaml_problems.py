"""What is wrong with a YAML text, in our words: the parsers' problems, one by one.

libyaml and PyYAML word the same problem differently; both spellings lead to one code.
"""

from __future__ import annotations

import re
from typing import Any, Final

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Label, Report
from magicflow_cli.load.places import Places
from magicflow_cli.record import Value


class _Problem(Value):
    code: Code
    message: str
    help: str


_GENERIC: Final = _Problem(
    codes.MF0200, "text is not valid YAML", "check what stands before this place"
)
_TAB: Final = _Problem(
    codes.MF0201, "tab stands where YAML requires spaces", "indent with spaces"
)
_INDENTATION: Final = _Problem(
    codes.MF0202,
    "line does not fit the indentation of what surrounds it",
    "entries of one mapping or list start in the same column",
)
_COLON: Final = _Problem(
    codes.MF0203,
    "`:` starts a value where none is allowed",
    "quote a text that holds `: `; the keys of one mapping start in one column",
)
_NO_COLON: Final = _Problem(
    codes.MF0204,
    "key has no `:`",
    "write `key: value`; a key stands on one line and has at most 1,024 characters",
)
_UNCLOSED: Final = _Problem(
    codes.MF0205, "quoted string is not closed", "add the closing quote"
)
_BRACKETS: Final = _Problem(
    codes.MF0206,
    "expected `,` or the closing bracket",
    "separate entries with `,` and close every bracket; quote texts that hold `,[]{}`",
)
_NO_START: Final = _Problem(
    codes.MF0207, "character cannot start a value", "quote the text"
)
_NO_NODE: Final = _Problem(
    codes.MF0207, "a value is expected here", "write a value, or quote the text"
)
_ESCAPE: Final = _Problem(
    codes.MF0208,
    "escape is not valid in a double-quoted string",
    r"write `\\` for a backslash, or use single quotes",
)
_BLOCK_HEAD: Final = _Problem(
    codes.MF0209,
    "head of a block text is not valid",
    "after `|` or `>` only `+`, `-`, a digit from 1 to 9 and a comment may follow",
)
_ENTRY: Final = _Problem(
    codes.MF0210,
    "list entry or key is not allowed here",
    "start it on a line of its own, in the column of its neighbours",
)
_ANCHOR: Final = _Problem(
    codes.MF0211,
    "name of an anchor or alias is not valid",
    "use ASCII letters, digits, `-` and `_`; quote a text that starts with `&` or `*`",
)
_TAG: Final = _Problem(
    codes.MF0214,
    "tag is not valid",
    "remove the tag; quote a text that starts with `!`",
)
_DIRECTIVE: Final = _Problem(
    codes.MF0219,
    "directive is not valid",
    "remove the line; quote a text that starts with `%`",
)
_DOCUMENT: Final = _Problem(
    codes.MF0220,
    "expected the start of a document",
    "put `---` before a further document",
)

_LINE_END = re.compile(r"[ \t]*(?:[\r\n]|\Z)")

# The first entry whose words occur in the parser's "context: problem" decides.
_PROBLEMS: Final[tuple[tuple[tuple[str, ...], _Problem], ...]] = (
    (("found a tab character",), _TAB),
    (("a quoted scalar", "escape"), _ESCAPE),
    (("double-quoted scalar", "escape"), _ESCAPE),
    (("quoted scalar", "hexdecimal"), _ESCAPE),
    (("quoted scalar",), _UNCLOSED),
    (("block scalar",), _BLOCK_HEAD),
    (("directive",), _DIRECTIVE),
    (("duplicate tag handle",), _DIRECTIVE),
    (("YAML document",), _DIRECTIVE),
    (("tag",), _TAG),
    (("an alias",), _ANCHOR),
    (("an anchor",), _ANCHOR),
    (("cannot start any token",), _NO_START),
    (("find expected ':'",), _NO_COLON),
    (("unexpected ':'",), _COLON),
    (("values are not allowed",), _COLON),
    (("are not allowed",), _ENTRY),
    (("document start>",), _DOCUMENT),
    (("invalid indentation or unclosed",), _INDENTATION),
    (("flow sequence",), _BRACKETS),
    (("flow mapping",), _BRACKETS),
    (("node",), _NO_NODE),
    (("block mapping",), _INDENTATION),
    (("block collection",), _INDENTATION),
)


def report_problem(error: Any, text: str, places: Places, report: Report) -> None:
    """Add the diagnostic of a `yaml.MarkedYAMLError` that a parser raised."""
    # PyYAML says what it found instead, which is no part of the problem.
    words = f"{error.context or ''}: {error.problem or ''}".partition(", but ")[0]
    problem = next(
        (found for parts, found in _PROBLEMS if all(part in words for part in parts)),
        _GENERIC,
    )
    mark = error.problem_mark or error.context_mark
    index = mark.index if mark is not None else len(text)
    opened = error.context_mark.index if error.context_mark is not None else index
    labels: list[Label] = []
    end: int | None = None
    if problem is _NO_START and text[index : index + 1] == "\t":
        problem = _TAB
    elif problem is _UNCLOSED:
        reached = min(index, len(text.rstrip()))
        labels.append(Label(places.span(reached), "the string is still open here"))
        index = opened
    elif problem is _BRACKETS:
        labels.append(Label(places.span(opened), "the bracket is opened here"))
    elif problem is _ESCAPE:
        if "unknown" not in words:  # the place is behind the letter of the escape
            index -= 2
        end = min(index + 2, len(text))
    elif problem is _NO_COLON:
        line_end = _LINE_END.search(text, opened)
        index, end = opened, line_end.start() if line_end is not None else None
    elif problem in (_TAG, _DIRECTIVE, _ANCHOR) and "undefined" not in words:
        index = opened
    report.add(
        problem.code,
        problem.message,
        places.span(index, end),
        help=problem.help,
        labels=labels,
    )


def report_tag_escape(index: int, places: Places, report: Report) -> None:
    """Add the diagnostic of a tag at `index` whose escapes are not UTF-8."""
    report.add(_TAG.code, _TAG.message, places.span(index), help=_TAG.help)
