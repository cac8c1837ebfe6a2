"""`make demo`: a workflow checked, a service generated from it, started and used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from demo_service import Service
from rich.console import Console
from rich.panel import Panel
from rich.pretty import Pretty
from rich.rule import Rule
from rich.syntax import Syntax
from rich.tree import Tree

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).with_name("magic-flow")
WORKFLOW = Path("examples/user-onboarding")
GENERATED = Path("generated/user-onboarding")
MISTAKES = (
    ("misspelt-step", "A step that does not exist", 1),
    ("wrong-type", "A number compared with a text", 1),
    ("retry-without-time", "Retries that no time is left for", 1),
)
RUNS = (
    ("A run that completes", "ada@example.com", "completed"),
    ("A run that fails, and takes its failure path", "taken@example.com", "failed"),
)
NEXT = (
    "magic-flow run examples/user-onboarding --graph generated/run.svg",
    "magic-flow start examples/user-onboarding --no-auth --examples",
    "pytest generated/user-onboarding",
)


def main() -> int:
    console = Console()
    console.print()
    console.print(
        Panel(
            "[bold]Magic Flow[/bold] reads a workflow and the types of its data, checks"
            " them against each other, and generates a typed service from them, which"
            " runs durably.",
            expand=False,
        )
    )
    heading(console, "Two files: the workflow and its data")
    console.print(excerpt(ROOT / WORKFLOW / "workflow.yaml", 17, 41))

    heading(console, "Three mistakes, found before anything runs")
    for name, what, expected in MISTAKES:
        console.print(f"\n[bold]{what}[/bold]")
        file = Path("examples/mistakes") / f"{name}.yaml"
        run(console, "validate", file, "--strict", expected=expected)

    heading(console, "Told in plain words")
    run(console, "explain", WORKFLOW, expected=0, stderr=subprocess.DEVNULL)

    heading(console, "Generated: a Python service")
    generate(console)
    console.print(tree(ROOT / GENERATED))
    steps = ROOT / "examples/onboarding_steps.py"
    first = steps.read_text("utf-8").split("def build_executor")[0].count("\n") + 1
    console.print("\n[bold]The functions behind the steps[/bold]")
    console.print(excerpt(steps, first, first + 5))

    with Service(ROOT, ROOT / GENERATED) as service:
        heading(console, f"Started: {service.url}, and its functions beside it")
        for what, email, expected in RUNS:
            heading(console, what)
            drawing = ROOT / "generated" / f"user-onboarding-{expected}.svg"
            outcome = service.onboard(email, drawing)
            console.print(Pretty(outcome, max_string=200))
            shown = drawing.relative_to(ROOT)
            console.print(f"→ {shown}  [dim]the run in the workflow's diagram[/dim]")

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
        "python" if file.suffix == ".py" else "yaml",
        line_range=(first, last),
        line_numbers=True,
        background_color="default",
    )


def generate(console: Console) -> None:
    run(
        console,
        *("generate", "all", "--workflow", WORKFLOW / "workflow.yaml"),
        *("--context", WORKFLOW / "context.yaml"),
        *("--output", GENERATED, "--language", "python"),
        expected=0,
        stderr=subprocess.DEVNULL,
    )


def tree(folder: Path) -> Tree:
    """What was generated, the runtime's source as one line."""
    root = Tree(f"[bold]{folder.relative_to(ROOT)}")
    _grow(root, folder)
    return root


def _grow(branch: Tree, folder: Path) -> None:
    for path in sorted(folder.iterdir(), key=lambda each: (each.is_file(), each.name)):
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.name == "magicflow" and path.is_dir():
            count = sum(1 for _ in path.rglob("*.py"))
            branch.add(f"magicflow  [dim]the runtime's source, {count} files[/dim]")
        elif path.is_dir():
            _grow(branch.add(path.name), path)
        else:
            branch.add(path.name)


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
