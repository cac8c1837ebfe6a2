"""What the functions of executor `svc` do: an effect on the outside world that can be
counted, one line `<idempotency key> <attempt> <function>` of a file, and an answer.

`WORKER_FAULT=<before_effect|after_effect>[:n]` ends the process with SIGKILL at the n-th
call, during the step or between its effect and its report.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from typing import Any

from magicflow.worker import TaskContext, WorkflowError

Json = dict[str, Any]


class Effects:
    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._fault, _, times = os.environ.get("WORKER_FAULT", "").partition(":")
        self._left = int(times or 1)

    def _reach(self, label: str) -> None:
        if label == self._fault:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    async def have(self, context: TaskContext, function: str) -> None:
        await asyncio.sleep(random.random() * 0.004)
        self._reach("before_effect")
        line = f"{context.idempotency_key} {context.attempt} {function}\n"
        os.write(self._file, line.encode())
        self._reach("after_effect")
        await asyncio.sleep(random.random() * 0.004)


def handlers(effects: str) -> dict[str, Callable[..., Any]]:
    """By function name; effects go to the file."""
    world = Effects(effects)

    async def add(context: TaskContext, input: Json) -> Json:
        await world.have(context, "add")
        return {"n": input["n"] + 1}

    async def flaky(context: TaskContext, input: Json) -> Json:
        await world.have(context, "flaky")
        if context.attempt == 1:
            raise WorkflowError("BUSY", "not the first time", retryable=True)
        return {"n": input["n"] + 1}

    async def slow(context: TaskContext, input: Json) -> Json:
        await asyncio.sleep(input["ms"] / 1000)
        await world.have(context, "slow")
        return {"n": input["n"] + 1}

    async def undo(context: TaskContext, input: Any) -> Json:
        await world.have(context, "undo")
        return {}

    async def decline(context: TaskContext, input: Any) -> Any:
        raise WorkflowError("DECLINED", "never", retryable=False)

    async def echo(context: TaskContext, input: Any) -> Any:
        return input

    return {f.__name__: f for f in (add, flaky, slow, undo, decline, echo)}
