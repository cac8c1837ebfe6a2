"""Comments that silence diagnostics: `# magic-flow: ignore[MF3012]`."""

from __future__ import annotations

from bisect import bisect_right

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.diagnostics.suppression import DIRECTIVE, SUPPRESSION, names_in
from magicflow_cli.load import limits
from magicflow_cli.load.nodes import Source
from magicflow_cli.load.places import Places


def find_suppressions(
    source: Source, extents: list[tuple[int, int]], report: Report
) -> None:
    """Fill `source.suppressions` from the comments outside `extents`, the ordered index
    ranges in which `#` is text."""
    places = Places(source.file, source.text)
    bad = 0
    starts = [start for start, _ in extents]
    for match in DIRECTIVE.finditer(source.text):
        before = bisect_right(starts, match.start()) - 1
        if before >= 0 and match.start() < extents[before][1]:
            continue
        suppression = SUPPRESSION.match(match[0])
        if suppression is None:
            report.add(
                codes.MF8903,
                "comment for magic-flow cannot be read",
                places.span(*match.span()),
                help="write `# magic-flow: ignore[MF3012]`, codes separated by `,`",
            )
            bad += 1
            if bad >= limits.PROBLEMS:
                return
            continue
        line, _ = places.at(match.start())
        names = frozenset(name for name, _ in names_in(suppression))
        source.suppressions[line] = source.suppressions.get(line, frozenset()) | names
