"""The project's own corpus is exact in generated Go, and Go and Python never differ."""

from __future__ import annotations

from pathlib import Path

from tests.exactness.__main__ import FAILURES, run
from tests.exactness.corpus import read_corpus
from tests.languages import need

CORPUS = Path(__file__).parent / "corpus"


def test_generated_go_is_exact() -> None:
    need("go")
    groups = [
        group for file in sorted(CORPUS.glob("*.jsonl")) for group in read_corpus(file)
    ]
    report = run(groups, ["go"])
    (verdicts,) = report["languages"].values()
    assert {kind: verdicts[kind] for kind in FAILURES} == dict.fromkeys(FAILURES, 0)
    assert verdicts["exact_groups"] == verdicts["groups"] > 500
    assert verdicts["exact"] == verdicts["instances"]
