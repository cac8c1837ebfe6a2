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

from magicflow_cli.docs.chart import Arrow, Box, Chart
from magicflow_cli.docs.measures import BODY, TITLE, clip, printable, width_of
from magicflow_cli.record import Record

PADDING, GAP, LAYER_GAP, LINE = 14.0, 28.0, 30.0, 16.0
MIN_WIDTH, MAX_TEXT = 120.0, 300.0
TERMINAL = (92.0, 28.0)
LANE = 8.0  # room for an arrow that passes a layer
SWEEPS = 12

_PLAIN = ("title", "condition", "subtitle")  # lines without a mark
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
    """`points` lead from box to box: upright through a layer, across between two."""

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
        self.top = self.bottom = 0.0  # of the layer


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
    chains, groups = _arrange(items, edges)
    ways = _ways(chart, index, labels, chains)
    pulls = _pulls(chart, ways, len(boxes))
    left = 0.0
    for group in groups:
        _straighten(items, group, pulls)
        left = _shift([items[i] for i in group], left) + GAP
    width, height = _settle(items)
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
        arrows=_route(chart, ways, labels, items),
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
            width=max(TERMINAL[0], width_of(box.title, TITLE) + PADDING),
            height=TERMINAL[1],
            lines=[("title", box.title)],
            inner=[],
        )
    heading = "condition" if box.kind == "rule" else "title"
    texts = [(heading, box.title), ("subtitle", box.subtitle), *box.notes]
    lines = [
        (kind, clip(printable(text), MAX_TEXT, TITLE if kind == "title" else BODY))
        for kind, text in texts
        if text
    ]
    text_width = max(
        width_of(text, TITLE if kind == "title" else BODY)
        + (0 if kind in _PLAIN else 16)
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
    spare = (width - left) / 2 if inner else 0
    inner = [(x + spare, y, placed) for x, y, placed in inner]
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
) -> tuple[dict[tuple[int, int], list[int]], list[list[int]]]:
    """Give every item its layer and a first x, and add items where arrows pass layers.
    Returns the items between the ends of each edge, and the items that hang together.
    """
    unit = median_low([item.width for item in items]) + GAP if items else 1.0
    pairs = sorted({(upper, lower) for _, upper, lower in edges})
    connected = sorted({node for pair in pairs for node in pair})
    groups = [[i] for i in sorted(set(range(len(items))) - set(connected))]
    chains: dict[tuple[int, int], list[int]] = {}
    for positions, links in _components(pairs, connected):
        top = max(y for _, (_, y) in positions)
        real: dict[int, int] = {}
        for node, (x, y) in positions:
            if node < len(connected):
                real[node] = connected[node]
            else:
                real[node] = len(items)
                items.append(_Item(LANE, 0))
            item = items[real[node]]
            item.x, item.layer = x * unit, round(top - y)
        chains |= _chains([(real[a], real[b]) for a, b in links], pairs)
        groups.append(list(real.values()))
    return chains, sorted(groups)


def _shift(group: list[_Item], left: float) -> float:
    """Move the items side by side to `left`; returns their right edge."""
    offset = left - min(item.x - item.width / 2 for item in group)
    for item in group:
        item.x += offset
    return max(item.x + item.width / 2 for item in group)


def _components(
    pairs: list[tuple[int, int]], connected: list[int]
) -> list[tuple[list[tuple[int, Point]], list[tuple[int, int]]]]:
    """What the library makes of the edges, per connected component: positions and the
    links between neighbouring layers. Nodes are indices into `connected`; larger
    numbers are points where an edge passes a layer."""
    if not pairs:
        return []
    from fast_sugiyama import from_edges

    index = {node: i for i, node in enumerate(connected)}
    numbered = [(index[a], index[b]) for a, b in pairs]
    found = []
    for positions, _, _, links in from_edges(
        numbered, vertex_spacing=1, dummy_vertices=True
    ):
        points = sorted((int(node), point) for node, point in positions)
        found.append((points, [(int(a), int(b)) for a, b in links or []]))
    return sorted(found, key=lambda component: component[0][0][0])


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


Pulls = dict[int, list[tuple[int, float]]]


