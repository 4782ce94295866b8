"""Where the two compared masks disagree, and which of these places is being looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import Region
from brainseg_gui.imaging.modality import Modality

if TYPE_CHECKING:
    from brainseg_gui.evaluation.metrics.disagreements import Disagreement, Disagreements
    from brainseg_gui.evaluation.metrics.slice_profile import SliceCounts


class ErrorOrder(Enum):
    """What the list is sorted by."""

    RANK = "rank"
    KIND = "kind"
    REGION = "region"
    VOLUME = "volume"
    DEPTH = "depth"
    COST = "cost"


@dataclass(frozen=True)
class ErrorEntry:
    """A place in the list; `rank` counts from 1, the most expensive first."""

    rank: int
    piece: Disagreement


class ErrorList:
    """The disagreements of one region, or of all, in the order in which they are shown."""

    changed = Signal()
    """Other pieces, another region, or another order; or a search began or ended."""

    moved = Signal()
    """Another piece is looked at, or none any more."""

    slices_changed = Signal()
    """The masks were counted slice by slice, or there are no longer two of them."""

    def __init__(self) -> None:
        self._found: tuple[Disagreements, ...] = ()
        self._healthy: Mapping[Modality, float] = {}
        self._slices: SliceCounts | None = None
        self._region: Region | None = None
        self._searching = False
        self._order, self._descending = ErrorOrder.RANK, False
        self._entries: tuple[ErrorEntry, ...] = ()
        self._current: ErrorEntry | None = None
        self._reached: int | None = None  # where steps came to; what is left of a mended place may stand further on

    @property
    def found(self) -> tuple[Disagreements, ...]:
        """The lists of all regions; empty while there are none."""
        return self._found

    @property
    def healthy(self) -> Mapping[Modality, float]:
        """Median intensity of the brain outside both masks, per modality."""
        return self._healthy

    @property
    def slices(self) -> SliceCounts | None:
        """Both masks counted slice by slice, or None."""
        return self._slices

    @property
    def searching(self) -> bool:
        """Whether a list is being made."""
        return self._searching

    @property
    def region(self) -> Region | None:
        """The region that is listed; None for all."""
        return self._region

    @property
    def entries(self) -> tuple[ErrorEntry, ...]:
        """What is listed, in its order."""
        return self._entries

    @property
    def order(self) -> tuple[ErrorOrder, bool]:
        """What the list is sorted by, and whether the largest comes first."""
        return self._order, self._descending

    @property
    def left_out(self) -> tuple[int, float]:
        """How many cheaper pieces the list leaves out, and their ml."""
        listed = self._listed()
        return sum(found.left_out for found in listed), sum(found.left_out_ml for found in listed)

    @property
    def current(self) -> ErrorEntry | None:
        """What is being looked at."""
        return self._current

    @property
    def position(self) -> int | None:
        """Its place in the list as it is shown, from 0."""
        return self._entries.index(self._current) if self._current is not None else None

    def words_at(self, voxel_ijk: Voxel) -> str:
        """What is being looked at, while the crosshair is still on it; else nothing."""
        if self._current is None or self.position is None or self._current.piece.centre != voxel_ijk:
            return ""
        piece = self._current.piece
        return f"{piece.words}, {piece.region.key} · {self.position + 1} of {len(self._entries)}"

    def dice_of(self, region: Region) -> float:
        """Dice of a region before anything is corrected; NaN for one that is not listed."""
        return next((found.dice for found in self._found if found.region == region), float("nan"))

    def search(self, *, keep: bool) -> None:
        """Note that a list is being made; the one before stays meanwhile if it is of the same two layers."""
        self._searching = True
        if not keep:
            self._forget()
        self.changed.emit()

    def show_slices(self, slices: SliceCounts) -> None:
        """Show other counts per slice."""
        self._slices = slices
        self.slices_changed.emit()

    def show(self, found: tuple[Disagreements, ...], healthy: Mapping[Modality, float]) -> None:
        """Show other lists. Of the same layers, what is looked at stays, and steps go on from there if it is mended."""
        before, reached = self._current, self._reached
        self._found, self._healthy, self._searching = found, healthy, False
        self._list()
        if before is not None:
            self._current = next((entry for entry in self._entries if _is_left_of(entry, before)), None)
        places = (place for place in (reached, self.position) if place is not None)
        self._reached = None if reached is None else min(places)
        self.changed.emit()

    def clear(self) -> None:
        """There are no two masks to compare."""
        self._searching = False
        self._forget()
        self.changed.emit()

    def choose(self, region: Region | None) -> None:
        """List one region, or all."""
        if region != self._region:
            self._region = region
            self._list()
            self.changed.emit()

    def sort(self, order: ErrorOrder, *, descending: bool) -> None:
        """Sort the list; what is looked at stays."""
        if (order, descending) != (self._order, self._descending):
            self._order, self._descending = order, descending
            self._entries = self._sorted(self._entries)
            self._reached = self.position
            self.changed.emit()

    def go(self, position: int) -> None:
        """Look at a place of the list."""
        self._current, self._reached = self._entries[position], position
        self.moved.emit()

    def step(self, steps: int) -> None:
        """Look at the next or previous place; from nowhere, at the first or last. The ends meet.

        From a place that was mended, the next is the one that came to stand there; so it is where little of it is left,
        which stands further on: what stands between was not seen yet.
        """
        if self._entries:
            start, reached = self.position, self._reached or 0
            if start is None or start > reached:
                start = min(reached, len(self._entries)) - int(steps > 0)
            self.go((start + steps) % len(self._entries))

    def _forget(self) -> None:
        self._found, self._healthy = (), {}
        self._entries, self._current, self._reached = (), None, None
        if self._slices is not None:
            self._slices = None
            self.slices_changed.emit()

    def _listed(self) -> list[Disagreements]:
        return [found for found in self._found if self._region is None or found.region == self._region]

    def _list(self) -> None:
        pieces = [piece for found in self._listed() for piece in found]
        pieces.sort(key=lambda piece: -piece.cost)  # stable: of equal ones the larger region first
        self._entries = self._sorted(tuple(ErrorEntry(rank, piece) for rank, piece in enumerate(pieces, start=1)))
        self._current, self._reached = None, None

    def _sorted(self, entries: tuple[ErrorEntry, ...]) -> tuple[ErrorEntry, ...]:
        """In the chosen order; of equal ones the more expensive first."""
        by_rank = sorted(entries, key=lambda entry: entry.rank)
        return tuple(sorted(by_rank, key=_KEYS[self._order], reverse=self._descending))


def _is_left_of(entry: ErrorEntry, before: ErrorEntry) -> bool:
    """Whether an error of a later list is what is left of one: of its region and kind, and where it was looked at."""
    now, then = entry.piece, before.piece
    if (now.region, now.kind.missed) != (then.region, then.kind.missed):
        return False
    at = [place - part.start for place, part in zip(then.centre, now.box, strict=True)]
    within = all(0 <= place < size for place, size in zip(at, now.inside.shape, strict=True))
    return within and bool(now.inside[tuple(at)])


_KEYS: Mapping[ErrorOrder, Callable[[ErrorEntry], float | str]] = {
    ErrorOrder.RANK: lambda entry: entry.rank,
    ErrorOrder.KIND: lambda entry: entry.piece.words,
    ErrorOrder.REGION: lambda entry: entry.piece.region.key,
    ErrorOrder.VOLUME: lambda entry: entry.piece.voxels,
    ErrorOrder.DEPTH: lambda entry: entry.piece.depth_mm,
    ErrorOrder.COST: lambda entry: entry.piece.cost,
}
