"""Step `charge-card`: the function `chargeCard` of the executor `payment-gateway`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import ChargeCardInput, ChargeCardOutput


def charge_card(
    context: TaskContext,
    input: ChargeCardInput,
) -> ChargeCardOutput:
    context.logger.warning("step `charge-card` is a stub: it returns an example")
    return ChargeCardOutput.from_json(
        {
            "status": "success",
            "timestamp": "2026-01-31T12:00:00Z",
            "transaction_id": "string",
        },
    )