def _pulls(chart: Chart, ways: list[list[int]], boxes: int) -> Pulls:
    """How strongly each item draws its neighbours in the next layers above it: the main
    flow more than failures, and long arrows more than short ones, which makes both
    straight."""
    pulls: Pulls = {}
    for arrow, way in zip(chart.arrows, ways, strict=True):
        strength = {"flow": 8.0, "case": 4.0}.get(arrow.kind, 1.0)
        for a, b in pairwise(way):
            if a != b:
                inside = (a >= boxes) + (b >= boxes)
                weight = strength * (1.0, 2.0, 6.0)[inside]
                pulls.setdefault(a, []).append((b, weight))
                pulls.setdefault(b, []).append((a, weight))
    return pulls


def _straighten(items: list[_Item], group: list[int], pulls: Pulls) -> None:
    """Sweep down and up, each layer moving towards what it is joined to. The order
    within the layers stays that of the library."""
    layers: dict[int, list[int]] = {}
    for i in group:
        layers.setdefault(items[i].layer, []).append(i)
    for layer in layers.values():
        layer.sort(key=lambda i: (items[i].x, i))
        _separate(
            [items[i] for i in layer], [items[i].x for i in layer], [1.0] * len(layer)
        )
    order = sorted(layers)
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 2
        for number in order if sweep % 2 == 0 else reversed(order):
            wanted: list[float] = []
            weights: list[float] = []
            for i in layers[number]:
                near = [
                    (items[j].x, weight)
                    for j, weight in pulls.get(i, [])
                    if last or (items[j].layer < number) == (sweep % 2 == 0)
                ]
                total = sum(weight for _, weight in near)
                weights.append(total or 0.1)
                wanted.append(
                    sum(x * weight for x, weight in near) / total
                    if total
                    else items[i].x
                )
            _separate([items[i] for i in layers[number]], wanted, weights)


def _settle(items: list[_Item]) -> Point:
    """Give the layers their heights and move everything to the corner; returns width
    and height."""
    layers: dict[int, list[_Item]] = {}
    for item in items:
        layers.setdefault(item.layer, []).append(item)
    top = 0.0
    for _, layer in sorted(layers.items()):
        height = max(item.height for item in layer)
        for item in layer:
            item.top, item.bottom = top, top + height
            item.y = top
            item.height = item.height or height
        top += height + LAYER_GAP
    return max((item.x + item.width / 2 for item in items), default=0), max(
        top - LAYER_GAP, 0
    )


def _separate(layer: list[_Item], wanted: list[float], weights: list[float]) -> None:
    """Put the items of a layer as near as possible to where they want to be (weighted
    least squares) so that none overlaps: isotonic regression by pooling adjacent
    violators."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    pools: list[tuple[float, float, int]] = []
    for x, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, mass, count = x - offset, weight, 1
        while pools and pools[-1][0] > mean:
            before, other, members = pools.pop()
            mean = (before * other + mean * mass) / (other + mass)
            mass += other
            count += members
        pools.append((mean, mass, count))
    free = [mean for mean, _, count in pools for _ in range(count)]
    for item, offset, x in zip(layer, offsets, free, strict=True):
        item.x = x + offset


def _ways(
    chart: Chart,
    index: dict[str, int],
    labels: dict[int, int],
    chains: dict[tuple[int, int], list[int]],
) -> list[list[int]]:
    """The items that each arrow visits, from its source to its target."""
    ways: list[list[int]] = []
    for number, arrow in enumerate(chart.arrows):
        stops = [index[arrow.source], index[arrow.target]]
        if number in labels:
            stops.insert(1, labels[number])
        way = stops[:1]
        for a, b in pairwise(stops):
            between = chains.get((a, b))
            way += between if between is not None else reversed(chains.get((b, a), []))
            way.append(b)
        ways.append(way)
    return ways


def _route(
    chart: Chart, ways: list[list[int]], labels: dict[int, int], items: list[_Item]
) -> list[PlacedArrow]:
    ports = _ports(ways, items)
    routed: list[PlacedArrow] = []
    for number, (arrow, way) in enumerate(zip(chart.arrows, ways, strict=True)):
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
    start, end = ports[number, True], ports[number, False]
    if down:
        points = [(start, first.y + first.height), (start, first.bottom)]
    else:
        points = [(start, first.y), (start, first.top)]
    for stop in way[1:-1]:
        item = items[stop]
        ends = [(item.x, item.top), (item.x, item.bottom)]
        points += ends if down else ends[::-1]
    if down:
        return [*points, (end, last.top), (end, last.y)]
    return [*points, (end, last.bottom), (end, last.y + last.height)]
