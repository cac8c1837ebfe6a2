"""`make demo`: what Magic Flow does with a workflow, and with three mistakes in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).with_name("magic-flow")
WORKFLOW = Path("examples/user-onboarding")
DRAWING = Path("generated/user-onboarding.svg")
MISTAKES = (
    ("misspelt-step", "A step that does not exist", 1),
    ("wrong-type", "A number compared with a text", 1),
    ("retry-without-time", "Retries that no time is left for", 1),
)
NEXT = (
    "magic-flow explain MF7003",
    "magic-flow plan examples/user-onboarding",
    "magic-flow generate docs examples/user-onboarding --format openapi",
)


def main() -> int:
    console = Console()
    console.print()
    console.print(
        Panel(
            "[bold]Magic Flow[/bold] reads a workflow and the types of its data, checks"
            " them against each other, and compiles them to a plan.",
            expand=False,
        )
    )
    heading(console, "Two files: the workflow and its data")
    console.print(excerpt(ROOT / WORKFLOW / "workflow.yaml", 17, 41))

    heading(console, "Checked: what is worth a look, nothing that is wrong")
    run(console, "validate", WORKFLOW, "--format", "concise", expected=0)

    heading(console, "Told in plain words")
    run(console, "explain", WORKFLOW, expected=0, stderr=subprocess.DEVNULL)

    heading(console, "Drawn")
    run(
        console,
        *("graph", WORKFLOW, "--output", DRAWING),
        expected=0,
        stderr=subprocess.DEVNULL,
    )
    console.print(f"→ {DRAWING}  [dim](open it in a browser)[/dim]")

    heading(console, "Three mistakes, found before anything runs")
    for name, what, expected in MISTAKES:
        console.print(f"\n[bold]{what}[/bold]")
        file = Path("examples/mistakes") / f"{name}.yaml"
        run(console, "validate", file, "--strict", expected=expected)

    heading(console, "Try next")
    for line in NEXT:
        console.print(f"  [cyan].venv/bin/{line}[/cyan]")
    console.print()
    return 0


def heading(console: Console, text: str) -> None:
    console.print()
    console.print(Rule(f"[bold]{text}", align="left"))


def excerpt(file: Path, first: int, last: int) -> Syntax:
    return Syntax(
        file.read_text("utf-8"),
        "yaml",
        line_range=(first, last),
        line_numbers=True,
        background_color="default",
    )


def run(
    console: Console, *arguments: str | Path, expected: int, stderr: int | None = None
) -> None:
    """Show a command and what it prints; the demo ends when it does not end as
    expected."""
    shown = " ".join(map(str, arguments))
    console.print(f"[dim]$[/dim] [bold]magic-flow {shown}[/bold]")
    sys.stdout.flush()
    done = subprocess.run([COMMAND, *arguments], cwd=ROOT, stderr=stderr, check=False)
    if done.returncode != expected:
        sys.exit(f"magic-flow {shown} ended with {done.returncode}, not {expected}")


if __name__ == "__main__":
    sys.exit(main())
