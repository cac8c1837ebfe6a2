"""Strongly connected components of a graph: Tarjan's algorithm, without recursion."""

from __future__ import annotations


def components(targets: list[list[int]]) -> list[list[int]]:
    """Those that can be come to from 0, by strongly connected component; each component
    before those that it leads to. `targets` are where each leads."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    calls: list[tuple[int, int]] = [(0, 0)]
    while calls:
        state, place = calls.pop()
        if place == 0:
            index[state] = low[state] = len(index)
            stack.append(state)
            on_stack.add(state)
        following = targets[state]
        while place < len(following):
            target = following[place]
            place += 1
            if target not in index:
                calls += [(state, place), (target, 0)]
                break
            if target in on_stack:
                low[state] = min(low[state], low[target])
        else:
            if low[state] == index[state]:
                at = _last(stack, state)
                found.append(stack[at:])
                on_stack.difference_update(stack[at:])
                del stack[at:]
            if calls:
                above = calls[-1][0]
                low[above] = min(low[above], low[state])
    return found[::-1]


def _last(stack: list[int], state: int) -> int:
    """Where a state stands, looked for from the end."""
    place = len(stack) - 1
    while stack[place] != state:
        place -= 1
    return place
