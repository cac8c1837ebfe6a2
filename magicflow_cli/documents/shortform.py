"""The short form: `workflow:` and `steps:` at the top of the document."""

from __future__ import annotations

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.documents.headers import API_VERSION
from magicflow_cli.load.nodes import Entry, Mapping, Scalar

VERSION = "0.0.0"
METADATA = {
    *("name", "version", "description", "tags"),
    *("owner", "created_by", "labels", "annotations"),
}
"""Keys of `workflow` that belong to the metadata; the others belong to the spec."""


def expand(root: Mapping, report: Report) -> bool:
    """Rewrite a short form to the canonical tree: version 0.0.0 unless one is written;
    what is made up has the place of the `workflow` key. False when it is none."""
    head = root.entries["workflow"]
    if not isinstance(head.value, Mapping):
        report.add(
            codes.MF0406,
            "`workflow` is not a mapping",
            head.value.span(),
            help="write the workflow's name below it: `name: user_onboarding`",
        )
        return False
    metadata: dict[str, Entry] = {}
    spec: dict[str, Entry] = {}
    for key, entry in head.value.entries.items():
        if key == "steps":
            report.add(
                codes.MF0404,
                "`workflow` has no key `steps`",
                entry.key.span(),
                help="`steps` stands beside `workflow` at the top of the document",
            )
            continue
        (metadata if key in METADATA else spec)[key] = entry
    metadata.setdefault("version", _entry("version", _scalar(head.key, VERSION)))
    others: dict[str, Entry] = {}
    for key, entry in root.entries.items():
        if key == "steps":
            spec[key] = entry
        elif key.startswith("x-"):
            others[key] = entry
        elif key not in ("workflow", "apiVersion"):
            report.add(
                codes.MF0404,
                f"the short form of a workflow has no key `{key}`",
                entry.key.span(),
                help="put the settings of the workflow below `workflow`",
            )
    root.entries = {
        "apiVersion": _entry("apiVersion", _scalar(head.key, API_VERSION)),
        "kind": _entry("kind", _scalar(head.key, "Workflow")),
        "metadata": Entry(head.key, _part(head.value, metadata)),
        "spec": Entry(head.key, _part(head.value, spec)),
        **others,
    }
    return True


def _entry(key: str, value: Scalar) -> Entry:
    return Entry(_scalar(value, key), value)


def _scalar(place: Scalar, text: str) -> Scalar:
    return Scalar(
        place.source,
        place.line,
        place.col,
        place.end_line,
        place.end_col,
        place.pointer,
        text,
        text,
        "plain",
    )


def _part(place: Mapping, entries: dict[str, Entry]) -> Mapping:
    return Mapping(
        place.source,
        place.line,
        place.col,
        place.end_line,
        place.end_col,
        place.pointer,
        entries,
    )
