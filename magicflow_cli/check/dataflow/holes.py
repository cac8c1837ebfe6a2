"""What undeclared functions give, as their uses tell.

Every read of an undeclared result leaves a mark at its path; a use that needs a type
leaves a hint. In the end each marked path becomes a field of an inferred type.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from magicflow_cli.check.dataflow.typed import Hole, Typed

ITEM = "[]"
"""The path element that stands for a list's items."""


@dataclass(slots=True, eq=False, repr=False)
class Piece:
    """One path of a result. `required`: a mapping reads it without protection."""

    members: dict[str, Piece] = field(default_factory=dict)
    item: Piece | None = None
    required: bool = False
    hints: list[Typed] = field(default_factory=list)

    @property
    def marked(self) -> bool:
        return bool(self.members or self.hints or self.item is not None)


@dataclass(slots=True, eq=False, repr=False)
class Holes:
    """`links`: functions that stand in for another one and must give what it gives
    (a fallback's), by the function's key."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)

    def mark(self, hole: Hole, required: bool = False) -> None:
        """The path is read; with `required` the absence of any part is VALIDATION."""
        for function in self._linked(hole.function):
            self._piece(function, hole.path)
            for end in range(1, len(hole.path) + 1) if required else ():
                self._piece(function, hole.path[:end]).required = True

    def hint(self, hole: Hole, needed: Typed) -> None:
        """The path is used where a value of type `needed` is wanted."""
        if isinstance(needed.form, Hole):
            return
        for function in self._linked(hole.function):
            piece = self._piece(function, hole.path)
            if needed not in piece.hints:
                piece.hints.append(needed)

    def piece(self, function: str) -> Piece:
        return self.pieces.setdefault(function, Piece())

    def _linked(self, function: str) -> list[str]:
        found = [function]
        for name in found:
            found.extend(n for n in self.links.get(name, ()) if n not in found)
        return found

    def _piece(self, function: str, path: tuple[str, ...]) -> Piece:
        piece = self.piece(function)
        for element in path:
            if element == ITEM:
                piece.item = piece.item or Piece(required=True)
                piece = piece.item
            else:
                piece = piece.members.setdefault(element, Piece())
        return piece
