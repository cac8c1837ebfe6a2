"""Step `do-a`: the function `doA` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import DoAInput, DoAOutput


def do_a(
    context: TaskContext,
    input: DoAInput,
) -> DoAOutput:
    context.logger.warning("step `do-a` is a stub: it returns an example")
    return None
