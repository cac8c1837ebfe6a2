"""The executors of whole workflows, alone and several in one process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from magicflow import models as mf
from magicflow.testing import run_task
from magicflow.worker import RegistrationError, TaskContext
from magicflow.worker.executor import WorkflowExecutor, describe, shared_registries


class In(mf.Model, extra="forbid"):
    name: str


class Out(mf.Model, extra="forbid"):
    size: mf.Int


SIGNATURES = {
    "shop": {
        "count": describe("countIt", In, Out),
        "list": describe("listIt", In, list[str]),
    },
    "depot": {"send": describe("send", Any, None)},
}


def count(input: In) -> Out:
    return Out(size=len(input.name))


async def listed(context: TaskContext, input: In) -> list[str]:
    return [context.step, input.name]


def send(input: Any) -> None: ...


def complete() -> WorkflowExecutor:
    executor = WorkflowExecutor("orders", SIGNATURES)
    executor.register("count", count)
    executor.register("list", listed)
    executor.register("send", send)
    return executor


def test_tasks_reach_their_functions_as_typed_values() -> None:
    executor = complete()
    executor.check()
    assert run_task(executor, "shop", "count", "countIt", {"name": "abc"}) == {
        "output": {"size": 3}
    }
    assert run_task(executor, "shop", "list", "listIt", {"name": "a"}) == {
        "output": ["list", "a"]
    }
    assert run_task(executor, "depot", "send", "send", {}) == {"output": None}


def test_input_that_does_not_fit_is_a_failed_attempt() -> None:
    outcome = run_task(complete(), "shop", "count", "countIt", {"name": 1})
    assert outcome["error"]["code"] == "INTERNAL"
    assert "ValidationError" in outcome["error"]["message"]


@pytest.mark.parametrize(
    ("result", "path"),
    [({"size": "x"}, "/size"), (None, ""), (object(), ""), ({"size": 2**60}, "/size")],
)
def test_a_result_that_does_not_fit_is_what_semantics_says(
    result: Any, path: str
) -> None:
    """VALIDATION is not retried: the same function would give the same again."""
    executor = WorkflowExecutor("orders", SIGNATURES)
    executor.register("count", lambda input: result)
    error = run_task(executor, "shop", "count", "countIt", {"name": "a"})["error"]
    assert error["code"] == "VALIDATION"
    assert error["message"].startswith(f"the result does not fit: {path or '/'}: ")
    assert [each["path"] for each in error["details"]] == [path]


def test_steps_without_a_function_are_missing() -> None:
    executor = WorkflowExecutor("orders", SIGNATURES)
    executor.register("list", listed)
    assert executor.missing() == ["count", "send"]
    with pytest.raises(RegistrationError, match="no function for `count`, `send`"):
        executor.check()


def test_an_unknown_step_gets_a_suggestion() -> None:
    with pytest.raises(
        RegistrationError, match=r"step `cuont`; did you mean `count`\?"
    ):
        complete().register("cuont", count)
    with pytest.raises(RegistrationError, match=r"step `xyz`$"):
        complete().register("xyz", count)


@pytest.mark.parametrize(
    ("step", "function"),
    [("count", listed), ("list", count), ("count", lambda: None), ("count", 1)],
)
def test_a_function_that_does_not_fit_is_refused(step: str, function: Any) -> None:
    executor = WorkflowExecutor("orders", SIGNATURES)
    with pytest.raises(RegistrationError):
        executor.register(step, function)


def test_workflows_share_an_executor_and_the_names_of_steps() -> None:
    def other(input: Any) -> str:
        return "other"

    second = WorkflowExecutor(
        "invoices", {"shop": {"count": describe("count", Any, str)}}
    )
    second.register("count", other)
    registries = shared_registries([complete(), second])
    assert sorted(registries) == ["depot", "shop"]
    message = {"step": "count", "function": "count"}
    shop = registries["shop"]
    for workflow, name in (("orders", "count"), ("invoices", "count")):
        handler = shop.find_for({**message, "workflow": workflow})
        assert handler is not None and handler.name == name
    first = shop.find_for({**message, "workflow": "orders"})
    assert first is not shop.find_for({**message, "workflow": "invoices"})
    assert shop.find_for({**message, "workflow": "unknown"}) is None
    assert list(shop) == ["count", "list"]
    assert shop.missing() == []


def test_executors_can_be_chosen() -> None:
    assert list(shared_registries([complete()], ["depot"])) == ["depot"]
    with pytest.raises(
        RegistrationError, match="no executor `none`, there are `depot`"
    ):
        shared_registries([complete()], ["none"])


def test_what_an_unfinished_service_lacks_is_told() -> None:
    from magicflow.worker.config import ExecutorConfig
    from magicflow.worker.service import ExecutorService

    lacking = WorkflowExecutor("orders", SIGNATURES)
    with pytest.raises(RegistrationError):
        ExecutorService([lacking], ExecutorConfig())
    lacking.register("send", send)
    service = ExecutorService([lacking], ExecutorConfig(executors=("depot",)))
    assert not service.stopping


def test_a_service_stops_when_it_is_told() -> None:
    from magicflow.worker.config import ExecutorConfig
    from magicflow.worker.service import ExecutorService

    async def run() -> None:
        config = ExecutorConfig(url="http://127.0.0.1:9", health_port=0)
        service = ExecutorService([complete()], config)
        work = asyncio.create_task(service.run())
        await asyncio.sleep(0.2)
        assert sorted(worker.executor for worker in service.workers) == [
            "depot",
            "shop",
        ]
        service.stop()
        await asyncio.wait_for(work, 5)

    asyncio.run(run())


def test_the_health_of_a_service() -> None:
    """Its endpoints tell of all workers at once; without a server it is degraded."""
    import httpx
    from magicflow.worker.config import ExecutorConfig
    from magicflow.worker.service import ExecutorService

    async def ask() -> tuple[httpx.Response, httpx.Response]:
        config = ExecutorConfig(url="http://127.0.0.1:9", health_port=0, concurrency=3)
        service = ExecutorService([complete()], config)
        ready = asyncio.Event()
        work = asyncio.create_task(service.run(ready=ready.set))
        await asyncio.wait_for(ready.wait(), 5)
        assert service.health_address is not None
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{service.health_address[1]}"
        ) as client:
            answers = await client.get("/health"), await client.get("/health/workflow")
        service.stop()
        await asyncio.wait_for(work, 5)
        return answers

    health, workflow = asyncio.run(ask())
    assert health.status_code == 503
    told = health.json()
    assert told["executor"] == "depot, shop"
    assert (told["connected"], told["running"], told["capacity"]) == (False, 0, 6)
    assert workflow.json()["handlers"] == ["count", "list", "send"]
    assert workflow.json()["missing"] == []
    assert workflow.json()["steps"] == {}


def test_a_service_ends_when_the_server_refuses_it() -> None:
    from magicflow.worker.config import ExecutorConfig
    from magicflow.worker.service import ExecutorService
    from magicflow.worker.transport import TransportRefused

    async def refuse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 401 no\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
        )
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = ExecutorConfig(url=f"http://127.0.0.1:{port}")
        with pytest.raises(TransportRefused, match="401"):
            await asyncio.wait_for(ExecutorService([complete()], config).run(), 20)
        server.close()

    asyncio.run(run())
