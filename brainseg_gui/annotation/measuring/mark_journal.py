"""Measurements as lines of a journal beside those of annotations, by the digest of the images they were made on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.annotation.measuring.mark import Mark, MarkKind, Point
from brainseg_gui.imaging.numbering import index_of, number_of
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.plain_values import listed_in, number_in, text_in, whole_in
from brainseg_gui.storage.line_journal import LineJournal

_SUFFIX = ".measures"
_MOST = 10_000
_FARTHEST = 1e5


@dataclass(frozen=True)
class MarkChange:
    """A measurement that came, changed or went.

    Parameters
    ----------
    before, after
        What it was and what it is; None where it was or is not there.
    """

    before: Mark | None
    after: Mark | None

    @property
    def key(self) -> str:
        """Of the measurement."""
        mark = self.after or self.before
        return mark.key if mark is not None else ""

    @property
    def undone(self) -> MarkChange:
        """The change that takes it back."""
        return MarkChange(self.after, self.before)


class MarkJournals:
    """The measurements of all studies.

    Parameters
    ----------
    folder
        That of the annotations' journals.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def any(self) -> bool:
        """Whether anything was ever measured, so that a study's digest is worth working out."""
        with contextlib.suppress(OSError):
            return any(path.suffix == _SUFFIX for path in self._folder.iterdir())
        return False

    def read(self, study: str) -> tuple[Mark, ...]:
        """The measurements of a study.

        Raises
        ------
        OSError
            If they are there and cannot be read.
        """
        return replayed(self._journal(study).read())

    def append(self, study: str, changes: Iterable[MarkChange]) -> None:
        """Keep changes.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        self._journal(study).append([_entry(change) for change in changes])

    def _journal(self, study: str) -> LineJournal:
        return LineJournal(self._folder / f"{study}{_SUFFIX}")


def replayed(entries: Iterable[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """The measurements that are there after all changes; what is no change that we know is passed over."""
    found: dict[str, Mark] = {}
    for entry in entries:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            if "gone" in entry:
                found.pop(text_in(entry["gone"]), None)
            elif len(found) < _MOST:
                mark = _mark(entry)
                found[mark.key] = mark
    return tuple(found.values())


def _entry(change: MarkChange) -> dict[str, Any]:
    mark = change.after
    if mark is None:
        return {"gone": change.key}
    return {
        "mark": mark.key,
        "kind": mark.kind.value,
        "plane": mark.plane.name.lower(),
        "slice": number_of(mark.slice_index),
        "points": [[index + 1 for index in point] for point in mark.points_ijk],
    }


def _mark(entry: Mapping[str, Any]) -> Mark:
    kind, plane = MarkKind(entry["kind"]), Plane[text_in(entry["plane"]).upper()]
    points = tuple(_point(point) for point in listed_in(entry["points"], kind.count))
    mark = Mark(text_in(entry["mark"]), kind, plane, index_of(whole_in(entry["slice"])), points)
    if not (mark.complete and mark.key):
        raise ValueError("it lacks points, or a name")
    return mark


def _point(value: Any) -> Point:
    numbers = [number_in(number) - 1 for number in listed_in(value, 3)]
    i, j, k = numbers
    if max(map(abs, numbers)) > _FARTHEST:
        raise ValueError("it is far outside of a scanner")
    return i, j, k
