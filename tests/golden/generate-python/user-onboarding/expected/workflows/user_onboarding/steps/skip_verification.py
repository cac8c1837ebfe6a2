"""Step `skip-verification`: the function `skip-verification` of the executor `verification-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import SkipVerificationInput, SkipVerificationOutput


def skip_verification(
    context: TaskContext,
    input: SkipVerificationInput,
) -> SkipVerificationOutput:
    context.logger.warning("step `skip-verification` is a stub: it returns an example")
    return None
