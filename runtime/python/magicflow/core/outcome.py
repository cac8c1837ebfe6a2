"""The output of a run that completes."""

from __future__ import annotations

from magicflow.core import ending
from magicflow.core.scope import Scope
from magicflow.core.transition import Transition
from magicflow.core.values import Refused, nameless, refuse_unfit, value_of


def complete_run(tx: Transition) -> None:
    """Evaluate and check the output; one that fails or does not fit fails the run."""
    try:
        output = value_of(tx, Scope(tx, None), tx.plan.output, "the run's output")
        refuse_unfit(tx.plan.output_check, output, "the run's output", nameless)
    except Refused as refused:
        ending.begin(tx, "failed", refused.error)
    else:
        ending.begin(tx, "completed", output=output, undo=False)
