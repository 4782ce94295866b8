"""Examinations of which all is known: a painted head, scanned twice, that moved in between."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial.transform import Rotation

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume
from training.synthesis.fields import BoolArray, FloatArray, smooth_noise
from training.synthesis.heads.contrast import draw_contrast
from training.synthesis.heads.head import TISSUES, TUMOUR_PARTS, HeadTissue
from training.synthesis.heads.tumours import IN_HULL, TumourHead

LARGEST_DEG, LARGEST_MM = 15.0, 20.0
FINE_MM, THICK_MM = (1.0, 1.0, 1.5), (0.9, 0.9, 5.0)
"""In plane, in plane and across: of the reference, and of the other series."""
_REACH_MM = (220.0, 220.0, 190.0)  # a field of view, across slices last
_SLICE_AXES = (0.1, 0.2, 0.7)  # sagittal, coronal and axial ones
_PARTS = 5  # of a slice, whose mean is seen
_TEXTURE, _TEXTURE_OUTSIDE, _TEXTURE_VOXELS = 0.05, 0.15, 3.0
_SHADING, _SHADING_VOXELS = 0.15, 60.0
_NOISE = 0.03  # of white matter
_STORED = 400.0  # white matter, in whole numbers


@dataclass(frozen=True, eq=False)
class Painted:
    """A head whose brain's middle lies at the world's origin.

    Parameters
    ----------
    labels
        As of `TumourHead`, 1 mm, (I, J, K).
    grid
        Where they lie.
    """

    labels: npt.NDArray[np.uint8]
    grid: Grid

    @classmethod
    def of(cls, head: TumourHead) -> Painted:
        """A head as it was grown."""
        affine = np.eye(4)
        affine[:3, 3] = -np.argwhere(head.labels[::4, ::4, ::4] >= IN_HULL).mean(axis=0) * 4.0
        i, j, k = head.labels.shape
        return cls(head.labels, Grid((i, j, k), affine))

    @property
    def brain(self) -> BoolArray:
        """Where the brain is."""
        return self.labels >= IN_HULL

    @property
    def tumour(self) -> BoolArray:
        """Where the tumour is, without what swells around it."""
        parts = [part for part in TUMOUR_PARTS if part != HeadTissue.OEDEMA]
        return np.isin(self.labels % IN_HULL, parts)

    def brain_points(self, count: int = 2000) -> npt.NDArray[np.float64]:
        """Positions in the brain, world_ras, (N, 3)."""
        voxels = np.argwhere(self.brain)
        chosen = voxels[:: max(1, len(voxels) // count)]
        return np.asarray(chosen + self.grid.affine[:3, 3])


@dataclass(frozen=True, eq=False)
class Scanned:
    """A series of a painted head.

    Parameters
    ----------
    motion
        4×4 from where the head was for the reference to where it is, world_ras in mm.
    brain, tumour
        On the voxels of `volume`.
    """

    kind: str
    volume: Volume
    motion: Affine
    brain: BoolArray
    tumour: BoolArray


def draw_motion(rng: np.random.Generator) -> Affine:
    """A turn about any axis through the brain and a shift in any direction, up to `LARGEST_DEG` and `LARGEST_MM`."""
    axis, direction = (_unit(rng.standard_normal(3)) for _ in range(2))
    motion = np.eye(4)
    turn = Rotation.from_rotvec(axis * rng.uniform(0.0, LARGEST_DEG), degrees=True)
    motion[:3, :3] = turn.as_matrix()
    motion[:3, 3] = direction * rng.uniform(0.0, LARGEST_MM)
    return motion


def _unit(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(values / np.linalg.norm(values))


def draw_grid(rng: np.random.Generator, voxel_mm: tuple[float, float, float]) -> Grid:
    """A field of view around the origin whose slices lie across one of the patient's axes."""
    across = int(rng.choice(3, p=_SLICE_AXES))
    order = [axis for axis in range(3) if axis != across]
    size, reach = np.empty(3), np.empty(3)
    size[[*order, across]], reach[[*order, across]] = voxel_mm, _REACH_MM
    i, j, k = (int(count) for count in np.ceil(reach / size))
    affine = np.diag([*size, 1.0])
    affine[:3, 3] = -(np.array((i, j, k)) - 1) / 2 * size
    return Grid((i, j, k), affine)


def scan(rng: np.random.Generator, head: Painted, kind: str, grid: Grid, motion: Affine) -> Scanned:
    """A head as a scanner sees it after a motion: textured, shaded, its slices averaged, with noise."""
    own = Grid(head.grid.shape, motion @ head.grid.affine)
    image = _mean_over_slices(_textured(rng, head, draw_contrast(rng, kind)), own, grid)
    image *= np.exp(np.float32(_SHADING) * smooth_noise(rng, grid.shape, _SHADING_VOXELS))
    noise = rng.normal(0.0, _NOISE, (2, *grid.shape))
    stored = np.rint(np.hypot(image + noise[0], noise[1]) * _STORED).astype(np.int16)
    volume = Volume(stored, grid, 1.0, 0.0, Path(f"{kind}.nii.gz"))
    brain, tumour = (sampled(part.astype(np.float32), own, grid, 0.0) > 0.5 for part in (head.brain, head.tumour))
    return Scanned(kind, volume, motion, brain, tumour)


def _textured(rng: np.random.Generator, head: Painted, contrast: FloatArray) -> FloatArray:
    amount = np.full(TISSUES, _TEXTURE, np.float32)
    amount[HeadTissue.SCALP : HeadTissue.NECROSIS] = _TEXTURE_OUTSIDE
    tissue = head.labels % IN_HULL
    noise = smooth_noise(rng, head.grid.shape, _TEXTURE_VOXELS)
    return np.asarray(contrast[tissue] * np.clip(1.0 + amount[tissue] * noise, 0.1, 3.0), np.float32)


def _mean_over_slices(image: FloatArray, own: Grid, grid: Grid) -> FloatArray:
    """Each voxel's mean over its longest edge."""
    across = int(np.argmax(grid.spacing_mm))
    if grid.spacing_mm[across] < 2.0:
        return sampled(image, own, grid, 0.0)
    shape, affine = list(grid.shape), grid.affine.copy()
    shape[across] *= _PARTS
    affine[:3, across] /= _PARTS
    affine[:3, 3] -= affine[:3, across] * (_PARTS - 1) / 2
    fine = sampled(image, own, Grid((shape[0], shape[1], shape[2]), affine), 0.0)
    cut = [*grid.shape]
    cut.insert(across + 1, _PARTS)
    return np.asarray(fine.reshape(cut).mean(axis=across + 1, dtype=np.float32))


def share_at_edge(tumour: BoolArray, brain: BoolArray, spacing_mm: tuple[float, float, float]) -> float:
    """The share of a tumour that lies within 5 mm of the brain's edge."""
    depth = ndimage.distance_transform_edt(brain, sampling=spacing_mm)
    return float((depth[tumour] < 5.0).mean()) if tumour.any() else 0.0
