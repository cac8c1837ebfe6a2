"""Every diagnostic code, by range. A code is never reused.

MF0 usage, configuration, files, YAML and JSON syntax; MF1 names; MF2 schema profile;
MF3 workflow graph; MF4 output; MF5 plugins and templates; MF6 expressions and data
flow; MF7 time, retry and size budgets; MF8 security and style; MF9 bugs of ours.
Each has a page `docs/diagnostics/<code>.md`; a test holds the two together.
"""

from __future__ import annotations

from magicflow_cli.diagnostics.model import Code, Severity

CODES: dict[str, Code] = {}


def _error(id: str, title: str) -> Code:
    return _register(Code(id, Severity.ERROR, title))


def _warning(id: str, title: str) -> Code:
    return _register(Code(id, Severity.WARNING, title))


def _register(code: Code) -> Code:
    if code.id in CODES:
        raise ValueError(f"{code.id} is registered twice")
    CODES[code.id] = code
    return code


# MF0: usage, configuration, files, YAML and JSON syntax

# MF1: names

# MF2: schema profile

# MF3: workflow graph

# MF4: output

# MF5: plugins and templates

# MF6: expressions and data flow

# MF7: time, retry and size budgets

# MF8: security and style

# MF9: bugs of ours
MF9000 = _error("MF9000", "The compiler failed")
