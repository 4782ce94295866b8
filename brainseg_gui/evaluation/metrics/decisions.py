"""What several masks of one case say, brought together.

Masks are compared by what their numbers mean, not by the numbers. Only voxels are held where at least one mask says
something; everywhere else all say background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.metrics.comparison import check_same_grid, tells
from brainseg_gui.evaluation.metrics.overlap import union_box
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import UNKNOWN, LabelMap, LabelScheme, Region, meanings

STAPLE_MARGIN_MM = 10.0
"""STAPLE's domain is the box around all masks with this margin: its specificities are those of that box."""

MEANINGS = 255
"""Most codes beside 0, the background."""

_CORE = ("NET", "CC")  # told apart from NCR by some schemes only


@dataclass(frozen=True, eq=False)
class Decisions:
    """What several masks say, at the voxels where at least one says something.

    Parameters
    ----------
    codes
        Meaning of each mask's label at each of these voxels, (R, N): 0 background, else a place in the list of
        meanings, from 1.
    inside
        Where these voxels lie in the box, (I', J', K').
    box
        The box around all masks.
    grid
        Grid of the case.
    schemes
        Scheme of each mask.
    """

    codes: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    box: tuple[slice, ...]
    grid: Grid
    schemes: tuple[LabelScheme, ...]

    @property
    def raters(self) -> int:
        """Number of masks."""
        return len(self.codes)

    def members(self, region: Region) -> NDArray[np.bool_]:
        """Which mask counts which voxel to a region, (R, N); masks that do not tell it apart count none."""
        table = np.zeros(MEANINGS + 1, dtype=bool)
        table[[code_of(key) for key in region.meanings]] = True
        found: NDArray[np.bool_] = table[self.codes]
        return found

    def telling(self, region: Region) -> NDArray[np.bool_]:
        """Which masks tell a region apart, (R,)."""
        return np.array([tells(scheme, region) for scheme in self.schemes])

    def outside_voxels(self, margin_mm: float = STAPLE_MARGIN_MM) -> int:
        """Voxels of the box with its margin, within the grid, on which all masks say background."""
        sizes = []
        for part, length, spacing in zip(self.box, self.grid.shape, self.grid.spacing_mm, strict=True):
            margin = int(margin_mm / spacing)
            sizes.append(min(part.stop + margin, length) - max(part.start - margin, 0))
        return int(np.prod(sizes)) - int(self.codes.shape[1])


def decisions(masks: Sequence[LabelMap]) -> Decisions:
    """Bring masks of one case together.

    Where only some of the schemes tell parts of the non-enhancing core apart (NET, cystic), all of it is NCR.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    union = masks[0].values.copy(order="K")
    for mask in masks[1:]:
        check_same_grid(masks[0], mask)
        np.bitwise_or(union, mask.values, out=union)
    box = union_box(union, union)
    inside = union[box] > 0
    merged = len({frozenset(_CORE) & frozenset(mask.scheme.labels.values()) for mask in masks}) > 1
    codes = np.stack([_codes_of(mask.scheme, merged)[mask.values[box][inside]] for mask in masks])
    return Decisions(codes, inside, box, masks[0].grid, tuple(mask.scheme for mask in masks))


def code_of(key: str) -> int:
    """Place of a meaning in the list; labels of one's own come behind, and keep theirs."""
    known = list(meanings())[:MEANINGS]
    return 1 + known.index(key if key in known else UNKNOWN)


def _codes_of(scheme: LabelScheme, merged: bool) -> NDArray[np.uint8]:
    keys = [scheme.meaning_of(value) for value in range(1, 256)]
    if merged:
        keys = ["NCR" if key in _CORE else key for key in keys]
    return np.array([0, *(code_of(key) for key in keys)], dtype=np.uint8)


def label_map_of(said: Decisions, codes: NDArray[np.uint8]) -> LabelMap:
    """A mask from one code per voxel, (N,), in the first scheme that knows all its labels.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    names = dict(enumerate(meanings(), start=1))
    wanted = {names[int(code)] for code in np.unique(codes) if code}
    scheme = next((scheme for scheme in said.schemes if wanted <= set(scheme.labels.values())), None)
    if scheme is None or UNKNOWN in wanted:
        words = ", ".join(sorted(wanted))
        raise BrainsegError(
            f"no label scheme of these masks has numbers for all of {words}",
            "Choose in the menu of each layer how its numbers are read",
        )
    numbers = np.zeros(MEANINGS + 1, dtype=np.uint8)
    for key in wanted:
        numbers[code_of(key)] = scheme.value_for(key)
    values = np.zeros(said.grid.shape, dtype=np.uint8, order="F")
    inside = values[said.box]
    inside[said.inside] = numbers[codes]
    return LabelMap(values, said.grid, scheme)
