"""Where surfaces are looked at from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.surfaces.mesh import Mesh

Point = tuple[float, float, float]
Size = tuple[int, int]
"""Width and height in pixels."""

CLOSEST_MM, FARTHEST_MM = 15.0, 2000.0


@dataclass(frozen=True)
class Camera:
    """A view without perspective: a millimetre is as long in front as behind.

    Parameters
    ----------
    centre_mm
        World position (RAS) in the middle of the picture, which the view turns about.
    width_mm
        How much the picture's shorter side shows.
    azimuth_deg
        0: from the patient's front, 90: from the left, 180: from behind.
    elevation_deg
        90: from above, -90: from below.
    """

    centre_mm: Point = (0.0, 0.0, 0.0)
    width_mm: float = 220.0
    azimuth_deg: float = 30.0
    elevation_deg: float = 20.0

    @property
    def axes(self) -> NDArray[np.float64]:
        """Directions of the screen in the world: to the right, down, and towards the viewer, (3, 3)."""
        turn, rise = radians(self.azimuth_deg), radians(self.elevation_deg)
        right = np.array([-cos(turn), -sin(turn), 0.0])
        towards = np.array([-sin(turn) * cos(rise), cos(turn) * cos(rise), sin(rise)])
        return np.stack([right, np.cross(right, towards), towards])

    def pixels_per_mm(self, size: Size) -> float:
        """Of a picture of this size."""
        return min(size) / self.width_mm

    def project(self, points_mm: NDArray[np.floating], size: Size) -> NDArray[np.float32]:
        """Pixel (x to the right, y down) and how far towards the viewer in mm, (points, 3)."""
        scale = np.array([self.pixels_per_mm(size)] * 2 + [1.0])
        turned = (self.axes * scale[:, None]).T
        start = np.array([*size, 0]) / 2 - np.array(self.centre_mm) @ turned
        seen: NDArray[np.float32] = np.asarray(points_mm, np.float32) @ turned.astype(np.float32)
        seen += start.astype(np.float32)
        return seen

    def point_at(self, x: float, y: float, towards_mm: float, size: Size) -> Point:
        """The world position that `project` takes there."""
        scale, (width, height) = self.pixels_per_mm(size), size
        seen = np.array([(x - width / 2) / scale, (y - height / 2) / scale, towards_mm])
        right, anterior, superior = (np.array(self.centre_mm) + seen @ self.axes).tolist()
        return right, anterior, superior

    def from_side(self, azimuth_deg: float, elevation_deg: float) -> Camera:
        """The same centre and size from a given direction."""
        return replace(self, azimuth_deg=azimuth_deg % 360, elevation_deg=elevation_deg)

    def turned(self, azimuth_deg: float, elevation_deg: float) -> Camera:
        """From elsewhere about the same centre; never over the head."""
        elevation = min(max(self.elevation_deg + elevation_deg, -90.0), 90.0)
        return replace(self, azimuth_deg=(self.azimuth_deg + azimuth_deg) % 360, elevation_deg=elevation)

    def zoomed(self, factor: float) -> Camera:
        """Nearer where the factor is above 1."""
        return replace(self, width_mm=min(max(self.width_mm / factor, CLOSEST_MM), FARTHEST_MM))

    def moved(self, x: float, y: float, size: Size) -> Camera:
        """What is seen moves by so many pixels."""
        width, height = size
        return replace(self, centre_mm=self.point_at(width / 2 - x, height / 2 - y, 0.0, size))


def camera_around(meshes: Sequence[Mesh], before: Camera | None = None) -> Camera:
    """One that sees all of these from anywhere, from where the one before looked."""
    return camera_over(np.concatenate([mesh.points_mm for mesh in meshes]), before)


def camera_over(points_mm: NDArray[np.floating], before: Camera | None = None) -> Camera:
    """As `camera_around`, of points, (points, 3)."""
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    x, y, z = ((low + high) / 2).tolist()
    return replace(before or Camera(), centre_mm=(x, y, z), width_mm=float(np.linalg.norm(high - low)) * 0.7 + 10)
