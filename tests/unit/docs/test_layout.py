"""Drawings: nothing overlaps, arrows meet their boxes, equal in gives equal out."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magicflow_cli.docs.chart import Arrow, Box, Chart, chart
from magicflow_cli.docs.layout import PlacedBox, PlacedChart, place
from magicflow_cli.docs.outline import outline
from magicflow_cli.docs.svg import draw_svg
from tests.unit.docs.plans import plans


def box(id: str, notes: int = 0, inner: list[Chart] | None = None) -> Box:
    return Box(
        id=id,
        kind="step",
        title=f"step {id}",
        subtitle="does something",
        notes=[("timeout", "timeout 30 s")] * notes,
        role="main",
        inner=inner or [],
    )


def arrow(source: str, target: str, label: str = "") -> Arrow:
    return Arrow(source=source, target=target, kind="flow", label=label)


def overlap(a: PlacedBox, b: PlacedBox) -> bool:
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def assert_sound(placed: PlacedChart) -> None:
    for a, b in combinations(placed.boxes, 2):
        assert not overlap(a, b), (a.box.id, b.box.id)
    boxes = {b.box.id: b for b in placed.boxes}
    for b in placed.boxes:
        assert b.x >= -0.01 and b.x + b.width <= placed.width + 0.01
        assert b.y >= -0.01 and b.y + b.height <= placed.height + 0.01
        for x, y, inner in b.inner:
            assert x >= 0 and x + inner.width <= b.width
            assert y >= 0 and y + inner.height <= b.height
            assert_sound(inner)
    for a in placed.arrows:
        assert_touches(boxes[a.arrow.source], a.points[0])
        if a.arrow.source != a.arrow.target:
            assert_touches(boxes[a.arrow.target], a.points[-1])
        for b in placed.boxes:
            for x, y in a.points[1:-1]:
                inside = b.x < x < b.x + b.width and b.y < y < b.y + b.height
                assert not inside, (a.arrow.source, a.arrow.target, b.box.id)


def assert_touches(b: PlacedBox, point: tuple[float, float]) -> None:
    x, y = point
    assert b.x - 0.01 <= x <= b.x + b.width + 0.01
    assert min(abs(y - b.y), abs(y - b.y - b.height), abs(x - b.x - b.width)) < 0.01


@pytest.mark.parametrize("name", plans())
def test_every_golden_is_drawn_soundly(name: str) -> None:
    drawn = chart(outline(plans()[name]))
    assert_sound(place(drawn))
    text = draw_svg(drawn, name, "")
    root = ElementTree.fromstring(text)
    shown = " ".join(element.text or "" for element in root.iter())
    for step in plans()[name].steps:
        assert step in shown
    assert text == draw_svg(chart(outline(plans()[name])), name, "")


names = st.integers(0, 11).map(str)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(names, min_size=1, max_size=12, unique=True),
    st.lists(st.tuples(names, names, st.sampled_from(["", "if so"])), max_size=30),
    st.lists(st.integers(0, 4), min_size=12, max_size=12),
)
def test_any_graph_is_drawn_soundly(
    ids: list[str], edges: list[tuple[str, str, str]], notes: list[int]
) -> None:
    """Cycles, loops, islands, parallel arrows and boxes of all sizes."""
    known = set(ids)
    arrows = {(a, b): arrow(a, b, label) for a, b, label in edges if {a, b} <= known}
    inner = Chart(
        title="inner", boxes=[box("x"), box("y", 2)], arrows=[arrow("x", "y")]
    )
    boxes = [box(id, notes[int(id)], [inner] * (notes[int(id)] == 4)) for id in ids]
    assert_sound(place(Chart(title="", boxes=boxes, arrows=list(arrows.values()))))


def test_the_main_line_is_straight() -> None:
    drawn = Chart(
        title="",
        boxes=[*(box(id) for id in "abcd"), box("x", 3)],
        arrows=[
            *(arrow("a", "b"), arrow("b", "c"), arrow("c", "d")),
            Arrow(source="a", target="x", kind="failure", label=""),
        ],
    )
    placed = {b.box.id: b for b in place(drawn).boxes}
    centres = {placed[id].x + placed[id].width / 2 for id in "bcd"}
    assert max(centres) - min(centres) < 1


def test_an_empty_chart() -> None:
    assert place(Chart(title="", boxes=[], arrows=[])).boxes == []
