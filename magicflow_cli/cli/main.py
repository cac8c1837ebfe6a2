"""Entry point of `magic-flow`: exit codes, interrupts, broken pipes, our own bugs.

Exit codes: 0 fine; 1 the user's files need a change; 2 not done. An interrupt or a
closed pipe ends the process by its signal, as a shell expects.
"""

from __future__ import annotations

import gc
import os
import sys

from magicflow_cli import __version__
from magicflow_cli.cli.commands import top_level_help

LONG_RUNNING = frozenset({"run", "start"})
"""Commands during which garbage is collected; the others end too soon for it."""


def main() -> None:
    """Run the command line of this process and exit."""
    if not LONG_RUNNING.intersection(sys.argv[1:2]):
        # Node trees are large and live to the end: looking through them for garbage
        # again and again would take a fifth of the time.
        gc.disable()
    try:
        try:
            status = run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _die_by("SIGINT")
    except BrokenPipeError:
        _die_by("SIGPIPE")
    else:
        sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command line in this process and return its exit code.

    Raises KeyboardInterrupt and BrokenPipeError; nothing else.
    """
    if "_MAGIC_FLOW_COMPLETE" not in os.environ:
        if arguments in ([], ["--help"]):
            sys.stdout.write(top_level_help())
            return 0 if arguments else 2
        if arguments == ["--version"]:
            sys.stdout.write(f"magic-flow {__version__}\n")
            return 0
    from magicflow_cli.cli.app import invoke

    return invoke(arguments)


def _die_by(name: str) -> None:
    """End by the signal `name`: a shell loop around the command must see it. What is
    buffered for a closed pipe is thrown away, so that closing it complains no more."""
    import signal

    if name == "SIGPIPE":
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    number = getattr(signal, name, None)
    if number is None:  # Windows has no SIGPIPE
        os._exit(2)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
