"""A chart as a Mermaid flowchart.

Every text is quoted and every character that Mermaid or HTML could read is written as
an entity code (`#35;`), so that no text of a workflow becomes markup.
"""

from __future__ import annotations

import re

from magicflow_cli.docs.chart import Box, Chart
from magicflow_cli.docs.measures import printable

_PLAIN = re.compile(r"[A-Za-z0-9 .,:/()$+*'=!?_-]")
_ARROWS = {
    "flow": ("-->", "-- {} -->"),
    "case": ("-->", "-- {} -->"),
    "failure": ("-.->", "-. {} .->"),
    "fallback": ("-.->", "-. {} .->"),
    "rule": ("-.->", "-. {} .->"),
}
_CLASSES = """\
    classDef handler stroke:#c2403a,stroke-width:2px
    classDef fallback stroke:#b7791f,stroke-width:2px
    classDef rule stroke:#7c4dbd,stroke-width:2px
    classDef fails stroke:#c2403a
    classDef done stroke:#2f8f4e"""
_DEFAULT_LABELS = {"failure": "on failure", "fallback": "fallback"}


def draw_mermaid(chart: Chart) -> str:
    """The text of a `flowchart TD`."""
    numbers: dict[str, int] = {}
    lines = ["flowchart TD", *_draw(chart, numbers, "    "), _CLASSES]
    return "\n".join(lines) + "\n"


def _draw(chart: Chart, numbers: dict[str, int], indent: str) -> list[str]:
    lines: list[str] = []
    for box in chart.boxes:
        numbers[box.id] = len(numbers)
        lines += _box(box, numbers, indent)
    for arrow in chart.arrows:
        plain, labelled = _ARROWS[arrow.kind]
        label = arrow.label or _DEFAULT_LABELS.get(arrow.kind, "")
        link = labelled.format(f'"{quote(label)}"') if label else plain
        source, target = numbers[arrow.source], numbers[arrow.target]
        lines.append(f"{indent}n{source} {link} n{target}")
    return lines


def _box(box: Box, numbers: dict[str, int], indent: str) -> list[str]:
    id = f"n{numbers[box.id]}"
    texts = [box.title, box.subtitle, *(text for _, text in box.notes)]
    label = "<br/>".join(quote(text) for text in texts if text)
    style = _style(box)
    if not box.inner:
        opening, closing = {
            "start": ("([", "])"),
            "end": ("([", "])"),
            "fails": ("([", "])"),
            "rule": ("{{", "}}"),
        }.get(box.kind, ("[", "]"))
        return [f'{indent}{id}{opening}"{label}"{closing}{style}']
    lines = [f'{indent}subgraph {id}["{label}"]']
    for number, chart in enumerate(box.inner):
        lines.append(f'{indent}    subgraph {id}b{number}["{quote(chart.title)}"]')
        lines += _draw(chart, numbers, indent + "        ")
        lines.append(f"{indent}    end")
    lines.append(f"{indent}end")
    if style:
        lines.append(f"{indent}class {id} {style.removeprefix(':::')}")
    return lines


def _style(box: Box) -> str:
    if box.kind == "end":
        return ":::done"
    if box.kind in ("fails", "rule"):
        return f":::{box.kind}"
    return f":::{box.role}" if box.role in ("handler", "fallback", "rule") else ""


def quote(text: str) -> str:
    """`text` for the inside of a quoted Mermaid label."""
    return "".join(
        (
            character
            if _PLAIN.match(character) or character.isalnum()
            else f"#{ord(character)};"
        )
        for character in printable(text)
    )
