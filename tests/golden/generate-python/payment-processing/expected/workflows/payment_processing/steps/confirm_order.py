"""Step `confirm-order`: the function `confirmOrder` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import ConfirmOrderInput, ConfirmOrderOutput


def confirm_order(
    context: TaskContext,
    input: ConfirmOrderInput,
) -> ConfirmOrderOutput:
    context.logger.warning("step `confirm-order` is a stub: it returns an example")
    return ConfirmOrderOutput.from_json(
        {
            "status": "success",
            "timestamp": "2026-01-31T12:00:00Z",
            "transaction_id": "string",
        },
    )
