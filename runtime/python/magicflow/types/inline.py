"""Writes one Python function per list and object type, with the checks of scalars in it.

A call costs more than the check that it makes, so members that are scalars are checked
in place. Nothing of a schema gets into the source: names and bounds are constants of
the function's globals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias, cast

from magicflow.types.domain import SAFE_INTEGER
from magicflow.types.problems import MISSING, Accepts, Check

Inline: TypeAlias = "Callable[[str, Constants], str]"
"""The source of a condition on the variable of that name."""


class Constants:
    """The globals of a function that is being written."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {
            "MISSING": MISSING,
            "LOWEST": -SAFE_INTEGER,
            "HIGHEST": SAFE_INTEGER,
        }

    def add(self, value: Any) -> str:
        """The name under which the function sees a value."""
        name = f"c{len(self.values)}"
        self.values[name] = value
        return name


def condition(check: Check, variable: str, constants: Constants) -> str:
    """The source that says whether a variable fits: in place, or by a call."""
    if check.inline is not None:
        return check.inline(variable, constants)
    return f"{constants.add(check.accepts)}({variable})"


def write(lines: list[str], constants: Constants) -> Accepts:
    """The function `accepts(value)` with these lines as its body."""
    scope = constants.values
    exec(_compiled("\n    ".join(lines)), scope)
    return cast(Accepts, scope["accepts"])


@lru_cache(maxsize=512)
def _compiled(body: str) -> CodeType:
    """Compiling costs ten times what running it does, and types of the same shape have
    the same source: all that differs is in the constants."""
    return compile(f"def accepts(value):\n    {body}\n", "<type>", "exec")


def sizes(low: int, high: int | None) -> list[str]:
    """Lines that refuse a value of the wrong length."""
    lines = [f"if len(value) < {low:d}: return False"] if low else []
    if high is not None:
        lines.append(f"if len(value) > {high:d}: return False")
    return lines


def write_array(
    item: Check | None, low: int, high: int | None, unique: Accepts | None
) -> Accepts:
    """A list whose items fit; None: all items do."""
    constants = Constants()
    lines = ["if type(value) is not list: return False", *sizes(low, high)]
    if item is not None:
        lines += [
            "for v in value:",
            f"    if not ({condition(item, 'v', constants)}): return False",
        ]
    lines.append(f"return {constants.add(unique)}(value)" if unique else "return True")
    return write(lines, constants)


def write_map(
    item: Check | None, low: int, high: int | None, names: Accepts | None
) -> Accepts:
    """An object whose members fit, names and values."""
    constants = Constants()
    lines = ["if type(value) is not dict: return False", *sizes(low, high)]
    if names is not None:
        lines += [
            "for v in value:",
            f"    if not {constants.add(names)}(v): return False",
        ]
    if item is not None:
        lines += [
            "for v in value.values():",
            f"    if not ({condition(item, 'v', constants)}): return False",
        ]
    return write([*lines, "return True"], constants)


def write_object(
    fields: list[tuple[str, Check, bool]],
    undeclared: frozenset[str],
    low: int,
    high: int | None,
    extra: Callable[[str, Any], bool] | None,
) -> Accepts:
    """An object with fields (name, check, required), required names that are no fields,
    and a test of other members; None: every other member is fine."""
    constants = Constants()
    lines = ["if type(value) is not dict: return False", *sizes(low, high)]
    if undeclared:
        lines.append(
            f"if not {constants.add(undeclared)} <= value.keys(): return False"
        )
    count = sum(required for _, _, required in fields)
    if count < len(fields) and extra is not None:
        lines.append("n = 0")
    needed = {
        name: f"v{index}"
        for index, (name, _, is_needed) in enumerate(fields)
        if is_needed
    }
    if needed:
        # A subscript costs half of what `get` does.
        reads = [f"{v} = value[{constants.add(name)}]" for name, v in needed.items()]
        lines += ["try:", *("    " + read for read in reads)]
        lines.append("except KeyError: return False")
    if count < len(fields):
        lines.append("get = value.get")
    for name, check, _ in fields:
        if name in needed:
            fits = condition(check, needed[name], constants)
            lines.append(f"if not ({fits}): return False")
            continue
        lines += [
            f"v = get({constants.add(name)}, MISSING)",
            "if v is not MISSING:",
            f"    if not ({condition(check, 'v', constants)}): return False",
        ]
        if extra is not None:
            lines.append("    n += 1")
    if extra is not None:
        known = constants.add(frozenset(name for name, _, _ in fields))
        found = f"{count} + n" if "n = 0" in lines else f"{count}"
        lines += [
            f"if len(value) != {found}:",
            "    for name, v in value.items():",
            f"        if name not in {known} and not {constants.add(extra)}(name, v):",
            "            return False",
        ]
    return write([*lines, "return True"], constants)
