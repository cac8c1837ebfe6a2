"""Step `class`: the function `import` of the executor `order-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import ClassInput, ClassOutput


def class_(
    context: TaskContext,
    input: ClassInput,
) -> ClassOutput:
    context.logger.warning("step `class` is a stub: it returns an example")
    return None
