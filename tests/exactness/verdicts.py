"""Runs a driver over instances; a crash counts against one instance only."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 20.0
"""Seconds that a driver may take for one instance."""


@dataclass(frozen=True, slots=True)
class Question:
    root: str
    json: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`json` is the value encoded again; `crash` says that there is no verdict."""

    valid: bool
    json: str | None = None
    code: str | None = None
    crash: str | None = None


def ask(command: Sequence[str], questions: Sequence[Question]) -> list[Verdict]:
    """One verdict per question, in order."""
    verdicts: list[Verdict] = []
    while len(verdicts) < len(questions):
        before = len(verdicts)
        end = _run(command, questions[before:], verdicts)
        if end is None:
            continue
        verdicts.append(Verdict(False, crash=end))
    return verdicts


def _run(
    command: Sequence[str], questions: Sequence[Question], verdicts: list[Verdict]
) -> str | None:
    """Appends verdicts until all are answered (None) or the driver ends (the reason)."""
    python_path = os.pathsep.join([str(ROOT), str(ROOT / "runtime" / "python")])
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": python_path},
    )
    assert process.stdin and process.stdout and process.stderr
    answers: queue.Queue[bytes] = queue.Queue()
    errors: list[bytes] = []
    threads = [
        threading.Thread(target=_write, args=(process.stdin, questions), daemon=True),
        threading.Thread(target=_read, args=(process.stdout, answers), daemon=True),
        threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True),  # type: ignore[union-attr]
    ]
    for thread in threads:
        thread.start()
    reason: str | None = None
    try:
        for _ in questions:
            try:
                line = answers.get(timeout=TIMEOUT)
            except queue.Empty:
                reason = f"no answer within {TIMEOUT:.0f} s"
                break
            try:
                data = json.loads(line)
                verdicts.append(
                    Verdict(data["valid"], data.get("json"), data.get("code"))
                )
            except (ValueError, KeyError, TypeError):
                reason = "the driver ended" if not line else "the answer is no verdict"
                break
    finally:
        process.kill()
        process.wait()
        for thread in threads:
            thread.join(timeout=5)
        process.stdout.close()
    if reason is not None and errors:
        last = errors[0].decode(errors="replace").strip().rpartition("\n")[2]
        reason = f"{reason}: {last[:200]}" if last else reason
    return reason


def _write(pipe: IO[bytes], questions: Sequence[Question]) -> None:
    try:
        for question in questions:
            data = {"root": question.root, "json": question.json}
            pipe.write(json.dumps(data).encode() + b"\n")
        pipe.close()
    except (BrokenPipeError, ValueError, OSError):
        pass  # the driver is gone; the reader tells


def _read(pipe: IO[bytes], answers: queue.Queue[bytes]) -> None:
    try:
        for line in pipe:
            answers.put(line)
    except ValueError:
        pass
    answers.put(b"")
