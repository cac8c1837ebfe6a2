"""Semantic versions and npm's ranges, as far as sub-workflows need them.

`1.2.3`, `=1.2.3`, `*`, `1.x`, `1.2`, `^1.2.3`, `~1.2.3`, `>=1.0.0 <2.0.0`, `1.0.0 - 2.0.0`
and alternatives by `||`. A pre-release only satisfies a range that names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Version = tuple[tuple[int, int, int], tuple[tuple[int, int, str], ...]]
_VERSION = re.compile(
    r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_PARTIAL = re.compile(
    r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?"
)
_COMPARATOR = re.compile(r"\s*(\^|~|>=|<=|>|<|=)?\s*(\S+)")
_LAST = ((1 << 62, 0, ""),)  # a release is greater than all of its pre-releases
Test = Callable[[Version], bool]


def parse_version(text: str) -> Version:
    """A version that compares. Raises ValueError for what is none."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no semantic version")
    numbers = (int(found[1]), int(found[2]), int(found[3]))
    return numbers, _prerelease(found[4])


def _prerelease(text: str | None) -> tuple[tuple[int, int, str], ...]:
    if text is None:
        return _LAST
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in text.split(".")
    )


def satisfies(version: str, range: str) -> bool:
    """Whether a version is in a range. Raises ValueError for a malformed one."""
    parsed = parse_version(version)
    alternatives = [_tests(part.strip()) for part in range.split("||")]
    plain = parsed[1] == _LAST or "-" in range.replace(" - ", "")
    return any(plain and all(test(parsed) for test in tests) for tests in alternatives)


def _tests(text: str) -> list[Test]:
    hyphen = re.fullmatch(r"(\S+)\s+-\s+(\S+)", text)
    if hyphen is not None:
        return _comparator(">=", hyphen[1]) + _comparator("<=", hyphen[2])
    tests: list[Test] = []
    for operator, operand in _COMPARATOR.findall(text):
        tests += _comparator(operator, operand)
    return tests


def _comparator(operator: str, operand: str) -> list[Test]:
    found = _PARTIAL.fullmatch(operand)
    if found is None:
        raise ValueError(f"`{operator}{operand}` is no version range")
    numbers = [int(n) for n in found.groups()[:3] if n and n.isdigit()]
    known = len(numbers)
    low: Version = (_fill(numbers), _prerelease(found[4]) if known == 3 else _LAST)
    # everything that an incomplete version stands for lies between low and high
    floor: Version = (_fill(numbers), ())
    high = _after(numbers, known - 1)
    if operator == ">=":
        return [lambda v: v >= (low if known == 3 else floor)]
    if operator == "<":
        return [lambda v: v < (low if known == 3 else floor)]
    if operator == ">":
        return [lambda v: v > low if known == 3 else v >= high]
    if operator == "<=":
        return [lambda v: v <= low if known == 3 else v < high]
    if known == 0:
        return []
    if operator == "~":
        high = _after(numbers, min(known, 2) - 1)
    elif operator == "^":
        # up to the next change of the leftmost number that is not zero
        leading = next((i for i, n in enumerate(numbers) if n), known - 1)
        high = _after(numbers, leading)
    elif known == 3:
        return [lambda v: v == low]
    start = low if known == 3 else floor
    return [lambda v: v >= start, lambda v: v < high]


def _fill(numbers: list[int]) -> tuple[int, int, int]:
    filled = [*numbers, 0, 0, 0]
    return filled[0], filled[1], filled[2]


def _after(numbers: list[int], position: int) -> Version:
    """The first version beyond all that agree up to `position`."""
    if position < 0:
        return ((1 << 62, 0, 0), ())
    return (_fill([*numbers[:position], numbers[position] + 1]), ())
