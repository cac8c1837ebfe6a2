"""What things are called in generated Python, and where they live."""

from __future__ import annotations

from functools import lru_cache

from magicflow_cli.generate.model import Options
from magicflow_cli.plan.identifiers import function_name, split_words, type_name

DEFAULT_PACKAGE = "workflows"


def package_of(options: Options) -> str:
    """The dotted name of the package that holds one package per workflow."""
    return options.package or DEFAULT_PACKAGE


def module_of(workflow: str) -> str:
    """The package of a workflow, below the project's."""
    words = split_words(workflow)
    if not words[0][:1].isalpha():
        words = ["workflow", *words]
    return function_name(words, "python")


def folder_of(workflow: str, options: Options) -> str:
    """The folder of a workflow's package, with a slash at its end."""
    return f"{package_of(options).replace('.', '/')}/{module_of(workflow)}/"


def constant(prefix: str, name: str) -> str:
    """`STEP_VALIDATE_USER` of `validate-user`."""
    return "_".join([prefix, *split_words(name)]).upper()


def function_of(name: str) -> str:
    """`validate_user` of `validate-user`: a handler, a method, a module."""
    return function_name(split_words(name), "python")


@lru_cache(maxsize=4_096)
def class_of(*names: str) -> str:
    """`ValidateUserInput` of `validate-user`, `input`."""
    return type_name([word for name in names for word in split_words(name)], "python")
