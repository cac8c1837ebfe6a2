"""A placed chart as SVG: self-contained, without scripts, for light and dark pages."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape

from magicflow_cli.docs.chart import Chart
from magicflow_cli.docs.layout import (
    LINE,
    PADDING,
    PlacedArrow,
    PlacedBox,
    PlacedChart,
    Point,
    place,
)
from magicflow_cli.docs.measures import BODY, clip, printable, width_of

MARGIN = 24.0
HEADER = 46.0

_STYLE = """
svg { font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
.paper { fill: #ffffff; }
.ink, .title, .condition { fill: #1f2933; }
.title { font-size: 13px; font-weight: 600; }
.name { font-size: 16px; font-weight: 600; }
.condition { font-size: 11px; font-weight: 600; }
.text { font-size: 11px; fill: #52606d; }
.label { font-size: 11px; }
.box { fill: #f5f7fa; stroke: #9aa5b1; stroke-width: 1.2; }
.handler .box { fill: #fdf0ef; stroke: #c2403a; }
.fallback .box { fill: #fff8e6; stroke: #b7791f; }
.rule .box, .compensation .box { fill: #f6f1fc; stroke: #7c4dbd; }
.implicit .box { stroke-dasharray: 5 3; }
.block { fill: #ffffff; fill-opacity: 0.6; stroke: #cbd2d9; }
.end .box { fill: #e3f4e8; stroke: #2f8f4e; }
.fails .box { fill: #fbe3e1; stroke: #c2403a; }
.arrow { fill: none; stroke: #52606d; stroke-width: 1.4; }
.head { fill: #52606d; }
.case .arrow { stroke: #2563ab; } .case .head, .case .label { fill: #2563ab; }
.failure .arrow { stroke: #c2403a; stroke-dasharray: 6 4; }
.failure .head, .failure .label { fill: #c2403a; }
.fallback .arrow { stroke: #b7791f; stroke-dasharray: 2 3; }
.fallback .head, .fallback .label { fill: #94610f; }
.rule .arrow { stroke: #7c4dbd; stroke-dasharray: 1 3; }
.rule .head, .rule .label { fill: #7c4dbd; }
.mark { fill: none; stroke: #52606d; stroke-width: 1.2; }
.run-completed > .box { fill: #d6f0de; stroke: #2f8f4e; stroke-width: 2; stroke-dasharray: none; }
.run-failed > .box { fill: #fbd5d2; stroke: #c2403a; stroke-width: 2; stroke-dasharray: none; }
.run-cancelled > .box, .run-open > .box { fill: #fdeec4; stroke: #b7791f; stroke-width: 2; }
.run-reached > .box { stroke-width: 3; }
.run-untouched { opacity: 0.45; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #14181d; }
  .ink, .title, .condition { fill: #e4e7eb; }
  .text { fill: #a6b1bd; }
  .box { fill: #1f262e; stroke: #616e7c; }
  .handler .box { fill: #33201f; stroke: #ef7f78; }
  .fallback .box { fill: #332a16; stroke: #e0ac4a; }
  .rule .box, .compensation .box { fill: #292036; stroke: #b491e8; }
  .block { fill: #14181d; stroke: #3e4c59; }
  .end .box { fill: #17301f; stroke: #5fc27e; }
  .fails .box { fill: #3a1e1c; stroke: #ef7f78; }
  .arrow, .mark { stroke: #9aa5b1; }
  .run-completed > .box { fill: #17361f; stroke: #5fc27e; }
  .run-failed > .box { fill: #45211e; stroke: #ef7f78; }
  .run-cancelled > .box, .run-open > .box { fill: #3d3115; stroke: #e0ac4a; }
  .head { fill: #9aa5b1; }
  .case .arrow { stroke: #7db4ee; } .case .head, .case .label { fill: #7db4ee; }
  .failure .arrow { stroke: #ef7f78; } .failure .head, .failure .label { fill: #ef7f78; }
  .fallback .arrow { stroke: #e0ac4a; } .fallback .head, .fallback .label { fill: #e0ac4a; }
  .rule .arrow { stroke: #b491e8; } .rule .head, .rule .label { fill: #b491e8; }
}
"""

_MARKS = {
    "timeout": '<circle cx="5" cy="5" r="4.3"/><path d="M5 2.4V5l1.8 1.2"/>',
    "retry": '<path d="M8.8 3.4A4.3 4.3 0 1 0 9.3 5.6"/><path d="M9.2 .9v2.7H6.5"/>',
    "circuit": '<path d="M5.8 .6 2.2 5.6h2.6L4.2 9.4l3.6-5H5.2z"/>',
    "guard": '<path d="M5 .7 9.3 5 5 9.3.7 5z"/>',
    "failure": '<path d="M1 1.2h5.2a2.3 2.3 0 0 1 0 4.6H3.4"/><path d="M5.2 3.6 3 5.8 5.2 8"/>',
    "compensation": '<path d="M3.6 1.4 1 4l2.6 2.6"/><path d="M1.2 4h5a2.6 2.6 0 0 1 0 5.2H4"/>',
}

_LEGEND = (
    ("flow", "then"),
    ("case", "case"),
    ("failure", "on failure"),
    ("fallback", "fallback"),
    ("rule", "failure rule"),
)


def draw_svg(chart: Chart, name: str, caption: str, style: str = "") -> str:
    """The whole drawing; `name` and `caption` head it, `style` is CSS of its own."""
    placed = place(chart)
    legend = _legend(placed)
    width = max(
        placed.width,
        width_of(name, 9.5),
        width_of(caption, BODY),
        _legend_width(legend),
    )
    width += 2 * MARGIN
    height = HEADER + placed.height + 2 * MARGIN + 20
    title = _text(printable(name))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}"'
        f' width="{_n(width)}" height="{_n(height)}" role="img" aria-label="Workflow {title}">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}{style}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}" rx="6"/>',
        f'<text class="ink name" x="{_n(MARGIN)}" y="{_n(MARGIN + 8)}">{title}</text>',
        f'<text class="text" x="{_n(MARGIN)}" y="{_n(MARGIN + 25)}">'
        f"{_text(clip(printable(caption), width - 2 * MARGIN, BODY))}</text>",
        _chart(placed, (width - placed.width) / 2, HEADER + MARGIN),
        _draw_legend(legend, height - MARGIN),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _chart(placed: PlacedChart, x: float, y: float) -> str:
    inner = [_arrow(arrow) for arrow in placed.arrows]
    inner += [_box(box) for box in placed.boxes]
    inner += [_arrow_label(arrow) for arrow in placed.arrows if arrow.label]
    return f'<g transform="translate({_n(x)} {_n(y)})">\n' + "\n".join(inner) + "\n</g>"


def _box(placed: PlacedBox) -> str:
    box = placed.box
    round_ends = box.kind in ("start", "end", "fails")
    radius = placed.height / 2 if round_ends else 5
    classes = " ".join(dict.fromkeys((box.kind, box.role)))
    middle = placed.width / 2
    parts = [
        f'<g class="{classes}" transform="translate({_n(placed.x)} {_n(placed.y)})">',
        f"<title>{_tooltip(placed)}</title>",
        f'<rect class="box" width="{_n(placed.width)}" height="{_n(placed.height)}" rx="{_n(radius)}"/>',
    ]
    for chart_x, chart_y, chart in placed.inner:
        parts += _block(chart_x, chart_y, chart)
    top = 18.5 if round_ends else PADDING + 8
    for number, (kind, text) in enumerate(placed.lines):
        y = top + LINE * number
        style = kind if kind in ("title", "condition") else "text"
        if kind in _MARKS:
            left = middle - width_of(text, BODY) / 2 - 8
            parts.append(
                f'<g class="mark" transform="translate({_n(left)} {_n(y - 9)})">{_MARKS[kind]}</g>'
                f'<text class="text" x="{_n(left + 15)}" y="{_n(y)}">{_text(text)}</text>'
            )
            continue
        parts.append(
            f'<text class="{style}" x="{_n(middle)}" y="{_n(y)}" text-anchor="middle">{_text(text)}</text>'
        )
    parts.append("</g>")
    return "\n".join(parts)


def _block(x: float, y: float, chart: PlacedChart) -> list[str]:
    """A composite's block: a frame, its title, its chart."""
    if not chart.chart.title:
        return [_chart(chart, x, y)]
    title = _text(clip(printable(chart.chart.title), max(chart.width, 80), BODY))
    pad = PADDING / 2
    return [
        f'<rect class="block" x="{_n(x - pad)}" y="{_n(y - LINE)}" width="{_n(chart.width + 2 * pad)}"'
        f' height="{_n(chart.height + LINE + pad)}" rx="4"/>',
        f'<text class="text" x="{_n(x + chart.width / 2)}" y="{_n(y - 4)}" text-anchor="middle">{title}</text>',
        _chart(chart, x, y),
    ]


def _arrow(placed: PlacedArrow) -> str:
    points = placed.points
    tip = points[-1]
    back = points[0]
    if placed.arrow.source == placed.arrow.target:
        path = _loop(points)
        down = 0
    else:
        path = _curve(points)
        down = 1 if tip[1] > back[1] else -1
    classes = f"{placed.arrow.kind} {placed.arrow.style}".rstrip()
    return (
        f'<g class="{classes}"><path class="arrow" d="{path}"/>'
        f'<path class="head" d="{_head(tip, down)}"/></g>'
    )


def _arrow_label(placed: PlacedArrow) -> str:
    assert placed.label is not None
    x, y = placed.label
    text = _text(clip(printable(placed.arrow.label), 170, BODY))
    width = width_of(text, BODY)
    return (
        f'<g class="{placed.arrow.kind}"><rect class="paper" x="{_n(x - width / 2 - 3)}" y="{_n(y - 8)}"'
        f' width="{_n(width + 6)}" height="16"/><text class="label" x="{_n(x)}" y="{_n(y + 4)}"'
        f' text-anchor="middle">{text}<title>{_text(printable(placed.arrow.label))}</title></text></g>'
    )


def _curve(points: list[Point]) -> str:
    """Vertical where the arrow passes a layer, an S-curve between layers."""
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 == x2:
            path.append(f"V{_n(y2)}")
        elif y1 == y2:
            path.append(f"H{_n(x2)}")
        else:
            bend = (y2 - y1) / 2
            path.append(
                f"C{_n(x1)} {_n(y1 + bend)} {_n(x2)} {_n(y2 - bend)} {_n(x2)} {_n(y2)}"
            )
    return "".join(path)


def _loop(points: list[Point]) -> str:
    (x1, y1), (x2, y2) = points
    return f"M{_n(x1)} {_n(y1)}C{_n(x1 + 30)} {_n(y1 - 8)} {_n(x2 + 30)} {_n(y2 + 8)} {_n(x2)} {_n(y2)}"


def _head(tip: Point, down: int) -> str:
    x, y = tip
    if not down:
        return f"M{_n(x)} {_n(y)}l8 -1l-3 7z"
    return f"M{_n(x)} {_n(y)}l-4 {-8 * down}h8z"


def _legend(placed: PlacedChart) -> list[tuple[str, str]]:
    used = _kinds(placed)
    return [entry for entry in _LEGEND if entry[0] in used]


def _kinds(placed: PlacedChart) -> set[str]:
    kinds = {str(arrow.arrow.kind) for arrow in placed.arrows}
    for box in placed.boxes:
        for _, _, inner in box.inner:
            kinds |= _kinds(inner)
    return kinds


def _legend_width(legend: list[tuple[str, str]]) -> float:
    return sum(width_of(text, BODY) + 52 for _, text in legend)


def _draw_legend(legend: list[tuple[str, str]], y: float) -> str:
    x = MARGIN
    parts: list[str] = []
    for kind, text in legend:
        parts.append(
            f'<g class="{kind}"><path class="arrow" d="M{_n(x)} {_n(y)}h26"/>'
            f'<path class="head" d="M{_n(x + 32)} {_n(y)}l-8 -4v8z"/>'
            f'<text class="text" x="{_n(x + 37)}" y="{_n(y + 4)}">{text}</text></g>'
        )
        x += width_of(text, BODY) + 52
    return "\n".join(parts)


def _tooltip(placed: PlacedBox) -> str:
    box = placed.box
    lines = [box.title, box.subtitle, *(text for _, text in box.notes)]
    return _text("; ".join(printable(line) for line in lines if line))


def _text(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _n(value: float) -> str:
    """At most one decimal, so that the text is the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
