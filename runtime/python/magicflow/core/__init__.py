"""The pure core: `decide(plan, state, event)`, and what goes with it.

See docs/core.md for events, commands, state and delta.
"""

from magicflow.core import nodes as _nodes  # fills the table of kinds
from magicflow.core.decide import Decision, decide, replay
from magicflow.core.retry import resume_point
from magicflow.core.state import Delta, State, apply, fold, new_state

__all__ = [
    "Decision",
    "Delta",
    "State",
    "apply",
    "decide",
    "fold",
    "new_state",
    "replay",
    "resume_point",
]
assert _nodes
