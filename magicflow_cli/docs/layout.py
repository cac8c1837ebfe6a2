"""Places the boxes of a chart: layers and orders by fast-sugiyama, sizes by us.

The library lays out points. Boxes differ in size, and a composite holds charts of its
own, so the order within each layer is kept and the coordinates are spread until nothing
overlaps (least squares under minimum distances). An arrow's label is a small box on its
way, which keeps it off everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low
from typing import Any

from magicflow_cli.docs.chart import Arrow, Box, Chart
from magicflow_cli.docs.measures import BODY, TITLE, clip, printable, width_of
from magicflow_cli.record import Record

PADDING, GAP, LAYER_GAP, LINE = 14.0, 28.0, 30.0, 16.0
MIN_WIDTH, MAX_TEXT = 120.0, 300.0
TERMINAL = (92.0, 28.0)
LANE = 16.0  # room for an arrow that passes a layer

Point = tuple[float, float]


class PlacedBox(Record):
    """Pixels from the chart's top left corner. `lines` are (kind, text), the title
    first; `inner` are the charts inside with their offsets within the box."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    lines: list[tuple[str, str]]
    inner: list[tuple[float, float, PlacedChart]]


class PlacedArrow(Record):
    """`points` lead from box to box; odd pairs are straight, see `svg`."""

    arrow: Arrow
    points: list[Point]
    label: Point | None


class PlacedChart(Record):
    chart: Chart
    width: float
    height: float
    boxes: list[PlacedBox]
    arrows: list[PlacedArrow]


