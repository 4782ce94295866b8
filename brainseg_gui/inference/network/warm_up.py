"""The size of the image that a network is tried on before the first case."""

from __future__ import annotations

import numpy as np

from brainseg_gui.errors import ModelError
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.head_model import HeadPassport
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.sliding_window import Shape

TYPICAL_BRAIN_MM = (146.0, 182.0, 144.0)  # box of an adult brain along R, A, S, with a margin
_LARGEST_WARM_UP = 1_000_000  # voxels


def warm_up_shape(passport: Passport | HeadPassport, fixed: Shape | None) -> Shape:
    """A shape like that of a usual case, in the network's axes, or a smaller one if that is very large."""
    if fixed is not None:
        return fixed
    if isinstance(passport, HeadPassport):
        raise ModelError(
            "a network of whole heads takes one size only, this one takes any", "Copy its folder again from its source"
        )
    spacing_mm = passport.spacing_mm or (1.0, 1.0, 1.0)
    pads = any(isinstance(step, steps.Pad) for step in passport.preprocess)
    multiple = passport.divisor if pads else 1
    ijk = [-(-round(mm / own) // multiple) * multiple for mm, own in zip(TYPICAL_BRAIN_MM, spacing_mm, strict=True)]
    if np.prod(ijk) > _LARGEST_WARM_UP:
        ijk = [-(-64 // passport.divisor) * passport.divisor] * 3
    i, j, k = (ijk["IJK".index(letter)] for letter in passport.axes[:3])
    return i, j, k
