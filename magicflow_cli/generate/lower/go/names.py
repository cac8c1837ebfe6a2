"""What things are called in generated Go, and where they live."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from magicflow_cli.generate.model import Options
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.identifiers import function_name, split_words, type_name
from magicflow_cli.plan.naming import name_of_type, names_of_members

DEFAULT_MODULE = "workflows"
RUNTIME = "github.com/truongtu268/magic-flow/runtime/go"


def module_of(options: Options) -> str:
    """The path of the generated module."""
    return options.package or DEFAULT_MODULE


def package_of(name: str) -> str:
    """The name of a package, and of its folder: `useronboarding` of `user-onboarding`.
    Go ignores folders and files of some names; none of them is made here."""
    word = "".join(split_words(name))
    if not word[:1].isalpha():
        word = f"workflow{word}"
    return f"{word}flow" if word in _TAKEN else word


# Keywords, folders that Go treats as special, and packages that generated code imports.
_TAKEN = frozenset(
    {"break", "case", "chan", "const", "continue", "default", "defer", "else"}
    | {"fallthrough", "for", "func", "go", "goto", "if", "import", "interface", "map"}
    | {"package", "range", "return", "select", "struct", "switch", "type", "var"}
    | {"main", "init", "internal", "vendor", "testdata", "magicflow", "cmd", "config"}
    | {"context", "mf", "worker", "client", "executor", "steps", "json", "http", "io"}
    | {"server", "bytes", "executors"}
    | {
        "httptest",
        "strings",
        "testing",
        "string",
        "error",
        "bool",
        "byte",
        "any",
        "nil",
    }
    | {"true", "false", "len", "new", "make", "int64", "float64", "rune"}
)


def file_of(name: str, suffix: str) -> str:
    """The file of a step: a suffix of ours keeps `deploy-windows` and `run-test` from
    being read as build constraints or tests."""
    return "_".join(split_words(name)) + suffix


def go_name(*names: str) -> str:
    """An exported identifier of names."""
    return type_name([word for name in names for word in split_words(name)], "go")


def method_of(step: str) -> str:
    """The method of a step: `ValidateUser`."""
    return function_name(split_words(step), "go")


def lower_first(name: str) -> str:
    """An identifier of the package only: `userID` of `UserID`, `urlPath` of `URLPath`."""
    head = re.match(r"[A-Z]+(?=[A-Z][a-z0-9]|$|_)|[A-Z]", name)
    return name if head is None else head[0].lower() + name[head.end() :]


class Scope:
    """Constants beside types: both are global to a Go package. Where two would have one
    name, each gets its own with an underscore, whatever the order."""

    def __init__(self, document_types: Mapping[str, plan.TypeDef]) -> None:
        self._types = {
            name_of_type(each.name, "go") for each in document_types.values()
        }
        self._counts: Counter[str] = Counter()
        for type in document_types.values():
            if isinstance(type, plan.EnumType) and type.base != "mixed":
                self._counts.update(names_of_members(type, "go"))

    def members(self, enum: plan.EnumType) -> list[str]:
        """The constants of an enum."""
        type = name_of_type(enum.name, "go")
        return [
            f"{type}_{name[len(type) :]}" if self._is_taken(name) else name
            for name in names_of_members(enum, "go")
        ]

    def constant(self, prefix: str, name: str) -> str:
        """A constant of our own: `StepValidateUser`."""
        found = prefix + go_name(name).removesuffix("_")
        taken = found in self._types or self._counts[found] > 0
        return f"{prefix}_{found[len(prefix) :]}" if taken else found

    def own(self, name: str) -> str:
        """A fixed name of ours; types come first."""
        return f"{name}_" if name in self._types or self._counts[name] else name

    def _is_taken(self, name: str) -> bool:
        return name in self._types or self._counts[name] > 1
