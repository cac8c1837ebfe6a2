"""Step `notify-me`: the function `notify` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import NotifyMeInput, NotifyMeOutput


def notify_me(
    context: TaskContext,
    input: NotifyMeInput,
) -> NotifyMeOutput:
    context.logger.warning("step `notify-me` is a stub: it returns an example")
    return None
