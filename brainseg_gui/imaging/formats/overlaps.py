"""Segments that may overlap, as the one label map that the program works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labelling.terminology import depth_of

MOST = 255
Part = tuple[int, Callable[[], NDArray[np.bool_]]]
"""A number, and what gives the voxels that carry it; asked twice, so that one part is in memory at a time."""


def flattened(
    path: Path, shape: Voxel, parts: Sequence[Part], names: Sequence[str]
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """One number for each voxel: where several segments lie, that of the smallest; and what to say of it.

    Regions that hold one another, as whole tumour, core and enhancing tumour do, lose nothing that way: of two that are
    the same voxels the inner one is seen.

    Parameters
    ----------
    names
        Of the parts, which tell the inner ones.
    """
    counts = [int(np.count_nonzero(read())) for _, read in parts]
    values = np.zeros(shape, np.uint8, order="F")
    depths = [depth_of(name) for name in names]
    for place in sorted(range(len(parts)), key=lambda place: (-counts[place], depths[place], -place)):
        number, read = parts[place]
        values[read()] = number
    overlapping = sum(counts) - int(np.count_nonzero(values))
    if not overlapping:
        return values, ()
    name = printable(path.name)
    return values, (f"{name}: its segments overlap in {overlapping:,} voxels, where the smallest one is shown",)


def numbered(path: Path, wanted: Sequence[int]) -> list[int]:
    """A number for each segment: the one that its file gives where no two are the same, else in order from 1.

    Raises
    ------
    ImageError
        If there are more than a mask can hold.
    """
    if len(wanted) > MOST:
        what = f"it holds {len(wanted):,} segments, and a mask holds {MOST}"
        raise ImageError(what, "Export those that you need", path)
    if len(set(wanted)) == len(wanted) and all(0 < number <= MOST for number in wanted):
        return list(wanted)
    return list(range(1, len(wanted) + 1))
