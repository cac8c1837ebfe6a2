"""Every mistake: its code, the exact columns, and a help that says what to write."""

from __future__ import annotations

import pytest

from magicflow_cli.diagnostics.codes import CODES
from magicflow_cli.diagnostics.model import Severity
from magicflow_cli.load.nodes import Scalar, Source
from tests.unit.expr.reading import problems

# text, code, the piece that is marked, a part of the help
EXPRESSIONS = [
    ("", "MF6001", "", "leave the key out"),
    ("   ", "MF6001", "", "leave the key out"),
    ("$.a = 1", "MF6001", "=", "`==`"),
    ("$.a === 1", "MF6001", "===", "`==`"),
    ("$.a !== 1", "MF6001", "!==", "`!=`"),
    ("$foo == 1", "MF6001", "$foo", "`$.foo`"),
    ("$.a & $.b", "MF6001", "&", "`&&`"),
    ("$.a | $.b", "MF6001", "|", "`||`"),
    ("$.a AND $.b", "MF6001", "AND", "`and`"),
    ("$.a OR $.b", "MF6001", "OR", "`or`"),
    ("NOT $.a", "MF6001", "$", "`not`"),
    ("$.a -1", "MF6001", "-1", "blanks around a minus"),
    ("$.a- 1", "MF6001", "1", "blanks around a minus"),
    ("1-2", "MF6001", "-2", "blanks around a minus"),
    ("$.a{1}", "MF6001", "{", "`${` and `}`"),
    ("$.a == ${$.b}", "MF6001", "{", "`${` and `}`"),
    ("$.a or or $.b", "MF6001", "or", "write a path"),
    ("map($.a, (x) -> x)", "MF6001", "->", "a lambda has one name"),
    ("$.a ${", "MF6001", "{", "`${` and `}`"),
    ("$.a[$.b]", "MF6001", "$", "a filter"),
    ("$.a == `b`", "MF6001", "`", "single or double quotes"),
    ("$.a == ‘b’", "MF6001", "‘", "straight quotes"),
    ("$.a.1", "MF6001", ".", "`['…']`"),
    ("$.", "MF6001", ".", "`['…']`"),
    ("$...a", "MF6001", ".a", "behind `..`"),
    ("$.a\x00", "MF6001", "\x00", "remove it"),
    ("$.a ^ 2", "MF6001", "^", "the operators are"),
    ("ü == 1", "MF6001", "ü", "texts in quotes"),
    ("$.a \\ 2", "MF6001", "\\", "texts in quotes"),
    ("1 < 2 < 3", "MF6001", "<", "do not chain"),
    ("1 == 1 == true", "MF6001", "==", "do not chain"),
    ("1 in $.a == true", "MF6001", "==", "do not chain"),
    ("first($.a).b", "MF6001", ".b", "take it inside"),
    ("first($.a)[0]", "MF6001", "[", "take it inside"),
    ("'a'.length", "MF6001", ".length", "take it inside"),
    (".a == 1", "MF6001", ".a", "write a path"),
    ("true.a", "MF6001", ".a", "`$.`"),
    ("$.a[b]", "MF6001", "b", "`['b']`"),
    ("1 == not 2", "MF6001", "not", "parentheses"),
    ("$.a not in $.b", "MF6001", "not", "`not ($.a in $.list)`"),
    ("1 -> 2", "MF6001", "->", "a lambda has one name"),
    ("$.a)", "MF6001", ")", "take it away"),
    ("$.a]", "MF6001", "]", "take it away"),
    ("$.a 'b'", "MF6001", "'b'", "an operator between"),
    ("$.a $.b", "MF6001", "$", "an operator between"),
    ("1 +", "MF6001", "+", "behind it"),
    ("1 + * 2", "MF6001", "*", "write a path"),
    ("a ? 1 : 2", "MF6001", "?", "write a path"),
    ("${$.a}", "MF6001", "${$.a}", "`$.a`"),
    ("$[01]", "MF6001", "01", "without leading zeros"),
    ("$[-0]", "MF6001", "-0", "an integer"),
    ("$[1.5]", "MF6001", "1.5", "an integer"),
    ("$[9007199254740992]", "MF6001", "9007199254740992", "an integer"),
    ("$.a == 'b", "MF6002", "'b", "end it with `'`"),
    ('$.a == "b', "MF6002", '"b', 'end it with `"`'),
    ("($.a", "MF6002", "(", "`)`"),
    ("$.a[0", "MF6002", "[", "`]`"),
    ("(1) + length([1)", "MF6001", ")", "take it away"),
    ("legth($.a)", "MF6004", "legth", "`length`"),
    ("Length($.a)", "MF6004", "Length", "`length`"),
    ("execute($.a)", "MF6004", "execute", "the functions are `now`"),
    ("length()", "MF6005", "length()", "length(value: string | list | object)"),
    ("length($.a, 1)", "MF6005", "length($.a, 1)", "length(value"),
    ("now(1)", "MF6005", "now(1)", "`now()`"),
    ("coalesce()", "MF6005", "coalesce()", "…other?: any"),
    ("substring('a')", "MF6005", "substring('a')", "end?: integer"),
    ("exists(1)", "MF6005", "1", "exists($.input.email)"),
    ("exists($.a == 1)", "MF6005", "$.a == 1", "exists($.input.email)"),
    ("matches($.a, '(?=x)')", "MF6006", "'(?=x)'", "RE2"),
    ("foo == 1", "MF6007", "foo", "`$.foo`"),
    ("foo.bar == 1", "MF6007", "foo", "`$.foo`"),
    ("True", "MF6007", "True", "`true`"),
    ("$.a == None", "MF6007", "None", "`null`"),
    ("length == 1", "MF6007", "length", "call it: `length(value"),
    ("secrets.KEY == 'x'", "MF6007", "secrets", "${secrets.NAME}"),
    ("@.a == 1", "MF6007", "@", "`[?…]`"),
    ("map($.a, x -> y)", "MF6007", "y", "`$.y`"),
    ("map($.a, x -> x) == x", "MF6007", "x", "`$.x`"),
    ("9007199254740992", "MF6008", "9007199254740992", "as a text"),
    ("1e400", "MF6008", "1e400", "as a text"),
    ("007", "MF6008", "007", "as a text"),
    ("99999999999999999999", "MF6008", "99999999999999999999", "as a text"),
    ("'\\q'", "MF6010", "\\q", "a backslash as"),
    ("'\\u12'", "MF6010", "\\u", "`\\uXXXX`"),
    ("'a\x01'", "MF6010", "\x01", "escapes are"),
    ("'\\ud800'", "MF6010", "'\\ud800'", "both halves"),
    ("map($.a, 1)", "MF6011", "1", "map(list, x -> x.name)"),
    ("count(x -> 1)", "MF6011", "x -> 1", "only `map(list, x -> …)`"),
    ("map(x -> 1, y -> 2)", "MF6011", "x -> 1", "only `map(list, x -> …)`"),
]  # fmt: skip

