"""Between which volumes a region lies, if a network's probabilities are true.

Neighbouring voxels are right or wrong together: a border that lies further out lies further out all around. As if every
voxel depended on one and the same throw, the volume is that of the voxels more probable than it: no other dependence
gives a wider range for the same probabilities (Dhaene et al., Insurance: Mathematics and Economics 2002, 31:3-33).
Voxels that were independent of one another would promise volumes to a thousandth.

One voxel is looked at for each of the network's: there is no more to be seen between them, and eight times the work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import NETWORK_CLASSES, TISSUES, regions
from brainseg_gui.inference.certainty import interpolated_slabs
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network_grid import orient
from brainseg_gui.inference.postprocess import Classes, where_not_background
from brainseg_gui.inference.preprocess import Prepared

LIKELY, UNLIKELY = 0.84, 0.16
"""What is at least so probable belongs to the smaller volume, and to the larger: a standard deviation to each side."""

_IN_MASK = {region.key: [n for n, tissue in enumerate(TISSUES) if tissue in region.meanings] for region in regions()}
_AMONG_FOUR = {
    region.key: [n for n, name in enumerate(NETWORK_CLASSES) if name in region.meanings] for region in regions()
}


def sure_volumes(
    probabilities: NDArray[np.float32],
    prepared: Prepared,
    passport: Passport,
    before: Classes,
    classes: Classes,
    voxel_ml: float,
) -> dict[str, tuple[float, float]]:
    """Smaller and larger volume of each region in ml: of the voxels that belong to it by 84 %, and by 16 %.

    What a rule after the network changed belongs where the rule put it.

    Parameters
    ----------
    probabilities
        The network's output, (1, …, C) in the passport's axes.
    prepared
        Where it lies.
    passport
        What its channels mean.
    before, classes
        The mask without the passport's rules, and with them; RAS-ordered, (I, J, K).
    voxel_ml
        Volume of a voxel of the mask.
    """
    near = where_not_background(probabilities, prepared, passport, at_most=1 - UNLIKELY)
    counts = {key: np.zeros(2, np.int64) for key in _IN_MASK}
    grid = prepared.network_grid
    strides = max(1, int(grid.steps[0])), max(1, int(grid.steps[1])), max(1, int(grid.steps[2]))
    if near is not None:
        looked_at = tuple(slice(part.start, part.stop, n) for part, n in zip(near.target, strides, strict=True))
        was, now = (orient(mask, passport.orientation)[grid.box][looked_at] for mask in (before, classes))
        for here, found in interpolated_slabs(near, prepared, passport, strides):
            for key, more in _counted(found, was[..., here], now[..., here]).items():
                counts[key] += more
    voxel_ml *= math.prod(strides)
    return {key: (float(least * voxel_ml), float(most * voxel_ml)) for key, (least, most) in counts.items()}


def _counted(found: NDArray[np.float32], was: Classes, now: Classes) -> Mapping[str, NDArray[np.int64]]:
    """Per region, voxels that are likely and those that are not unlikely; `found` is (4, I', J', k)."""
    ruled = was != now
    counted = {}
    for key, classes in _IN_MASK.items():
        probability = found[_AMONG_FOUR[key]].sum(axis=0)
        probability[ruled] = np.isin(now[ruled], classes)
        counted[key] = np.array([np.count_nonzero(probability >= limit) for limit in (LIKELY, UNLIKELY)], np.int64)
    return counted
