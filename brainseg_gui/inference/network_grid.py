"""Where the network's input lies in the case: the way there and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from brainseg_gui.imaging.grid import Array, Voxel
from brainseg_gui.inference.models.steps import Triple
from brainseg_gui.inference.separable import Banded, gaussian_matrix, linear_matrix

_RAS = ("RL", "AP", "SI")
_SAME_STEP = 1e-4  # of a step of 1: headers hold spacings as float32, turned grids as lengths of three of them


def orient(array: Array, code: str) -> Array:
    """A view of a RAS-ordered array whose axes grow to the letters of `code`, such as ``LPS``."""
    axes = [next(n for n, pair in enumerate(_RAS) if letter in pair) for letter in code]
    flips = tuple(slice(None, None, -1 if letter in "LPI" else 1) for letter in code)
    return array.transpose(axes)[flips]  # (R, A, S) -> (L, P, S) for "LPS"


def to_axes(array: Array, axes: str) -> Array:
    """A view of an (I, J, K, …) array in the network's axis order, such as ``KIJC``."""
    spatial = ["IJK".index(letter) for letter in axes[:3]]
    return array.transpose((*spatial, *range(3, array.ndim)))  # (I, J, K, C) -> (K, I, J, C) for "KIJC"


def from_axes(array: Array, axes: str) -> Array:
    """The inverse of `to_axes`, a view."""
    spatial = np.argsort(["IJK".index(letter) for letter in axes[:3]])
    return array.transpose((*spatial, *range(3, array.ndim)))  # (K, I, J, C) -> (I, J, K, C) for "KIJC"


@dataclass(frozen=True)
class NetworkGrid:
    """The network's grid in the case, along i, j, k of the passport's orientation.

    Voxel 0 lies on voxel 0: network voxel n lies at box voxel ``n · step``.

    Parameters
    ----------
    start, shape
        The box in voxels of the case.
    steps
        Network voxels are this many case voxels long.
    resampled
        Network voxels that cover the box.
    before, padded
        Constant voxels in front of those, and the shape with all padding.
    """

    start: Voxel
    shape: Voxel
    steps: Triple
    resampled: Voxel
    before: Voxel
    padded: Voxel

    @classmethod
    def of_box(cls, start: Voxel, shape: Voxel) -> NetworkGrid:
        """The box as it is."""
        return cls(start, shape, (1.0, 1.0, 1.0), shape, (0, 0, 0), shape)

    def with_steps(self, steps: Triple) -> NetworkGrid:
        """The box on a grid whose voxels are `steps` case voxels long."""
        i, j, k = (1.0 if abs(step - 1.0) < _SAME_STEP else step for step in steps)
        steps = i, j, k
        shape = _triple([int((n - 1) / step + 1e-3) + 1 for n, step in zip(self.shape, steps, strict=True)])
        return replace(self, steps=steps, resampled=shape, padded=shape)

    def with_padding(self, divisor: int, both_sides: bool) -> NetworkGrid:
        """Padded until `divisor` divides every axis."""
        padded = _triple([-(-n // divisor) * divisor for n in self.resampled])
        extra = [new - old for new, old in zip(padded, self.resampled, strict=True)]
        return replace(self, before=_triple([n // 2 if both_sides else 0 for n in extra]), padded=padded)

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box in the oriented case."""
        i, j, k = (slice(n, n + size) for n, size in zip(self.start, self.shape, strict=True))
        return i, j, k

    @property
    def inside_padding(self) -> tuple[slice, slice, slice]:
        """The resampled box in the padded one."""
        i, j, k = (slice(n, n + size) for n, size in zip(self.before, self.resampled, strict=True))
        return i, j, k

    def forward(self, filter_sigma_voxels: float) -> list[Banded | None]:
        """Per axis, what takes the box to the network's grid: smooth, then sample linearly."""
        return [
            _sample(length, step, count, filter_sigma_voxels)
            for length, step, count in zip(self.shape, self.steps, self.resampled, strict=True)
        ]

    def backward(self, box: Sequence[slice], target: Sequence[slice]) -> list[Banded | None]:
        """Per axis, linear interpolation of the network voxels in `box` at the box voxels in `target`.

        A step of `target` passes voxels over.
        """
        matrices: list[Banded | None] = []
        for step, source, wanted, count in zip(self.steps, box, target, self.resampled, strict=True):
            every = wanted.step or 1
            if step == every == 1 and (source.start, source.stop) == (wanted.start, wanted.stop):
                matrices.append(None)
                continue
            positions = np.arange(wanted.start, wanted.stop, every) / step
            positions = np.clip(positions, 0, count - 1) - source.start
            matrices.append(linear_matrix(source.stop - source.start, positions))
        return matrices

    def onto(self, other: NetworkGrid, box: Sequence[slice]) -> list[Banded | None]:
        """Per axis, linear interpolation of all network voxels at those in `box` of another grid of the case."""
        matrices: list[Banded | None] = []
        for own, theirs, wanted, count in zip(self.steps, other.steps, box, self.resampled, strict=True):
            positions = np.arange(wanted.start, wanted.stop) * (theirs / own)
            matrices.append(linear_matrix(count, np.clip(positions, 0, count - 1)))
        return matrices

    def box_voxels_near(self, box: Sequence[slice]) -> tuple[slice, slice, slice]:
        """The box voxels that the network voxels in `box` have any influence on."""
        found = []
        for step, source, count, length in zip(self.steps, box, self.resampled, self.shape, strict=True):
            low = 0 if source.start == 0 else max(0, int(np.floor((source.start - 1) * step)))
            high = length if source.stop == count else min(length, int(np.ceil(source.stop * step)) + 1)
            found.append(slice(low, high))
        i, j, k = found
        return i, j, k


def _sample(length: int, step: float, count: int, sigma: float) -> Banded | None:
    smooth = gaussian_matrix(length, sigma) if step > 1.0 else None  # it only prevents aliasing
    if step == 1.0 and count == length:
        return smooth
    sample = linear_matrix(length, np.arange(count) * step)
    return sample if smooth is None else sample @ smooth


def _triple(values: Sequence[int]) -> Voxel:
    i, j, k = values
    return i, j, k