VALUES = [
    ("$.a is ${$.b}", "MF6001", "{", "may not begin with `$.`"),
    ("${}", "MF6001", "${}", "a path between the braces"),
    ("a ${ } b", "MF6001", "${ }", "a path between the braces"),
    ("a ${1 +} b", "MF6001", "+", "behind it"),
    ("a ${$.b", "MF6002", "${", "the missing `}`"),
    ("${'a}", "MF6002", "'a", "end it with"),
    ("${'a", "MF6002", "${", "the missing `}`"),
    ("${DB_PASSWORD}", "MF6007", "DB_PASSWORD", "`$.DB_PASSWORD`"),
    ("${secrets.a b}", "MF6012", "secrets.a b", "${secrets.NAME}"),
    ("${secrets}", "MF6012", "secrets", "${env.NAME}"),
    ("${env.A + 'x'}", "MF6012", "env.A + 'x'", "without operators"),
    ("a\x00b", "MF6010", "\x00", "remove it"),
]

WARNINGS = [
    ("length($.a)", "length($.a)", "`${…}` around"),
    ("$['a']", "$['a']", "`${…}` around"),
    ("costs $${$.price} now", "$${$.price}", "${'$'}${$.price}"),
]


def check(text: str, code: str, piece: str, help: str, *, mapping: bool) -> None:
    found = problems(text, mapping=mapping)
    assert [d.code for d in found] == [code]
    (diagnostic,) = found
    assert diagnostic.severity is CODES[code].severity
    assert diagnostic.span is not None
    marked = text[diagnostic.span.col - 1 : diagnostic.span.end_col - 1]
    assert marked == piece
    assert help in diagnostic.help
    assert not diagnostic.message.endswith(".")
    assert diagnostic.message.isprintable()


