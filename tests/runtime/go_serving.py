"""A Go server on a free loopback port, as a process, for the tests of the Python one.

Functions stay Python's: a worker of this process polls for them over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from magicflow.openapi import describe
from magicflow.worker import Worker

ROOT = Path(__file__).parents[2]
RUNTIME = "github.com/truongtu268/magic-flow/runtime/go"
_MAIN = """\
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/server"
)

func main() {
	config := server.DefaultConfig()
	must(json.Unmarshal([]byte(os.Args[1]), &config))
	program := server.Program{}
	for _, name := range os.Args[3:] {
		plan, err := os.ReadFile(name)
		must(err)
		program.Plans = append(program.Plans, plan)
	}
	described, err := os.ReadFile(os.Args[2])
	must(err)
	program.OpenAPI = [][]byte{described}
	must(server.Serve(config, program, func(address net.Addr) { fmt.Println("http://" + address.String()) }))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}
"""


@cache
def build(main: str, *flags: str) -> str:
    """A program on the Go runtime, as a binary in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="magicflow-go-"))
    (folder / "main.go").write_text(main, encoding="utf-8")
    runtime = ROOT / "runtime" / "go"
    required = (runtime / "go.mod").read_text(encoding="utf-8").partition("\nrequire")
    (folder / "go.mod").write_text(
        f"module served\n\ngo 1.24.0\n\nrequire {RUNTIME} v0.0.0\n\n"
        f"replace {RUNTIME} => {runtime}\n\nrequire{required[2]}",
        encoding="utf-8",
    )
    shutil.copy(runtime / "go.sum", folder / "go.sum")
    binary = folder / "served"
    command = ["go", "build", *flags, "-o", str(binary), "."]
    subprocess.run(command, cwd=folder, check=True)
    return str(binary)


@contextmanager
def go_process(
    *plans: Mapping[str, Any], tokens: tuple[str, ...], **config: Any
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address; it is told to drain at the end, if it still runs.
    `config` has members of ServerConfig, durations in seconds."""
    known = {
        name.replace("_", "").lower(): (
            int(value * 1_000_000_000)
            if name in ("lease", "drain", "max_wait")
            else value
        )
        for name, value in config.items()
    }
    known = {"port": 0, "tokens": tokens, "loglevel": "error", **known}
    known["database"] = str(known["database"] or "")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = []
        for index, plan in enumerate(plans):
            files.append(folder / f"{index}.json")
            files[-1].write_text(json.dumps(plan), encoding="utf-8")
        described = folder / "openapi.json"
        ordered = sorted(plans, key=lambda plan: str(plan["workflow"]["name"]))
        described.write_text(json.dumps(describe(ordered)), encoding="utf-8")
        process = subprocess.Popen(
            [
                build(_MAIN, "-race"),
                json.dumps(known),
                str(described),
                *map(str, files),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url, "the Go server did not come up"
            yield process, url
        finally:
            process.terminate()
            try:
                assert process.wait(10) == 0
            finally:
                process.kill()
                process.stdout.close()


@contextmanager
def polling(
    executors: Mapping[str, Mapping[str, Any]], url: str, token: str
) -> Iterator[None]:
    """Workers in a thread of this process."""
    if not executors:
        yield
        return
    found: list[tuple[asyncio.AbstractEventLoop, list[Worker]]] = []
    up = threading.Event()

    async def main() -> None:
        workers = []
        for name, functions in executors.items():
            workers.append(Worker(name, url, token, concurrency=50, drain=0.2))
            for key, function in functions.items():
                workers[-1].register_function(key, function)
        found.append((asyncio.get_running_loop(), workers))
        up.set()
        await asyncio.gather(*(worker.run() for worker in workers))

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield
    finally:
        loop, workers = found[0]
        for worker in workers:
            loop.call_soon_threadsafe(worker.stop)
        thread.join(10)
        assert not thread.is_alive()
