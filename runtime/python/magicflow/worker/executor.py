"""All functions of one workflow, for every executor that it names: the base of generated
executors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

from magicflow.worker.context import TaskContext
from magicflow.worker.errors import RegistrationError
from magicflow.worker.registry import Function, Handler, Registry, Signature

I = TypeVar("I")  # noqa: E741 - input
O = TypeVar("O")  # noqa: E741 - output

Answer: TypeAlias = O | Awaitable[O]
"""What a handler gives: the output, or a coroutine of it."""

StepFunction: TypeAlias = (
    Callable[[TaskContext, I], Answer[O]] | Callable[[I], Answer[O]]
)
"""A handler of a step: takes the input, with or without the task's context."""


def describe(function: str, input: Any, output: Any) -> Signature:
    """The signature of a step's function with generated types; any type will do."""
    from magicflow.models.codec import Codec

    takes: Codec[Any] = Codec(input)
    gives: Codec[Any] = Codec(output)
    return Signature(function, input, output, takes.from_json, gives.to_json)


class WorkflowExecutor:
    """The handlers of one workflow.

    `signatures` has, by executor, the signature of every step whose function it runs.
    """

    def __init__(
        self, workflow: str, signatures: Mapping[str, Mapping[str, Signature]]
    ) -> None:
        self.workflow = workflow
        self.registries = {
            executor: Registry(executor, {str(k): v for k, v in steps.items()})
            for executor, steps in signatures.items()
        }
        self._executors = {
            str(step): executor
            for executor, steps in signatures.items()
            for step in steps
        }

    def register(self, step: str, function: Function) -> None:
        """Use a function for a step. Raises RegistrationError when there is no such
        step, when it has a function, or when the function takes or gives other types.
        """
        name = str(step)
        executor = self._executors.get(name)
        if executor is None:
            near = get_close_matches(name, self._executors, n=1)
            help = f"; did you mean `{near[0]}`?" if near else ""
            raise RegistrationError(
                f"workflow `{self.workflow}` calls no function in a step `{name}`{help}"
            )
        self.registries[executor].register_function(name, function)

    def missing(self) -> list[str]:
        """Steps without a function, sorted."""
        return sorted(
            step for each in self.registries.values() for step in each.missing()
        )

    def check(self) -> None:
        """Raises RegistrationError when a step has no function."""
        missing = self.missing()
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise RegistrationError(
                f"workflow `{self.workflow}` has no function for {names}"
            )

    def start(self, config: Any = None) -> None:
        """Work in this thread until SIGTERM or SIGINT; `config` is an ExecutorConfig,
        without one the environment's.

        Raises RegistrationError, ConfigError.
        """
        from magicflow.worker.service import run_executors

        run_executors([self], config)


class SharedRegistry(Registry):
    """One executor's handlers for several workflows, whose steps may share names."""

    def __init__(self, executor: str, registries: Mapping[str, Registry]) -> None:
        super().__init__(executor)
        self._registries = registries

    def find_for(self, message: Mapping[str, Any]) -> Handler | None:
        registry = self._registries.get(str(message.get("workflow")))
        return None if registry is None else registry.find_for(message)

    def missing(self) -> list[str]:
        return sorted(
            step for each in self._registries.values() for step in each.missing()
        )

    def __iter__(self) -> Any:
        return iter(
            sorted({step for each in self._registries.values() for step in each})
        )


def shared_registries(
    executors: Iterable[WorkflowExecutor], only: Iterable[str] = ()
) -> dict[str, Registry]:
    """A registry for every executor that the workflows name, or for those in `only`."""
    found: dict[str, dict[str, Registry]] = {}
    for each in executors:
        for name, registry in each.registries.items():
            found.setdefault(name, {})[each.workflow] = registry
    wanted = set(only)
    unknown = sorted(wanted - set(found))
    if unknown:
        there = ", ".join(f"`{name}`" for name in sorted(found))
        raise RegistrationError(
            f"there is no executor `{unknown[0]}`, there are {there}"
        )
    return {
        name: SharedRegistry(name, found[name])
        for name in sorted(found)
        if not wanted or name in wanted
    }
