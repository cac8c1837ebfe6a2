"""How fast code is generated: `make bench`.

Medians of processes started anew, beside `python -c pass` and datamodel-codegen on the
same context, in one run. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
EXAMPLE = ROOT / "examples" / "user-onboarding"
RUNS = 11
WORKFLOWS = 1000


def main() -> int:
    print(f"medians of {RUNS} runs")
    base = median([sys.executable, "-c", "pass"])
    print(f"{'python -c pass':<44}{base * 1000:9.1f} ms")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = [
            *measure_cold(base, folder),
            *measure_types(folder),
            *measure_many(folder),
        ]
    return 0 if all(kept) else 1


def generate(target: str, output: Path, *options: str | Path) -> list[str | Path]:
    workflow = ["--workflow", EXAMPLE / "workflow.yaml", "--output", output]
    return [SCRIPTS / "magic-flow", "generate", target, *workflow, *options]


def measure_cold(base: float, folder: Path) -> list[bool]:
    """Multiples of `python -c pass`: into an empty folder, and when nothing changes."""
    output = folder / "all"
    cold = median(generate("all", output), lambda: remove(output))
    check = median(generate("all", output, "--check"))
    return [
        report("generate all, cold", cold * 1000, "ms", cold / base, 40),
        report(
            "generate all --check, no changes", check * 1000, "ms", check / base, 25
        ),
    ]


def measure_types(folder: Path) -> list[bool]:
    """Beside datamodel-codegen, which gets the two schemas of the same context."""
    schema = folder / "context.json"
    schema.write_text(json.dumps(_schema()))
    output = folder / "types"
    ours = median(generate("types", output), lambda: remove(output))
    theirs = median(
        [
            SCRIPTS / "datamodel-codegen",
            *("--input", schema, "--input-file-type", "jsonschema"),
            *("--output-model-type", "pydantic_v2.BaseModel"),
            *("--output", folder / "models.py"),
        ]
    )
    print(f"{'datamodel-codegen':<44}{theirs * 1000:9.1f} ms")
    return [
        report("generate types", ours * 1000, "ms", theirs / ours, 2, at_least=True)
    ]


def _schema() -> dict[str, Any]:
    context = yaml.safe_load((EXAMPLE / "context.yaml").read_text("utf-8"))["spec"]
    properties = {
        "input": _standard(context["input_schema"]),
        "output": _standard(context["output_schema"]),
    }
    return {"title": "Root", "type": "object", "properties": properties}


def _standard(schema: Any) -> Any:
    """Without the draft-03 `required: true` of the example."""
    if isinstance(schema, dict):
        return {
            key: _standard(value)
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, bool))
        }
    return schema


def measure_many(folder: Path) -> list[bool]:
    """A folder of workflows, all targets, one command."""
    flows = folder / "flows"
    workflow = (EXAMPLE / "workflow.yaml").read_text("utf-8")
    for number in range(WORKFLOWS):
        (flows / str(number)).mkdir(parents=True)
        renamed = workflow.replace(
            "user-onboarding\n", f"user-onboarding-{number}\n", 1
        )
        (flows / str(number) / "workflow.yaml").write_text(renamed, "utf-8")
        shutil.copy(EXAMPLE / "context.yaml", flows / str(number))
    start = time.perf_counter()
    run([SCRIPTS / "magic-flow", "generate", "all", flows, "--output", folder / "many"])
    rate = WORKFLOWS / (time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        report(
            f"{WORKFLOWS} workflows, all targets",
            rate,
            "workflows/s",
            rate,
            40,
            at_least=True,
        ),
        report("memory of that", memory, "MB", memory, 400),
    ]


def report(
    name: str,
    value: float,
    unit: str,
    measure: float,
    bound: float,
    *,
    at_least: bool = False,
) -> bool:
    kept = measure >= bound if at_least else measure <= bound
    sign = ">=" if at_least else "<="
    verdict = "" if kept else "  BROKEN"
    print(f"{name:<44}{value:9.1f} {unit:<12}{measure:8.1f} {sign} {bound:g}{verdict}")
    return kept


def median(command: list[Any], before: Callable[[], None] | None = None) -> float:
    """Seconds of wall time; the first run, which fills caches, is left out."""
    seconds: list[float] = []
    for _ in range(RUNS + 1):
        if before is not None:
            before()
        start = time.perf_counter()
        run(command)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def run(command: list[Any]) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr.decode()[-2000:]}")


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
