"""The table of commands: what `magic-flow --help` lists and where each one lives.

The table is all that the top-level help needs, so that it is printed without importing
typer or any command.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """`module` has a typer application called `app`."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Entry(
        "validate",
        "magicflow_cli.cli.validate",
        "Check workflows and show what is wrong with them.",
    ),
    Entry(
        "plan",
        "magicflow_cli.cli.plan",
        "Compile a workflow and print its plan.",
    ),
    Entry(
        "graph",
        "magicflow_cli.cli.graph",
        "Draw a workflow as SVG or Mermaid.",
    ),
    Entry(
        "explain",
        "magicflow_cli.cli.explain",
        "Explain a diagnostic code, or a workflow in plain words.",
    ),
    Entry(
        "generate",
        "magicflow_cli.cli.generate",
        "Generate typed services and documentation from workflows.",
    ),
    Entry(
        "run",
        "magicflow_cli.cli.run",
        "Run a workflow here and show it as it goes on.",
    ),
    Entry(
        "start",
        "magicflow_cli.cli.start",
        "Serve every workflow of a folder.",
    ),
    Entry(
        "test",
        "magicflow_cli.cli.test",
        "Run a workflow's scenarios in virtual time.",
    ),
    Entry(
        "simulate",
        "magicflow_cli.cli.simulate",
        "Run a workflow many times in virtual time and measure it.",
    ),
    Entry(
        "verify",
        "magicflow_cli.cli.verify",
        "Explore every combination of outcomes of a workflow.",
    ),
    Entry(
        "schema",
        "magicflow_cli.cli.schema",
        "Print a JSON Schema of the language.",
    ),
)

GENERATE = (
    Entry(
        "all",
        "magicflow_cli.cli.generate_targets",
        "Generate types, executor, server and client.",
    ),
    Entry(
        "types",
        "magicflow_cli.cli.generate_targets",
        "Generate the types, constants and errors of a workflow.",
    ),
    Entry(
        "executor",
        "magicflow_cli.cli.generate_targets",
        "Generate the typed executor that runs a workflow's functions.",
    ),
    Entry(
        "server",
        "magicflow_cli.cli.generate_targets",
        "Generate the server that runs a workflow.",
    ),
    Entry(
        "client",
        "magicflow_cli.cli.generate_targets",
        "Generate the typed client of a workflow.",
    ),
    Entry(
        "docs",
        "magicflow_cli.cli.generate_docs",
        "Describe the workflow's service: OpenAPI or Markdown.",
    ),
)

HELP = """\
Usage: magic-flow [OPTIONS] COMMAND [ARGS]...

  Write a workflow and its data once, in YAML; check it, generate typed services
  from it, run it durably.

Commands:
{commands}

Options:
  --version             Print the version.
  --install-completion  Install completion for the current shell.
  --show-completion     Print the completion script of the current shell.
  --help                Show this message.

Examples:
  magic-flow validate workflow.yaml
  magic-flow explain MF3012
  magic-flow graph --workflow workflow.yaml --output workflow.svg

Exit codes: 0 fine; 1 your files need a change; 2 not done.
"""


def top_level_help() -> str:
    """The text of `magic-flow --help`."""
    width = max(len(entry.name) for entry in COMMANDS) + 2
    lines = (f"  {entry.name:<{width}}{entry.summary}" for entry in COMMANDS)
    return HELP.format(commands="\n".join(lines))
