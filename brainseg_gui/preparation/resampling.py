"""Masks of a prepared case on the grid of a series as its scanner gave it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown, whole_box
from brainseg_gui.imaging.connected import connected
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.sampling import sampled

_LEAST, _ALTOGETHER = 0.25, 4.0
"""Of a voxel: what fills less of every voxel, and of all together, is a speck and no lesion; a stroke on one slice of
1 mm fills little of any voxel of 5 mm, but much of all."""


def labels_on(values: NDArray[np.uint8], own: Grid, target: Grid) -> NDArray[np.uint8]:
    """A mask at the voxels of another grid: at each the label that fills most of the space around it.

    Taking the nearest voxel would let a lesion that is smaller than a slice is thick fall between two slices. Here
    each label is averaged over the target's voxel first, then the largest part wins, background included. A piece
    that loses everywhere, for it lies half in one slice and half in the next or is thin, is put where it fills most.

    Parameters
    ----------
    values
        Numbers, RAS-ordered, (I, J, K), on `own`.
    """
    result = np.zeros(target.shape, np.uint8)
    there = box_around(values)
    if there is None:
        return result
    there = grown(there, 1, values.shape)
    values, own = values[there], _cut(own, there)  # a lesion fills a small part of a head
    labels = [int(label) for label in np.unique(values) if label]
    largest = np.ones(target.shape, np.float32)
    parts = {label: _part_of(values == label, own, target) for label in labels}
    for box, part in parts.values():
        largest[box] -= part
    for label, (box, part) in parts.items():
        wins = part > largest[box]
        result[box][wins], largest[box][wins] = label, part[wins]
    for label in labels:
        for piece in _lost(values == label, own, result == label, target):
            box, part = _part_of(piece, own, target)
            least = 0.0 if part.max() < _LEAST and part.sum() >= _ALTOGETHER else _LEAST
            result[box][(part >= least) & (part > part.max() / 2) & (result[box] == 0)] = label
    return result


def _lost(mask: NDArray[np.bool_], own: Grid, found: NDArray[np.bool_], target: Grid) -> Iterator[NDArray[np.bool_]]:
    """The pieces of a mask of which nothing was found on the target."""
    numbers, _ = connected(mask, 26)
    voxels = np.argwhere(mask)
    to_target = np.linalg.inv(target.affine) @ own.affine
    places = np.rint(voxels @ to_target[:3, :3].T + to_target[:3, 3]).astype(int)
    inside = ((places >= 0) & (places < target.shape)).all(axis=1)
    pieces = numbers[tuple(voxels[inside].T)]
    kept = found[tuple(places[inside].T)]
    for number in np.setdiff1d(pieces, pieces[kept]):
        yield numbers == number


def _finer(own: Grid, target: Grid) -> tuple[Grid, tuple[int, int, int]]:
    """The target with each voxel cut into pieces no larger than the own ones, and into how many."""
    i, j, k = (max(1, round(size / min(own.spacing_mm))) for size in target.spacing_mm)
    cut = np.diag([1 / i, 1 / j, 1 / k, 1.0])
    cut[:3, 3] = [(1 / count - 1) / 2 for count in (i, j, k)]  # the first piece's middle, in voxels of the target
    shape = (target.shape[0] * i, target.shape[1] * j, target.shape[2] * k)
    return Grid(shape, target.affine @ cut), (i, j, k)


def _part_of(mask: NDArray[np.bool_], own: Grid, target: Grid) -> tuple[Box, NDArray[np.float32]]:
    """How much of each voxel a mask fills, 0 to 1, and the box of voxels around it, of at least one."""
    box = _box_on(mask, own, target)
    fine, counts = _finer(own, _cut(target, box))
    pieces = sampled(mask.astype(np.float32), own, fine, 0.0)
    i, j, k = (size // count for size, count in zip(fine.shape, counts, strict=True))
    cut = pieces.reshape(i, counts[0], j, counts[1], k, counts[2])
    part: NDArray[np.float32] = cut.mean(axis=(1, 3, 5), dtype=np.float32)
    return box, part


def _box_on(mask: NDArray[np.bool_], own: Grid, target: Grid) -> Box:
    """The voxels of the target that a mask can reach."""
    around = box_around(mask) or whole_box(mask.shape)
    ends = np.array(np.meshgrid(*[(part.start - 1, part.stop) for part in around], indexing="ij")).reshape(3, -1)
    to_target = np.linalg.inv(target.affine) @ own.affine
    corners = to_target[:3, :3] @ ends + to_target[:3, 3:]
    lowest, highest = np.floor(corners.min(axis=1)).astype(int), np.ceil(corners.max(axis=1)).astype(int) + 1
    starts = [min(max(int(low), 0), count - 1) for low, count in zip(lowest, target.shape, strict=True)]
    i, j, k = (
        slice(start, min(max(int(high), start + 1), count))
        for start, high, count in zip(starts, highest, target.shape, strict=True)
    )
    return i, j, k


def _cut(grid: Grid, box: Box) -> Grid:
    """The part of a grid in a box."""
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_world((box[0].start, box[1].start, box[2].start))
    i, j, k = (part.stop - part.start for part in box)
    return Grid((i, j, k), affine)
