"""From files in memory to files on disk: what changes, whether it may, and the writing.

What a crash can do: the files of an output folder are replaced one by one, the manifest
last. A run that is killed leaves some files new and some old and the old manifest; the
next run finds every file either equal to what it renders or equal to what the old
manifest says, and finishes the work. Nothing is ever half-written.
"""

from magicflow_cli.generate.publish.changes import (
    Action,
    Change,
    Changes,
    Permissions,
    plan_changes,
)
from magicflow_cli.generate.publish.manifest import Entry, Manifest, read_manifest
from magicflow_cli.generate.publish.writing import Disk, write_changes

__all__ = [
    "Action",
    "Change",
    "Changes",
    "Disk",
    "Entry",
    "Manifest",
    "Permissions",
    "plan_changes",
    "read_manifest",
    "write_changes",
]
