"""An executor in the engine's own process."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from magicflow.worker.context import TaskContext
from magicflow.worker.invoke import Outcome, invoke
from magicflow.worker.registry import Function, Registry
from magicflow.worker.secrets import Secrets


class LocalExecutor:
    """Runs the handlers of a registry. `concurrency` bounds how many at once."""

    def __init__(
        self,
        registry: Registry,
        concurrency: int = 1_000,
        threads: int = 32,
        secrets: Secrets | None = None,
    ) -> None:
        self.name = registry.executor
        self.registry = registry
        self.concurrency = concurrency
        self._secrets = secrets or Secrets()
        self._thread_count = threads
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def of(cls, name: str, handlers: Mapping[str, Function]) -> LocalExecutor:
        """Handlers by step or function name."""
        registry = Registry(name)
        for key, function in handlers.items():
            registry.register_function(key, function)
        return cls(registry)

    def run(self, context: TaskContext) -> Coroutine[Any, Any, Outcome]:
        message: Mapping[str, Any] = context.message
        handler = self.registry.find_for(message)
        if handler is None:
            return self._refuse(message)
        if self._threads is None and not handler.is_async:
            self._threads = ThreadPoolExecutor(
                self._thread_count, thread_name_prefix=f"magicflow-{self.name}"
            )
        return invoke(handler, context, self._secrets, self._threads)

    async def _refuse(self, message: Mapping[str, Any]) -> Outcome:
        text = (
            f"executor `{self.name}` has no handler for step `{message['step']}` "
            f"or function `{message['function']}`"
        )
        error = {"code": "UNAVAILABLE", "message": text, "retryable": False}
        return {"error": error}

    def close(self) -> None:
        """Waits for nothing: what still runs in a thread is delivered again later."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
