"""What lowering, rendering and publishing hand to each other; no language in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

from magicflow_cli.diagnostics import Report
from magicflow_cli.generate.files import FileClass, Owner
from magicflow_cli.plan import models as plan
from magicflow_cli.record import Value

TARGETS = ("types", "executor", "server", "client")
"""What can be generated, in the order in which people read of it."""


class Untrusted(Value):
    """A text that somebody else wrote. It has no `str()`: only a filter made for the
    place where it lands (a string literal, a docstring, a comment…) prints it."""

    text: str

    def __str__(self) -> str:
        raise TypeError("an untrusted text needs a filter for the place where it lands")

    __format__ = None  # type: ignore[assignment]


class RuntimePackage(Value):
    """Where `runtime: package` finds the runtime: a folder or an index."""

    path: str | None = None
    index: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line and the project file say about one output folder.

    `package` is "" for the language's own default. `runtime_package` is None for a
    vendored runtime. `config` holds the `server` and `executor` configuration that
    `--config` names, as plain JSON data.
    """

    package: str = ""
    runtime_package: RuntimePackage | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def vendored(self) -> bool:
        return self.runtime_package is None


class View(Value):
    """A file before it is rendered: a template and what it prints, or the content as it
    is. `data` is a dataclass; the template sees its fields."""

    path: str
    template: str = ""
    data: object = None
    content: str = ""
    kind: FileClass = FileClass.OWNED
    signature: str = ""


class Shared(Value):
    """A file of the whole project with the targets that need it."""

    view: View
    targets: tuple[str, ...]


class Project(Value):
    """What the output folder holds of one language once this run is done: by workflow
    name its targets, whether they are of this run or of an earlier one.

    Files of the whole project may depend on this only, never on what the present run
    generates: then every order of runs gives the same files.
    """

    workflows: Mapping[str, frozenset[str]]
    targets: frozenset[str]
    options: Options


class Lower(Protocol):
    """A target's module: `lower` makes the files of one workflow."""

    def lower(self, plan: plan.Plan, options: Options) -> Iterable[View]: ...


class Language(Value):
    """A target language. Modules are named, and imported when they are needed.

    `targets` maps a target to its module, which has `lower(plan, options)`.
    `requires` maps a target to the targets whose files it imports. `project` makes the
    files of the whole project. `check` reports options and workflows that the language
    cannot have. `filters` are the template filters, one per sink.
    """

    name: str
    targets: Mapping[str, str]
    requires: Mapping[str, tuple[str, ...]]
    project: Callable[[Project], Iterable[Shared]]
    check: Callable[[Request, Report], None]
    filters: Mapping[str, Callable[..., str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One run for one language and one output folder.

    `complete` says that `plans` are all workflows there are: files of others are stale.
    `whole` says that `targets` are all targets there are, too.
    """

    plans: tuple[plan.Plan, ...]
    language: Language
    targets: tuple[str, ...]
    options: Options = field(default_factory=Options)
    complete: bool = False
    whole: bool = False

    def owners(self) -> frozenset[Owner]:
        """Everything that this run generates."""
        return frozenset(
            Owner(workflow, self.language.name, target)
            for workflow in ("", *(each.workflow.name for each in self.plans))
            for target in self.targets
        )

    def gone(self, present: Iterable[Owner]) -> frozenset[Owner]:
        """Those of the owners in an output folder's manifest whose files are stale:
        the run generates nothing for them and knows that nobody will."""
        if not self.complete:
            return frozenset()
        mine = self.owners()
        return frozenset(
            owner
            for owner in present
            if owner.language == self.language.name
            and owner not in mine
            and (self.whole or owner.target in self.targets)
        )

    def owners_after(self, present: Iterable[Owner]) -> frozenset[Owner]:
        """For whom the folder holds something of the language once the run is done."""
        found = frozenset(present)
        language = self.language.name
        return self.owners() | {
            owner for owner in found - self.gone(found) if owner.language == language
        }


def target_module(language: Language, target: str) -> ModuleType:
    """The module of a target, imported."""
    from importlib import import_module

    return import_module(language.targets[target])
