"""Step `validate`: the function `check` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import ValidateInput, ValidateOutput


def validate(
    context: TaskContext,
    input: ValidateInput,
) -> ValidateOutput:
    """Checks the order; \"\"\" quotes"""
    context.logger.warning("step `validate` is a stub: it returns an example")
    return ValidateOutput.from_json({"ok": True, "score": 1.5})
