"""One module for each node kind (`catch` is the second half of `try_`).

Importing the package fills the table of kinds.
"""

from magicflow.core.kinds import KINDS
from magicflow.core.nodes import (
    call,
    emit,
    for_,
    fork,
    handling,
    listen,
    raise_,
    run,
    seq,
    set_,
    sub,
    switch,
    try_,
    undo,
    wait,
)

KINDS.update(
    {
        "call": call.KIND,
        "emit": emit.KIND,
        "for": for_.KIND,
        "fork": fork.KIND,
        "listen": listen.KIND,
        "raise": raise_.KIND,
        "seq": seq.KIND,
        "set": set_.KIND,
        "sub": sub.KIND,
        "switch": switch.KIND,
        "try": try_.KIND,
        "wait": wait.KIND,
        # not of the plan: what stands above the blocks
        "@handling": handling.KIND,
        "@run": run.KIND,
        "@undo": undo.KIND,
    }
)
