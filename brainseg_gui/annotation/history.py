"""The list of edits of a session, and where in it we are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brainseg_gui.annotation.edits import Edit


class History:
    """Edits in the order in which they were made; those before `position` are applied.

    It changes no voxels: it says which edits to toggle. Nothing is ever dropped but what a new edit makes
    impossible to redo.
    """

    def __init__(self, edits: Iterable[Edit] = (), position: int | None = None) -> None:
        self._edits = list(edits)
        self._position = len(self._edits) if position is None else position
        if not 0 <= self._position <= len(self._edits):
            raise ValueError(f"there is no position {self._position} in {len(self._edits)} edits")

    def __len__(self) -> int:
        return len(self._edits)

    @property
    def edits(self) -> Sequence[Edit]:
        """All edits, the undone ones included."""
        return tuple(self._edits)

    def edit(self, number: int) -> Edit:
        """One edit, counted from 0."""
        return self._edits[number]

    def since(self, number: int) -> Sequence[Edit]:
        """The edits from one on, counted from 0."""
        return tuple(self._edits[number:])

    @property
    def applied(self) -> Sequence[Edit]:
        """The edits that are applied."""
        return tuple(self._edits[: self._position])

    @property
    def position(self) -> int:
        """How many edits are applied."""
        return self._position

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all edits, the undone ones included."""
        return tuple(edit.name for edit in self._edits)

    @property
    def nbytes(self) -> int:
        """Memory that the edits take, in bytes."""
        return sum(edit.nbytes for edit in self._edits)

    @property
    def undoable(self) -> Edit | None:
        """The edit that undo would take back, or None."""
        return self._edits[self._position - 1] if self._position else None

    @property
    def redoable(self) -> Edit | None:
        """The edit that redo would apply again, or None."""
        return self._edits[self._position] if self._position < len(self._edits) else None

    def push(self, edit: Edit) -> None:
        """Add an edit that was just applied; what was undone before can no longer be redone."""
        del self._edits[self._position :]
        self._edits.append(edit)
        self._position += 1

    def move_to(self, position: int) -> tuple[Edit, ...]:
        """Go to another point; returns the edits to toggle, in order.

        Raises
        ------
        ValueError
            If there is no such point.
        """
        if not 0 <= position <= len(self._edits):
            raise ValueError(f"there is no position {position} in {len(self._edits)} edits")
        start, self._position = self._position, position
        if position < start:
            return tuple(reversed(self._edits[position:start]))
        return tuple(self._edits[start:position])
