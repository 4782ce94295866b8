"""Back: a mask of the prepared case on the voxels of each series as the scanner gave it."""

from __future__ import annotations

import re

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.resampling import labels_on

_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
_LONGEST = 180  # bytes; a file's name may have 255 on most drives, and the kind of the mask and endings follow


def native_mask(labels: LabelMap, series: Grid, alignment: Alignment) -> LabelMap:
    """A mask at the voxels of a series; the same bit for bit where the series lies on the mask's grid.

    Parameters
    ----------
    series
        The grid of the series as it was read.
    alignment
        Where it lies in the space of the mask.
    """
    placed = alignment.grid_of(series)
    values = labels.values if placed.same_as(labels.grid) else labels_on(labels.values, labels.grid, placed)
    return LabelMap(values, series, labels.scheme)


def file_name(series: str, taken: set[str]) -> str:
    """The name of a series as one of a file that is not taken yet, and is taken now.

    >>> taken = set()
    >>> file_name("t1 ../*tra", taken), file_name("t1 ../?tra", taken)
    ('t1_.._tra', 't1_.._tra_2')
    """
    whole = _NOT_IN_NAMES.sub("_", series).strip("._-").encode("utf-8", "replace")
    plain = whole[:_LONGEST].decode("utf-8", "ignore") or "series"
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name.casefold())
    return name
