"""Every route of the server. Importing this collects them."""

from __future__ import annotations

from magicflow.server import executions, human, operations, tasks, v1, workflows
from magicflow.server.app import ROUTES

ALL = ROUTES
__all__ = ["ALL", "executions", "human", "operations", "tasks", "v1", "workflows"]
