"""The error that is looked at, in one slice: drawn more strongly than the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.evaluation.metrics.comparison import Agreement
from brainseg_gui.evaluation.metrics.disagreements import Disagreement
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.plane import DisplayConvention, Plane, take_slice

STRENGTH = 0.55
"""Opacity of the error that is looked at, over the agreement that is drawn already."""


def piece_in_slice(
    piece: Disagreement, shape: Voxel, plane: Plane, slice_index: int, convention: DisplayConvention
) -> NDArray[np.uint8] | None:
    """A piece as `Agreement` values of one slice, (rows, columns); None where the slice does not meet it."""
    depth = piece.box[plane.axis]
    if not depth.start <= slice_index < depth.stop:
        return None
    here = slice_index - depth.start
    thin_shape, flat, part = list(shape), list(piece.box), [slice(None)] * 3
    thin_shape[plane.axis], flat[plane.axis], part[plane.axis] = 1, slice(0, 1), slice(here, here + 1)
    thin = np.zeros(thin_shape, dtype=np.uint8)  # one slice thick along the plane's axis
    thin[tuple(flat)] = piece.inside[tuple(part)] * np.uint8(Agreement.MISSED if piece.kind.missed else Agreement.FALSE)
    return take_slice(thin, plane, 0, convention)
