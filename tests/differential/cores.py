"""The core of another language as a process: lines in, lines out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Thread

from tests.languages import build, need

GO = Path(__file__).parents[2] / "runtime" / "go"


def build_go(folder: Path) -> Path:
    """The Go core as a filter (runtime/go/cmd/magicflow-decide)."""
    need("go")
    return build(GO, "./cmd/magicflow-decide", folder / "magicflow-decide")


class Core:
    """A filter that answers every line. Closing it ends the process."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Core:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def answers(self, lines: list[str]) -> list[str]:
        """What it answers to these lines. Raises EOFError when it ends instead."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        text = "".join(f"{line}\n" for line in lines).encode()

        def write() -> None:
            try:
                stdin.write(text)
                stdin.flush()
            except BrokenPipeError:
                pass  # the reader tells

        writer = Thread(target=write)
        writer.start()
        found = [stdout.readline().decode().rstrip("\n") for _ in lines]
        writer.join()
        if found and not found[-1]:
            at = next(index for index, answer in enumerate(found) if not answer)
            raise EOFError(f"the process ended before its answer {at}")
        return found
