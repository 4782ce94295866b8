"""A layer that is looked through as a proposal: what is still to be decided, and what is looked at."""

from __future__ import annotations

from psygnal import Signal

from brainseg_gui.annotation.proposal_list import Division, Part, part_at
from brainseg_gui.imaging.plane import Plane


class Proposing:
    """The list of what differs between the annotation and another layer."""

    changed = Signal()
    """Another list, another source, or a search began or ended."""

    moved = Signal()
    """Another part is looked at, or none any more."""

    def __init__(self) -> None:
        self.source = ""
        self.division = Division.PLACES
        self.plane = Plane.AXIAL
        self.smallest = 10
        self.searching = False
        self.accepted = 0
        self.rejected = 0
        self._parts: tuple[Part, ...] = ()
        self._position: int | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is still to be decided, in the order in which it is shown."""
        return self._parts

    @property
    def position(self) -> int | None:
        """Place of the part that is looked at."""
        return self._position

    @property
    def current(self) -> Part | None:
        """The part that is looked at."""
        return self._parts[self._position] if self._position is not None else None

    @property
    def decided(self) -> int:
        """How many decisions were made."""
        return self.accepted + self.rejected

    @property
    def words(self) -> str:
        """Such as “7 of 23 decided”; empty where nothing is looked through."""
        return f"{self.decided} of {self.decided + len(self._parts)} decided" if self.source else ""

    def search(self) -> None:
        """Note that the list is being made."""
        self.searching = True
        self.changed.emit()

    def show(self, parts: tuple[Part, ...]) -> None:
        """Show another list; what was looked at stays looked at, if it is still there."""
        before = self.current
        self._parts, self.searching = parts, False
        self._position = part_at(parts, before.piece.centre) if before is not None else None
        self.changed.emit()
        self.moved.emit()

    def go(self, position: int | None) -> None:
        """Look at a place of the list, or at none."""
        if position is not None and not 0 <= position < len(self._parts):
            raise ValueError(f"there is no part {position} among {len(self._parts)}")
        if position is not None or self._position is not None:
            self._position = position
            self.moved.emit()

    def clear(self) -> None:
        """Nothing is looked through."""
        self.source, self.searching = "", False
        self.accepted = self.rejected = 0
        self._parts, self._position = (), None
        self.changed.emit()
        self.moved.emit()
