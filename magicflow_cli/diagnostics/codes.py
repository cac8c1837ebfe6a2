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
# (MF0001 to MF0039: the command line)
MF0001 = _error("MF0001", "The command line is not understood")
MF0002 = _error("MF0002", "A file or folder does not exist")
MF0003 = _error("MF0003", "A folder cannot be read")
MF0004 = _error("MF0004", "There is no workflow to work on")
MF0005 = _error("MF0005", "The output cannot be written")
MF0006 = _error("MF0006", "There is no such diagnostic code")
MF0007 = _error("MF0007", "One workflow is needed and there are several")
MF0008 = _error("MF0008", "There is no such schema")
MF0009 = _error("MF0009", "A package is missing")

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
