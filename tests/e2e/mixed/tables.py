"""The tables of a Go program for all workflows of a generated project: every step with
a function that plays a script, every workflow with its typed client. They are read off
the generated code: whoever writes such a program by hand reads it there as well."""

from __future__ import annotations

import re
from pathlib import Path

_HEAD = """\
package main

import (
{imports}

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/worker"
)

var _ = mf.Any // not every workflow has codecs of the runtime's own

func executors() []*worker.Executor {{
{executors}
	return []*worker.Executor{{{made}}}
}}

func workflows() map[string]func(request, *told) error {{
	return map[string]func(request, *told) error{{
{clients}
	}}
}}
"""


def write_tables(project: Path, file: Path) -> None:
    imports: list[str] = []
    executors: list[str] = []
    made: list[str] = []
    clients: list[str] = []
    for place in sorted(project.glob("*/client/client_gen.go")):
        package = place.parent.parent.name
        imports += [
            f'\t"workflows/{package}"',
            f'\t{package}client "workflows/{package}/client"',
        ]
        routes = _calls(
            project / package / "executor" / "executor_gen.go", "worker.NewRoute"
        )
        if routes:
            imports.append(f'\t{package}executor "workflows/{package}/executor"')
            name = f"executor{len(made)}"
            executors.append(f"\t{name} := {package}executor.New()")
            made.append(f"{name}.Executor")
        for _, step, _, takes, gives in routes:
            executors.append(
                f"\t{name}.RegisterFunction({step}, play({takes}, {gives}))"
            )
        ((_, workflow, takes, gives, _),) = _calls(place, "client.NewWorkflow")
        client = f"{package}client.FromEnvironment().Workflow"
        clients.append(f"\t\t{workflow}: run({client}, {takes}, {gives}),")
    file.write_text(
        _HEAD.format(
            imports="\n".join(imports),
            executors="\n".join(executors),
            made=", ".join(made),
            clients="\n".join(clients),
        ),
        encoding="utf-8",
    )


def _calls(file: Path, function: str) -> list[list[str]]:
    """The arguments of every call of a function."""
    text = file.read_text(encoding="utf-8")
    starts = [match.end() for match in re.finditer(re.escape(function) + r"\(", text)]
    return [_arguments(text, start) for start in starts]


def _arguments(text: str, start: int) -> list[str]:
    found, depth, begin, at = [], 0, start, start
    while True:
        char = text[at]
        if char == '"':
            at = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, at).end()  # type: ignore[union-attr]
            continue
        if char in ",)" and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
            if char == ")":
                return found
        depth += (char in "([{") - (char in ")]}")
        at += 1