@pytest.mark.parametrize(("text", "code", "piece", "help"), EXPRESSIONS)
def test_expressions(text: str, code: str, piece: str, help: str) -> None:
    check(text, code, piece, help, mapping=False)


@pytest.mark.parametrize(("text", "code", "piece", "help"), VALUES)
def test_values(text: str, code: str, piece: str, help: str) -> None:
    check(text, code, piece, help, mapping=True)


@pytest.mark.parametrize(("text", "piece", "help"), WARNINGS)
def test_warnings(text: str, piece: str, help: str) -> None:
    check(text, "MF6013", piece, help, mapping=True)
    assert CODES["MF6013"].severity is Severity.WARNING


@pytest.mark.parametrize(
    "text", ["length(x)", "about $.5", "$5 (net $.a)", "$${a}", "$${$.a"]
)
def test_no_warning_without_need(text: str) -> None:
    assert problems(text, mapping=True) == []


def test_all_mistakes_of_a_text_are_shown() -> None:
    found = problems("foo == legth($.a) and '\\q' == 1e999")
    assert [d.code for d in found] == ["MF6010", "MF6008"]
    found = problems("foo == legth(bar)")
    assert [d.code for d in found] == ["MF6007", "MF6004", "MF6007"]
    found = problems({"a": "${", "b": ["$.x y", 2**60], "c": "${x} ${y}"}, mapping=True)
    assert [d.code for d in found] == ["MF6002", "MF6001", "MF6008", "MF6007", "MF6007"]


@pytest.mark.parametrize("value", [None, 5, 1.5])
def test_what_is_no_expression(value: object) -> None:
    (found,) = problems(value)
    assert found.code == "MF6009"
    assert "$.input.total > 0" in found.help


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), 10**400, float("inf"), float("nan"), 1e300 * 1e10]
)
def test_numbers_outside_the_domain(value: object) -> None:
    (found,) = problems(value, mapping=True)
    assert found.code == "MF6008"


def test_too_many_parts_and_too_long_texts() -> None:
    (found,) = problems("${$.a}," * 1001, mapping=True)
    assert found.code == "MF6003"
    (found,) = problems("x" * 262_145 + "${$.a}", mapping=True)
    assert found.code == "MF6003"
    assert problems("x" * 262_145, mapping=True) == []


def test_places_behind_an_indent_and_a_quote() -> None:
    from magicflow_cli.diagnostics.model import Report
    from magicflow_cli.expr import parse_expression

    text = "$.a = 1"
    source = Source("w.yaml", f'    condition: "{text}"')
    node = Scalar(source, 7, 16, 7, 16 + len(text) + 2, "/c", text, text, "double")
    report = Report()
    parse_expression(node, report)
    span = report.diagnostics[0].span
    assert span is not None
    assert (span.file, span.line, span.col, span.end_col) == ("w.yaml", 7, 21, 22)


def test_a_hostile_name_is_shown_short_and_on_one_line() -> None:
    (found,) = problems("x" * 5000 + "(1)")
    assert len(found.message) < 120
    (found,) = problems("'\u202e\n\x1b[31m`")
    assert found.message.isprintable()


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("$.a = 1", "$.a == 1"),
        ("$.a === 1", "$.a == 1"),
        ("$.a !== 1", "$.a != 1"),
        ("$.a & $.b", "$.a && $.b"),
        ("$.a | $.b", "$.a || $.b"),
        ("$.a AND $.b", "$.a and $.b"),
        ("$foo == 1", "$.foo == 1"),
        ("$.a -1", "$.a - 1"),
        ("1-2", "1 - 2"),
        ("1- 2", "1 - 2"),
        ("$.a == True", "$.a == true"),
        ("legth($.a)", "length($.a)"),
    ],
)
def test_fixes_mend(text: str, mended: str) -> None:
    (found,) = problems(text)
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert edit.span == found.span
    fixed = text[: edit.span.col - 1] + edit.text + text[edit.span.end_col - 1 :]
    assert fixed == mended
    assert problems(fixed) == []


def test_no_fix_where_the_file_has_escapes() -> None:
    from magicflow_cli.diagnostics.model import Report
    from magicflow_cli.expr import parse_expression

    text = "$.a = 'é'"
    node = Scalar(Source("w.yaml", ""), 1, 1, 1, 17, "/c", text, text, "double")
    report = Report()
    parse_expression(node, report)
    assert report.diagnostics[0].fix is None
