"""The last step before diagnostics are shown: silenced, made strict, sorted, unique."""

from __future__ import annotations

import re
from collections.abc import Iterable

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic, Report, Severity, Span
from magicflow_cli.diagnostics.sources import Sources, SourceText, split_lines
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.diagnostics.suppression import SUPPRESSION, names_in

_COMMENT_LINE = re.compile(r"[ \t]*(?:#|$)")


VERIFIED = "MF57"
"""Codes that begin so are for `verify` to find: whoever does not verify cannot tell
whether a suppression of one silences anything, and `verify` judges no other."""


def finish(
    found: Report | Iterable[Diagnostic],
    sources: Sources,
    *,
    strict: bool = False,
    verified: bool = False,
) -> tuple[Diagnostic, ...]:
    """What is to be shown of `found`.

    A comment `# magic-flow: ignore[CODE]` silences that code on its own line, or on the
    next line with content when it stands alone. Errors cannot be silenced. Suppressions
    that are unknown, vain or, in a file without errors, unused are reported; with
    `verified` those of the codes that verification finds, else the others. `strict`
    turns warnings into errors. The order is file, line, column, code; what concerns no
    file comes first.
    """
    diagnostics = found.diagnostics if isinstance(found, Report) else found
    kept = list(dict.fromkeys(diagnostics))
    extra = Report()
    for file, source in sources.items():
        if source.suppressions:
            kept = _silence(kept, file, source, extra, verified)
    kept += extra.diagnostics
    if strict:
        kept = [_harden(diagnostic) for diagnostic in kept]
    return tuple(sorted(kept, key=_order))


def _silence(
    diagnostics: list[Diagnostic],
    file: str,
    source: SourceText,
    extra: Report,
    verified: bool,
) -> list[Diagnostic]:
    lines = split_lines(source.text)
    targets = _targets(lines)
    silenced: dict[tuple[int, str], Span] = {}
    for line, names in sorted(source.suppressions.items()):
        target = targets[line]
        for name, span in _places(lines, file, line, names):
            if name.startswith(VERIFIED) is not verified:
                if not verified:
                    _check_name(name, span, extra)
                continue
            if _check_name(name, span, extra):
                silenced.setdefault((target, name), span)
    kept: list[Diagnostic] = []
    used: set[tuple[int, str]] = set()
    broken = False
    for diagnostic in diagnostics:
        here = diagnostic.span is not None and diagnostic.span.file == file
        line = diagnostic.span.line if diagnostic.span is not None else 0
        error = diagnostic.severity is Severity.ERROR
        if here and not error and (line, diagnostic.code) in silenced:
            used.add((line, diagnostic.code))
        else:
            broken = broken or (here and error)
            kept.append(diagnostic)
    if not broken:  # behind an error, rules may not have run: nothing is known unused
        for (line, name), span in silenced.items():
            if (line, name) not in used:
                extra.add(
                    codes.MF8901,
                    f"suppression of `{name}` silences nothing",
                    span,
                    help="remove it",
                )
    return kept


def _check_name(name: str, span: Span, extra: Report) -> bool:
    """Whether a suppression can take effect; a diagnostic otherwise."""
    if name not in codes.CODES:
        known = suggest(name, codes.CODES)
        extra.add(
            codes.MF8902,
            f"suppression names `{name}`, which is no code",
            span,
            help=f"did you mean `{known}`?" if known else "codes look like `MF3012`",
        )
        return False
    if not codes.is_silenceable(name):
        extra.add(
            codes.MF8904,
            f"`{name}` is an error, which cannot be silenced",
            span,
            help="mend what it reports",
        )
        return False
    return True


def _targets(lines: list[str]) -> list[int]:
    """The line that a comment speaks about, by the line of the comment (both from 1;
    index 0 means nothing): its own, or the next with content."""
    targets = [0] * (len(lines) + 1)
    target = len(lines)
    for number in range(len(lines), 0, -1):
        if not _COMMENT_LINE.match(lines[number - 1]):
            target = number
        targets[number] = target
    return targets


def _places(
    lines: list[str], file: str, line: int, names: frozenset[str]
) -> Iterable[tuple[str, Span]]:
    """Each name that a comment silences, with its place, in written order."""
    left = set(names)
    for comment in SUPPRESSION.finditer(lines[line - 1]):
        for name, index in names_in(comment):
            if name in left:
                left.discard(name)
                end = index + len(name)
                yield name, Span(file, line, index + 1, line, end + 1)


def _harden(diagnostic: Diagnostic) -> Diagnostic:
    if diagnostic.severity is Severity.WARNING:
        return diagnostic.but(severity=Severity.ERROR)
    return diagnostic


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    span = diagnostic.span
    if span is None:
        return ("", 0, 0, diagnostic.code, diagnostic.message)
    return (span.file, span.line, span.col, diagnostic.code, diagnostic.message)
