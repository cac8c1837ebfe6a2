"""Labelled points at which a test can end the process, as a power cut would.

`MAGICFLOW_FAULT=<label>[:<n>]` kills the process with SIGKILL when it passes the label
for the n-th time (default 1). Without the variable a point costs one comparison.

    before_write             a transition is decided, nothing is written
    before_acknowledge       written, and nobody has been told
    before_dispatch          acknowledged, its tasks have not been handed out
    before_record            a task's result is there, and is not decided on
"""

from __future__ import annotations

import os
import signal

LABELS = ("before_write", "before_acknowledge", "before_dispatch", "before_record")


class Faults:
    def __init__(self, wanted: str | None) -> None:
        label, _, times = (wanted or "").partition(":")
        if label and label not in LABELS:
            raise ValueError(
                f"MAGICFLOW_FAULT: {label!r} is none of {', '.join(LABELS)}"
            )
        self.label = label or None
        self._left = int(times or 1)

    def reach(self, label: str) -> None:
        if label == self.label:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def faults_of_environment() -> Faults:
    return Faults(os.environ.get("MAGICFLOW_FAULT"))
