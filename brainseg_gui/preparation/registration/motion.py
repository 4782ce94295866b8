"""A rigid motion between two images of one head, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Affine, Grid


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where a series lies in the space of its reference.

    Parameters
    ----------
    to_series
        4×4, rigid: from world_ras of the reference to world_ras of the series, in mm.
    rotation_deg, shift_mm
        How large that motion is: the angle, and the mean displacement inside the head.
    overlap
        The part of the reference's head that the series covers, 0 to 1.
    information
        Mutual information at this motion, in nats.
    chance
        The same where the series is turned away from it, averaged: what heads share wherever they lie.
    problem
        Why it is not to be trusted, without a full stop; empty where it is.
    found
        What the search had found, where a person put the series elsewhere by hand; else None.
    refused
        Where the search ended, as `to_series`, where that fits but is not believed unless a person looks; else None.
    """

    to_series: Affine
    rotation_deg: float = 0.0
    shift_mm: float = 0.0
    overlap: float = 1.0
    information: float = 0.0
    chance: float = 0.0
    problem: str = ""
    found: Alignment | None = None
    refused: Affine | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person put the series there."""
        return self.found is not None

    @property
    def is_still(self) -> bool:
        """Whether nothing moved, so that the image stays bit for bit as it is."""
        return bool((self.to_series == np.eye(4)).all())

    def grid_of(self, series: Grid) -> Grid:
        """The series' voxels in the space of the reference: moved as they are, nothing is interpolated."""
        return series if self.is_still else Grid(series.shape, np.linalg.inv(self.to_series) @ series.affine)


def displacement_mm(one: Affine, other: Affine, points: NDArray[np.float64]) -> float:
    """Mean distance of where two motions bring points, (N, 3)."""
    moved = [points @ motion[:3, :3].T + motion[:3, 3] for motion in (one, other)]
    return float(np.linalg.norm(moved[0] - moved[1], axis=1).mean())


def angle_deg(motion: Affine) -> float:
    """By how much a motion turns, about whatever axis."""
    cosine = (np.trace(motion[:3, :3]) - 1) / 2
    return math.degrees(math.acos(min(1.0, max(-1.0, float(cosine)))))
