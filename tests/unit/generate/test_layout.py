"""The layout of generated Python is black's, without black."""

from __future__ import annotations

import black
from hypothesis import given, settings
from hypothesis import strategies as st

from magicflow_cli.generate.lower.python.code import (
    Atom,
    Code,
    assignment,
    call,
    declaration,
    either,
    import_from,
    layout,
    subscript,
)

MODE = black.Mode(target_versions={black.TargetVersion.PY311})


def is_black(code: str) -> None:
    assert black.format_str(code, mode=MODE) == code


names = st.integers(1, 60).map(lambda n: ("Abcdefghi" * 7)[:n])
atoms = names.map(Atom)
strings = st.integers(0, 50).map(lambda n: Atom('"' + "x" * n + '"'))


def annotated(parts: st.SearchStrategy[Code]) -> st.SearchStrategy[Code]:
    metadata = st.one_of(
        strings.map(lambda s: call("mf.Field", alias=s)),
        st.tuples(strings, strings).map(
            lambda p: call("mf.Text", format=p[0], patterns=subscript("", *p))
        ),
        st.just(call("mf.Unique")),
    )
    return st.tuples(parts, st.lists(metadata, min_size=1, max_size=3)).map(
        lambda p: subscript("Annotated", p[0], *p[1])
    )


def wider(inner: st.SearchStrategy[Code]) -> st.SearchStrategy[Code]:
    return st.one_of(
        inner.map(lambda c: subscript("list", c)),
        inner.map(lambda c: subscript("dict", Atom("str"), c)),
        annotated(inner),
        st.lists(inner, min_size=2, max_size=3).map(either),
    )


types = st.recursive(atoms, wider, max_leaves=5)
many = settings(max_examples=200, deadline=None)


@many
@given(names, types)
def test_aliases(name: str, code: Code) -> None:
    is_black(declaration(name, Atom("TypeAlias"), code) + "\n")


@many
@given(names, types, st.booleans())
def test_fields(name: str, code: Code, required: bool) -> None:
    value = None if required else Atom("mf.MISSING")
    if not required:
        code = either((code, Atom("mf.MISSING")))
    line = declaration(name.lower(), code, value, "    ")
    is_black(f"class A:\n{line}\n")


@many
@given(names, atoms | types, st.booleans())
def test_annotated_fields(name: str, code: Code, required: bool) -> None:
    value = None if required else Atom("mf.MISSING")
    code = subscript("Annotated", code, call("mf.Field", alias=Atom('"abc"')))
    line = declaration(name.lower(), code, value, "    ")
    is_black(f"class A:\n{line}\n")


@many
@given(names, strings)
def test_constants(name: str, code: Code) -> None:
    is_black(declaration(name.upper(), Atom("Final"), code) + "\n")
    is_black("class A:\n" + assignment(name.upper(), code, "    ") + "\n")


@many
@given(names, st.booleans())
def test_classes(name: str, forbid: bool) -> None:
    rest = {"extra": Atom('"forbid"')} if forbid else {}
    head = layout("", call(f"class {name}", Atom("mf.Model"), **rest), ":")
    is_black(f"{head}\n    pass\n")


@many
@given(st.lists(names, min_size=1, max_size=6))
def test_imports(found: list[str]) -> None:
    is_black(import_from(".types", [Atom(name) for name in found]) + "\n")
