"""From view models to texts: templates that decide nothing, filters for every sink."""

from magicflow_cli.generate.render.environment import render_files

__all__ = ["render_files"]
