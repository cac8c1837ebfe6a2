"""Load: bytes to node trees in which every node knows its place."""

from __future__ import annotations

from pathlib import Path

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Diagnostic, Report, Span
from magicflow_cli.diagnostics.suppression import MARKER
from magicflow_cli.load.decode import check_characters, decode
from magicflow_cli.load.files import read_bytes
from magicflow_cli.load.nodes import Document, Source
from magicflow_cli.record import Value

__all__ = ["Loaded", "load_file", "load_text"]


class Loaded(Value):
    """What a file holds. `documents` are the complete, non-empty ones in order, also
    when `diagnostics` (unsorted) report errors. `source` is for showing diagnostics:
    what is not UTF-8 is replaced in it, and a file that is too large is left out."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    source: Source


def load_text(data: bytes, file: str, *, pure: bool | None = None) -> Loaded:
    """Read YAML 1.2, or JSON when `file` ends with `.json`. Never raises for bad input.

    `file` names the source in diagnostics. `pure` picks the YAML parser, see
    `yaml_parsers.open_parser`.
    """
    report = Report()
    text = decode(data, file, report)
    source = Source(file, text)
    if report.diagnostics:
        return Loaded((), tuple(report.diagnostics), source)
    if file.endswith(".json"):
        documents = _read_json(source, report)
    else:
        documents = _read_yaml(source, report, pure)
    if not documents and not report.diagnostics:
        report.add(
            codes.MF0107,
            "file holds no document",
            Span(file, 1, 1, 1, 1),
            help="write a document that starts with `apiVersion` and `kind`",
        )
    return Loaded(documents, tuple(report.diagnostics), source)


def load_file(path: Path, name: str, *, pure: bool | None = None) -> Loaded:
    """`load_text` of a file's bytes; `name` stands for it in diagnostics."""
    report = Report()
    data = read_bytes(path, name, report)
    if data is None:
        return Loaded((), tuple(report.diagnostics), Source(name, ""))
    return load_text(data, name, pure=pure)


def _read_yaml(
    source: Source, report: Report, pure: bool | None
) -> tuple[Document, ...]:
    from magicflow_cli.load.yaml_reader import YamlReader

    if not check_characters(source.text, source.file, report):
        return ()
    reader = YamlReader(source, report, pure)
    documents = reader.read()
    if MARKER in source.text:
        from magicflow_cli.load.comments import find_suppressions

        find_suppressions(source, reader.extents, report)
    return documents


def _read_json(source: Source, report: Report) -> tuple[Document, ...]:
    from magicflow_cli.load.json_reader import JsonReader

    document = JsonReader(source, report).read()
    return () if document is None else (document,)
