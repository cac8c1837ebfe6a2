"""What generated clients share: one workflow's calls with its own types."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Generic, Self, TypedDict, TypeVar, Unpack

import httpx

from magicflow.client.asynchronous import AsyncClient
from magicflow.client.errors import RunFailed
from magicflow.client.model import Event, Execution, Retries
from magicflow.client.sync import Client
from magicflow.models.codec import Codec
from magicflow.worker.errors import WorkflowError

I = TypeVar("I")  # noqa: E741 - input
O = TypeVar("O")  # noqa: E741 - output


class StartOptions(TypedDict, total=False):
    """How a run is started: `idempotency_key` makes a repeated start the same run,
    `foreign_id` is the caller's own name of it, `timeout_override` is a duration
    (`30m`), `webhook` is told when the run has ended."""

    idempotency_key: str
    metadata: Mapping[str, Any]
    priority: int | str
    foreign_id: str
    timeout_override: str
    webhook: str


class ClientOptions(TypedDict, total=False):
    """How a blocking client works: `timeout` in seconds bounds one request."""

    timeout: float
    retries: Retries | None
    transport: httpx.BaseTransport | None


class AsyncClientOptions(TypedDict, total=False):
    """As `ClientOptions`, for asyncio."""

    timeout: float
    retries: Retries | None
    transport: httpx.AsyncBaseTransport | None


class WorkflowFailed(RunFailed):
    """A run of the workflow ended without a result.

    `step` is the step that failed, None when none did; `reported` is the error that its
    function declares, with its details, if it is one of them.
    """

    def __init__(
        self,
        execution_id: str,
        status: str,
        error: Any,
        reported: WorkflowError | None = None,
    ) -> None:
        super().__init__(execution_id, status, error)
        step = self.error.get("step")
        self.step: str | None = None if step is None else str(step)
        self.details: Any = self.error.get("details")
        self.reported = reported


class WorkflowRejected(WorkflowFailed):
    """The run failed."""


class WorkflowTimedOut(WorkflowFailed):
    """The run took longer than it may."""


class WorkflowCancelled(WorkflowFailed):
    """The run was cancelled."""


_STATUS: dict[str, type[WorkflowFailed]] = {
    "failed": WorkflowRejected,
    "timed_out": WorkflowTimedOut,
    "cancelled": WorkflowCancelled,
}

DeclaredError = tuple[type[WorkflowError], Codec[Any] | None]
"""The class of a declared error and what its details are."""


class Contract(Generic[I, O]):
    """A workflow as its clients see it. `errors` maps (step, code) to what is declared."""

    def __init__(
        self,
        workflow: str,
        input: Codec[I],
        output: Codec[O],
        errors: Mapping[tuple[str, str], DeclaredError] | None = None,
    ) -> None:
        self.workflow = workflow
        self.input = input
        self.output = output
        self.errors = {(str(s), c): e for (s, c), e in (errors or {}).items()}

    def result(self, execution: Execution) -> O:
        """The output of a run that completed. Raises WorkflowFailed."""
        if execution.status == "completed":
            return self.output.from_json(execution.output)
        kind = _STATUS.get(execution.status, WorkflowFailed)
        raise kind(
            execution.id, execution.status, execution.error, self._reported(execution)
        )

    def _reported(self, execution: Execution) -> WorkflowError | None:
        error = execution.error or {}
        declared = self.errors.get((str(error.get("step")), str(error.get("code"))))
        if declared is None:
            return None
        kind, details = declared
        message, value = str(error.get("message", "")), error.get("details")
        found = kind.__new__(kind)
        WorkflowError.__init__(found, None, message, retryable=error.get("retryable"))
        found.details = (
            value if details is None or value is None else details.from_json(value)
        )
        return found

    def init_event(
        self,
        input: I,
        source: str,
        timestamp: datetime | None,
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The WorkflowInitEvent that starts a run."""
        when = timestamp or datetime.now(UTC)
        return {
            "workflow_name": self.workflow,
            "initial_data": self.input.to_json(input),
            "source": source,
            "timestamp": when.isoformat(),
            **options,
        }


class EventOptions(TypedDict, total=False):
    """What an event that starts a run may carry besides its data."""

    idempotency_key: str
    metadata: Mapping[str, Any]
    priority: int | str
    foreign_id: str


