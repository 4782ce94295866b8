"""A slice of the images amid the surfaces: what lies between it and the viewer is cut away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window
from brainseg_gui.surfaces.camera import Camera, Size

Pixels = NDArray[np.uint8]

_EDGE_ON = 0.02  # less of the plane than this faces the viewer: it is a line


@dataclass(frozen=True, eq=False)
class Cut:
    """A slice through a grid.

    Parameters
    ----------
    plane, slice_index, grid
        Which one.
    picture
        Its colours along the other two axes of the grid, in their order, (n, m, 3).
    shown
        Which of it is drawn: not the air, (n, m).
    """

    plane: Plane
    slice_index: int
    grid: Grid
    picture: Pixels
    shown: NDArray[np.bool_]

    def ahead_mm(self, points_mm: NDArray[np.floating], camera: Camera) -> NDArray[np.float32]:
        """How far points lie on the viewer's side of the plane, below 0 for what is kept, (points,)."""
        normal, offset = self._towards(camera)
        return (points_mm @ normal - offset).astype(np.float32)

    def seen(self, camera: Camera, size: Size) -> tuple[NDArray[np.intp], Pixels, NDArray[np.float32]]:
        """Pixels that show the slice (row × width + column), their colours, and how far towards the viewer in mm."""
        one, other, towards = self._lines(camera, size)
        rows, columns = self.shown.shape
        pixel = np.flatnonzero((one >= -0.5) & (one < rows - 0.5) & (other >= -0.5) & (other < columns - 0.5))
        place = np.rint(one[pixel]).astype(np.intp), np.rint(other[pixel]).astype(np.intp)
        drawn = self.shown[place]
        pixel = pixel[drawn]
        return pixel, self.picture[place][drawn], towards[pixel].astype(np.float32)

    def _lines(self, camera: Camera, size: Size) -> NDArray[np.float64]:
        """Where the line of sight of each pixel meets the plane: two axes of the slice, mm to the viewer, (3, pixels).

        All of it is linear: three pixels tell the others. A plane that is seen edge on is met nowhere.
        """
        normal, offset = self._towards(camera)
        facing = float(camera.axes[2] @ normal)
        if facing < _EDGE_ON:
            return np.full((3, size[0] * size[1]), -np.inf)
        inverse = np.linalg.inv(self.grid.affine)

        def met(x: float, y: float) -> NDArray[np.float64]:
            start = np.array(camera.point_at(x, y, 0.0, size))
            towards = (offset - float(normal @ start)) / facing
            voxel = inverse @ (*(start + towards * camera.axes[2]), 1.0)
            return np.array([*np.delete(voxel[:3], self.plane.axis), towards])

        start = met(0.5, 0.5)
        right, down = met(1.5, 0.5) - start, met(0.5, 1.5) - start
        row, column = np.divmod(np.arange(size[0] * size[1]), size[0])
        return start[:, None] + right[:, None] * column + down[:, None] * row

    def _towards(self, camera: Camera) -> tuple[NDArray[np.float64], float]:
        """The plane's direction that faces the viewer, and its place along that."""
        inverse = np.linalg.inv(self.grid.affine)
        normal = inverse[self.plane.axis, :3] / np.linalg.norm(inverse[self.plane.axis, :3])
        if normal @ camera.axes[2] < 0:
            normal = -normal
        voxel = [0.0, 0.0, 0.0]
        voxel[self.plane.axis] = self.slice_index
        return normal, float(normal @ np.array(self.grid.to_world((voxel[0], voxel[1], voxel[2]))))


def cut_through(
    plane: Plane, voxel_ijk: Voxel, volume: Volume, window: Window, overlays: Iterable[tuple[LabelMap, Pixels]] = ()
) -> Cut:
    """The slice of an image through a voxel.

    Parameters
    ----------
    overlays
        Masks with the colours of their numbers, RGBA, (256, 4).
    """
    index = voxel_ijk[plane.axis]
    stored = volume.stored.take(index, axis=plane.axis)
    grey = (volume.slope * stored.astype(np.float32) + volume.intercept - window.low) / max(window.width, 1e-6)
    picture = np.repeat(np.clip(grey, 0, 1)[..., None] * 255, 3, axis=2)
    shown = stored != volume.background
    for labels, table in overlays:
        values = labels.values.take(index, axis=plane.axis)
        colours = table[values].astype(np.float32)
        strength = colours[..., 3:] / 255
        picture += (colours[..., :3] - picture) * strength
        shown |= strength[..., 0] > 0
    return Cut(plane, index, volume.grid, picture.astype(np.uint8), shown)
