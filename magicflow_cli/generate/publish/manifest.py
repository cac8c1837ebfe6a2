"""The manifest: what was generated into a folder, for whom, with which content."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from magicflow_cli.diagnostics import Report, Span
from magicflow_cli.diagnostics.codes import MF4005
from magicflow_cli.generate.files import FileClass, Owner
from magicflow_cli.record import Value

FOLDER = ".magicflow"
NAME = f"{FOLDER}/manifest.json"
_VERSION = 1
_NOT_BELOW = {"", ".", ".."}


class Entry(Value):
    """`sha256` is of the content as it was written; `signature` of a stub's signature
    at that time, "" for other files."""

    kind: FileClass
    sha256: str
    owners: tuple[Owner, ...]
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`plans` is the hash of each workflow's plan, `options` what else went in;
    `inputs` the hashes of everything that the files depend on."""

    generator: str
    profile: str
    plans: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, Entry] = field(default_factory=dict)

    def owners(self) -> frozenset[Owner]:
        """For whom there is anything in the folder."""
        return frozenset(o for entry in self.files.values() for o in entry.owners)

    def to_text(self) -> str:
        data = {
            "manifest": _VERSION,
            "generator": self.generator,
            "profile": self.profile,
            "plans": self.plans,
            "options": self.options,
            "inputs": self.inputs,
            "files": {path: _entry_json(entry) for path, entry in self.files.items()},
        }
        layout = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        return orjson.dumps(data, option=layout).decode() + "\n"


EMPTY = Manifest(generator="", profile="")


def read_manifest(folder: Path, report: Report) -> Manifest | None:
    """The folder's manifest, `EMPTY` when it has none; None (and a diagnostic) when it
    cannot be understood, since then nothing there may be touched."""
    path = folder / NAME
    try:
        data = json.loads(path.read_bytes())
        return _manifest(data)
    except (FileNotFoundError, NotADirectoryError):
        return EMPTY
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        report.add(
            MF4005,
            f"the manifest `{NAME}` of the output folder cannot be read",
            Span(str(path), 1, 1, 1, 1),
            help="restore it from version control; or remove it and run with `--adopt`"
            " so that generated files are taken for generated again",
        )
        return None


def _manifest(data: dict[str, Any]) -> Manifest:
    if data["manifest"] != _VERSION:
        raise ValueError("unknown manifest version")
    return Manifest(
        generator=str(data["generator"]),
        profile=str(data["profile"]),
        plans={str(k): str(v) for k, v in data["plans"].items()},
        options={str(k): str(v) for k, v in data["options"].items()},
        inputs={str(k): str(v) for k, v in data["inputs"].items()},
        files={_path(path): _entry(entry) for path, entry in data["files"].items()},
    )


def _path(path: str) -> str:
    """A path of the manifest; ValueError for one that leaves the folder, since stale
    files are deleted."""
    if not is_inside(path) or path.casefold().startswith(f"{FOLDER}/"):
        raise ValueError(f"not a path of generated files: {path!r}")
    return path


def is_inside(path: str) -> bool:
    """Whether a relative path, with slashes, stays below the folder it is relative to."""
    parts = path.split("/")
    return "\\" not in path and ":" not in parts[0] and not _NOT_BELOW & set(parts)


def _entry(data: dict[str, Any]) -> Entry:
    return Entry(
        kind=FileClass(data["class"]),
        sha256=str(data["sha256"]),
        owners=tuple(Owner(*map(str, owner)) for owner in data["owners"]),
        signature=str(data.get("signature_sha256", "")),
    )


def _entry_json(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {
        "class": entry.kind.value,
        "sha256": entry.sha256,
        "owners": sorted(list(owner) for owner in entry.owners),
    }
    if entry.signature:
        data["signature_sha256"] = entry.signature
    return data
