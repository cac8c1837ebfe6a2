"""Comments that silence diagnostics: `# magic-flow: ignore[MF3012]`."""

from __future__ import annotations

import re
from bisect import bisect_right

from magicflow_cli.load.nodes import Source

MARKER = "magic-flow:"
SUPPRESSION = re.compile(
    r"#[ \t]*magic-flow:[ \t]*ignore\[([A-Za-z0-9, \t]*)\](?=[ \t]*(?:#|$))", re.M
)
_COMMENT = re.compile(r"(?:(?<=[\s,\[\]{}\"'])|\A)#[^\r\n]*")
_BREAK = re.compile(r"\r\n|\n|\r")


def find_suppressions(source: Source, extents: list[tuple[int, int]]) -> None:
    """Fill `source.suppressions` from the comments outside `extents`, the sorted index
    ranges of the scalars in which `#` is text."""
    starts = [start for start, _ in extents]
    for match in SUPPRESSION.finditer(source.text):
        index = match.start()
        before = bisect_right(starts, index) - 1
        if before >= 0 and index < extents[before][1]:
            continue
        line = 1 + len(_BREAK.findall(source.text, 0, index))
        names = frozenset(filter(None, (part.strip() for part in match[1].split(","))))
        source.suppressions[line] = source.suppressions.get(line, frozenset()) | names
