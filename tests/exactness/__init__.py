"""Exactness: does a type accept exactly what its schema accepts, in every language?

    python -m tests.exactness --corpus FILE.jsonl --languages python --report OUT.json
    python -m tests.exactness.convert SUITE_DIR > corpus.jsonl

docs/types.md describes the corpus and the report.
"""
