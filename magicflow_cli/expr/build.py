"""Compiles grammar.lark with lark into _standalone.py: `python -m magicflow_cli.expr.build`.

lark analyses the grammar (LALR(1), conflicts are errors); what is committed are its
tables, which reader.py drives: lark's own stand-alone module costs 24 ms to import,
the tables and their driver 3 ms. `--check` writes nothing and exits 1 when the file is out of date.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark

HEADER = '''"""Generated from grammar.lark by magicflow_cli.expr.build with lark. DO NOT EDIT.

TERMINALS: name and pattern, in the order in which they are tried.
RULES: the origin, how many symbols it takes, and the action or "".
ACTIONS: by state, by terminal: a state to shift to, or -1 - n to reduce by rule n.
GOTOS: by state, by origin: the state that follows a reduction.
"""

'''


def render() -> str:
    """The text of _standalone.py for the grammar as it stands."""
    from lark import Lark

    grammar = files("magicflow_cli.expr").joinpath("grammar.lark").read_text("utf-8")
    lark = Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)
    return HEADER + _terminals(lark) + _tables(lark)


def _terminals(lark: Lark) -> str:
    # lark's own order: priority, then what can match more text.
    ordered = sorted(
        lark.terminals,
        key=lambda t: (
            -t.priority,
            -min(t.pattern.max_width, 1 << 16),
            -len(t.pattern.value),
            t.name,
        ),
    )
    lines = [f"    ({t.name!r}, {t.pattern.to_regexp()!a}),\n" for t in ordered]
    return f"TERMINALS = (\n{''.join(lines)})\n"


def _tables(lark: Lark) -> str:
    from lark.parsers.lalr_analysis import Shift

    table = lark.parser.parser._parse_table
    rules = {rule: number for number, rule in enumerate(lark.rules)}
    terminals = {terminal.name for terminal in lark.terminals} | {"$END"}
    rows = [
        f"    {(str(rule.origin.name), len(rule.expansion), str(rule.alias or ''))!r},\n"
        for rule in lark.rules
    ]
    actions: list[str] = []
    gotos: list[str] = []
    numbers = _number_states(table.states, table.start_states["start"])
    for state in numbers:
        shifts: dict[str, int] = {}
        follows: dict[str, int] = {}
        for symbol, (action, argument) in sorted(table.states[state].items()):
            if symbol not in terminals:
                follows[str(symbol)] = numbers[argument]
            elif action is Shift:
                shifts[str(symbol)] = numbers[argument]
            else:
                shifts[str(symbol)] = -1 - rules[argument]
        actions.append(f"    {shifts!r},\n")
        gotos.append(f"    {follows!r},\n")
    return (
        f"RULES = (\n{''.join(rows)})\n"
        f"ACTIONS: tuple[dict[str, int], ...] = (\n{''.join(actions)})\n"
        f"GOTOS: tuple[dict[str, int], ...] = (\n{''.join(gotos)})\n"
        f"START = {numbers[table.start_states['start']]}\n"
        f"ACCEPT = {numbers[table.end_states['start']]}\n"
    )


def _number_states(states: dict[int, Any], start: int) -> dict[int, int]:
    """New numbers in the order of reach: lark's own depend on the hash seed."""
    from lark.parsers.lalr_analysis import Shift

    numbers = {start: 0}
    queue = [start]
    for state in queue:
        for _, (action, target) in sorted(states[state].items(), key=lambda i: i[0]):
            if action is Shift and target not in numbers:
                numbers[target] = len(numbers)
                queue.append(target)
    return numbers


def main(arguments: list[str]) -> int:
    target = Path(__file__).with_name("_standalone.py")
    text = render()
    if "--check" in arguments:
        return 0 if target.read_text("utf-8") == text else 1
    target.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
