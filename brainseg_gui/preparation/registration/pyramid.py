"""Images as SimpleITK has them, at several resolutions, in the program's own space: world_ras, in mm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume

if TYPE_CHECKING:
    import SimpleITK

_SQUARE = 2e-4  # what rounding to four digits in headers leaves of right angles
_HALF_UP = 0.501  # 1.5 of the usual voxels of 1 mm become 2, whatever their last digits are
_BRIGHTEST_PERCENTILE = 99.5  # vessels and fat beyond it would take most of a histogram's bins


def itk_image(volume: Volume) -> SimpleITK.Image:
    """A volume as float32, without its brightest spots.

    SimpleITK calls its space LPS, but only asks that both images of a registration agree: here it is RAS.
    """
    values = volume.intensities()
    low, high = float(values.min()), float(np.percentile(values[::2, ::2, ::2], _BRIGHTEST_PERCENTILE))
    np.clip(values, low, max(high, low + 1e-6), out=values)
    grid = volume.grid
    if not _is_square(grid.affine):
        square = _squared(grid)
        values = Volume(values, grid, 1.0, 0.0, volume.path).on_grid(square).stored
        grid = square
    return placed(values, grid)


def itk_mask(mask: NDArray[np.bool_], grid: Grid) -> SimpleITK.Image:
    """A mask as 0 and 1, in the space of `itk_image`."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    values = mask.astype(np.float32)
    if not _is_square(grid.affine):
        square = _squared(grid)
        values, grid = sampled(values, grid, square, 0.0), square
    return SimpleITK.Cast(placed(values, grid) >= 0.5, SimpleITK.sitkUInt8)


def placed(values: NDArray[np.float32], grid: Grid) -> SimpleITK.Image:
    """Values, (I, J, K), on a grid whose axes are at right angles."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0)))  # SimpleITK: (K, J, I)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.affine[:3, 3].tolist())
    image.SetDirection(_nearest_rotation(grid.affine).ravel().tolist())
    return image


def isotropic(grid: Grid, spacing_mm: float) -> Grid:
    """Upright voxels of one size around all of a grid."""
    return _around(grid, np.eye(3) * spacing_mm)


def _squared(grid: Grid) -> Grid:
    """Voxels of the same sizes, at right angles, around all of a grid."""
    return _around(grid, _nearest_rotation(grid.affine) * grid.spacing_mm)


def _around(grid: Grid, axes: NDArray[np.float64]) -> Grid:
    """A grid whose voxels run along `axes`, 3×3 in mm, around all of another one."""
    ends = np.array(np.meshgrid(*[(0, count - 1) for count in grid.shape], indexing="ij")).reshape(3, -1)
    corners = np.linalg.solve(axes, grid.affine[:3, :3] @ ends + grid.affine[:3, 3:])
    low, high = corners.min(axis=1), corners.max(axis=1)
    i, j, k = (int(count) for count in np.ceil(high - low).astype(int) + 1)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, axes @ low
    return Grid((i, j, k), affine)


def coarser(image: SimpleITK.Image, spacing_mm: float) -> SimpleITK.Image:
    """An image smoothed and thinned out along each axis that is finer than `spacing_mm`."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    factors = [max(1, min(int(spacing_mm / size + _HALF_UP), count // 4)) for size, count in _axes(image)]
    for axis, factor in enumerate(factors):
        if factor > 1:
            image = SimpleITK.RecursiveGaussian(image, sigma=0.5 * factor * image.GetSpacing()[axis], direction=axis)
    return thinned(image, factors)


def thinned(image: SimpleITK.Image, factors: Sequence[int]) -> SimpleITK.Image:
    """One voxel of every few along each axis, where it lies.

    They are taken by number. `SimpleITK.Shrink` takes the ones that rounding puts nearest to the middle of each few: up
    to half a voxel from where its result says they lie, and others when the origin's last digit changes.
    """
    first = [(count - 1) % factor // 2 for count, factor in zip(image.GetSize(), factors, strict=True)]
    return image[tuple(slice(start, None, factor) for start, factor in zip(first, factors, strict=True))]


def head_of(image: SimpleITK.Image) -> SimpleITK.Image:
    """What is brighter than air, without specks, and a little around it."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    bright = SimpleITK.OtsuThreshold(image, 0, 1, 128)
    pieces = SimpleITK.RelabelComponent(
        SimpleITK.ConnectedComponent(SimpleITK.BinaryMorphologicalClosing(bright, (2, 2, 1)))
    )
    return SimpleITK.BinaryDilate(pieces == 1, (1, 1, 1))


def points_of(mask: SimpleITK.Image, most: int = 2000) -> NDArray[np.float64]:
    """World positions in a mask, (N, 3), evenly taken."""
    from brainseg_gui.preparation.registration.itk import SimpleITK

    voxels = np.argwhere(SimpleITK.GetArrayViewFromImage(mask))[:, ::-1]  # (K, J, I) -> (I, J, K)
    voxels = voxels[:: max(1, len(voxels) // most)]
    direction = np.array(mask.GetDirection()).reshape(3, 3) * mask.GetSpacing()
    points: NDArray[np.float64] = voxels @ direction.T + np.array(mask.GetOrigin())
    return points


def _axes(image: SimpleITK.Image) -> list[tuple[float, int]]:
    return list(zip(image.GetSpacing(), image.GetSize(), strict=True))


def _is_square(affine: Affine) -> bool:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < _SQUARE)


def _nearest_rotation(affine: Affine) -> NDArray[np.float64]:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(axes)
    rotation: NDArray[np.float64] = left @ right
    return rotation
