"""Random trees, written as YAML in every style, come back as they were."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.load.outline import data

TEXT = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"
    )
    | st.sampled_from("\n\t\x85 :#'\"-"),
    max_size=20,
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


class Dumper(yaml.SafeDumper):
    """Quotes every text, so that nothing depends on YAML 1.1's idea of plain ones."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, data: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"')


Dumper.add_representer(str, Dumper.text)


@settings(max_examples=300, deadline=None)
@given(TREES, st.sampled_from([None, True, False]), st.integers(2, 6), st.booleans())
def test_what_pyyaml_writes_is_read(
    tree: Any, flow: bool | None, indent: int, unicode: bool
) -> None:
    text = yaml.dump(
        tree,
        Dumper=Dumper,
        default_flow_style=flow,
        indent=indent,
        allow_unicode=unicode,
        sort_keys=False,
        width=30,
    )
    assert data(text) == tree


INDENT = "  "


def write(tree: Any, depth: int = 0) -> str:
    """Block style by our own hand, texts as literal blocks."""
    pad = INDENT * depth
    if isinstance(tree, dict) and tree:
        entries = [f"{pad}{quote(k)}:{below(v, depth)}" for k, v in tree.items()]
        return "\n" + "\n".join(entries)
    if isinstance(tree, list) and tree:
        return "\n" + "\n".join(f"{pad}-{below(item, depth)}" for item in tree)
    return below(tree, depth)


def below(tree: Any, depth: int) -> str:
    if isinstance(tree, dict | list) and tree:
        return write(tree, depth + 1)
    if (
        isinstance(tree, str)
        and tree.strip()
        and tree.endswith("\n")
        and "\x85" not in tree
    ):
        lines = tree.removesuffix("\n").split("\n")  # the caller ends the last line
        body = "\n".join(f"{INDENT * (depth + 1)}{line}" for line in lines)
        return f" |{len(INDENT)}+\n{body}"
    if isinstance(tree, str):
        return f" {quote(tree)}"
    words = {None: "~", True: "true", False: "FALSE"}
    if tree is None or isinstance(tree, bool):
        return f" {words[tree]}"
    return f" {tree!r}" if not isinstance(tree, dict | list) else f" {tree}"


def quote(text: str) -> str:
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = "".join(f"\\U{ord(char):08x}" for char in text)
    return f'"{escaped}"'


@example("0\n")
@example({"k": "a\n\n b\n", "l": ["\n c\n", 1]})
@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(TEXT, inner, min_size=1, max_size=4),
        max_leaves=15,
    )
)
def test_what_we_write_is_read(tree: Any) -> None:
    assert data("---" + write(tree, 0) + "\n") == tree
