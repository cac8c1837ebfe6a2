"""One call of a handler: decode, run, encode; whatever happens is an outcome."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from magicflow.types.domain import SAFE_INTEGER, DomainError, check_domain
from magicflow.worker.context import TaskContext
from magicflow.worker.errors import WorkflowError
from magicflow.worker.registry import Handler
from magicflow.worker.secrets import Secrets

Outcome = dict[str, Any]
"""{"output": value} or {"error": {code, message, …}}."""

_LOGGER = logging.getLogger("magicflow.worker")
MAX_MESSAGE = 2_000
MAX_PROBLEMS = 50


async def invoke(
    handler: Handler, context: TaskContext, secrets: Secrets, threads: Executor | None
) -> Outcome:
    """Call a handler with the task's input. Never raises but for cancellation.

    Plain functions run in `threads`, so that a slow one holds nobody up.
    """
    try:
        message = context.message
        value = message["input"]
        if "secrets" in message:
            value = secrets.resolve(value, message["secrets"])
        if handler.is_async:
            result = await handler.call(context, value)
        else:
            loop = asyncio.get_running_loop()
            run = contextvars.copy_context().run
            result = await loop.run_in_executor(
                threads, run, handler.call, context, value
            )
        if handler.encode is not None:
            try:
                result = handler.encode(result)
            except ValueError as error:
                return {"error": _unfit(error)}
        return {"output": plain_json(result)}
    except asyncio.CancelledError:
        raise
    except WorkflowError as error:
        return {"error": _checked(error.to_wire())}
    except Exception as error:
        return {"error": _internal(context.message, error)}


def _internal(message: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    _LOGGER.warning(
        "handler of %s failed: %s",
        message["step"],
        type(error).__name__,
        exc_info=error,
        extra={"magicflow": {"run_id": message["run_id"], "step": message["step"]}},
    )
    text = f"{type(error).__name__}: {error}"[:MAX_MESSAGE]
    return {"code": "INTERNAL", "message": text.encode(errors="replace").decode()}


def _unfit(error: ValueError) -> dict[str, Any]:
    """The error for a result that its type does not accept, as the engine tells of one
    that the function's schema does not accept."""
    told = getattr(error, "errors", None)  # pydantic's, which the worker needs not have
    if told is None:
        problems = [{"path": "", "message": str(error)}]
    else:
        found = told(include_url=False, include_context=False, include_input=False)
        problems = [
            {
                "path": _pointer(each["loc"]),
                "code": each["type"],
                "message": each["msg"],
            }
            for each in found[:MAX_PROBLEMS]
        ]
    first = problems[0]
    text = f"the result does not fit: {first['path'] or '/'}: {first['message']}"
    refused: dict[str, Any] = {"code": "VALIDATION", "message": text[:MAX_MESSAGE]}
    return _checked({**refused, "retryable": False, "details": problems})


def _pointer(location: tuple[str | int, ...]) -> str:
    parts = (str(each).replace("~", "~0").replace("/", "~1") for each in location)
    return "".join(f"/{part}" for part in parts)


def _checked(error: dict[str, Any]) -> dict[str, Any]:
    try:
        if "details" in error:
            error["details"] = plain_json(error["details"])
        check_domain(error)
    except (DomainError, TypeError) as problem:
        error = {
            "code": "INTERNAL",
            "message": f"the handler's error is no JSON: {problem}",
        }
    return error


def plain_json(value: Any) -> Any:
    """A handler's result as JSON data of the domain; models are dumped by alias.

    Raises TypeError and DomainError for what is none.
    """
    if type(value) is dict and _is_flat(value):
        return dict(value)
    value = _plain(value)
    check_domain(value)
    return value


def _is_flat(value: dict[Any, Any]) -> bool:
    """Whether an object plainly is in the domain, as nearly every result."""
    for key, item in value.items():
        if type(key) is not str or not key.isascii():
            return False
        kind = type(item)
        if kind is str:
            if not item.isascii():
                return False
        elif kind is int:
            if not -SAFE_INTEGER <= item <= SAFE_INTEGER:
                return False
        elif item is not None and kind is not bool:
            return False
    return True


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_plain(item) for item in value]
    if value is None or kind in (str, int, float, bool):
        return value
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json", by_alias=True)
    if isinstance(value, str):
        return str(value.value) if hasattr(value, "value") else str(value)
    if isinstance(value, int) and hasattr(value, "value"):
        return value.value
    raise TypeError(f"the handler returned a {kind.__name__}, which is no JSON value")
