"""One run in this process, without a server: `magic-flow run`, tests, scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from magicflow.engine.engine import Engine
from magicflow.engine.live import LiveRun
from magicflow.engine.localruns import LocalRunner
from magicflow.engine.requests import StartRequest
from magicflow.store import MemoryStore, Store
from magicflow.store.writer import InlineWriter
from magicflow.worker.local import LocalExecutor
from magicflow.worker.registry import Function, Registry
from magicflow.worker.secrets import Secrets

Json = dict[str, Any]
Handlers = Mapping[str, "Function | Registry | LocalRunner | Mapping[str, Function]"]
HistoryCallback = Callable[[Json], None]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to. `steps` are the occurrences by path, `history` its rows."""

    execution_id: str
    status: str
    output: Any
    error: Json | None
    steps: Mapping[str, Json] = field(repr=False)
    history: list[Json] = field(repr=False)


def run_in_process(
    plan: Mapping[str, Any],
    input: Any = None,
    handlers: Handlers | None = None,
    *,
    on_event: HistoryCallback | None = None,
    metadata: Json | None = None,
    timeout: float | None = None,
    children: Iterable[Mapping[str, Any]] = (),
    secrets: Secrets | None = None,
    store: Store | None = None,
) -> RunResult:
    """Run one workflow to its end and give what it came to.

    `handlers` maps step or function names to functions, for all executors; or an
    executor's name to a mapping, a Registry or a runner for that executor alone.
    `on_event` gets every history row as it happens. `timeout`, in seconds, overrides
    the workflow's. `children` are the plans of sub-workflows.

    Raises Refused for input that does not fit (its `details` list every path), and
    PlanError. On Ctrl-C the run is abandoned.
    """
    return asyncio.run(
        _run(
            plan,
            input,
            handlers or {},
            on_event,
            metadata,
            timeout,
            children,
            secrets,
            store,
        )
    )


async def _run(
    plan: Mapping[str, Any],
    input: Any,
    handlers: Handlers,
    on_event: HistoryCallback | None,
    metadata: Json | None,
    timeout: float | None,
    children: Iterable[Mapping[str, Any]],
    secrets: Secrets | None,
    store: Store | None,
) -> RunResult:
    engine = Engine(store or MemoryStore(), writer=InlineWriter)
    plans = [*children, plan]
    for json in plans:
        engine.deploy(json)
    for name, runner in runners_of(plans, handlers, secrets or Secrets()).items():
        engine.add_executor(name, runner)
    await engine.open()
    try:
        live, done = engine.begin(
            StartRequest(
                plan["workflow"]["name"],
                input,
                metadata or {},
                timeout=None if timeout is None else int(timeout * 1000),
                plan_hash=plan["hash"],
            )
        )
        history = _listen(live, on_event)
        if done is not None:
            await done
        while not live.ended:
            live = await engine.wait(live, 3600)
        await engine.effects.idle()
        run = live.state["run"]
        return RunResult(
            live.row.id,
            run["status"],
            run.get("output"),
            run.get("error"),
            live.state["steps"],
            history,
        )
    finally:
        await engine.close(drain=0)


def _listen(live: LiveRun, on_event: HistoryCallback | None) -> list[Json]:
    history: list[Json] = []

    def take(rows: list[Json]) -> None:
        for row in rows:
            history.append(row)
            if on_event is not None:
                on_event(row)

    live.listeners.append(take)
    return history


def runners_of(
    plans: Iterable[Mapping[str, Any]], handlers: Handlers, secrets: Secrets
) -> dict[str, LocalRunner]:
    """A runner for every executor of the plans; http steps go out under the default
    egress policy."""
    called = {f["executor"] for plan in plans for f in plan["functions"].values()}
    called |= {
        node["executor"]
        for plan in plans
        for node in plan["nodes"].values()
        if node["kind"] == "call"
    }
    common = {name: h for name, h in handlers.items() if _is_function(h)}
    found: dict[str, LocalRunner] = {}
    for name in sorted(called):
        own = handlers.get(name)
        if name == "@http" and own is None:
            found[name] = _http(secrets)
        elif isinstance(own, Registry):
            found[name] = LocalExecutor(own, secrets=secrets)
        elif own is not None and not _is_function(own) and not isinstance(own, Mapping):
            found[name] = own  # type: ignore[assignment]
        else:
            functions = {**common, **own} if isinstance(own, Mapping) else common
            registry = Registry(name)
            for key, function in functions.items():
                registry.register_function(key, function)  # type: ignore[arg-type]
            found[name] = LocalExecutor(registry, secrets=secrets)
    return found


def _is_function(handler: Any) -> bool:
    return callable(handler) and not isinstance(handler, Registry | Mapping)


def _http(secrets: Secrets) -> LocalRunner:
    from magicflow.server.egress import EgressPolicy
    from magicflow.server.requests import HttpExecutor

    return HttpExecutor(EgressPolicy(), secrets)