class _Item:
    """What stands in a layer: a box, a label, or an arrow passing through."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.x = self.y = 0.0  # centre, top
        self.layer = 0


def place(chart: Chart) -> PlacedChart:
    """Lay a chart out. Deterministic: equal charts give equal pixels."""
    boxes = [_size(box) for box in chart.boxes]
    items = [_Item(box.width, box.height) for box in boxes]
    index = {box.id: i for i, box in enumerate(chart.boxes)}
    labels: dict[int, int] = {}
    for number, arrow in enumerate(chart.arrows):
        if arrow.label and arrow.source != arrow.target:
            labels[number] = len(items)
            items.append(_Item(width_of(_label(arrow), BODY) + 10, LINE))
    edges = _edges(chart, index, labels)
    chains = _arrange(items, edges)
    width, height = _spread(items)
    return PlacedChart(
        chart=chart,
        width=width,
        height=height,
        boxes=[
            PlacedBox(
                box=box.box,
                x=item.x - item.width / 2,
                y=item.y,
                width=item.width,
                height=item.height,
                lines=box.lines,
                inner=box.inner,
            )
            for box, item in zip(boxes, items, strict=False)
        ],
        arrows=_route(chart, index, labels, items, chains),
    )


def _label(arrow: Arrow) -> str:
    return clip(printable(arrow.label), 170, BODY)


def _size(box: Box) -> PlacedBox:
    """A box at the origin, as large as its texts and what it holds."""
    if box.kind in ("start", "end", "fails"):
        return PlacedBox(
            box=box,
            x=0,
            y=0,
            width=TERMINAL[0],
            height=TERMINAL[1],
            lines=[("title", box.title)],
            inner=[],
        )
    texts = [("title", box.title), ("subtitle", box.subtitle), *box.notes]
    lines = [
        (kind, clip(printable(text), MAX_TEXT, TITLE if kind == "title" else BODY))
        for kind, text in texts
        if text
    ]
    text_width = max(
        width_of(text, TITLE if kind == "title" else BODY)
        + (0 if kind in ("title", "subtitle") else 16)
        for kind, text in lines
    )
    height = PADDING + LINE * len(lines) + PADDING / 2
    inner: list[tuple[float, float, PlacedChart]] = []
    left = PADDING
    for chart in box.inner:
        placed = place(chart)
        caption = (
            width_of(clip(printable(chart.title), MAX_TEXT, BODY), BODY) + 2 * PADDING
        )
        room = max(placed.width, caption)
        inner.append((left + (room - placed.width) / 2, height + LINE, placed))
        left += room + PADDING
    if inner:
        height += LINE + max(placed.height for _, _, placed in inner) + PADDING
    width = max(MIN_WIDTH, text_width + 2 * PADDING, left if inner else 0)
    return PlacedBox(
        box=box, x=0, y=0, width=width, height=height, lines=lines, inner=inner
    )


def _edges(
    chart: Chart, index: dict[str, int], labels: dict[int, int]
) -> list[tuple[int, int, int]]:
    """(arrow, upper item, lower item): cycles are broken where an arrow leads back in
    the order of a walk from the first box, so that the written order runs downwards."""
    follow: dict[int, list[tuple[int, int]]] = {}
    for number, arrow in enumerate(chart.arrows):
        if arrow.source != arrow.target:
            follow.setdefault(index[arrow.source], []).append(
                (number, index[arrow.target])
            )
    backward: set[int] = set()
    state: dict[int, int] = {}
    for start in range(len(chart.boxes)):
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(follow.get(start, [])))]
        while stack:
            node, rest = stack[-1]
            for number, target in rest:
                if state.get(target) == 1:
                    backward.add(number)
                elif target not in state:
                    state[target] = 1
                    stack.append((target, iter(follow.get(target, []))))
                    break
            else:
                state[node] = 2
                stack.pop()
    edges: list[tuple[int, int, int]] = []
    for node, targets in sorted(follow.items()):
        for number, target in targets:
            upper, lower = (target, node) if number in backward else (node, target)
            middle = labels.get(number)
            if middle is None:
                edges.append((number, upper, lower))
            else:
                edges += [(number, upper, middle), (number, middle, lower)]
    return edges


def _arrange(
    items: list[_Item], edges: Sequence[tuple[int, int, int]]
) -> dict[tuple[int, int], list[int]]:
    """Give every item its layer and a first x, and add items where arrows pass layers.
    Returns the items between the ends of each edge."""
    from fast_sugiyama import from_edges

    unit = median_low([item.width for item in items]) + GAP if items else 1.0
    pairs = sorted({(upper, lower) for _, upper, lower in edges})
    chains: dict[tuple[int, int], list[int]] = {}
    left = 0.0
    placed: set[int] = set()
    layouts = from_edges(pairs, vertex_spacing=1, dummy_vertices=True) if pairs else []
    for positions, _, _, links in sorted(
        layouts, key=lambda layout: min(n for n, _ in layout[0])
    ):
        top = max(y for _, (_, y) in positions)
        real: dict[int, int] = {}
        for node, (x, y) in positions:
            if node < len(items):
                real[node] = node
            else:
                real[node] = len(items)
                items.append(_Item(LANE, 0))
            item = items[real[node]]
            item.x, item.layer = left + x * unit, round(top - y)
            placed.add(real[node])
        chains |= _chains([(real[a], real[b]) for a, b in links or pairs], pairs)
        left = (
            max(items[i].x + items[i].width / 2 for i in real.values()) + unit / 2 + GAP
        )
    for i, item in enumerate(items):
        if i not in placed:
            item.x, item.layer = left + item.width / 2, 0
            left += item.width + GAP
    return chains


def _chains(
    links: list[tuple[int, int]], pairs: list[tuple[int, int]]
) -> dict[tuple[int, int], list[int]]:
    """From links between neighbouring layers back to whole edges."""
    ends = {node for pair in pairs for node in pair}
    onward = {a: b for a, b in links if a not in ends}
    chains: dict[tuple[int, int], list[int]] = {}
    for a, b in links:
        if a not in ends:
            continue
        between: list[int] = []
        while b not in ends:
            between.append(b)
            b = onward[b]
        chains[a, b] = between
    return chains


def _spread(items: list[_Item]) -> Point:
    """Final coordinates from layers and first x; returns width and height."""
    layers: dict[int, list[_Item]] = {}
    for item in items:
        layers.setdefault(item.layer, []).append(item)
    top = 0.0
    for _, layer in sorted(layers.items()):
        layer.sort(key=lambda item: item.x)
        _separate(layer)
        height = max(item.height for item in layer)
        for item in layer:
            item.y = top + (height - item.height) / 2
            if not item.height:
                item.y, item.height = top, height
        top += height + LAYER_GAP
    left = min((item.x - item.width / 2 for item in items), default=0)
    for item in items:
        item.x -= left
    right = max((item.x + item.width / 2 for item in items), default=0)
    return right, max(top - LAYER_GAP, 0)


def _separate(layer: list[_Item]) -> None:
    """Move the items of a layer as little as possible (least squares) so that none
    overlaps: isotonic regression by pooling adjacent violators."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    pools: list[tuple[float, int]] = []
    for item, offset in zip(layer, offsets, strict=True):
        mean, count = item.x - offset, 1
        while pools and pools[-1][0] > mean:
            before, members = pools.pop()
            mean = (before * members + mean * count) / (members + count)
            count += members
        pools.append((mean, count))
    free = [mean for mean, count in pools for _ in range(count)]
    for item, offset, x in zip(layer, offsets, free, strict=True):
        item.x = x + offset


