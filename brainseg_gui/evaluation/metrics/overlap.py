"""Overlap of two masks: the counts that Dice, IoU, sensitivity and precision are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.grid import Array


@dataclass(frozen=True)
class Counts:
    """Voxels of two masks by where they lie.

    The ratios share one convention for empty masks: both empty is agreement, 1. When one is empty, Dice and IoU
    are 0, and the ratio that would divide by zero (sensitivity without a reference, precision without a
    prediction) is NaN.

    Parameters
    ----------
    both
        Voxels in the reference and in the prediction.
    only_reference
        Voxels that the prediction missed.
    only_prediction
        Voxels that the prediction added.
    """

    both: int
    only_reference: int
    only_prediction: int

    @property
    def reference(self) -> int:
        """Voxels of the reference."""
        return self.both + self.only_reference

    @property
    def prediction(self) -> int:
        """Voxels of the prediction."""
        return self.both + self.only_prediction

    @property
    def dice(self) -> float:
        """``2|A∩B| / (|A| + |B|)``."""
        return self._ratio(2 * self.both, self.reference + self.prediction)

    @property
    def iou(self) -> float:
        """``|A∩B| / |A∪B|``."""
        return self._ratio(self.both, self.both + self.only_reference + self.only_prediction)

    @property
    def sensitivity(self) -> float:
        """Fraction of the reference that was found."""
        return self._ratio(self.both, self.reference)

    @property
    def precision(self) -> float:
        """Fraction of the prediction that is right."""
        return self._ratio(self.both, self.prediction)

    def _ratio(self, part: int, whole: int) -> float:
        if self.reference == 0 and self.prediction == 0:
            return 1.0
        return part / whole if whole else float("nan")


def count(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> Counts:
    """Count the voxels of two boolean masks of the same shape.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if reference.shape != prediction.shape:
        raise ValueError(f"masks of different shapes: {reference.shape} and {prediction.shape}")
    both = int(np.count_nonzero(reference & prediction))
    return Counts(both, int(np.count_nonzero(reference)) - both, int(np.count_nonzero(prediction)) - both)


def joint_table(reference: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each pair of numbers meets: one pass over the voxels from which every region can be counted.

    Parameters
    ----------
    reference, prediction
        Numbers of two masks of the same shape, uint8, any axis order in memory.

    Returns
    -------
    numpy.ndarray
        (256, 256), ``[r, p]`` the number of voxels that are r in the reference and p in the prediction.
    """
    box = union_box(reference, prediction)
    inside = np.left_shift(reference[box], 8, dtype=np.uint16) | prediction[box]
    table = np.bincount(inside.ravel(order="K"), minlength=256 * 256).reshape(256, 256)
    table[0, 0] += reference.size - inside.size
    return table


def union_box(reference: Array, prediction: Array) -> Box:
    """The smallest box that holds every voxel which is not 0 in one of the masks; empty when there is none."""
    nothing = slice(0, 0)
    return box_around(reference | prediction) or (nothing, nothing, nothing)
