"""Where patches lie in cases, and how they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from brainseg_gui.imaging.grid import Array
from brainseg_gui.runs.config import Sampling
from training.data.cache import CachedCase

Shape = tuple[int, int, int]


def draw_centre(entry: CachedCase, patch: Shape, foreground: float, random: np.random.Generator) -> Shape:
    """Middle of a patch: a tumour voxel of a random class, or anywhere that keeps the patch inside the case."""
    on_tumour = random.random() < foreground
    centres = entry.centres()
    anywhere = [int(random.integers(max(n - p, 0) + 1)) + p // 2 for n, p in zip(entry.shape, patch, strict=True)]
    if not on_tumour or not len(centres):
        return shape_of(anywhere)
    present = np.unique(centres[:, 0])
    of_class = centres[centres[:, 0] == present[random.integers(len(present))]]
    voxel = of_class[random.integers(len(of_class)), 1:]
    # the patch stays inside the case where the case is large enough
    inside = [
        int(np.clip(v, p // 2, max(n - (p - p // 2), p // 2)))
        for v, n, p in zip(voxel, entry.shape, patch, strict=True)
    ]
    return shape_of(inside)


def cut(volume: Array, centre: Shape, size: Shape) -> Array:
    """A box with `centre` at index ``size // 2``, zeros where it leaves the volume; further axes are kept.

    Not to be written into: where it lies inside, it is a view of the volume.
    """
    starts = [c - s // 2 for c, s in zip(centre, size, strict=True)]
    inner = tuple(slice(max(a, 0), max(min(a + s, n), 0)) for a, s, n in zip(starts, size, volume.shape, strict=False))
    part = volume[inner]
    if part.shape[:3] == tuple(size):
        return np.asarray(part)
    result = np.zeros((*size, *volume.shape[3:]), volume.dtype)
    outer = tuple(slice(i.start - a, i.start - a + n) for i, a, n in zip(inner, starts, part.shape, strict=False))
    result[outer] = part
    return result


def patch_size(sampling: Sampling, entries: Sequence[CachedCase], divisor: int) -> Shape:
    """The patch, or for 0 0 0 the smallest size that holds every case and that the network divides."""
    if all(sampling.patch):
        return sampling.patch
    largest = np.max([entry.shape for entry in entries], axis=0)
    return shape_of(-(-largest // divisor) * divisor)


def shape_of(values: Any) -> Shape:
    """Three lengths as whole numbers."""
    x, y, z = (int(n) for n in values)
    return x, y, z
