"""Step `2fa-code`: the function `def` of the executor `2fa`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import Type2faCodeInput, Type2faCodeOutput


def step_2fa_code(
    context: TaskContext,
    input: Type2faCodeInput,
) -> Type2faCodeOutput:
    context.logger.warning("step `2fa-code` is a stub: it returns an example")
    return Type2faCodeOutput.from_json({"code": "string"})