def _route(
    chart: Chart,
    index: dict[str, int],
    labels: dict[int, int],
    items: list[_Item],
    chains: dict[tuple[int, int], list[int]],
) -> list[PlacedArrow]:
    ways: list[list[int]] = []
    for number, arrow in enumerate(chart.arrows):
        stops = [
            index[arrow.source],
            *([labels[number]] if number in labels else []),
            index[arrow.target],
        ]
        way = stops[:1]
        for a, b in pairwise(stops):
            between = chains.get((a, b))
            way += between if between is not None else reversed(chains.get((b, a), []))
            way.append(b)
        ways.append(way)
    ports = _ports(ways, items)
    routed: list[PlacedArrow] = []
    for number, arrow in enumerate(chart.arrows):
        way = ways[number]
        label = items[labels[number]] if number in labels else None
        routed.append(
            PlacedArrow(
                arrow=arrow,
                points=_points(number, way, items, ports),
                label=None if label is None else (label.x, label.y + label.height / 2),
            )
        )
    return routed


def _ports(ways: list[list[int]], items: list[_Item]) -> dict[tuple[int, bool], float]:
    """Where arrow `n` leaves (True) and meets (False) its boxes: the ends at one side of
    a box are spread in the order of where they come from."""
    sides: dict[tuple[int, bool], list[tuple[float, int, bool]]] = {}
    for number, way in enumerate(ways):
        if way[0] == way[-1]:
            continue
        for leaves, box, near in ((True, way[0], way[1]), (False, way[-1], way[-2])):
            below = items[near].layer > items[box].layer
            sides.setdefault((box, below), []).append((items[near].x, number, leaves))
    ports: dict[tuple[int, bool], float] = {}
    for (box, _), ends in sides.items():
        item = items[box]
        step = min(26.0, (item.width - 20) / len(ends))
        first = item.x - step * (len(ends) - 1) / 2
        for position, (_, number, leaves) in enumerate(sorted(ends)):
            ports[number, leaves] = first + step * position
    return ports


def _points(
    number: int,
    way: list[int],
    items: list[_Item],
    ports: dict[tuple[int, bool], float],
) -> list[Point]:
    """From the edge of the first box over both ends of every stop to the last box."""
    first, last = items[way[0]], items[way[-1]]
    if way[0] == way[-1]:
        right, middle = first.x + first.width / 2, first.y + first.height / 2
        return [(right, middle - 10), (right, middle + 10)]
    down = items[way[1]].layer > first.layer
    points = [(ports[number, True], first.y + (first.height if down else 0))]
    for stop in way[1:-1]:
        item = items[stop]
        ends = [(item.x, item.y), (item.x, item.y + item.height)]
        points += ends if down else ends[::-1]
    points.append((ports[number, False], last.y + (0 if down else last.height)))
    return points
