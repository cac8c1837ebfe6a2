"""Step `do-other`: the function `doOther` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import DoOtherInput, DoOtherOutput


def do_other(
    context: TaskContext,
    input: DoOtherInput,
) -> DoOtherOutput:
    context.logger.warning("step `do-other` is a stub: it returns an example")
    return None
