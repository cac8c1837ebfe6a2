"""Functions for the steps of a run: from a module of the user, or examples."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from magicflow.types import NoExample, TypeSet, example
from magicflow.worker.errors import RegistrationError
from magicflow.worker.executor import WorkflowExecutor
from magicflow.worker.registry import Signature

from magicflow_cli.cli.failure import NotDone
from magicflow_cli.diagnostics import codes
from magicflow_cli.plan.identifiers import function_name, split_words

Plan = Mapping[str, Any]
Function = Callable[..., Any]


class NoFunctions(NotDone):
    """A module has nothing for any step of a workflow."""


def build_executor(
    plan: Plan, module: str | None, examples: Callable[[str], None] | None
) -> WorkflowExecutor:
    """The functions of a workflow's steps.

    `module` is a module (`shop.steps`) or a file (`steps.py`). It has `build_executor()`
    (generated code), or `HANDLERS`, a mapping of step or function names, or functions
    named like the steps or their functions. With `examples` the steps that are left give
    an example of their output, and it is called with the step's name when they do.

    Raises NotDone, and NoFunctions when the module has nothing for this workflow.
    """
    given = None if module is None else _import(module)
    try:
        return _build(plan, given, module or "", examples)
    except RegistrationError as error:
        raise NotDone(
            codes.MF0012,
            str(error),
            help="a function takes `(input)` or `(context, input)`, with the types that"
            " the workflow says",
        ) from error


def _build(
    plan: Plan,
    module: ModuleType | None,
    source: str,
    examples: Callable[[str], None] | None,
) -> WorkflowExecutor:
    workflow = plan["workflow"]["name"]
    build = getattr(module, "build_executor", None)
    if callable(build):
        built = build()
        if getattr(built, "workflow", None) == workflow:
            assert isinstance(built, WorkflowExecutor)
            return built
    steps = _steps(plan)
    signatures: dict[str, dict[str, Signature]] = {}
    for step, (name, function, _) in steps.items():
        signatures.setdefault(name, {})[step] = Signature(function)
    executor = WorkflowExecutor(workflow, signatures)
    if module is not None:
        found = _functions(module, steps)
        if not found and not callable(build):
            raise NoFunctions(
                codes.MF0012,
                f"`{source}` has no function for any step of `{workflow}`",
                help="name functions like the steps (`validate_user` for `validate-user`)"
                ', or list them: `HANDLERS = {"validate-user": function}`',
            )
        for step, each in found.items():
            executor.register(step, each)
    if examples is not None:
        types = TypeSet(plan["types"])
        for step in executor.missing():
            try:
                value = example(types, steps[step][2])
            except NoExample:
                continue
            executor.register(step, _giving(step, value, examples))
    return executor


def _steps(plan: Plan) -> dict[str, tuple[str, str, Any]]:
    """Executor, function and output type of every step that calls a function."""
    found: dict[str, tuple[str, str, Any]] = {}
    for name, step in plan["steps"].items():
        called = plan["functions"].get(step.get("function", ""))
        if called is not None and not called["executor"].startswith("@"):
            found[name] = (called["executor"], called["function"], called["output"])
    return found


def _giving(name: str, value: Any, told: Callable[[str], None]) -> Function:
    async def give(input: Any) -> Any:
        told(name)
        return value

    return give


def _import(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _import_file(Path(name))
        sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(Path.cwd()))
    except NotDone:
        raise
    except Exception as error:
        raise NotDone(
            codes.MF0012,
            f"`{name}` cannot be imported: {type(error).__name__}: {error}",
            help="`--handlers` names a module or a `.py` file with the steps' functions",
        ) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise NotDone(
            codes.MF0102, f"`{path}` does not exist", help="check `--handlers`"
        )
    return _execute(path.resolve())


@cache
def _execute(path: Path) -> ModuleType:
    """Once per file: the functions of several workflows share the module's variables."""
    spec = importlib.util.spec_from_file_location("magicflow_handlers", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _functions(
    module: ModuleType, steps: Mapping[str, tuple[str, str, Any]]
) -> dict[str, Function]:
    """The module's functions by step."""
    listed = getattr(module, "HANDLERS", None)
    if isinstance(listed, Mapping):
        named = {str(key): value for key, value in listed.items()}
    else:
        named = {
            name: value
            for name, value in vars(module).items()
            if inspect.isfunction(value) and not name.startswith("_")
        }
    found: dict[str, Function] = {}
    for step, (_, function, _) in steps.items():
        for name in (step, function):
            for each in (name, function_name(split_words(name), "python")):
                if each in named:
                    found.setdefault(step, named[each])
    return found
