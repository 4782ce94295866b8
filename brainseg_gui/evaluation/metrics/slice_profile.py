"""How much of two masks lies in each slice, and how well they agree there, along all three axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import check_same_grid, region_table
from brainseg_gui.evaluation.metrics.overlap import union_box
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, Region

_NUMBERS = 256


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """Voxels per slice of one region along one axis, each (slices,).

    Parameters
    ----------
    both, missed, false
        Voxels in both masks, in the reference alone, in the prediction alone.
    pixel_mm2
        Area of one voxel in the slice, in mm².
    """

    both: NDArray[np.int64]
    missed: NDArray[np.int64]
    false: NDArray[np.int64]
    pixel_mm2: float

    @property
    def reference(self) -> NDArray[np.int64]:
        """Voxels of the reference."""
        return self.both + self.missed

    @property
    def prediction(self) -> NDArray[np.int64]:
        """Voxels of the prediction."""
        return self.both + self.false

    @property
    def empty(self) -> bool:
        """Whether neither mask holds a voxel."""
        return not (self.both.any() or self.missed.any() or self.false.any())

    @cached_property
    def dice(self) -> NDArray[np.float64]:
        """Dice of each slice, ``2 both / (reference + prediction)``; NaN where both are empty."""
        total = self.reference + self.prediction
        dice = np.full(total.shape, np.nan)
        np.divide(2 * self.both, total, out=dice, where=total > 0)
        return dice


@dataclass(frozen=True, eq=False)
class SliceCounts:
    """How often each pair of labels meets in each slice: counted once, every region follows from it.

    Parameters
    ----------
    tables
        Per axis: (slices, reference numbers, prediction numbers).
    reference_numbers, prediction_numbers
        The label numbers that occur, 0 first.
    reference_scheme, prediction_scheme
        What they mean.
    spacing_mm
        Edges of a voxel.
    """

    tables: tuple[NDArray[np.int64], ...]
    reference_numbers: tuple[int, ...]
    prediction_numbers: tuple[int, ...]
    reference_scheme: LabelScheme
    prediction_scheme: LabelScheme
    spacing_mm: tuple[float, float, float]

    def profile(self, region: Region, axis: int) -> SliceProfile:
        """The profile of a region along an axis."""
        ours = region_table(self.reference_scheme, region)[list(self.reference_numbers)]
        theirs = region_table(self.prediction_scheme, region)[list(self.prediction_numbers)]
        table = self.tables[axis]
        both = table[:, ours][:, :, theirs].sum(axis=(1, 2))
        reference, prediction = table[:, ours].sum(axis=(1, 2)), table[:, :, theirs].sum(axis=(1, 2))
        height, width = (self.spacing_mm[other] for other in range(3) if other != axis)
        return SliceProfile(both, reference - both, prediction - both, height * width)


def count_slices(reference: LabelMap, prediction: LabelMap) -> SliceCounts:
    """Count the labels of both masks slice by slice along all axes.

    The labelled voxels are looked up once; each axis is then one pass over them.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    check_same_grid(reference, prediction)
    box = union_box(reference.values, prediction.values)
    ours, theirs = reference.values[box], prediction.values[box]
    places = np.nonzero(ours | theirs)
    pairs, known = _pairs(reference, ours[places]), (0, *reference.present())
    others, their_known = _pairs(prediction, theirs[places]), (0, *prediction.present())
    pair_count = len(known) * len(their_known)
    pair = pairs * len(their_known) + others
    tables = []
    for place, part, slices in zip(places, box, reference.grid.shape, strict=True):
        counts = np.bincount((place + part.start) * pair_count + pair, minlength=slices * pair_count)
        tables.append(counts.reshape(slices, len(known), len(their_known)))
    return SliceCounts(
        tuple(tables), known, their_known, reference.scheme, prediction.scheme, reference.grid.spacing_mm
    )


def _pairs(labels: LabelMap, values: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Place of each value among the numbers that occur in a mask."""
    place = np.zeros(_NUMBERS, dtype=np.intp)
    place[[0, *labels.present()]] = np.arange(len(labels.present()) + 1)
    return place[values]
