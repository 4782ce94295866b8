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
        corners = self.points_mm[self.quads]
        outward = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        flat = self.quads.ravel()
        summed = [np.bincount(flat, np.repeat(outward[:, axis], 4), len(self.points_mm)) for axis in range(3)]
        normals = np.stack(summed, axis=1).astype(np.float32)
        return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-12)))

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
