"""A made-up head: scalp, skull, brain with ventricles and a tumour, eyes; in the contrasts of two sequences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration import register

# (middle, half axes) in mm, RAS, and what it looks like on T1ce and on T2: later ones cover earlier ones
_PARTS = (
    ((0, 0, 0), (78, 98, 92), 180, 60),  # scalp
    ((0, 0, 1), (73, 93, 87), 15, 12),  # skull
    ((0, 0, 2), (67, 87, 81), 30, 240),  # cerebrospinal fluid
    ((0, 0, 3), (63, 83, 76), 100, 110),  # grey matter
    ((4, -6, 6), (46, 66, 56), 140, 80),  # white matter
    ((-9, -4, 12), (6, 26, 12), 30, 240),  # ventricles
    ((10, -2, 12), (6, 28, 11), 30, 240),
    ((0, -48, -40), (42, 24, 18), 120, 95),  # cerebellum
    ((30, 22, 20), (15, 13, 14), 220, 170),  # tumour
    ((31, 22, 21), (7, 6, 7), 45, 210),  # its necrosis
    ((-32, 84, -22), (11, 11, 11), 35, 250),  # eyes
    ((31, 85, -22), (11, 11, 11), 35, 250),
)
T1CE, T2 = 2, 3
BRAIN = 3  # the part whose ellipsoid is the brain


@contextmanager
def few_samples() -> Iterator[None]:
    """Registering in half of the time, where nothing depends on a tenth of a voxel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register, "_SAMPLES", (20_000, 20_000, 40_000))
        yield


def grid_of(shape: tuple[int, int, int], spacing: tuple[float, float, float], turn: Affine | None = None) -> Grid:
    """Voxels around the head's middle, turned by `turn`."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * spacing
    return Grid(shape, affine if turn is None else turn @ affine)


def head(grid: Grid, contrast: int, motion: Affine | None = None, seed: int = 0, noise: float = 4.0) -> Volume:
    """The head as a scanner would see it after `motion`, 4×4 from where it was to where it is, in mm."""
    world = _from_head(grid, motion)
    stored = _seen(grid.shape, tuple(world.ravel().tolist()), contrast, seed, noise)
    return Volume(stored, grid, 1.0, 0.0, Path("head.nii.gz"))


@lru_cache(maxsize=64)  # most tests ask for the same ones
def _seen(
    shape: tuple[int, int, int], world: tuple[float, ...], contrast: int, seed: int, noise: float
) -> NDArray[np.int16]:
    values = np.zeros(shape, np.float32)
    places = _places(shape, np.reshape(world, (4, 4)))
    for middle, half, *shades in _PARTS:
        values[_inside(places, middle, half)] = shades[contrast - 2]
    values += np.random.default_rng(seed).normal(0, noise, shape).astype(np.float32)
    stored = np.clip(values, 0, None).round().astype(np.int16)
    stored.flags.writeable = False
    return stored


def brain(grid: Grid, motion: Affine | None = None) -> NDArray[np.bool_]:
    """Where the brain is."""
    middle, half, *_ = _PARTS[BRAIN]
    return _inside(_places(grid.shape, _from_head(grid, motion)), middle, half)


def brain_points(count: int = 500) -> NDArray[np.float64]:
    """Positions in the brain, (N, 3)."""
    middle, half, *_ = _PARTS[BRAIN]
    points = np.random.default_rng(5).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found: NDArray[np.float64] = points * half * 0.9 + middle
    return found


def _from_head(grid: Grid, motion: Affine | None) -> Affine:
    """4×4 from voxels to where they are in the head before it moved."""
    return grid.affine if motion is None else np.linalg.inv(motion) @ grid.affine


def _places(shape: tuple[int, int, int], world: Affine) -> NDArray[np.float64]:
    """(3, I, J, K)."""
    voxels = np.indices(shape).reshape(3, -1)
    found: NDArray[np.float64] = (world[:3, :3] @ voxels + world[:3, 3:]).reshape(3, *shape)
    return found


def _inside(places: NDArray[np.float64], middle: tuple[float, ...], half: tuple[float, ...]) -> NDArray[np.bool_]:
    x, y, z = (((one - m) / h) ** 2 for one, m, h in zip(places, middle, half, strict=True))
    found: NDArray[np.bool_] = x + y + z <= 1
    return found
