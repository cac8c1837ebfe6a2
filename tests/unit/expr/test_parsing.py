"""Reading expressions and mapping values: the AST, its places, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from magicflow_cli.diagnostics.model import Report
from magicflow_cli.expr import build, parse_expression, parse_value, reader
from magicflow_cli.expr.ast import (
    Array,
    Binary,
    Call,
    Expr,
    Filter,
    Index,
    Lambda,
    Length,
    Literal,
    Member,
    Object,
    Secret,
    Segment,
    Slice,
    Template,
    Unary,
    Wildcard,
    children,
    paths,
    walk,
)
from magicflow_cli.expr.ast import (
    Path as PathExpr,
)
from magicflow_cli.expr.parser import _PLAIN, LENGTH, plain_path
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence
from tests.unit.expr.reading import find, read, scalar, value


def member(name: str) -> Segment:
    return Segment((Member(name),))


def path(*names: str, root: str = "$") -> PathExpr:
    return PathExpr(root, tuple(map(member, names)))


ONE, TWO, THREE = Literal(1), Literal(2), Literal(3)

READS: list[tuple[str, Expr]] = [
    ("$", path()),
    ("$.validate-user.ok", path("validate-user", "ok")),
    (" $.a ", path("a")),
    ("$.a['b c']", path("a", "b c")),
    ("$['a']", path("a")),
    ("$.a.length", PathExpr("$", (member("a"), Segment((Length(),))))),
    ("$.length.a", path("length", "a")),
    ("$.a['length']", path("a", "length")),
    ("$.a[-1]", PathExpr("$", (member("a"), Segment((Index(-1),))))),
    ("$..a", PathExpr("$", (Segment((Member("a"),), True),))),
    ("$..*", PathExpr("$", (Segment((Wildcard(),), True),))),
    ("$..[0]", PathExpr("$", (Segment((Index(0),), True),))),
    ("$..length", PathExpr("$", (Segment((Member("length"),), True),))),
    ("$.*", PathExpr("$", (Segment((Wildcard(),)),))),
    ("$[1:2, *]", PathExpr("$", (Segment((Slice(1, 2), Wildcard())),))),
    ("$[::-1]", PathExpr("$", (Segment((Slice(None, None, -1),)),))),
    ("$[:]", PathExpr("$", (Segment((Slice(),)),))),
    ("$[?@.a]", PathExpr("$", (Segment((Filter(Call("exists", (path("a", root="@"),))),)),))),
    (
        "$[?(@.a > 1)]",
        PathExpr("$", (Segment((Filter(Binary(">", path("a", root="@"), ONE)),)),)),
    ),
    ("$.a-1", path("a-1")),
    ("$.a - 1", Binary("-", path("a"), ONE)),
    ("$.é😀", path("é😀")),
    ("1 + 2 * 3", Binary("+", ONE, Binary("*", TWO, THREE))),
    ("(1 + 2) * 3", Binary("*", Binary("+", ONE, TWO), THREE)),
    ("1 - 2 - 3", Binary("-", Binary("-", ONE, TWO), THREE)),
    ("true or false and null", Binary("or", Literal(True), Binary("and", Literal(False), Literal(None)))),
    ("true || !false && null", Binary("or", Literal(True), Binary("and", Unary("not", Literal(False)), Literal(None)))),
    ("not 1 == 2", Unary("not", Binary("==", ONE, TWO))),
    ("!true == false", Binary("==", Unary("not", Literal(True)), Literal(False))),
    ("-1", Literal(-1)),
    ("-(1)", Unary("neg", ONE)),
    ("- $.a", Unary("neg", path("a"))),
    ("1.0", ONE),
    ("1.5e1", Literal(15)),
    ("0.25", Literal(0.25)),
    ("'a' in ['a', \"b\"]", Binary("in", Literal("a"), Array((Literal("a"), Literal("b"))))),
    ("[]", Array(())),
    ("now()", Call("now")),
    ("map($.a, x -> x.b)", Call("map", (path("a"), Lambda("x", path("b", root="x"))))),
    ("filter($.a, and_x -> and_x)", Call("filter", (path("a"), Lambda("and_x", path(root="and_x"))))),
    ("map($.a, x -> x > 1 or true)", Call("map", (path("a"), Lambda("x", Binary("or", Binary(">", path(root="x"), ONE), Literal(True)))))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READS)
def test_reads(text: str, expected: Expr) -> None:
    assert read(text) == expected


VALUES: list[tuple[str, Expr]] = [
    ("plain", Literal("plain")),
    ("$", path()),
    ("$.a", path("a")),
    ("$.a + 1", Binary("+", path("a"), ONE)),
    ("$5", Literal("$5")),
    ("$$", Literal("$$")),
    ("$$.a", Literal("$.a")),
    ("a $$.b", Literal("a $$.b")),
    ("$${a}", Literal("${a}")),
    ("${$.a}", path("a")),
    ("${ 1 + 2 }", Binary("+", ONE, TWO)),
    ("${'}'}", Literal("}")),
    ("${'a'}b", Literal("ab")),
    ("x${'$'}${$.a}", Template((Literal("x$"), path("a")))),
    ("a ${$.b} c", Template((Literal("a "), path("b"), Literal(" c")))),
    ("${$.a}${$.b}", Template((path("a"), path("b")))),
    ("${1} ", Template((ONE, Literal(" ")))),
    ("${secrets.KEY}", Secret("secrets", "KEY")),
    ("${ env.A-b }", Secret("env", "A-b")),
    ("B ${secrets.K}", Template((Literal("B "), Secret("secrets", "K")))),
    ("$$.a ${$.b}", Template((Literal("$.a "), path("b")))),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_values(text: str, expected: Expr) -> None:
    assert value(text) == expected


def test_objects_and_lists_are_values() -> None:
    assert value({"a": ["$.b", 1, None, True, 1.5, 2.0], "c": {}}) == Object(
        (
            (
                "a",
                Array(
                    (path("b"), ONE, Literal(None), Literal(True), Literal(1.5), TWO)
                ),
            ),
            ("c", Object(())),
        )
    )


@pytest.mark.parametrize("node", [scalar(True), scalar(False)])
def test_a_boolean_is_an_expression(node: Scalar) -> None:
    assert parse_expression(node, Report()) == Literal(node.value)


@pytest.mark.parametrize(
    ("text", "piece", "kind"),
    [
        ("$.a == 'b' and length($.c) > 2", "$.a == 'b'", Binary),
        ("$.a == 'b' and length($.c) > 2", "length($.c)", Call),
        ("$.a == 'b' and length($.c) > 2", "'b'", Literal),
        ("not $.a.b.c", "$.a.b.c", PathExpr),
        ("1 + -$.a", "-$.a", Unary),
        ("map($.a, x -> x.b)", "x -> x.b", Lambda),
        ("[1, 2]", "[1, 2]", Array),
        ("text ${ $.a.b } text", "$.a.b", PathExpr),
        ("text ${secrets.K} text", "secrets.K", Secret),
    ],
)
def test_places(text: str, piece: str, kind: type[Expr]) -> None:
    expr = read(text) if "${" not in text else value(text)
    found = [
        e for e in walk(expr) if isinstance(e, kind) and text[e.start : e.end] == piece
    ]
    assert found
    span = found[0].span()
    assert span is not None
    assert (span.line, span.col, span.end_col) == (
        1,
        text.index(piece) + 1,
        text.index(piece) + 1 + len(piece),
    )


def test_places_of_segments() -> None:
    expr = read("$.ab['c'][0].length == 1")
    assert isinstance(expr, Binary)
    assert isinstance(expr.left, PathExpr)
    text = "$.ab['c'][0].length == 1"
    assert [text[s.start : s.end] for s in expr.left.segments] == [
        ".ab",
        "['c']",
        "[0]",
        ".length",
    ]


def test_places_of_objects_and_of_nothing() -> None:
    expr = value({"a": "x"})
    assert expr.span() is not None
    assert Literal(1).span() is None


def test_walk_children_and_paths() -> None:
    expr = read("map($.a[?@.b > $.c], x -> x.d) == [$.e, -$.f]")
    assert [p.root + "".join("." + n for n in p.names) for p in paths(expr)] == [
        "$.a",
        "@.b",
        "$.c",
        "x.d",
        "$.e",
        "$.f",
    ]
    assert children(Literal(1)) == children(Secret("env", "A")) == ()
    template = value("a ${$.b}")
    assert children(template) == (Literal("a "), path("b"))
    assert children(value({"k": 1})) == (ONE,)


def test_singular_and_names() -> None:
    whole = read("$.a.b[0].length")
    assert isinstance(whole, PathExpr)
    assert whole.singular
    assert whole.names == ("a", "b")
    assert not find("$.a.*", PathExpr).singular
    assert not find("$..a", PathExpr).singular
    assert not find("$['a','b']", PathExpr).singular
    assert find("$.order.length", PathExpr).names == ("order", "length")
    assert find("$..a", PathExpr).names == ()


def test_records_are_frozen_hashable_and_strict() -> None:
    with pytest.raises(AttributeError):
        ONE.value = 2  # type: ignore[misc]
    assert Literal(1) != Literal(True)
    assert Literal(1) != Literal(1.0)
    assert Literal(1) != Member("1")
    assert hash(read("$.a + 1")) == hash(read("$.a  +  1"))
    assert (
        repr(read("$.a + 1"))
        == "Binary('+', Path('$', (Segment((Member('a'),), False),)), Literal(1))"
    )


@pytest.mark.parametrize(
    "text",
    ["$.a", "$.a.b.c", " $.a-b._c ", "$.length", "$.a.length", "$.length.b", "$.a.length.length", "$.and.or", "$.A9", "$.a.true"],
)  # fmt: skip
def test_the_fast_path_gives_what_the_grammar_gives(text: str) -> None:
    node = scalar(text)
    found = _PLAIN.fullmatch(text)
    assert found is not None
    fast = plain_path(node, *found.span(1))
    slow = reader.parse_any(node, 0, len(text))
    assert fast == slow
    assert isinstance(slow, PathExpr)
    places = [[(s.start, s.end) for s in (e, *e.segments)] for e in (fast, slow)]
    assert places[0] == places[1]


def test_the_tables_are_current_whatever_the_hash_seed() -> None:
    assert build.main(["--check"]) == 0
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "magicflow_cli.expr.build", "--check"],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "runtime/python"},
            cwd=Path(__file__).parents[3],
            check=False,
        )
        assert done.returncode == 0


def test_build_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "__file__", str(tmp_path / "build.py"))
    assert build.main([]) == 0
    committed = Path(reader.__file__).with_name("_standalone.py").read_text("utf-8")
    assert (tmp_path / "_standalone.py").read_text("utf-8") == committed
    (tmp_path / "_standalone.py").write_text("", "utf-8")
    assert build.main(["--check"]) == 1


def test_reading_loads_neither_lark_nor_a_regex_engine() -> None:
    code = (
        "import sys, magicflow_cli.expr.reader;"
        "assert not {'lark', 're2', 'dataclasses_json'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 500 + "1" + ")" * 500,
        "[" * 10_000 + "]" * 10_000,
        "!" * 16_000 + "true",
        "- " * 8_000 + "1",
        "not " * 4_000 + "true",
        "+".join(["1"] * 8_000),
        " or ".join(["$.a"] * 3_000),
        "length(" * 1_000 + ")" * 1_000,
        "$" + "[?@" * 4_000 + "]" * 4_000,
        "map($.a, x -> " * 1_000,
        "$" + ".a" * 100_000,
        "$" + "[0]" * 5_000,
        "'" + "a" * 100_000,
        "'" + "\\" * 15_999,
        "\x00" * 100,
        "\U0001f600" * 1_000,
        "$." + "é" * 16_000,
        "9" * 16_000,
        "1e" + "9" * 4_000,
        "$[" + "9" * 5_000 + "]",
        "f" * 16_000 + "()",
        "$.a[?" * 3_000,
    ],
)
def test_hostile_texts_are_answered_in_time(text: str) -> None:
    start = time.process_time()
    for parse in (parse_expression, parse_value):
        report = Report()
        expr = parse(scalar(text), report)
        assert (expr is None) == report.has_errors
        for diagnostic in report.diagnostics:
            assert diagnostic.help
            assert len(diagnostic.message) < 300
            assert diagnostic.message.isprintable()
    assert time.process_time() - start < 2


def test_the_longest_expression() -> None:
    assert read("$." + "a" * (LENGTH - 2))
    report = Report()
    assert parse_expression(scalar("$." + "a" * (LENGTH - 1)), report) is None
    assert report.diagnostics[0].code == "MF6003"


def test_the_deepest_expression() -> None:
    assert read("(" * 64 + "1" + ")" * 64) == ONE
    assert read(" + ".join(["1"] * 65))
    report = Report()
    assert parse_expression(scalar("(" * 65 + "1" + ")" * 65), report) is None
    assert report.diagnostics[0].code == "MF6003"


def test_a_sequence_is_no_expression() -> None:
    node: Node = Sequence(scalar("").source, 1, 1, 1, 3, "", [])
    report = Report()
    assert parse_expression(node, report) is None  # type: ignore[arg-type]
    assert [d.code for d in report.diagnostics] == ["MF6009"]
    assert isinstance(node, Sequence | Mapping)


def test_json_text_of_names_survives() -> None:
    name = 'it\'s "quoted" \\ \n é 😀'
    literal = json.dumps(name)
    assert read(f"$[{literal}]") == path(name)