class WorkflowClient(Generic[I, O]):
    """The blocking client of one workflow; the base of generated clients.

    Times are seconds. `client` can do what is not about one workflow.
    """

    def __init__(self, contract: Contract[I, O], client: Client) -> None:
        self.contract = contract
        self.client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.client.close()

    def execute(
        self, input: I, *, wait: float = 300.0, **options: Unpack[StartOptions]
    ) -> O:
        """Start a run, wait for its end and give its output.

        Raises WorkflowFailed, RunTimeout, ApiError, ConnectionFailed.
        """
        data = self.contract.input.to_json(input)
        ended = self.client.run_to_end(
            self.contract.workflow, data, wait=wait, **options
        )
        return self.contract.result(ended)

    def start(self, input: I, **options: Unpack[StartOptions]) -> Execution:
        """Start a run; it is durable when this returns."""
        data = self.contract.input.to_json(input)
        return self.client.start(self.contract.workflow, data, **options)

    def wait(self, execution_id: str, timeout: float = 300.0) -> Execution:
        """Wait for the end of a run. Raises RunTimeout."""
        return self.client.wait(execution_id, timeout)

    def status(self, execution_id: str) -> Execution:
        """The run as it is now."""
        return self.client.status(execution_id)

    def result(self, execution_id: str, timeout: float = 300.0) -> O:
        """Wait for the end and give the output. Raises WorkflowFailed, RunTimeout."""
        return self.contract.result(self.client.wait(execution_id, timeout))

    def steps(self, execution_id: str) -> list[dict[str, Any]]:
        """Every step that was entered."""
        return self.client.steps(execution_id)

    def events(self, execution_id: str, after: int = 0) -> Iterator[Event]:
        """The history, row by row as it happens, until the run ends."""
        return self.client.events(execution_id, after)

    def cancel(self, execution_id: str, reason: str | None = None) -> Execution:
        """Ask a run to end. Raises Conflict when it has ended."""
        return self.client.cancel(execution_id, reason)

    def signal(
        self,
        execution_id: str,
        event: str,
        data: Any = None,
        event_id: str | None = None,
    ) -> str:
        """Send an event to a run; gives its id. The same id counts once."""
        return self.client.signal(execution_id, event, data, event_id)

    def publish_workflow_event(
        self,
        input: I,
        *,
        source: str,
        timestamp: datetime | None = None,
        **options: Unpack[EventOptions],
    ) -> Execution:
        """Start a run by an event of business logic, a WorkflowInitEvent. `source` says
        who sends it, `timestamp` when it happened: now, unless given."""
        event = self.contract.init_event(input, source, timestamp, options)
        return self.client.publish_workflow_event(event)


class AsyncWorkflowClient(Generic[I, O]):
    """The client of one workflow for asyncio; the same methods as the blocking one."""

    def __init__(self, contract: Contract[I, O], client: AsyncClient) -> None:
        self.contract = contract
        self.client = client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.client.close()

    async def execute(
        self, input: I, *, wait: float = 300.0, **options: Unpack[StartOptions]
    ) -> O:
        """Start a run, wait for its end and give its output.

        Raises WorkflowFailed, RunTimeout, ApiError, ConnectionFailed.
        """
        data = self.contract.input.to_json(input)
        ended = await self.client.run_to_end(
            self.contract.workflow, data, wait=wait, **options
        )
        return self.contract.result(ended)

    async def start(self, input: I, **options: Unpack[StartOptions]) -> Execution:
        """Start a run; it is durable when this returns."""
        data = self.contract.input.to_json(input)
        return await self.client.start(self.contract.workflow, data, **options)

    async def wait(self, execution_id: str, timeout: float = 300.0) -> Execution:
        """Wait for the end of a run. Raises RunTimeout."""
        return await self.client.wait(execution_id, timeout)

    async def status(self, execution_id: str) -> Execution:
        """The run as it is now."""
        return await self.client.status(execution_id)

    async def result(self, execution_id: str, timeout: float = 300.0) -> O:
        """Wait for the end and give the output. Raises WorkflowFailed, RunTimeout."""
        return self.contract.result(await self.client.wait(execution_id, timeout))

    async def steps(self, execution_id: str) -> list[dict[str, Any]]:
        """Every step that was entered."""
        return await self.client.steps(execution_id)

    def events(self, execution_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The history, row by row as it happens, until the run ends."""
        return self.client.events(execution_id, after)

    async def cancel(self, execution_id: str, reason: str | None = None) -> Execution:
        """Ask a run to end. Raises Conflict when it has ended."""
        return await self.client.cancel(execution_id, reason)

    async def signal(
        self,
        execution_id: str,
        event: str,
        data: Any = None,
        event_id: str | None = None,
    ) -> str:
        """Send an event to a run; gives its id. The same id counts once."""
        return await self.client.signal(execution_id, event, data, event_id)

    async def publish_workflow_event(
        self,
        input: I,
        *,
        source: str,
        timestamp: datetime | None = None,
        **options: Unpack[EventOptions],
    ) -> Execution:
        """Start a run by an event of business logic, a WorkflowInitEvent. `source` says
        who sends it, `timestamp` when it happened: now, unless given."""
        event = self.contract.init_event(input, source, timestamp, options)
        return await self.client.publish_workflow_event(event)
