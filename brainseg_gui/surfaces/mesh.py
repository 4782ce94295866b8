"""A closed surface in the patient's space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Quads = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Quads over points.

    Parameters
    ----------
    points_mm
        World positions (RAS), (points, 3).
    quads
        Four points each, anticlockwise as seen from outside, (quads, 4).
    """

    points_mm: Points
    quads: Quads

    @property
    def triangles(self) -> Quads:
        """Each quad as two triangles that wind as it does, (2 × quads, 3)."""
        return self.quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)

    @cached_property
    def normals(self) -> Points:
        """Outward unit vector of each point: the mean of its quads, the larger ones counting more, (points, 3)."""
        from scipy.sparse import csr_array

        first, second, third, fourth = (self.points_mm.take(corner, axis=0) for corner in self.quads.T)
        (ax, ay, az), (bx, by, bz) = (third - first).T, (fourth - second).T
        outward = np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
        starts = np.arange(0, self.quads.size + 1, 4, dtype=np.int32)
        ones = np.ones(self.quads.size, np.float32)
        corners = csr_array((ones, self.quads.ravel(), starts), shape=(len(self.quads), len(self.points_mm)))
        summed = corners.T @ outward
        length = np.sqrt(np.einsum("ij,ij->i", summed, summed))
        return np.asarray(summed / np.maximum(length, np.float32(1e-12))[:, None])

    @property
    def area_mm2(self) -> float:
        """Its area."""
        first, second, third = self._corners
        return float(np.linalg.norm(np.cross(second - first, third - first), axis=1).sum() / 2)

    @property
    def volume_ml(self) -> float:
        """What it encloses, by the theorem of Gauss."""
        first, second, third = self._corners
        return float(np.einsum("ij,ij->", first, np.cross(second, third)) / 6000)

    @property
    def _corners(self) -> NDArray[np.float64]:
        """(3, triangles, 3), about the middle of the points, where rounding costs least."""
        about_middle = self.points_mm - self.points_mm.mean(axis=0, dtype=np.float64)
        return np.asarray(about_middle[self.triangles].transpose(1, 0, 2))
