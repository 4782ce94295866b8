"""Labels while a person edits them: a list with undo, and where each label's voxels go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from psygnal import Signal

from brainseg_gui.imaging.labelling.built_in_schemes import built_in_schemes
from brainseg_gui.imaging.labelling.label_entries import LARGEST_NUMBER, LabelEntry, entries_of, problem_of, scheme_of
from brainseg_gui.imaging.labelling.label_files import new_entry
from brainseg_gui.imaging.labelling.own_schemes import clash_of
from brainseg_gui.imaging.labels import LabelScheme


@dataclass(frozen=True)
class _DraftRow:
    """A label, and the number that it had when the editing began; 0 for a new one."""

    entry: LabelEntry
    began_as: int


@dataclass(frozen=True)
class _Step:
    title: str
    rows: tuple[_DraftRow, ...]


class LabelDraft:
    """Labels that are being edited; nothing is changed elsewhere until somebody takes `scheme`."""

    changed = Signal()

    def __init__(self, scheme: LabelScheme) -> None:
        title = f"{scheme.title}, mine" if scheme.name in built_in_schemes() else scheme.title
        self._steps = [_Step(title, tuple(_DraftRow(entry, entry.number) for entry in entries_of(scheme)))]
        self._at = 0

    @property
    def title(self) -> str:
        """Name of the scheme."""
        return self._now.title

    @property
    def entries(self) -> tuple[LabelEntry, ...]:
        """The labels, in the order in which they are listed."""
        return tuple(row.entry for row in self._now.rows)

    @property
    def problem(self) -> str:
        """Why this makes no scheme; empty where it does."""
        return problem_of(self.title, self.entries) or clash_of(self.title)

    @property
    def scheme(self) -> LabelScheme:
        """The scheme; see `problem`."""
        return scheme_of(self.title, self.entries)

    @property
    def renumbered(self) -> dict[int, int]:
        """Numbers that became others; voxels of a label that is gone make room for one that took its number."""
        moves = {row.began_as: row.entry.number for row in self._now.rows if row.began_as}
        taken = {entry.number for entry in self.entries}
        free = (number for number in range(LARGEST_NUMBER, 0, -1) if number not in taken and number not in moves)
        pushed = {number: next(free, 0) for number in taken if number not in moves and number in moves.values()}
        return pushed | {old: new for old, new in moves.items() if old != new}

    def rename(self, title: str) -> None:
        """Give the scheme another name."""
        if title != self.title:
            self._do(replace(self._now, title=title))

    def change(self, index: int, entry: LabelEntry) -> None:
        """Put another name, number, colour or meaning in the place of one."""
        rows = list(self._now.rows)
        if rows[index].entry != entry:
            rows[index] = replace(rows[index], entry=entry)
            self._do(replace(self._now, rows=tuple(rows)))

    def add(self) -> None:
        """Add a label, with the number after the last."""
        entry = new_entry(self.entries)
        if entry is not None:
            self._do(replace(self._now, rows=(*self._now.rows, _DraftRow(entry, 0))))

    def remove(self, indices: Iterable[int]) -> None:
        """Take labels off the list; their voxels keep their numbers."""
        gone = set(indices)
        rows = tuple(row for index, row in enumerate(self._now.rows) if index not in gone)
        if rows != self._now.rows:
            self._do(replace(self._now, rows=rows))

    def take(self, scheme: LabelScheme) -> None:
        """Go on with the labels of a file; no voxel follows them to other numbers."""
        self._do(_Step(scheme.title, tuple(_DraftRow(entry, entry.number) for entry in entries_of(scheme))))

    @property
    def undoable(self) -> bool:
        return self._at > 0

    @property
    def redoable(self) -> bool:
        return self._at + 1 < len(self._steps)

    def undo(self) -> None:
        """Take the last change back."""
        self._go(self._at - 1)

    def redo(self) -> None:
        """Make it again."""
        self._go(self._at + 1)

    @property
    def _now(self) -> _Step:
        return self._steps[self._at]

    def _do(self, step: _Step) -> None:
        self._steps[self._at + 1 :] = [step]
        self._go(self._at + 1)

    def _go(self, index: int) -> None:
        if 0 <= index < len(self._steps):
            self._at = index
            self.changed.emit()
