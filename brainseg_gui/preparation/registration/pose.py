"""Where a hand puts a series: six numbers that a person can say, and the rigid motion that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.imaging.grid import Affine, Grid

Three = tuple[float, float, float]


@dataclass(frozen=True)
class Pose:
    """A series turned about the middle of its own field of view, then shifted.

    Parameters
    ----------
    turn_deg
        About the axes to the right, to the front and upwards, one after the other, right-handed.
    shift_mm
        To the right, to the front and upwards.
    """

    turn_deg: Three = (0.0, 0.0, 0.0)
    shift_mm: Three = (0.0, 0.0, 0.0)

    @classmethod
    def of(cls, to_series: Affine, series: Grid) -> Pose:
        """The pose that an alignment's ``to_series`` puts a series into."""
        from scipy.spatial.transform import Rotation

        moved, middle = np.linalg.inv(to_series), _middle(series)
        turn = Rotation.from_matrix(moved[:3, :3]).as_euler("xyz", degrees=True)
        return cls(_three(turn), _three(moved[:3, :3] @ middle + moved[:3, 3] - middle))

    def to_series(self, series: Grid) -> Affine:
        """From world_ras of the reference to world_ras of the series, 4×4, as an alignment has it."""
        from scipy.spatial.transform import Rotation

        moved, middle = np.eye(4), _middle(series)
        moved[:3, :3] = Rotation.from_euler("xyz", self.turn_deg, degrees=True).as_matrix()
        moved[:3, 3] = middle + self.shift_mm - moved[:3, :3] @ middle
        return np.linalg.inv(moved).astype(np.float64)

    def turned(self, axis: int, degrees: float) -> Pose:
        """Turned further about an axis of the patient, 0 to 2 as in RAS, through the middle of the series."""
        from scipy.spatial.transform import Rotation

        now = Rotation.from_euler("xyz", self.turn_deg, degrees=True)
        further = Rotation.from_euler("xyz"[axis], degrees, degrees=True)
        return replace(self, turn_deg=_three((further * now).as_euler("xyz", degrees=True)))

    def shifted(self, axis: int, by_mm: float) -> Pose:
        """Shifted further along an axis of the patient, 0 to 2 as in RAS."""
        return replace(self, shift_mm=_three([mm + by_mm * (axis == n) for n, mm in enumerate(self.shift_mm)]))


def _middle(series: Grid) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The middle of the field of view, world_ras."""
    i, j, k = ((count - 1) / 2 for count in series.shape)
    return np.array(series.to_world((i, j, k)))


def _three(values: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Three:
    i, j, k = (float(value) for value in values)
    return i, j, k
