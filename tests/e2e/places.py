"""Where things are, for the tests of this folder."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
Run = Callable[..., subprocess.CompletedProcess[str]]


def obey_permissions() -> None:
    """For `preexec_fn`: the permissions of files apply to what is executed next even
    when it runs as root, where the system lets us give that right up."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def permissions_apply(folder: Path) -> bool:
    """Whether a file without permissions cannot be read by what we start."""
    file = folder / "unreadable"
    file.touch(mode=0)
    done = subprocess.run(
        ["cat", file], preexec_fn=obey_permissions, capture_output=True, check=False
    )
    file.unlink()
    return done.returncode != 0
