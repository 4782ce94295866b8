"""The steps of a polygon while it is open: undone and redone one by one, until something else is done."""

from __future__ import annotations

from brainseg_gui.state.annotating.hand import Outline


class OutlineSteps:
    """What the polygon was before each change, and after each that was taken back."""

    def __init__(self) -> None:
        self._before: list[Outline | None] = []
        self._after: list[Outline] = []
        self._position: int | None = None  # of the history of edits when the polygon was undone altogether

    def note(self, outline: Outline | None) -> None:
        """Before a change."""
        self._before.append(outline)
        self._after.clear()

    def drop_unchanged(self, outline: Outline | None) -> None:
        """After what turned out to be no change."""
        if self._before and self._before[-1] == outline:
            self._before.pop()

    def back(self, outline: Outline, position: int) -> Outline | None:
        """What the polygon was before the last change; None before its first corner.

        Parameters
        ----------
        position
            Of the history of edits: where that is no longer so, its edits come first.
        """
        self._after.append(outline)
        self._position = position
        return self._before.pop() if self._before else None

    def can_redo(self, outline: Outline | None, position: int) -> bool:
        """Whether a step that was taken back can be taken again."""
        return bool(self._after) and (outline is not None or self._position == position)

    def forward(self, outline: Outline | None) -> Outline:
        """What the polygon was before the last step back."""
        self._before.append(outline)
        return self._after.pop()

    def forget(self) -> None:
        """Another polygon, or an edit: there is nothing to go back or forward to."""
        self._before.clear()
        self._after.clear()
