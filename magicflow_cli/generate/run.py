"""One run: render everything in memory, decide, and write, or say what would change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from magicflow_cli import __version__
from magicflow_cli.diagnostics import Diagnostic, Report
from magicflow_cli.generate.files import FileClass, RenderedFile
from magicflow_cli.generate.fingerprint import inputs_of, key_of
from magicflow_cli.generate.model import Request
from magicflow_cli.generate.publish import (
    Action,
    Change,
    Changes,
    Disk,
    Manifest,
    Permissions,
    plan_changes,
    read_manifest,
    write_changes,
)
from magicflow_cli.record import Value


class Prepared(Value):
    """A run that is decided and not yet written. With an error in the report that it
    was prepared with, it must not be."""

    folder: Path
    files: list[RenderedFile]
    changes: Changes
    before: Manifest
    manifest: Manifest

    def write(self, report: Report) -> bool:
        """Write it; False, with a diagnostic, when that failed. The report must have no
        error yet."""
        assert not report.has_errors
        return write_changes(
            self.folder, self.changes, self.before, self.manifest, report
        )


def prepare(
    request: Request,
    folder: Path,
    report: Report,
    permissions: Permissions | None = None,
) -> Prepared | None:
    """Render a run for an output folder and decide what it changes there. None when
    nothing can be rendered; what is wrong is in the report."""
    before = read_manifest(folder, report)
    if before is None:
        return None
    inputs = inputs_of(request, before.owners())
    if _is_current(request, folder, before, inputs):
        kept = [Change(Action.KEEP, path) for path in _files_of(request, before)]
        changes = Changes(kept, before.files)
        return Prepared(folder, [], changes, before, before)
    request.language.check(request, report)
    if report.has_errors:
        return None
    from magicflow_cli.generate.render import render_files

    files = render_files(request, before.owners())
    disk = Disk(folder)
    disk.check_paths(sorted({file.path for file in files} | set(before.files)), report)
    run = request.owners() | request.gone(before.owners())
    decided = Report()
    changes = plan_changes(
        files, before, disk, run, decided, permissions or Permissions()
    )
    report.diagnostics += [_below(folder, each) for each in decided.diagnostics]
    after = _manifest_after(request, before, changes, inputs)
    return Prepared(folder, files, changes, before, after)


def _files_of(request: Request, manifest: Manifest) -> list[str]:
    """The paths that this run's owners have."""
    owners = request.owners()
    return [
        path
        for path, entry in sorted(manifest.files.items())
        if not owners.isdisjoint(entry.owners)
    ]


def _is_current(
    request: Request, folder: Path, before: Manifest, inputs: dict[str, str]
) -> bool:
    """Whether the last run had the same inputs, and its files are as it left them."""
    if any(before.inputs.get(key) != hashed for key, hashed in inputs.items()):
        return False
    if request.gone(before.owners()):
        return False
    disk = Disk(folder)
    for path in _files_of(request, before):
        entry = before.files[path]
        present = disk.digest(path)
        if present != entry.sha256 and (
            present is None or entry.kind is FileClass.OWNED
        ):
            return False
    return True


def _below(folder: Path, diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic about a path of the output, with the folder before it."""
    span = diagnostic.span
    if span is None:
        return diagnostic
    file = (folder / span.file).as_posix()
    return diagnostic.but(span=span.but(file=file))


def _manifest_after(
    request: Request, before: Manifest, changes: Changes, inputs: dict[str, str]
) -> Manifest:
    owners = {owner for entry in changes.entries.values() for owner in entry.owners}
    workflows = {owner.workflow for owner in owners}
    plans = before.plans | {plan.workflow.name: plan.hash for plan in request.plans}
    name = request.language.name
    options = {
        key: value
        for key, value in before.options.items()
        if not key.startswith(f"{name}.")
    }
    known = {key_of(owner) for owner in owners} | {owner.language for owner in owners}
    inputs = before.inputs | inputs
    package = request.options.runtime_package
    options[f"{name}.package"] = request.options.package
    options[f"{name}.runtime"] = "vendored" if package is None else "package"
    return replace(
        before,
        generator=f"magic-flow {__version__}",
        profile=request.plans[0].profile if request.plans else before.profile,
        plans={key: plans[key] for key in sorted(plans) if key in workflows},
        options=options,
        inputs={key: inputs[key] for key in sorted(inputs) if key in known},
        files=changes.entries,
    )
