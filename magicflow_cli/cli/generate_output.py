"""Carries out one job of `magic-flow generate` and tells what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from magicflow_cli.cli.output import count, show
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report, Span
from magicflow_cli.generate.model import Request
from magicflow_cli.generate.publish import Action, Changes, Disk, Permissions
from magicflow_cli.generate.publish.diff import diff_changes
from magicflow_cli.generate.registry import load_language
from magicflow_cli.generate.run import Prepared, prepare

if TYPE_CHECKING:
    from magicflow_cli.cli.generate_options import Mode, Permitted
    from magicflow_cli.cli.generate_targets import Job
    from magicflow_cli.plan.models import Plan

# Problems with the output folder itself: nothing is wrong with the user's files.
_NOT_DONE = {codes.MF4006.id, codes.MF4007.id}


def carry_out(job: Job, plans: list[Plan], mode: Mode, permitted: Permitted) -> int:
    """Generate what the job says and return the exit code."""
    report = Report()
    language = load_language(job.language)
    request = Request(
        tuple(plans), language, job.parts, job.options, job.complete, job.whole
    )
    permissions = Permissions(permitted.force, permitted.adopt)
    prepared = prepare(request, job.output, report, permissions)
    if prepared is not None and mode != "write":
        _tell(job, prepared, mode, report)
    elif prepared is not None and not report.has_errors and prepared.write(report):
        sys.stderr.write(f"{job.output}: {_counts(prepared.changes)}\n")
    if report.diagnostics:
        show(report.diagnostics)
    if any(each.code in _NOT_DONE for each in report.diagnostics):
        return 2
    return 1 if report.has_errors else 0


def _tell(job: Job, prepared: Prepared, mode: Mode, report: Report) -> None:
    """What would change, without changing it."""
    if mode in ("diff", "check+diff"):
        for text in diff_changes(prepared.changes, Disk(job.output)):
            sys.stdout.write(text)
    elif mode == "dry-run":
        for change in prepared.changes.changes:
            if change.action is not Action.KEEP:
                sys.stdout.write(f"{change.action.value:<8}{change.path}\n")
        sys.stderr.write(f"{job.output}: {_counts(prepared.changes)}\n")
    if not mode.startswith("check") or report.has_errors:
        return
    if prepared.changes.current:
        sys.stderr.write(f"{job.output}: up to date\n")
        return
    for change in prepared.changes.changes:
        if change.action is not Action.KEEP:
            report.add(
                codes.MF4010,
                f"`{change.path}` is not what would be generated",
                Span((job.output / change.path).as_posix(), 1, 1, 1, 1),
                help=f"a run would {change.action.value} it; run again without `--check`",
            )


def _counts(changes: Changes) -> str:
    """`3 created, 1 replaced, 12 unchanged`."""
    words = {
        Action.CREATE: "created",
        Action.REPLACE: "replaced",
        Action.DELETE: "removed",
        Action.KEEP: "unchanged",
    }
    parts = [
        f"{len(found)} {word}"
        for action, word in words.items()
        if (found := changes.of(action))
    ]
    return ", ".join(parts) or count(0, "file")
