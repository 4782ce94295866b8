"""Voxel grids: where a voxel lies in the patient, and how stored arrays turn to RAS and back.

Inside the program every array is ordered RAS: the first axis grows to the patient's right, the second to
anterior, the third to superior. This module is the only place where axes are turned. nibabel is imported by the methods
that need it, so that the window can paint before it is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]
Array = NDArray[Any]
Voxel = tuple[int, int, int]

LPS_AND_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Turns the patient space of DICOM, NRRD and MetaImage (left, posterior, superior) to ours, and back."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A RAS-ordered voxel grid in world space.

    Parameters
    ----------
    shape
        Number of voxels along i (right), j (anterior), k (superior).
    affine
        4×4 matrix from voxel_ijk to world_ras, in mm.
    """

    shape: Voxel
    affine: Affine

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Edge lengths of a voxel in mm."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return i, j, k

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in ml."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def centre(self) -> Voxel:
        """The voxel in the middle of the grid."""
        i, j, k = (n // 2 for n in self.shape)
        return i, j, k

    def to_world(self, voxel_ijk: tuple[float, float, float]) -> tuple[float, float, float]:
        """World position (RAS, mm) of a voxel's centre."""
        x, y, z = (self.affine @ (*voxel_ijk, 1.0))[:3].tolist()
        return x, y, z

    def clip(self, voxel_ijk: tuple[float, float, float]) -> Voxel:
        """The voxel of the grid that is nearest to `voxel_ijk`."""
        i, j, k = (min(max(round(v), 0), n - 1) for v, n in zip(voxel_ijk, self.shape, strict=True))
        return i, j, k

    def same_as(self, other: Grid, tolerance_mm: float = 1e-2) -> bool:
        """Whether both grids have the same voxels, up to `tolerance_mm` at the corners."""
        return not self.difference_to(other, tolerance_mm)

    def difference_to(self, other: Grid, tolerance_mm: float = 1e-2) -> str:
        """How `other` differs, in words; empty when it does not."""
        if self.shape != other.shape:
            return f"it has {describe_shape(other.shape)} voxels instead of {describe_shape(self.shape)}"
        if np.array_equal(self.affine, other.affine):  # most are: a case asks some seventy times
            return ""
        if not np.allclose(self.spacing_mm, other.spacing_mm, rtol=0, atol=tolerance_mm):
            ours, theirs = describe_spacing(self), describe_spacing(other)
            return f"its voxels measure {theirs} mm instead of {ours} mm"
        shift_mm = float(np.abs(self._corners_mm() - other._corners_mm()).max())
        if shift_mm > tolerance_mm:
            return f"it lies up to {shift_mm:.2f} mm away in the patient"
        return ""

    def _corners_mm(self) -> NDArray[np.float64]:
        ends = [(0, n - 1) for n in self.shape]
        corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1)
        moved: NDArray[np.float64] = self.affine[:3, :3] @ corners + self.affine[:3, 3:]
        return moved


def is_singular(affine: Affine) -> bool:
    """Whether an affine maps voxels onto less than a space, within what may be told; whatever its numbers are."""
    with np.errstate(all="ignore"):  # the determinant of numbers close to zero divides by it
        return not abs(np.linalg.det(affine[:3, :3])) >= 1e-9


def describe_shape(shape: tuple[int, ...]) -> str:
    """Shape in words.

    >>> describe_shape((240, 240, 155))
    '240×240×155'
    """
    return "×".join(str(n) for n in shape)


def describe_spacing(grid: Grid) -> str:
    """Spacing of a grid as ``1×1×3``."""
    return "×".join(f"{size:.3g}" for size in grid.spacing_mm)


@dataclass(frozen=True, eq=False)
class StoredGrid:
    """How a file stores its voxels: the way from stored order to RAS and back.

    Parameters
    ----------
    shape
        Shape as stored.
    affine
        4×4 matrix from stored voxel indices to world_ras, in mm.

    Raises
    ------
    ValueError
        If the affine is singular or not finite, so that no orientation can be read from it.
    """

    shape: Voxel
    affine: Affine

    def __post_init__(self) -> None:
        if not np.isfinite(self.affine).all() or is_singular(self.affine):
            raise ValueError("the affine is singular or not finite")
        if np.isnan(self._axes).any():
            raise ValueError("the affine names no orientation")

    @cached_property
    def _axes(self) -> NDArray[np.float64]:
        from brainseg_gui.imaging.nibabel_parts import io_orientation

        return np.asarray(io_orientation(self.affine))

    @cached_property
    def grid(self) -> Grid:
        """The same voxels as a RAS-ordered grid."""
        from brainseg_gui.imaging.nibabel_parts import inv_ornt_aff

        affine = self.affine @ inv_ornt_aff(self._axes, self.shape)
        target = self._axes[:, 0].astype(int)
        shape = [0, 0, 0]
        for stored_axis, ras_axis in enumerate(target):
            shape[ras_axis] = self.shape[stored_axis]
        return Grid((shape[0], shape[1], shape[2]), np.asarray(affine, dtype=np.float64))

    @property
    def codes(self) -> str:
        """Orientation letters of the stored axes, such as ``LPS``."""
        from brainseg_gui.imaging.nibabel_parts import aff2axcodes

        return "".join(aff2axcodes(self.affine))

    def to_ras(self, stored: Array) -> Array:
        """A RAS-ordered view of an array in stored order."""
        from brainseg_gui.imaging.nibabel_parts import apply_orientation

        return np.asarray(apply_orientation(stored, self._axes))

    def from_ras(self, array: Array) -> Array:
        """A view in stored order of a RAS-ordered array; the inverse of `to_ras`."""
        axes = self._axes[:, 0].astype(int)
        flipped = array[tuple(slice(None, None, -1 if self._flip_of(axis) else 1) for axis in range(3))]
        return flipped.transpose(axes)

    def index_of(self, voxel_ijk: Voxel) -> Voxel:
        """Where the file holds a voxel of `grid`: its indices along the stored axes, from 0."""
        index = [0, 0, 0]
        for stored_axis, ras_axis in enumerate(self._axes[:, 0].astype(int)):
            index[stored_axis] = self._turned(voxel_ijk[ras_axis], stored_axis, ras_axis)
        return index[0], index[1], index[2]

    def voxel_at(self, index: Voxel) -> Voxel:
        """The voxel of `grid` that the file holds at an index; the inverse of `index_of`."""
        voxel = [0, 0, 0]
        for stored_axis, ras_axis in enumerate(self._axes[:, 0].astype(int)):
            voxel[ras_axis] = self._turned(index[stored_axis], stored_axis, ras_axis)
        return voxel[0], voxel[1], voxel[2]

    def _turned(self, n: int, stored_axis: int, ras_axis: int) -> int:
        """A number along an axis, as the other order counts it; its own inverse."""
        return self.shape[stored_axis] - 1 - n if self._flip_of(ras_axis) else n

    def _flip_of(self, ras_axis: int) -> bool:
        stored_axis = int(np.flatnonzero(self._axes[:, 0] == ras_axis)[0])
        return bool(self._axes[stored_axis, 1] < 0)
