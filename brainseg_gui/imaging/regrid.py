"""Masks that lie on another grid than their case: taken, offered or refused, with what would be lost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.imaging.grid import Grid, StoredGrid
from brainseg_gui.imaging.regrid_policy import RegridPolicy

_NEARLY = 0.1  # of a voxel's shortest edge: what rounded affines differ by, far from the next voxel
_ALL = 0.9995  # of a mask: what is left would be called empty


@dataclass(frozen=True)
class RegriddedMask:
    """A mask on the grid of its case.

    Parameters
    ----------
    values
        Numbers, RAS-ordered, (I, J, K).
    note
        What was done to it, in a sentence; empty where nothing was.
    """

    values: NDArray[np.uint8]
    note: str = ""


def regridded(
    values: NDArray[np.uint8],
    own: StoredGrid,
    target: StoredGrid,
    path: Path,
    regrid: RegridPolicy = RegridPolicy.STRICT,
    words: tuple[str, str] = ("the mask", "the case"),
    *,
    may_be_part: bool = False,
) -> RegriddedMask:
    """A mask on the grid of its case.

    Parameters
    ----------
    own, target
        How the mask's file and the case's store their voxels.
    regrid
        What the person allowed.
    words
        What is placed, and on whose grid.
    may_be_part
        Whether its file may hold only the part of that grid in which something is drawn.

    Raises
    ------
    GridMismatchError
        If the grids differ and nothing is allowed, or nothing of the mask would be left; says what is possible, and
        what each would lose.
    """
    what, _ = words
    difference = target.grid.difference_to(own.grid)
    if not difference:
        return RegriddedMask(values)
    if may_be_part and (whole := placed(values, own, target)) is not None:
        return RegriddedMask(whole)
    if regrid is not RegridPolicy.VOXELS and _nearly_same(own.grid, target.grid):
        return RegriddedMask(values, f"{_upper(what)} {difference.removeprefix('it ')}; it is taken voxel by voxel")
    if regrid is RegridPolicy.VOXELS and own.shape == target.shape:
        return RegriddedMask(
            target.to_ras(own.from_ras(values)), f"{_upper(what)} was put onto the images voxel by voxel"
        )
    lost = lost_by_resampling(values, own.grid, target.grid)
    if regrid is RegridPolicy.NEAREST and lost < _ALL:
        cut = f"; {_percent(lost)} of it lies outside of them and is cut off" if lost else ""
        return RegriddedMask(
            resampled(values, own.grid, target.grid), f"{_upper(what)} was resampled onto the images{cut}"
        )
    raise _mismatch(difference, path, lost, words, same_shape=own.shape == target.shape)


def placed(values: NDArray[np.uint8], own: StoredGrid, target: StoredGrid) -> NDArray[np.uint8] | None:
    """A mask of a part of a grid on the whole of it; None where its voxels are others, or one would be lost."""
    to_target = np.linalg.inv(target.grid.affine) @ own.grid.affine
    offset = np.rint(to_target[:3, 3])
    corners = np.array(list(itertools.product(*((0, n - 1) for n in values.shape))))
    if np.abs(corners @ (to_target[:3, :3] - np.eye(3)).T + to_target[:3, 3] - offset).max() > _NEARLY:
        return None
    starts = [int(n) for n in offset]
    ends = [min(start + n, room) for start, n, room in zip(starts, values.shape, target.grid.shape, strict=True)]
    there = tuple(slice(max(start, 0), max(end, 0)) for start, end in zip(starts, ends, strict=True))
    inside = tuple(slice(max(-start, 0), max(end - start, 0)) for start, end in zip(starts, ends, strict=True))
    if np.count_nonzero(values[inside]) != np.count_nonzero(values):
        return None
    whole = np.zeros(target.grid.shape, np.uint8, order="F")
    whole[there] = values[inside]
    return whole


def resampled(values: NDArray[np.uint8], own: Grid, target: Grid) -> NDArray[np.uint8]:
    """The nearest voxel of a mask for each voxel of another grid."""
    voxel_to_voxel = np.linalg.inv(own.affine) @ target.affine
    moved = affine_transform(
        values,
        voxel_to_voxel[:3, :3],
        voxel_to_voxel[:3, 3],
        output_shape=target.shape,
        order=0,
        mode="grid-constant",  # "constant" would lose the outer half of the edge voxels
        output=np.uint8,
    )
    return np.asarray(moved)


def lost_by_resampling(values: NDArray[np.uint8], own: Grid, target: Grid) -> float:
    """The part of a mask's voxels that lies outside of another grid, 0 to 1; 0 for an empty mask."""
    voxels = np.argwhere(values)
    if not len(voxels):
        return 0.0
    voxel_to_voxel = np.linalg.inv(target.affine) @ own.affine
    places = voxels @ voxel_to_voxel[:3, :3].T + voxel_to_voxel[:3, 3]
    inside = ((places > -0.5 - 1e-6) & (places < np.array(target.shape) - 0.5 + 1e-6)).all(axis=1)
    return 1.0 - float(inside.mean())


def _nearly_same(own: Grid, target: Grid) -> bool:
    return target.same_as(own, tolerance_mm=_NEARLY * min(target.spacing_mm))


def _mismatch(
    difference: str, path: Path, lost: float, words: tuple[str, str], *, same_shape: bool
) -> GridMismatchError:
    all_lost = lost >= _ALL
    loss = "; resampled, all of it would be lost" if all_lost else ""
    loss = loss or (f"; resampled, {_percent(lost)} of it would be lost" if lost else "")
    asked = words[1] == "the reference"  # on the command line, where no button offers it
    ways = ["Choose another file"]
    ways += ["take it voxel by voxel, for the shapes agree" + " (--resample voxels)" * asked] if same_shape else []
    ways += [] if all_lost else ["let it be resampled to the nearest voxel" + " (--resample)" * asked]
    what = f"{words[0]} does not lie on the grid of {words[1]}: {difference}{loss}"
    return GridMismatchError(what, ", or ".join(ways), path, same_shape=same_shape, all_lost=all_lost)


def _percent(part: float) -> str:
    return f"{max(round(100 * part), 1)} %"


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
