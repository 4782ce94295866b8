"""Lesions found, missed and false over the cases of a cohort, by size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from brainseg_gui.evaluation.records.report import CaseReport, RegionEntry

SIZE_ENDS_ML = (0.1, 1.0, 10.0)


@dataclass(frozen=True)
class LesionTally:
    """Counts of one size class.

    Parameters
    ----------
    title
        Such as ``0.1 to 1 ml``.
    found, missed
        Reference lesions, by their own size.
    false
        Predicted components that touch no lesion, by theirs.
    """

    title: str
    found: int
    missed: int
    false: int

    @property
    def sensitivity(self) -> float:
        """Share of the reference lesions that was found; NaN when there are none."""
        total = self.found + self.missed
        return self.found / total if total else math.nan

    @property
    def precision(self) -> float:
        """Found over found and false; NaN when there are none."""
        total = self.found + self.false
        return self.found / total if total else math.nan


def lesion_tallies(cases: Iterable[CaseReport], region: str) -> list[LesionTally]:
    """Counts per size class, the smallest first, and then of all sizes."""
    counts = [[0, 0, 0] for _ in range(len(SIZE_ENDS_ML) + 1)]
    for case in cases:
        for entry in case.regions:
            if entry.key == region:
                _add(counts, entry, case.voxel_ml)
    titles = [f"below {SIZE_ENDS_ML[0]:g} ml"]
    titles += [f"{low:g} to {high:g} ml" for low, high in pairwise(SIZE_ENDS_ML)]
    titles += [f"{SIZE_ENDS_ML[-1]:g} ml and more"]
    tallies = [LesionTally(title, *count) for title, count in zip(titles, counts, strict=True)]
    return [*tallies, LesionTally("all sizes", *(sum(column) for column in zip(*counts, strict=True)))]


def _add(counts: list[list[int]], entry: RegionEntry, voxel_ml: float) -> None:
    for lesion in entry.lesions:
        counts[size_class(lesion.voxels * voxel_ml)][0 if lesion.found else 1] += 1
    for voxels, how_many in entry.false_sizes.items():
        counts[size_class(voxels * voxel_ml)][2] += how_many


def size_class(volume_ml: float) -> int:
    """Number of the size class of a volume; the lower end belongs to it."""
    return sum(volume_ml >= end for end in SIZE_ENDS_ML)
