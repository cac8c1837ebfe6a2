"""Step `validate-payment`: the function `validatePaymentRequest` of the executor `payment-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import ValidatePaymentInput, ValidatePaymentOutput


def validate_payment(
    context: TaskContext,
    input: ValidatePaymentInput,
) -> ValidatePaymentOutput:
    context.logger.warning("step `validate-payment` is a stub: it returns an example")
    return ValidatePaymentOutput.from_json(
        {
            "status": "success",
            "timestamp": "2026-01-31T12:00:00Z",
            "transaction_id": "string",
        },
    )
