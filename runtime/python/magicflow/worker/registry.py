"""Handlers by step and function, checked when they are registered."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from magicflow.worker.context import TaskContext
from magicflow.worker.errors import RegistrationError
from magicflow.worker.fitting import fits

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of a step's handler: the types that its input and output have.

    `decode` makes the input of the type from JSON, `encode` makes JSON of the output;
    without them a type with pydantic's `model_validate` is decoded by that.
    """

    function: str
    input: Any = None
    output: Any = None
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function, ready to be called with (context, JSON input)."""

    name: str
    call: Callable[[TaskContext, Any], Awaitable[Any] | Any]
    is_async: bool
    encode: Callable[[Any], Any] | None


class Registry:
    """The handlers of one executor.

    With `signatures` (generated code has them) only their names may be registered and
    every function is checked against its types; without, any name is taken.
    """

    def __init__(
        self, executor: str, signatures: Mapping[str, Signature] | None = None
    ) -> None:
        self.executor = executor
        self._signatures = signatures
        self._handlers: dict[str, Handler] = {}
        self._by_function: dict[str, Handler] = {}

    def register_function(self, name: str, function: Function) -> Function:
        """Register a handler for a step (or a function) by name.

        The function takes `(input)` or `(context, input)`, plain or `async`. Raises
        RegistrationError when the name is unknown or taken, or the signature differs.
        """
        name = str(name)
        signature = self._signature(name)
        if name in self._handlers:
            raise RegistrationError(f"`{name}` already has a handler")
        handler = self._handlers[name] = build_handler(name, function, signature)
        if signature is not None:
            self._by_function.setdefault(signature.function, handler)
        return function

    def handler(self, name: str) -> Callable[[Function], Function]:
        """`register_function` as a decorator."""
        return lambda function: self.register_function(name, function)

    def find(self, step: str, function: str) -> Handler | None:
        """The handler of the step; else, for what is no step but undoes one, the one
        registered under the function's name or for a step that calls the function."""
        found = self._handlers.get(step)
        if found is None and step not in (self._signatures or ()):
            found = self._handlers.get(function) or self._by_function.get(function)
        return found

    def find_for(self, message: Mapping[str, Any]) -> Handler | None:
        """The handler of a task."""
        return self.find(message["step"], message["function"])

    def missing(self) -> list[str]:
        """Declared steps without a handler, sorted."""
        return sorted(set(self._signatures or ()) - set(self._handlers))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._handlers))

    def _signature(self, name: str) -> Signature | None:
        if self._signatures is None:
            return None
        known = self._signatures.get(name)
        if known is None:
            near = get_close_matches(name, self._signatures, n=1)
            help = f"; did you mean `{near[0]}`?" if near else ""
            raise RegistrationError(
                f"executor `{self.executor}` has no step `{name}`{help}"
            )
        return known


def build_handler(name: str, function: Function, known: Signature | None) -> Handler:
    """Check a function's signature and wrap it. Raises RegistrationError."""
    if not callable(function):
        raise RegistrationError(f"`{name}`: the handler is not callable")
    parameters = _positional(name, function)
    hints = _hints(function)
    takes = hints.get(parameters[-1].name)
    if known is not None:
        _check_type(name, "takes", takes, known.input)
        _check_type(name, "returns", hints.get("return"), known.output)
    decode = _decoder(takes, known)
    call = _calling(function, len(parameters) == 2, decode)
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is wanted
    )
    return Handler(name, call, is_async, known.encode if known else None)


def _positional(name: str, function: Function) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise RegistrationError(f"`{name}`: the handler has no signature") from error
    needed = [
        p
        for p in parameters
        if p.kind in kinds and p.default is inspect.Parameter.empty
    ]
    keyword_only = [
        p
        for p in parameters
        if p.kind is inspect.Parameter.KEYWORD_ONLY
        and p.default is inspect.Parameter.empty
    ]
    if len(needed) not in (1, 2) or keyword_only:
        raise RegistrationError(
            f"`{name}`: a handler takes `(input)` or `(context, input)`, "
            f"`{getattr(function, '__name__', function)}` takes {inspect.signature(function)}"
        )
    return needed


def _hints(function: Function) -> dict[str, Any]:
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        return typing.get_type_hints(target, include_extras=True)
    except Exception:
        # an annotation that cannot be evaluated says nothing, which is no error
        return {}


def _check_type(name: str, verb: str, given: Any, known: Any) -> None:
    if given is None or known is None:
        return
    wide = (known, given) if verb == "takes" else (given, known)
    if not fits(*wide):
        raise RegistrationError(
            f"`{name}`: the handler {verb} `{_type_name(given)}`, "
            f"the workflow wants `{_type_name(known)}`"
        )


def _type_name(of: Any) -> str:
    return getattr(of, "__name__", None) or str(of)


def _decoder(takes: Any, known: Signature | None) -> Callable[[Any], Any] | None:
    if known is not None and known.decode is not None:
        return known.decode
    wanted = known.input if known is not None and known.input is not None else takes
    validate = getattr(wanted, "model_validate", None)
    return validate if callable(validate) else None


def _calling(
    function: Function, with_context: bool, decode: Callable[[Any], Any] | None
) -> Callable[[TaskContext, Any], Any]:
    if with_context:
        if decode is None:
            return function
        return lambda context, value: function(context, decode(value))
    if decode is None:
        return lambda context, value: function(value)
    return lambda context, value: function(decode(value))
