"""python -m tests.exactness --corpus FILE.jsonl --languages python --report OUT.json

Exit status: 0 when every verdict is exact and every group that should be refused is; 1
when not; 2 when the corpus cannot be read or a language cannot be run. Groups with
instances that the profile refuses are counted (`refused`) and fail with `--complete`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.exactness.compiling import CompiledCorpus, compile_corpus
from tests.exactness.corpus import CorpusError, Group, read_corpus
from tests.exactness.drivers import LANGUAGES, Unavailable
from tests.exactness.report import (
    FAILURES,
    Verdicts,
    find_disagreements,
    judge_language,
    judge_refusals,
)
from tests.exactness.verdicts import Question, ask


def run(groups: list[Group], languages: list[str]) -> dict[str, Any]:
    """The report of all languages over a corpus. Raises `Unavailable`."""
    compiled = compile_corpus(groups)
    drivers: dict[str, dict[str, Verdicts]] = {}
    with tempfile.TemporaryDirectory(prefix="exactness-") as folder:
        for language in languages:
            for name, prepare in LANGUAGES[language].items():
                place = Path(folder) / f"{language}-{name}"
                place.mkdir()
                command = prepare(compiled, place)
                verdicts = _ask_all(groups, compiled, command)
                drivers.setdefault(language, {})[name] = verdicts
    every = {
        f"{language}/{name}": verdicts
        for language, found in drivers.items()
        for name, verdicts in found.items()
    }
    compiler = judge_refusals(groups, compiled)
    return {
        "groups": len(groups),
        "instances": sum(len(group.instances) for group in groups),
        "compiler": compiler,
        "languages": {
            language: judge_language(groups, found)
            | {"refused_as_expected": compiler["refused_as_expected"]}
            for language, found in drivers.items()
        },
        "disagreements": find_disagreements(groups, every),
    }


def _ask_all(
    groups: list[Group], compiled: CompiledCorpus, command: list[str]
) -> Verdicts:
    keys = [
        (group.id, index)
        for group in groups
        if group.id in compiled.roots
        for index in range(len(group.instances))
    ]
    instances = {group.id: group.instances for group in groups}
    questions = [Question(id, instances[id][index].json) for id, index in keys]
    return dict(zip(keys, ask(command, questions), strict=True))


def is_exact(report: dict[str, Any], complete: bool) -> bool:
    compiler = report["compiler"]
    return (
        not report["disagreements"]
        and not compiler["refused_wrongly"]
        and not (complete and compiler["refused"])
        and not any(
            language[kind]
            for language in report["languages"].values()
            for kind in FAILURES
        )
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.exactness", description=__doc__
    )
    parser.add_argument("--corpus", type=Path, required=True, action="append")
    parser.add_argument("--languages", default="python")
    parser.add_argument("--report", type=Path)
    parser.add_argument(
        "--complete",
        action="store_true",
        help="fail when a group with instances is refused",
    )
    options = parser.parse_args(arguments)
    languages = [name for name in options.languages.split(",") if name]
    unknown = [name for name in languages if name not in LANGUAGES]
    if unknown:
        print(f"no driver for {', '.join(unknown)}", file=sys.stderr)
        return 2
    try:
        groups = [group for path in options.corpus for group in read_corpus(path)]
        _refuse_duplicates(groups)
        report = run(groups, languages)
    except (CorpusError, OSError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 2
    if options.report is not None:
        text = json.dumps(report, indent=2, ensure_ascii=True) + "\n"
        options.report.write_text(text, encoding="utf-8")
    _print(report)
    return 0 if is_exact(report, options.complete) else 1


def _refuse_duplicates(groups: list[Group]) -> None:
    seen: set[str] = set()
    for group in groups:
        if group.id in seen:
            raise CorpusError(f"two groups have the id {group.id!r}")
        seen.add(group.id)


def _print(report: dict[str, Any]) -> None:
    compiler = report["compiler"]
    print(f"{report['groups']} groups, {report['instances']} instances")
    print(
        f"compiler: {compiler['refused_as_expected']} refused as expected, "
        f"{len(compiler['refused_wrongly'])} wrongly not or with another code, "
        f"{len(compiler['refused'])} outside the profile"
    )
    for language, summary in report["languages"].items():
        for name, result in {"": summary, **summary["drivers"]}.items():
            title = f"{language}/{name}" if name else language
            counts = {kind: result[kind] for kind in FAILURES}
            shown = ", ".join(
                f"{found if isinstance(found, int) else len(found)} {kind.replace('_', ' ')}"
                for kind, found in counts.items()
            )
            print(
                f"{title}: {result['exact_groups']}/{result['groups']} groups and "
                f"{result['exact']}/{result['instances']} instances exact; {shown}"
            )
    print(f"disagreements: {len(report['disagreements'])}")


if __name__ == "__main__":
    sys.exit(main())
