"""Plans in executable form: expressions and validators compiled once, names resolved.

`load_plan` takes the JSON of `plan.json`; everything else of the runtime reads the
objects in `magicflow.plan.nodes`.
"""

from magicflow.plan.load import PlanError, load_plan
from magicflow.plan.nodes import Node, Plan

__all__ = ["Node", "Plan", "PlanError", "load_plan"]
