"""Where the face is, told from the brain alone: a visor before it, whose inner side follows the brain's front.

After Schimke and Hale, Quickshear defacing for neuroimages (HealthSec 2011), which cuts along a plane that touches the
brain's lower front, a margin away from it. Planes leave eyes that lie below a frontal lobe: 26 and 90 % of them went on
two made-up heads. So the cut follows the brain: on lines of sight from below the forehead all is removed until a margin
before the brain, and nothing behind a plane that lies behind the eyes. The visor is told in mm, so that it cuts series
of any voxels and any place without a mask being resampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.heads.skull import Mask

MARGIN_MM = 6.0
"""Between the brain and what is removed: a mask that lacks a rim of brain must not cost that rim."""
_BEHIND_MM = 45.0
"""Of the frontal pole: eyes reach to 30 mm behind it, and further where the chin is tucked in."""
_DOWN_DEG = 30.0
"""How far the visor looks down from straight ahead, so that the scalp above the forehead stays."""
_STEP_MM = 2.0
_NOWHERE = -1e6

Vectors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Face:
    """What is removed: places beyond `depth_mm` on their ray, and in front of a plane.

    Parameters
    ----------
    corner_mm
        Where `depth_mm` begins, along `ACROSS` and `UP`.
    depth_mm
        (U, V): on a net of `_STEP_MM` across and up, how far along `AHEAD` the face begins.
    front_mm
        The plane: how far towards anterior a place lies at least.
    """

    AHEAD: ClassVar[Vectors] = np.array((0.0, math.cos(math.radians(_DOWN_DEG)), -math.sin(math.radians(_DOWN_DEG))))
    UP: ClassVar[Vectors] = np.array((0.0, math.sin(math.radians(_DOWN_DEG)), math.cos(math.radians(_DOWN_DEG))))
    ACROSS: ClassVar[Vectors] = np.array((1.0, 0.0, 0.0))
    ANTERIOR: ClassVar[Vectors] = np.array((0.0, 1.0, 0.0))

    corner_mm: tuple[float, float]
    depth_mm: NDArray[np.float32]
    front_mm: float

    def on(self, grid: Grid) -> Mask:
        """The voxels of a grid whose middle is in the face, (I, J, K).

        Parameters
        ----------
        grid
            In the space of the brain that the face was told from; see `Alignment.grid_of`.
        """
        found = np.zeros(grid.shape, np.bool_)
        for i in range(grid.shape[0]):  # plane by plane: a series may hold a hundred million voxels
            found[i] = self._in_plane(grid, i)
        return found

    def _in_plane(self, grid: Grid, i: int) -> Mask:
        j, k = (np.arange(count, dtype=np.float32) for count in grid.shape[1:])

        def along(direction: Vectors) -> NDArray[np.float32]:
            steps = (direction @ grid.affine[:3, :3]).astype(np.float32)
            start = np.float32(direction @ grid.affine[:3, 3])
            return np.asarray(start + steps[0] * i + steps[1] * j[:, None] + steps[2] * k, np.float32)

        before = along(self.ANTERIOR) > self.front_mm
        if not before.any():
            return before
        u, v = (
            np.rint((along(direction) - corner) / _STEP_MM).astype(np.int32)
            for direction, corner in zip((self.ACROSS, self.UP), self.corner_mm, strict=True)
        )
        last_u, last_v = (count - 1 for count in self.depth_mm.shape)
        begins = self.depth_mm[u.clip(0, last_u), v.clip(0, last_v)]  # its border lies nowhere near the brain
        return np.asarray(before & (along(self.AHEAD) > begins))


def face_before(brain: Mask, grid: Grid, margin_mm: float = MARGIN_MM) -> Face:
    """The face of a head whose brain was found.

    Parameters
    ----------
    brain
        (I, J, K), on `grid`.
    margin_mm
        How far away from every voxel of the brain the face begins at least.

    Raises
    ------
    CaseError
        If there is no brain: then nothing tells where the face is.
    """
    if not brain.any():
        raise CaseError("the face cannot be removed, for no brain was found", "Remove it with another program")
    places = _rim(brain) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    radius = margin_mm + max(grid.spacing_mm) / 2 + _STEP_MM  # beyond the middle of a voxel, and of a ray
    u, v, ahead = places @ Face.ACROSS, places @ Face.UP, places @ Face.AHEAD
    corner = (float(u.min()) - radius - 2 * _STEP_MM, float(v.min()) - radius - 2 * _STEP_MM)
    at = [np.rint((along - start) / _STEP_MM).astype(int) for along, start in zip((u, v), corner, strict=True)]
    room = math.ceil(radius / _STEP_MM) + 2
    depth = np.full((int(at[0].max()) + room + 1, int(at[1].max()) + room + 1), _NOWHERE)
    np.maximum.at(depth, tuple(at), ahead)
    grown = _grown_by_a_ball(depth, radius)
    return Face(corner, grown.astype(np.float32), float(places[:, 1].max()) - _BEHIND_MM)


def _grown_by_a_ball(depth: Vectors, radius_mm: float) -> Vectors:
    """How far the same reaches when a ball rolls over it."""
    from scipy.ndimage import grey_dilation

    reach = math.ceil(radius_mm / _STEP_MM)
    away = (np.mgrid[-reach : reach + 1, -reach : reach + 1] * _STEP_MM) ** 2
    height = radius_mm**2 - away.sum(axis=0)
    ball = np.sqrt(np.maximum(height, 0.0))
    return np.asarray(grey_dilation(depth, footprint=height >= 0, structure=ball, mode="nearest"), np.float64)


def _rim(brain: Mask) -> NDArray[np.intp]:
    """The voxels of the brain that have a neighbour outside it, (N, 3)."""
    inner = np.pad(brain, 1)
    for axis in range(3):
        inner = inner & np.roll(inner, 1, axis) & np.roll(inner, -1, axis)
    return np.argwhere(brain & ~inner[1:-1, 1:-1, 1:-1])


def without_face(volume: Volume, face: Face, placed: Grid) -> Volume:
    """An image whose face has the value of its air; all else is as it was, bit for bit.

    Parameters
    ----------
    placed
        Where its voxels lie in the space of the face.
    """
    stored = volume.stored.copy(order="K")
    stored[face.on(placed)] = volume.background
    stored.flags.writeable = False
    return replace(volume, stored=stored, note=volume.note or "its face was removed")
