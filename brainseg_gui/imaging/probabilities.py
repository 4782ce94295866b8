"""Class probabilities of a network on the case's grid, held small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid, Voxel
from brainseg_gui.imaging.labels import NETWORK_CLASSES, Region
from brainseg_gui.imaging.scalar_map import ScalarMap

TOP = 255
"""The level that stands for probability 1."""

CERTAIN = 1 - 0.5 / TOP
"""A probability above this rounds to 1."""

_FAINTEST = 3  # below 1 % nothing is drawn
_HIGHEST_ENTROPY_BITS = float(np.log2(len(NETWORK_CLASSES)))


@dataclass(frozen=True, eq=False)
class ClassProbabilities:
    """Probabilities of background, NCR, ED and ET in steps of 1/255.

    The four levels of a voxel sum to 255, and the largest is the network's class. Only the box is held in which the
    background is not certain; beyond it the background has probability 1.

    Parameters
    ----------
    levels
        uint8, RAS-ordered, (4, I', J', K'): one volume per entry of `NETWORK_CLASSES`.
    start
        First voxel of the box.
    grid
        Grid of the case.
    """

    levels: NDArray[np.uint8]
    start: Voxel
    grid: Grid

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box in the case."""
        i, j, k = (slice(s, s + n) for s, n in zip(self.start, self.levels.shape[1:], strict=True))
        return i, j, k

    @property
    def megabytes(self) -> float:
        """Memory that is held."""
        return self.levels.nbytes / 1e6

    def at(self, voxel_ijk: Voxel) -> tuple[tuple[float, ...], float]:
        """The four probabilities at a voxel of the case, and their entropy in bit."""
        i, j, k = (v - s for v, s in zip(voxel_ijk, self.start, strict=True))
        levels = np.array([TOP, 0, 0, 0])
        if all(0 <= v < n for v, n in zip((i, j, k), self.levels.shape[1:], strict=True)):
            levels = self.levels[:, i, j, k]
        p = levels / TOP
        return tuple(p.tolist()), float(-sum(share * np.log2(share) for share in p if share > 0)) + 0.0

    def of_classes(self, names: Iterable[str]) -> NDArray[np.uint8]:
        """Levels of a union of classes, (I', J', K'): their sum."""
        chosen = [NETWORK_CLASSES.index(name) for name in names if name in NETWORK_CLASSES]
        total = np.zeros(self.levels.shape[1:], dtype=np.uint8, order="F")
        for index in chosen:
            total += self.levels[index]  # never above 255: all four sum to it
        return total

    def of_region(self, region: Region) -> NDArray[np.uint8]:
        """Levels of a region, (I', J', K')."""
        return self.of_classes(region.meanings)

    def classes(self) -> NDArray[np.uint8]:
        """The network's class of every voxel of the box, (I', J', K'), before any cleaning up."""
        winners: NDArray[np.uint8] = self.levels.argmax(axis=0).astype(np.uint8)
        return winners

    def map_of(self, title: str, names: Iterable[str], *, rounded: bool = False) -> ScalarMap:
        """The probability of a union of classes, to be drawn.

        Parameters
        ----------
        title
            What to call it.
        names
            Classes of the union.
        rounded
            Round to 0 or 1, as the article behind the seed recipe looks at its prediction; 1/2 has no level of its own.
        """
        names = tuple(names)
        levels, outside = self.of_classes(names), TOP if "background" in names else 0
        if rounded:
            return ScalarMap(
                f"{title}, rounded", (levels > TOP // 2).astype(np.uint8), self.start, self.grid, 1.0, 1,
                whole=True, outside=outside // TOP,
            )  # fmt: skip
        return ScalarMap(title, levels, self.start, self.grid, 1 / TOP, TOP, faintest=_FAINTEST, outside=outside)

    def entropy_map(self) -> ScalarMap:
        """Shannon entropy of the four probabilities, −Σ p log₂ p, 0 to 2 bit, to be drawn."""
        p = np.arange(TOP + 1) / TOP
        parts = np.zeros(TOP + 1, dtype=np.float32)
        parts[1:] = -p[1:] * np.log2(p[1:]) * TOP / _HIGHEST_ENTROPY_BITS
        total = np.full(self.levels.shape[1:], 0.5, dtype=np.float32, order="F")  # rounds when it is cut off
        for volume in self.levels:
            total += parts[volume]
        levels = np.minimum(total, TOP).astype(np.uint8)
        step = _HIGHEST_ENTROPY_BITS / TOP
        return ScalarMap("Entropy", levels, self.start, self.grid, step, TOP, "bit", faintest=_FAINTEST)


def quantised(probabilities: NDArray[np.float32], winners: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Probabilities as levels that sum to 255 and whose largest is the winner.

    The largest remainders are rounded up, as seats are given out (Hamilton's method), so that every level is within
    1 of 255 p; where that leaves a tie, one level goes from its rival to the winner.

    Parameters
    ----------
    probabilities
        (4, N), not negative, each column sums to 1.
    winners
        Class that was chosen for each column, (N,).

    Returns
    -------
    numpy.ndarray
        uint8, (4, N).
    """
    result = np.zeros(probabilities.shape, dtype=np.uint8)
    result[0] = TOP
    unsure = np.flatnonzero(probabilities[0] <= CERTAIN)  # most of a brain is certainly background
    result[:, unsure] = _apportioned(probabilities[:, unsure], winners[unsure])
    return result


def _apportioned(probabilities: NDArray[np.float32], winners: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As `quantised`, for every column."""
    scaled = probabilities * np.float32(TOP)
    levels = scaled.astype(np.int16)  # cut off
    rest = scaled - levels
    missing = TOP - levels.sum(axis=0, dtype=np.int16)
    for _ in range(len(levels) - 1):  # at most so many are missing
        lacking = np.flatnonzero(missing > 0)
        if lacking.size == 0:
            break
        largest = rest[:, lacking].argmax(axis=0)
        levels[largest, lacking] += 1
        rest[largest, lacking] = -1.0
        missing[lacking] -= 1
    _give_to(winners, levels)
    return levels.astype(np.uint8)


def _give_to(winners: NDArray[np.uint8], levels: NDArray[np.int16]) -> None:
    """Take levels from the other classes until the winner is strictly the largest; the sum stays."""
    behind = np.arange(levels.shape[1])
    while behind.size:
        chosen = winners[behind]
        others = levels[:, behind]
        mine = np.take_along_axis(others, chosen[None], axis=0)[0]
        np.put_along_axis(others, chosen[None], np.int16(-1), axis=0)
        rival = others.argmax(axis=0)
        late = mine <= np.take_along_axis(others, rival[None], axis=0)[0]
        behind, chosen, rival = behind[late], chosen[late], rival[late]
        levels[chosen, behind] += 1
        levels[rival, behind] -= 1
