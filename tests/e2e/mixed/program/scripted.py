"""Both ends of a mixed run, on a generated Python project: `work` runs the steps of all
workflows by a script, `drive` runs workflows for whoever writes requests to it. The
tests copy it beside the package `workflows`; main.go is the same for Go."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import sys
import time
from pathlib import Path

import workflows
from magicflow.client import ApiError
from magicflow.client.typed import AsyncWorkflowClient, WorkflowFailed
from magicflow.models.codec import Codec
from magicflow.worker import TaskContext, WorkflowError
from magicflow.worker.config import ExecutorConfig
from magicflow.worker.executor import WorkflowExecutor
from magicflow.worker.service import run_executors

SCRIPTS = Path(os.environ["SCRIPTS"])
FOREVER = 600.0


def modules(name):
    """The modules of a name, of every workflow."""
    root = Path(workflows.__file__).parent
    for folder in sorted(root.iterdir()):
        if (folder / f"{name}.py").exists():
            yield importlib.import_module(f"workflows.{folder.name}.{name}")


# work


async def next_act(context: TaskContext):
    """The act of this attempt: by the workflow's script, else by the run's, which
    whoever starts the run writes then. Scripts have a list for each occurrence or step,
    whose last act repeats."""
    file = SCRIPTS / f"{context.message['workflow']}.json"
    if not file.exists():
        file = SCRIPTS / f"{context.run_id}.json"
    while not file.exists():
        await asyncio.sleep(0.005)
    script = json.loads(file.read_text(encoding="utf-8"))
    path = context.idempotency_key.partition(":")[2]
    for key in (path, context.task_id, context.step):
        if key in script:
            acts = script[key]
            return acts[min(context.attempt, len(acts)) - 1]
    raise KeyError(f"the script has no step {context.step} ({path})")


def player(output):
    gives = Codec(output)

    async def play(context: TaskContext, input):
        now = await next_act(context)
        await asyncio.sleep(FOREVER if now.get("never") else now.get("sleep", 0) / 1000)
        if "error" in now:
            error = now["error"]
            raise WorkflowError(
                error["code"],
                error.get("message", ""),
                retryable=error.get("retryable"),
                details=error.get("details"),
                retry_after=(
                    error["retry_after"] / 1000 if "retry_after" in error else None
                ),
            )
        if now.get("unfit"):
            return now["output"]
        return gives.from_json(now["output"])

    return play


def executors():
    for module in modules("executor"):
        (kind,) = [
            each
            for _, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, WorkflowExecutor) and each is not WorkflowExecutor
        ]
        made = kind()
        for steps in module.SIGNATURES.values():
            for step, signature in steps.items():
                made.register(step, player(signature.output))
        yield made


def work():
    config = ExecutorConfig.from_environment()
    made = list(executors())
    names = {name for each in made for name in each.registries}
    # `nobody` has no worker, which is what some rules are about
    config.executors = tuple(sorted(names - {"nobody"}))
    run_executors(made, config)


# drive


def typed_clients():
    """The generated client of every workflow, for asyncio."""
    url, token = os.environ["MAGICFLOW_URL"], os.environ["MAGICFLOW_TOKEN"]
    found = {}
    for module in modules("client"):
        (kind,) = [
            each
            for name, each in inspect.getmembers(module, inspect.isclass)
            if issubclass(each, AsyncWorkflowClient) and each is not AsyncWorkflowClient
        ]
        client = kind(url, token, timeout=60.0)
        found[client.contract.workflow] = client
    return found


def tell(**line):
    print(json.dumps(line), flush=True)


async def drive():
    clients = typed_clients()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    tasks = set()
    while line := await reader.readline():
        asked = json.loads(line)
        tasks.add(loop.create_task(carry_out(clients[asked["workflow"]], asked)))
    await asyncio.gather(*tasks)
    for client in clients.values():
        await client.close()


async def carry_out(client, asked):
    told = {"key": asked["key"]}
    try:
        await run(client, asked, told)
    except Exception as error:
        told["failure"] = f"{type(error).__name__}: {error}"
    tell(**told)


async def run(client, asked, told):
    try:
        input = client.contract.input.from_json(asked["input"])
    except ValueError:
        told["invalid"] = True
        return
    options = dict(asked.get("options") or {})
    try:
        started = await client.start(input, **options)
    except ApiError as error:
        told["refused"] = error.status
        return
    id = told["id"] = started.id
    if asked.get("script") is not None:
        file = SCRIPTS / f"{id}.json"
        file.with_suffix(".new").write_text(json.dumps(asked["script"]), "utf-8")
        file.with_suffix(".new").rename(file)
    tell(**told)
    acting = asyncio.create_task(act_all(client, id, asked, options, input))
    told["events"] = [event.type async for event in client.events(id)]
    await tell_end(client, id, told)
    told["acts"] = await acting


async def tell_end(client, id, told):
    try:
        output = await client.result(id)
    except WorkflowFailed as failed:
        told |= {
            "status": failed.status,
            "code": failed.code,
            "step": failed.step or "",
        }
        return
    told |= {"status": "completed", "output": client.contract.output.to_json(output)}


async def act_all(client, id, asked, options, input):
    """What is done to the run, one after the other; what came of each."""
    begin, found = time.monotonic(), []
    for act in asked.get("acts") or []:
        await asyncio.sleep(max(0, begin + act.get("at", 0) / 1000 - time.monotonic()))
        await until(client, id, act.get("when") or {})
        if act.get("ended"):
            await client.wait(id)
        try:
            found.append(await perform(client, id, act, options, input))
        except ApiError as error:
            found.append(str(error.status))
    return found


async def until(client, id, wanted):
    """Steps have the wanted statuses, or the run has ended."""
    while wanted:
        steps = {row["step"]: row["status"] for row in await client.steps(id)}
        if all(steps.get(step) == status for step, status in wanted.items()):
            return
        if (await client.status(id)).ended:
            return
        await asyncio.sleep(0.1)


async def perform(client, id, act, options, input):
    of = client.client
    match act["do"]:
        case "event":
            await client.signal(id, act["event"], act.get("data"), act.get("event_id"))
        case "cancel":
            await client.cancel(id, act["reason"])
        case "pause":
            await of.pause(id)
        case "resume":
            await of.resume(id)
        case "retry":
            again = await of.retry(id)
            return (await client.wait(again.id)).status
        case "start":
            again = await client.start(input, **options)
            return "same" if again.id == id else "other"
    return "done"


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work()
    else:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(drive())
