"""Input validation of the server: every instance is posted to a running ASGI app.

Each group is a workflow whose input has the group's type and whose output is its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.exactness.equality import equal

if TYPE_CHECKING:
    from tests.exactness.compiling import CompiledCorpus

Json = dict[str, Any]
MAX_BODY = 16 * 1024 * 1024


def prepare(corpus: CompiledCorpus, folder: Path) -> list[str]:
    """Writes one plan per group and returns the command of the driver."""
    from magicflow_cli.plan import to_json

    types = corpus.types_json()
    plans: dict[str, Json] = {}
    for index, (id, ref) in enumerate(corpus.roots.items()):
        own = corpus.prefixes[id]
        known = {
            key: type
            for key, type in types.items()
            if key.startswith(own) or key == "never"
        }
        plans[id] = _plan(f"w{index}", to_json(ref), known)
    (folder / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    return [sys.executable, "-m", __name__, str(folder / "plans.json")]


def _plan(name: str, ref: Json, types: Json) -> Json:
    from tests.runtime.plans import path, plan

    echo = path("input")
    made = plan(
        {"echo": {"kind": "set", "value": echo}},
        ["echo"],
        name=name,
        output=echo,
        input=ref,
        types=types,
    )
    made["limits"]["value_bytes"] = MAX_BODY
    return made


class Server:
    """The app, called as an ASGI server calls it."""

    def __init__(self, plans: dict[str, Json]) -> None:
        from magicflow.engine import Engine, EngineSettings
        from magicflow.server.app import App
        from magicflow.server.config import ServerConfig
        from magicflow.store import MemoryStore
        from magicflow.store.writer import InlineWriter

        self.plans = plans
        self.names = {id: plan["workflow"]["name"] for id, plan in plans.items()}
        self.engine = Engine(
            MemoryStore(), settings=EngineSettings(), writer=InlineWriter
        )
        for plan in plans.values():
            self.engine.deploy(plan)
        self.app = App(self.engine, ServerConfig(auth=False, max_body=MAX_BODY))

    def fill(self, root: str, text: str) -> tuple[Any, Any]:
        from magicflow.types import TypeSet, apply_defaults, decode_json

        plan = self.plans[root]
        value = decode_json(text)
        return value, apply_defaults(TypeSet(plan["types"]), plan["input"], value)

    async def post(self, root: str, text: str) -> tuple[int, Json]:
        body = b'{"input":' + text.encode("utf-8", "surrogatepass") + b"}"
        sent: list[Json] = []

        async def receive() -> Json:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/api/v2/workflows/{self.names[root]}/execute",
            "query_string": b"wait=10s",
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], json.loads(content)


def verdict(status: int, answer: Json, filled: Callable[[], tuple[Any, Any]]) -> Json:
    """What an answer says about the input; `filled` gives the instance, and the instance
    with the defaults that the server fills in."""
    from magicflow.types import encode_json

    if status == 200 and answer["status"] == "completed":
        given, expected = filled()
        same = equal(answer["output"], expected)
        back = given if same else answer["output"]
        return {"valid": True, "json": encode_json(back).decode()}
    if status == 422:
        return {"valid": False, "code": answer["errors"][0]["code"]}
    if status == 400 and answer["code"].startswith("MFD"):
        return {"valid": False, "code": answer["code"]}
    raise ValueError(f"{status} {json.dumps(answer)[:500]}")


async def serve(path: str) -> None:
    server = Server(json.loads(Path(path).read_text(encoding="utf-8")))
    await server.engine.open()
    for line in sys.stdin:
        request = json.loads(line)
        root, text = request["root"], request["json"]
        status, content = await server.post(root, text)
        answer = verdict(status, content, partial(server.fill, root, text))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    await server.engine.close(drain=0)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
